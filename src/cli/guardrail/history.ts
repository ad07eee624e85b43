import pc from 'picocolors';
import type { HistoryDocument } from '../../order/generated.ts';
import { historyOf } from '../../pipeline/history/history.ts';
import { placeOf } from '../../pipeline/history/place.ts';
import { plain, print, usage } from '../output.ts';

type Options = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };

/** Longer than this nobody waits. */
const BUDGET_MS = 30_000;

/** Answers what became of a path. Exits 0 whatever the answer is. */
export async function history(path: string, options: Options): Promise<void> {
  const hours = Number(options['hours'] ?? 24);
  if (!(hours > 0 && hours <= 87_600)) throw usage('--hours takes a number above 0, at most 87600');
  const answer = await historyOf(await placeOf(options.station), path, { hours, budgetMs: BUDGET_MS });
  if (options.json) return print(JSON.stringify(answer, null, 2));
  for (const line of asText(answer)) print(line);
}

const COLOURS: Readonly<Record<HistoryDocument['answer'], (text: string) => string>> = {
  fine: pc.green,
  vanished: pc.red,
  broken: pc.red,
  never_existed: pc.yellow,
  unknown: pc.yellow,
};

function asText(h: HistoryDocument): string[] {
  const lines = [`${COLOURS[h.answer](h.answer.replace('_', ' '))}: ${plain(h.summary)}`];
  const part = (title: string, body: readonly string[]) => {
    if (body.length > 0) lines.push('', pc.bold(title), ...body.map((line) => `  ${plain(line)}`));
  };
  const { now } = h;
  part(
    'now',
    now.kind === 'missing'
      ? ['missing']
      : [`${now.kind}, ${now.size ?? '-'} bytes, mode ${now.mode}, written ${now.modified_at}`],
  );
  if (h.last_good !== null) part('last seen good', [`${h.last_good.at}  ${h.last_good.text} (${h.last_good.source})`]);
  if (h.first_bad !== null) part('first seen bad', [`${h.first_bad.at}  ${h.first_bad.text} (${h.first_bad.source})`]);
  if (h.cause !== null)
    part(`cause (${h.cause.confidence})`, [h.cause.text, ...h.cause.evidence.map((line) => `- ${line}`)]);
  part('between', h.between.map(eventLine));
  if (h.between.length === 0) part(`the last ${h.hours} hours`, h.recent.map(eventLine));
  part('lessons', h.lessons);
  if (h.advice !== null)
    part('what to do', [
      `${h.advice.do.replaceAll('_', ' ')}: ${h.advice.text}`,
      ...(h.advice.command === null ? [] : [`$ ${h.advice.command}`]),
    ]);
  part('not read', h.not_read);
  return lines;
}

function eventLine({ at, source, text, where }: HistoryDocument['between'][number]): string {
  return `${at}  ${source.padEnd(12)} ${text} [${where}]`;
}
