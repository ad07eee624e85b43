import pc from 'picocolors';
import type { Request } from '../../views/approvals.ts';
import { reviewLines } from '../../views/review.ts';
import { age, plain, print } from '../output.ts';

/** Shows exactly what would happen, and by which rules it asks. */
export function printReview(request: Request): void {
  const { state, subject, diff } = request;
  print(`${pc.bold(state.wo_id)}  ${plain(subject.title).replaceAll('\n', ' ')}`);
  for (const { name, text, at } of reviewLines(request)) {
    const since = at === undefined ? '' : `${age(Date.now() - Date.parse(at))} ago`;
    print(`  ${pc.dim(name.padEnd(10))}  ${plain(`${since}${text}`).replaceAll('\n', ' ')}`);
  }
  if (diff !== '') print(`\n${coloured(plain(diff).trimEnd())}`);
  print('');
}

function coloured(diff: string): string {
  return diff
    .split('\n')
    .map((text) => (text.startsWith('+') ? pc.green(text) : text.startsWith('-') ? pc.red(text) : text))
    .join('\n');
}
