import type { HistoryDocument, LikelyCause, Sighting } from '../../order/generated.ts';
import { adviceFor } from './advice.ts';
import { bracket, causeOfVanishing, commandAt, UNKNOWN } from './causes.ts';
import { bad, type Facts, good, liesBetween, SECOND_MS, timeLine } from './time-line.ts';
import type { Trace } from './trace.ts';

/** Draws the conclusion from what the sources told. Pure: the same facts give the same answer. */

const MOST_BETWEEN = 200;
const MOST_RECENT = 50;

type Answer = HistoryDocument['answer'];

/** The answer to "what became of this path?". It never says more than what the facts show. */
export function conclude(facts: Facts): HistoryDocument {
  const fault = facts.standing.fault ?? faultByScan(facts) ?? revertedBy(facts)?.fault ?? null;
  const answer = answerOf(facts, fault);
  const cause = causeOf(facts, answer, fault);
  const limit = cause?.at ?? null;
  const lastGood = answer === 'vanished' || answer === 'broken' ? lastSeenGood(facts, limit) : null;
  const firstBad = answer === 'vanished' || answer === 'broken' ? firstSeenBad(facts, lastGood, answer) : null;
  return {
    v: 1,
    path: facts.path,
    asked_at: facts.askedAt,
    hours: facts.hours,
    answer,
    fault: answer === 'broken' ? fault : null,
    summary: sentence(facts, answer, fault, lastGood, firstBad, cause),
    now: facts.standing.now,
    last_good: lastGood,
    first_bad: firstBad,
    cause,
    between: between(facts, lastGood, firstBad),
    recent: recent(facts),
    lessons: [...facts.lessons],
    advice: adviceFor(facts, answer, fault, cause),
    not_read: [...facts.notRead],
  };
}

function answerOf(facts: Facts, fault: HistoryDocument['fault']): Answer {
  if (facts.standing.now.kind !== 'missing') return fault === null ? 'fine' : 'broken';
  const { moves, orders, stashes, scans, committed, standing } = facts;
  const isKnown =
    standing.recorded !== null ||
    committed.traces.length > 0 ||
    orders.some(({ kind }) => kind === 'order') ||
    stashes.length > 0 ||
    moves.some(({ effect }) => effect !== null) ||
    scans.some(({ effect }) => effect === 'seen');
  if (isKnown) return 'vanished';
  // somebody missed it, so somebody expected it
  const isMissed =
    scans.some(({ effect }) => effect === 'missing') || facts.rollbacks.length > 0 || facts.swept !== null;
  const isCut = facts.notRead.some(
    (text) => /^(git|git log|reflog|ledger|stash):/.test(text) && !/there is none/.test(text),
  );
  return isMissed || isCut ? 'unknown' : 'never_existed';
}

function causeOf(facts: Facts, answer: Answer, fault: HistoryDocument['fault']): LikelyCause | null {
  if (answer === 'vanished') return causeOfVanishing(facts);
  if (answer === 'unknown') return UNKNOWN;
  if (answer !== 'broken') return null;
  const { changedAt, recorded } = facts.standing;
  const reverted = revertedBy(facts);
  if (facts.standing.fault === null && reverted !== null) return reverted.cause;
  if (changedAt === null) return UNKNOWN;
  const command = commandAt(facts, changedAt);
  if (command !== null) {
    const evidence = [`${command.where}: ${command.text}`, fileSays(changedAt, fault)];
    return { kind: 'order', confidence: 'likely', text: `it changed while ${command.text}`, at: changedAt, evidence };
  }
  const rollback = facts.rollbacks.findLast(
    ({ at }) => Math.abs(Date.parse(at) - Date.parse(changedAt)) < 2 * SECOND_MS,
  );
  if (rollback !== undefined) {
    const evidence = [`${rollback.where}: ${rollback.text}`, fileSays(changedAt, fault)];
    return { kind: 'rollback', confidence: 'likely', text: 'a rollback ran that names it', at: changedAt, evidence };
  }
  const evidence = [fileSays(changedAt, fault)];
  if (recorded !== null) evidence.push('it is not what HEAD has: no commit, checkout, reset or order left it so');
  return { ...byHand(fault), confidence: 'likely', at: changedAt, evidence };
}

function byHand(fault: HistoryDocument['fault']): Pick<LikelyCause, 'kind' | 'text'> {
  if (fault === 'mode_lost')
    return { kind: 'mode_change', text: 'its mode was changed outside of git (chmod -x, or a copy without modes)' };
  if (fault === 'truncated')
    return { kind: 'truncation', text: 'it was cut short outside of git (a write that did not end, or `: > file`)' };
  if (fault === 'replaced') return { kind: 'outside_git', text: 'something else was put in its place outside of git' };
  return { kind: 'edit', text: 'it was changed and not committed, which may be somebody at work' };
}

function fileSays(at: string, fault: HistoryDocument['fault']): string {
  return fault === 'mode_lost' || fault === 'replaced'
    ? `its mode, name or owner changed last at ${at}`
    : `it was written last at ${at}`;
}

/** Git knows nothing of the file, but the last scan did not find it in order. */
function faultByScan({ scans, standing, stashes }: Facts): HistoryDocument['fault'] {
  const last = scans.findLast(({ effect }) => effect === 'seen' || effect === 'broken' || effect === 'missing');
  if (last?.effect !== 'broken' || standing.now.kind !== 'file') return null;
  if (last.fault === 'not_executable' && !/[1357]/.test(standing.now.mode?.slice(1) ?? '')) return 'mode_lost';
  if (last.fault === 'truncated' && standing.now.size === 0) return 'truncated';
  return last.fault === 'altered' && standing.recorded === null && stashes.length === 0 ? 'altered' : null;
}

