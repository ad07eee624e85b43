import type { LikelyCause } from '../../order/generated.ts';
import { bad, type Facts, good, liesBetween, SECOND_MS } from './time-line.ts';
import type { Trace } from './trace.ts';

/** Why something is missing. Pure: only what the sources told counts, and what they did not tell is said to be unknown. */

/** How far the line of a rollback's log may be from the move of HEAD that it made. */
const ROLLBACK_MS = 10_000;

export const UNKNOWN: LikelyCause = {
  kind: 'unknown',
  confidence: 'unknown',
  text: 'nothing that was read tells why',
  at: null,
  evidence: [],
};

/** What took it away, by the strength of what shows it. */
export function causeOfVanishing(facts: Facts): LikelyCause {
  const known =
    byMove(facts) ??
    byStash(facts) ??
    byOrder(facts) ??
    byCommit(facts) ??
    byRollback(facts) ??
    byCommandOfOrder(facts);
  return known ?? bySweep(facts) ?? byFolder(facts);
}

/** HEAD was moved to a commit without it, and nothing has seen it since. */
function byMove(facts: Facts): LikelyCause | null {
  const { moves, committed } = facts;
  if (facts.standing.recorded !== null) return null;
  const last = moves.findLast(({ effect }) => effect === 'vanished');
  if (last === undefined || isSeenAfter(facts, last.at)) return null;
  const order = last.kind === 'order' ? orderOf(facts, last) : null;
  const evidence = [`${last.where}: ${last.text}`, ...byWhom(facts, last)];
  const { lastOnHead } = committed;
  const deletes = lastOnHead?.changes.some(({ status }) => status === 'D') === true ? lastOnHead : null;
  if (deletes !== null) evidence.push(`commit ${short(deletes.id)}: ${deletes.subject} (${deletes.by})`);
  const rollback = facts.rollbacks.find(({ at }) => Math.abs(Date.parse(at) - Date.parse(last.at)) <= ROLLBACK_MS);
  if (rollback !== undefined)
    return {
      kind: 'rollback',
      confidence: 'likely',
      text: `a rollback ran that names it, and ${wordsOf(facts, last, deletes?.id ?? null, order)}`,
      at: last.at,
      evidence: [`${rollback.where}: ${rollback.text}`, ...evidence],
    };
  return {
    kind: last.kind === 'other' ? 'unknown' : (last.kind as LikelyCause['kind']),
    confidence: 'certain',
    text: wordsOf(facts, last, deletes?.id ?? null, order),
    at: last.at,
    evidence,
  };
}

function wordsOf(facts: Facts, move: Trace, deletes: string | null, order: string | null): string {
  const [from, to] = [short(move.from ?? ''), short(move.to ?? '')];
  const renamed = facts.committed.renamedTo;
  const did = renamed === null ? 'deleted it' : `moved it to ${renamed}`;
  const without = `moved HEAD from ${from} to ${to}, which does not have it`;
  switch (move.kind) {
    case 'order':
      return `order ${order ?? '(unknown)'} ${did} (commit ${to})`;
    case 'commit':
      return `commit ${to} ${did}`;
    case 'pull':
    case 'merge':
      return `a ${move.kind} brought commit ${short(deletes ?? move.to ?? '')}, which ${did}`;
    case 'checkout':
      return `a checkout ${without} (${move.text.replace(/^checkout: /, '')})`;
    default:
      return `a ${move.kind === 'other' ? 'git command' : move.kind} ${without}`;
  }
}

function orderOf(facts: Facts, move: Trace): string | null {
  const byCommit = facts.committed.traces.find(({ to, order }) => to === move.to && order !== undefined)?.order;
  // a batch of orders moves HEAD once, to the last of its commits
  return byCommit ?? facts.orders.findLast(({ effect }) => effect === 'vanished')?.order ?? null;
}

