import type { Advice, HistoryDocument, LikelyCause } from '../../order/generated.ts';
import { short } from './causes.ts';
import type { Facts } from './time-line.ts';

/** What to do about it, with the command where one does it. Pure. */
export function adviceFor(
  facts: Facts,
  answer: HistoryDocument['answer'],
  fault: HistoryDocument['fault'],
  cause: LikelyCause | null,
): Advice | null {
  if (answer === 'fine') return null;
  if (answer === 'never_existed')
    return { do: 'rebuild', text: 'There is nothing to bring back: make it.', command: null };
  if (answer === 'unknown')
    return { do: 'investigate', text: 'Ask who expected it; a backup may have it.', command: null };
  return answer === 'vanished' ? toBringBack(facts, cause) : toMend(facts, fault, cause);
}

function toBringBack(facts: Facts, cause: LikelyCause | null): Advice {
  const { path, committed, standing } = facts;
  if (committed.renamedTo !== null)
    return { do: 'none', text: `It was moved to ${committed.renamedTo}.`, command: null };
  const order = cause?.kind === 'order' && cause.confidence === 'certain' ? orderIn(cause) : null;
  const stash = facts.stashes.findLast(({ effect }) => effect === 'vanished');
  const from =
    cause?.kind === 'stash' && stash !== undefined
      ? // a stash that was dropped has no name any more
        stash.where.startsWith('stash@')
        ? `${stash.where}${stash.from?.endsWith('^3') ? '^3' : ''}`
        : (stash.from ?? null)
      : standing.recorded !== null && !path.startsWith('/')
        ? 'HEAD'
        : committed.source === null
          ? null
          : short(committed.source);
  if (order !== null) {
    const command = from === null ? `waybill show ${order}` : `git checkout ${from} -- ${quoted(path)}`;
    return { do: 'none', text: `Order ${order} was asked to delete it. Where that was wrong, bring it back.`, command };
  }
  if (from === null)
    return {
      do: 'rebuild',
      text: 'No commit, stash or order here has it: make it again, or look in a backup.',
      command: null,
    };
  return { do: 'restore', text: `${from} has it.`, command: `git checkout ${from} -- ${quoted(path)}` };
}

function orderIn(cause: LikelyCause): string | null {
  return /\border ([\w.-]+)/.exec(cause.text)?.[1] ?? null;
}

function toMend(facts: Facts, fault: HistoryDocument['fault'], cause: LikelyCause | null): Advice {
  const { path, standing, moves } = facts;
  const name = quoted(path);
  if (fault === 'mode_lost')
    return { do: 'fix_in_place', text: 'Make it executable again.', command: `chmod +x -- ${name}` };
  if (fault === 'reverted') {
    const from = short(moves.findLast(({ back }) => back === true)?.from ?? '');
    return { do: 'restore', text: `${from} has the newer version.`, command: `git checkout ${from} -- ${name}` };
  }
  if (fault === 'incomplete') {
    return { do: 'restore', text: 'HEAD has what is missing.', command: `git checkout HEAD -- ${name}` };
  }
  if (standing.recorded === null || path.startsWith('/'))
    return { do: 'investigate', text: 'Nothing here has the version that was good; a backup may.', command: null };
  if (fault === 'truncated')
    return { do: 'restore', text: 'HEAD has it whole.', command: `git checkout HEAD -- ${name}` };
  const text = cause?.kind === 'edit' ? 'Ask whose change that is before you undo it.' : 'Look at what changed.';
  return { do: 'investigate', text, command: `git diff HEAD -- ${name}` };
}

/** A path as one word of a shell. */
function quoted(path: string): string {
  return /^[\w./@%+,:=-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
