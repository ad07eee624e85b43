import type { HistoryDocument } from '../../order/generated.ts';
import { redactorOf } from '../../station/redactor.ts';
import type { Station } from '../../station/station.ts';

/** How long one answer may take, and how long it counts. */
const BUDGET_MS = 5000;
const YOUNG_MS = 60_000;
const KEPT = 50;

interface Answer {
  readonly at: number;
  readonly document: Promise<HistoryDocument>;
}

const answers = new Map<string, Answer>();
let last: Promise<unknown> = Promise.resolve();

/**
 * What `waybill history PATH` says, without secrets: it reads git, logs and telemetry, and changes nothing. One is asked at a time, and an answer
 * counts for a minute, or until `about` (the fault that is asked about) is another. Throws what historyOf throws.
 */
export function causeOf(station: Station, path: string, hours: number, about: string): Promise<HistoryDocument> {
  const key = JSON.stringify([station.layout.root, path, about]);
  const known = answers.get(key);
  if (known !== undefined && Date.now() - known.at < YOUNG_MS) return known.document;
  const document = last.then(() => ask(station, path, hours));
  last = document.catch(() => {});
  // whoever waits for it hears of a failure
  document.catch(() => answers.delete(key));
  answers.delete(key);
  answers.set(key, { at: Date.now(), document });
  for (const old of answers.keys()) if (answers.size > KEPT) answers.delete(old);
  return document;
}

async function ask(station: Station, path: string, hours: number): Promise<HistoryDocument> {
  // only for who asks why: git and what starts it
  const [{ historyOf }, { placeOf }] = await Promise.all([
    import('../../pipeline/history/history.ts'),
    import('../../pipeline/history/place.ts'),
  ]);
  const answer = await historyOf(await placeOf(station.layout.root), path, { hours, budgetMs: BUDGET_MS });
  // it repeats what others wrote: commits, logs, shell histories
  return JSON.parse(redactorOf(station.settings).redactText(JSON.stringify(answer))) as HistoryDocument;
}
