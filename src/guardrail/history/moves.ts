import type { Git } from '../../git/git.ts';
import { isInHistory } from '../../git/history.ts';
import { objectsAt } from '../../git/past.ts';
import { kindOfMove, type RefMove, readReflog } from '../../git/reflog.ts';
import type { Reach, Told, Trace } from './trace.ts';

/** So many moves of HEAD are looked at, whatever their age: an answer that stops at yesterday would say "never existed". */
const MOST_MOVES = 2000;

/** Every move of HEAD that the reflog knows, and what each did to the path. Oldest first. */
export async function movesOfHead(git: Git, gitDir: string, path: string, reach: Reach): Promise<Told> {
  const moves: RefMove[] = [];
  const notRead: string[] = [];
  for (const move of readReflog(gitDir, 'HEAD')) {
    if (moves.length === MOST_MOVES) {
      notRead.push(`reflog: only the last ${MOST_MOVES} moves of HEAD, back to ${moves.at(-1)?.at}`);
      break;
    }
    if (Date.parse(move.at) <= reach.untilMs) moves.push(move);
  }
  moves.reverse();
  const ids = moves.flatMap(({ from, to }) => [from, to]).filter((id) => id !== null);
  const objects = await objectsAt(git, ids, path, reach.budget.limits);
  if (ids.length > 0 && objects.size === 0) return { traces: [], notRead: ['reflog: no time was left'] };
  const traces: Trace[] = [];
  for (const move of moves) traces.push(await traceOf(git, move, objects));
  return { traces, notRead };
}

async function traceOf(git: Git, move: RefMove, objects: ReadonlyMap<string, string | null>): Promise<Trace> {
  const before = move.from === null ? null : (objects.get(move.from) ?? null);
  const after = move.to === null ? null : (objects.get(move.to) ?? null);
  const effect = effectOf(before, after);
  const kind = kindOfMove(move.message);
  const isSwitch = effect === 'changed' && kind !== 'commit' && kind !== 'order';
  const back = isSwitch && move.from !== null && move.to !== null && (await isInHistory(git, move.to, move.from));
  return {
    at: move.at,
    source: 'reflog',
    kind,
    effect,
    text: `${move.message || 'HEAD was moved'} (${move.by.replace(/ <.*/, '')})`,
    where: move.where,
    from: move.from,
    to: move.to,
    ...(back ? { back } : {}),
  };
}

/** A move between two commits that both have it as it is says that it is there. */
function effectOf(before: string | null, after: string | null): Trace['effect'] {
  if (before === null) return after === null ? null : 'appeared';
  if (after === null) return 'vanished';
  return before === after ? null : 'changed';
}