/** What the hooks wrote down of a move: the command, and who gave it. */
function byWhom({ hooks }: Facts, move: Trace): string[] {
  const isSame = ({ to, at }: Trace) =>
    to === move.to && Math.abs(Date.parse(at) - Date.parse(move.at)) <= 2 * SECOND_MS;
  return hooks
    .filter(isSame)
    .slice(-1)
    .map(({ where, text }) => `${where}: ${text}`);
}

function byStash(facts: Facts): LikelyCause | null {
  if (facts.standing.recorded !== null) return null;
  const last = facts.stashes.findLast(({ effect }) => effect === 'vanished');
  if (last === undefined || isSeenAfter(facts, last.at)) return null;
  return {
    kind: 'stash',
    confidence: 'certain',
    text: `a stash took it, and still has it (${last.where})`,
    at: last.at,
    evidence: [`${last.where}: ${last.text}`, ...byWhom(facts, last)],
  };
}

/** Outside of the repository only the ledger tells. */
function byOrder(facts: Facts): LikelyCause | null {
  const last = facts.orders.findLast(({ kind, effect }) => kind === 'order' && effect !== null);
  if (last === undefined || last.effect !== 'vanished' || facts.standing.recorded !== null) return null;
  if (isSeenAfter(facts, last.at)) return null;
  const evidence = [`${last.where}: ${last.text}`];
  return { kind: 'order', confidence: 'certain', text: `${last.text}`, at: last.at, evidence };
}

/** A history without its reflog, as after a clone. */
function byCommit(facts: Facts): LikelyCause | null {
  const { lastOnHead, renamedTo } = facts.committed;
  if (facts.standing.recorded !== null || lastOnHead === null) return null;
  if (!lastOnHead.changes.some(({ status }) => status === 'D') || isSeenAfter(facts, lastOnHead.at)) return null;
  const did = renamedTo === null ? 'deleted it' : `moved it to ${renamedTo}`;
  return {
    kind: lastOnHead.order === null ? 'commit' : 'order',
    confidence: 'certain',
    text: `${lastOnHead.order === null ? '' : `order ${lastOnHead.order}, `}commit ${short(lastOnHead.id)} ${did}`,
    at: lastOnHead.at,
    evidence: [`commit ${short(lastOnHead.id)}: ${lastOnHead.subject} (${lastOnHead.by})`],
  };
}

function byRollback(facts: Facts): LikelyCause | null {
  const [from, to] = bracket(facts);
  const found = facts.rollbacks.findLast(({ at }) => liesBetween(at, from, to));
  if (found === undefined) return null;
  const evidence = [`${found.where}: ${found.text}`, ...folderSays(facts)];
  return { kind: 'rollback', confidence: 'likely', text: 'a rollback ran that names it', at: found.at, evidence };
}

/** Its folder lost a name while a command of an order ran. */
function byCommandOfOrder(facts: Facts): LikelyCause | null {
  const at = removedAt(facts);
  const found = at === null ? null : commandAt(facts, at);
  if (at === null || found === null) return null;
  const evidence = [`${found.where}: ${found.text}`, ...folderSays(facts)];
  return { kind: 'order', confidence: 'likely', text: `it went while ${found.text}`, at, evidence };
}

/** The command of an order that ran at this time, or null. */
export function commandAt({ orders }: Facts, at: string): Trace | null {
  const ms = Date.parse(at);
  const ran = ({ kind, at: begun, until }: Trace) =>
    kind === 'command' && until !== undefined && ms >= Date.parse(begun) && ms <= Date.parse(until);
  return orders.findLast(ran) ?? null;
}

/** What git does not track was swept away as a whole, and it was not tracked. */
function bySweep(facts: Facts): LikelyCause | null {
  const { swept, standing } = facts;
  if (swept === null || standing.recorded !== null || standing.isInIndex) return null;
  const [from, to] = bracket(facts);
  if (!swept.gone && !liesBetween(swept.at, from, null)) return null;
  const seen = swept.gone ? 'are gone' : `were made anew at ${swept.at}`;
  return {
    kind: 'clean',
    confidence: 'likely',
    text: 'something swept away what git does not track, as `git clean -fdx` does, and git did not track it',
    at: swept.gone || !liesBetween(swept.at, from, to) ? null : swept.at,
    evidence: [`the station's own untracked folders ${seen}`, ...folderSays(facts)],
  };
}

