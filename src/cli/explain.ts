import pc from 'picocolors';
import { codesAnswer, explainAnswer } from '../views/answers/explain.ts';
import { plain, print, printJson } from './output.ts';

/** What a code means, how it comes about, what mends it, and an example: the order that is refused with it, and the error file its author reads. */
export async function explain(code: string | undefined, options: { readonly json?: boolean }): Promise<void> {
  if (code === undefined) {
    const answer = codesAnswer();
    if (options.json) return printJson(answer);
    const width = Math.max(...answer.codes.map((known) => known.code.length));
    for (const known of answer.codes) print(`${known.code.padEnd(width)}  ${known.what}`);
    return;
  }
  const answer = explainAnswer(code);
  if (options.json) return printJson(answer);
  const { exit_code: exitCode, example, ...page } = answer;
  print(`${pc.red(page.code)}  ${page.what}`);
  print(`\n${pc.dim('how it comes about')}`);
  for (const cause of page.causes) print(wrapped('- ', cause));
  print(`\n${pc.dim('what to do')}`);
  for (const [i, step] of page.cure.entries()) print(wrapped(`${i + 1}. `, step));
  print(`\n${pc.dim('retryable')}  ${page.retryable ? 'yes, as often as the order’s retries say' : 'no'}`);
  print(`${pc.dim('exit code')}  ${exitCode}`);
  print(`${pc.dim('more')}       ${[page.page, ...page.see].join(', ')}`);
  if (example.order !== null) {
    print(`\n${pc.dim(`example, ${example.file}`)}`);
    for (const [i, line] of example.order.trimEnd().split('\n').entries())
      print(`${String(i + 1).padStart(4)}  ${plain(line)}`);
  }
  print(`\n${pc.dim('the error file')}\n${JSON.stringify(example.error, null, 2)}`);
}

const WIDTH = 100;

/** A text in lines of the terminal’s width, 100 at most, below its mark. What stands in backticks stays whole, so that it can be copied. */
function wrapped(mark: string, text: string): string {
  const width = Math.min(process.stdout.columns ?? WIDTH, WIDTH);
  const lines: string[] = [];
  let line = mark;
  for (const word of text.match(/(?:`[^`]*`|[^\s`])+/g) ?? []) {
    const isFirst = line === mark;
    if (!isFirst && line.length + 1 + word.length > width) {
      lines.push(line);
      line = ' '.repeat(mark.length) + word;
    } else line += isFirst ? word : ` ${word}`;
  }
  return [...lines, line].join('\n');
}
