import { setImmediate } from 'node:timers/promises';
import { readLook } from '../../guardrail/last-look.ts';
import { readLessons } from '../../guardrail/lessons.ts';
import type { DigestDocument, DigestDrift, DigestWaiting } from '../../order/generated.ts';
import { laneOf, type OrderLife } from '../../order/life.ts';
import { asksPeople } from '../../order/transition.ts';
import { faultsSince } from '../../pipeline/guardrail/review.ts';
import { aliveNow, firstSince } from '../../pipeline/report/orders-seen.ts';
import { IdIndex } from '../../record/id-index.ts';
import { recordsOf } from '../../record/lives-read.ts';
import { progressOf } from '../../record/state.ts';
import type { Station } from '../../station/station.ts';
import { type FeedLine, followLedger, recordOfLine } from '../feed.ts';
import { DigestFold, type Times } from './fold.ts';

const MOST_WAITING = 20;
const MOST_DRIFT = 20;

/**
 * What happened at a station since a time, up to `until`, both in ms since 1970: from the ledger, and from the guardrail's telemetry. Reads the records of
 * that time and of as long before it, and of orders that began earlier what lies before. Changes nothing. Throws LEDGER_BROKEN.
 */
export async function readDigest(station: Station, since: number, until: number): Promise<DigestDocument> {
  const times = { before: since - (until - since), since, until };
  const folded = await fold(station, times);
  const { ledger, ids } = station.layout;
  const alive = await aliveNow(ledger, ids);
  const waiting = alive
    .filter((life) => waitsForPeople(life, until))
    .map((life) => waitingRow(life, until))
    .sort((a, b) => b.seconds - a.seconds || (a.wo_id < b.wo_id ? -1 : 1));
  const drift = driftRows(station, times);
  const count = (status: OrderLife['status']) => alive.filter((life) => life.status === status).length;
  return {
    v: 1,
    ok: true,
    station: station.id,
    since: new Date(since).toISOString(),
    until: new Date(until).toISOString(),
    before_since: new Date(times.before).toISOString(),
    ...folded,
    waiting: waiting.slice(0, MOST_WAITING),
    waiting_more: Math.max(0, waiting.length - MOST_WAITING),
    alive: { ready: count('ready'), running: count('running'), parked: count('parked') },
    drift: drift.slice(0, MOST_DRIFT),
    drift_more: Math.max(0, drift.length - MOST_DRIFT),
  };
}

async function fold({ layout, settings }: Station, times: Times) {
  const { ledger, ids } = layout;
  const from = firstSince(ledger, times.before);
  const fold = new DigestFold(times, { isDemo: settings.demo, backlog: settings.backlog.files });
  // orders that began before the first record that is read
  const [born, older] = [new Set<string>(), new Set<string>()];
  for await (const { woId, event } of linesFrom(ledger, from)) {
    if (woId === null) continue;
    if (event === 'admitted' || event === 'rejected') born.add(woId.toLowerCase());
    else if (!born.has(woId.toLowerCase())) older.add(woId);
  }
  const index = new IdIndex(ids);
  const wanted = [...older].flatMap((woId) => index.born(woId) ?? []);
  for (const record of recordsOf(
    ledger,
    wanted.map(({ id, born: first }) => ({ woId: id, born: first })),
  )) {
    if (record.seq >= from) break;
    fold.take(record);
  }
  for await (const line of linesFrom(ledger, from)) fold.take(recordOfLine(line));
  return fold.finish();
}

/** The ledger as it is now, from a record on; others have their turn in between. */
async function* linesFrom(ledger: string, from: number): AsyncGenerator<FeedLine> {
  const stop = new AbortController();
  const atEnd = { moved: async () => stop.abort() };
  for await (const piece of followLedger(ledger, from, atEnd, stop.signal)) {
    if (piece.kind === 'lines') yield* piece.lines;
    await setImmediate();
  }
}

/** A repository that is busy for longer than this was forgotten in the middle of something. */
const BUSY_MS = 600_000;

/** What only a person ends. What waits for the clock or for other orders goes on by itself. */
function waitsForPeople({ waitingFor, until, updatedAt }: OrderLife, nowMs: number): boolean {
  if (waitingFor === 'hold') return until === null;
  if (waitingFor === 'repository') return nowMs - Date.parse(updatedAt) >= BUSY_MS;
  return asksPeople(waitingFor) || waitingFor === 'agent';
}

function waitingRow(life: OrderLife, untilMs: number): DigestWaiting {
  const { woId, waitingFor } = life;
  const since = asksPeople(waitingFor)
    ? (life.askedAt ?? life.updatedAt)
    : waitingFor === 'agent'
      ? (life.agentlessSince ?? life.updatedAt)
      : life.updatedAt;
  return {
    wo_id: woId,
    title: life.admitted?.title ?? '',
    lane: laneOf(life),
    waiting_for: waitingFor as DigestWaiting['waiting_for'],
    why: progressOf(life) ?? '',
    since,
    seconds: Math.max(0, Math.floor((untilMs - Date.parse(since)) / 1000)),
    command: commandFor(life),
  };
}

function commandFor({ woId, waitingFor }: OrderLife): string {
  if (asksPeople(waitingFor)) return `waybill approvals ${woId}`;
  if (waitingFor === 'agent') return 'waybill agents check';
  return waitingFor === 'hold' ? `waybill release ${woId}` : `waybill why ${woId}`;
}

/** Components at fault in the time, as telemetry tells and as the last look remembers: those that are still so first, then the newest. */
function driftRows(station: Station, { since, until }: Times): DigestDrift[] {
  const { layout } = station;
  const from = new Date(since).toISOString();
  const told = faultsSince(station, from);
  const known = new Set(told.map((fault) => `${fault.component} ${fault.since}`));
  const lasting = (readLook(layout)?.faults ?? []).filter((fault) => !known.has(`${fault.component} ${fault.since}`));
  const { lessons } = readLessons(layout.lessons);
  const rows = [...told, ...lasting.map((fault) => ({ ...fault, until: null, wo_id: null }))];
  return rows
    .map(({ component, kind, since: began, until: end, message, wo_id: woId }) => {
      const cause = lessons.find(({ tags, at }) => tags.includes(component) && at >= began);
      const [a, b] = [Math.max(since, Date.parse(began)), end === null ? until : Date.parse(end)];
      const seconds = Math.max(0, Math.floor((b - a) / 1000));
      return {
        component,
        kind,
        since: began,
        until: end,
        seconds,
        message,
        cause: cause?.title ?? null,
        repaired_by: woId,
      };
    })
    .sort((a, b) => Number(a.until !== null) - Number(b.until !== null) || (a.since < b.since ? 1 : -1));
}