/** Nothing but its folder tells. */
function byFolder(facts: Facts): LikelyCause {
  const { standing, moves } = facts;
  const { folder, alsoGone } = standing;
  if (folder === null) return UNKNOWN;
  const at = removedAt(facts);
  const others =
    alsoGone.length === 0
      ? ''
      : `, and so ${alsoGone.length === 1 ? 'is one other file' : `are ${alsoGone.length} other files`} that git knows`;
  const evidence = folderSays(facts);
  if (standing.recorded !== null)
    evidence.push(`HEAD still has it: no commit, checkout, reset, pull or order took it away${others}`);
  if (standing.recorded !== null && !standing.isInIndex)
    evidence.push('the index does not have it: `git rm`, or `git add` after it was removed');
  if (at !== null && isSetBack(facts))
    return {
      kind: 'mirror',
      confidence: 'likely',
      text: `it was removed outside of git, and its folder's own time was set back afterwards, as \`rsync -a --delete\` and other mirroring programs do, and \`rm\` does not`,
      at,
      evidence,
    };
  const tracked = standing.recorded !== null || moves.some(({ effect }) => effect !== null);
  const means = tracked ? 'rm, mv, rsync or another program' : 'rm, mv, rsync, git clean or another program';
  return {
    kind: 'outside_git',
    confidence: 'likely',
    text: `it was removed outside of git's records (${means}; which one, nothing tells)`,
    at,
    evidence,
  };
}

function folderSays({ standing: { folder } }: Facts): string[] {
  if (folder === null) return [];
  const set = Date.parse(folder.changedAt) - Date.parse(folder.modifiedAt) > SECOND_MS;
  const more = set ? `, and its times or mode were set at ${folder.changedAt}` : '';
  return [`folder ${folder.path}: a name was added or removed last at ${folder.modifiedAt}${more}`];
}

/** When the name went, by the times of its folder, where they fit what was seen. */
function removedAt(facts: Facts): string | null {
  const { folder } = facts.standing;
  if (folder === null) return null;
  const [from, to] = bracket(facts);
  if (isSetBack(facts)) return folder.changedAt;
  return liesBetween(folder.modifiedAt, from, to) ? folder.modifiedAt : null;
}

/** The folder says that nothing went since it was last seen to be there: so somebody has set its time. */
function isSetBack(facts: Facts): boolean {
  const { folder } = facts.standing;
  const [from, to] = bracket(facts);
  if (folder === null || from === null) return false;
  return (
    Date.parse(folder.modifiedAt) + SECOND_MS < Date.parse(from) &&
    Date.parse(folder.changedAt) - Date.parse(folder.modifiedAt) > SECOND_MS &&
    liesBetween(folder.changedAt, from, to)
  );
}

/** Last seen good, and first seen bad after that; null where nothing tells. */
export function bracket(facts: Facts, notAfter: string | null = null): [from: string | null, to: string | null] {
  const limit = notAfter === null ? Number.POSITIVE_INFINITY : Date.parse(notAfter) + SECOND_MS;
  const from = good(facts).findLast(({ at }) => Date.parse(at) < limit)?.at ?? null;
  const to = bad(facts).find(({ at }) => from === null || at > from)?.at ?? null;
  return [from, to];
}

/** Whether a scan found it in order after this second. */
function isSeenAfter({ scans }: Facts, at: string): boolean {
  return scans.some(({ effect, at: seen }) => effect === 'seen' && Date.parse(seen) >= Date.parse(at) + SECOND_MS);
}

export function short(id: string): string {
  return id.slice(0, 10);
}