/** HEAD went back to an older commit in which the file is another, and has stayed there. */
function revertedBy(facts: Facts): { fault: 'reverted'; cause: LikelyCause } | null {
  const last = facts.moves.findLast(({ effect }) => effect !== null);
  if (last?.back !== true) return null;
  const [from, to] = [last.from?.slice(0, 10), last.to?.slice(0, 10)];
  const kind = last.kind === 'other' ? 'unknown' : (last.kind as LikelyCause['kind']);
  const text = `a ${last.kind} moved HEAD back from ${from} to ${to}, which has an older version`;
  const hooks = facts.hooks.filter(({ to: id }) => id === last.to).map(({ where, text: said }) => `${where}: ${said}`);
  const evidence = [`${last.where}: ${last.text}`, ...hooks.slice(-2)];
  return { fault: 'reverted', cause: { kind, confidence: 'certain', text, at: last.at, evidence } };
}

/** The last time that anything tells of it as it should be, before the cause where its time is known. */
function lastSeenGood(facts: Facts, notAfter: string | null): Sighting | null {
  const limit = notAfter === null ? Number.POSITIVE_INFINITY : Date.parse(notAfter) + SECOND_MS;
  // what HEAD did to it at the instant of the cause is the cause
  const found = good(facts).findLast((trace) => Date.parse(trace.at) < limit && trace.back !== true);
  const held = facts.committed.traces.findLast(({ to }) => to === facts.committed.source);
  const seen = found ?? (held !== undefined && Date.parse(held.at) < limit ? held : undefined);
  return seen === undefined ? null : { at: seen.at, source: seen.source, text: seen.text };
}

function firstSeenBad(facts: Facts, from: Sighting | null, answer: Answer): Sighting {
  const found = bad(facts).find(({ at }) => from === null || at > from.at);
  if (found !== undefined) return { at: found.at, source: found.source, text: found.text };
  const text =
    answer === 'vanished' ? 'it is not there now, and nobody looked before' : 'it is so now, and nobody looked before';
  return { at: facts.askedAt, source: 'file system', text };
}

function between(facts: Facts, from: Sighting | null, to: Sighting | null): HistoryDocument['between'] {
  if (to === null) return [];
  const [begin] = from === null ? bracket(facts) : [from.at];
  return timeLine(facts)
    .filter(({ at, effect }) => effect !== 'seen' && liesBetween(at, begin, to.at))
    .slice(-MOST_BETWEEN)
    .map(shown);
}

function recent(facts: Facts): HistoryDocument['recent'] {
  const sinceMs = Date.parse(facts.askedAt) - facts.hours * 3_600_000;
  const all = timeLine(facts);
  const lastSeen = all.findLast(({ effect }) => effect === 'seen');
  return all
    .filter((trace) => Date.parse(trace.at) >= sinceMs && (trace.effect !== 'seen' || trace === lastSeen))
    .reverse()
    .slice(0, MOST_RECENT)
    .map(shown);
}

function shown({ at, source, kind, effect, text, where }: Trace): HistoryDocument['recent'][number] {
  return { at, source, kind, effect, text, where };
}

function sentence(
  facts: Facts,
  answer: Answer,
  fault: HistoryDocument['fault'],
  from: Sighting | null,
  to: Sighting | null,
  cause: LikelyCause | null,
): string {
  const { path, standing } = facts;
  if (answer === 'fine') return `${path} is there, and nothing is known to be wrong with it${wasAway(facts)}.`;
  if (answer === 'never_existed')
    return `${path} never existed, as far as commits, reflogs, stashes, orders and scans tell.`;
  if (answer === 'unknown')
    return `${path} is missing, and nothing that was left to read tells whether it ever was there.`;
  const why = because(cause);
  const was = from === null ? `${path} was there once` : `${path} was working at ${from.at}`;
  if (answer === 'vanished') return `${was}, vanished ${span(from, to)}, ${why}.`;
  const gone = standing.goneBelow.length;
  const what =
    fault === 'incomplete'
      ? `${gone} of its files ${gone === 1 ? 'is' : 'are'} missing`
      : (WHAT[fault ?? ''] ?? 'it is not as it was');
  return `${was}, and broke ${span(from, to)} (${what}), ${why}.`;
}

/** What was wrong within reach and is over: a component that came back is not one that never went. */
function wasAway(facts: Facts): string {
  const missed = bad(facts).findLast(({ source }) => source === 'telemetry');
  if (missed === undefined) return '';
  const back = good(facts).find(({ at, source }) => source === 'telemetry' && at > missed.at);
  return ` now: at ${missed.at} ${missed.text}${back === undefined ? '' : `, at ${back.at} ${back.text}`}`;
}

const WHAT: Readonly<Record<string, string>> = {
  mode_lost: 'it is not executable any more',
  truncated: 'it is cut short',
  altered: 'its content is another',
  reverted: 'it is an older version',
  replaced: 'something else stands in its place',
};

function span(from: Sighting | null, to: Sighting | null): string {
  return from === null ? `before ${to?.at}` : `between ${from.at} and ${to?.at}`;
}

function because(cause: LikelyCause | null): string {
  if (cause === null || cause.confidence === 'unknown') return 'and nothing that was read tells why';
  const when = cause.at === null ? '' : ` at ${cause.at}`;
  return `${cause.confidence === 'certain' ? 'because' : 'most likely because'}${when} ${cause.text}`;
}
