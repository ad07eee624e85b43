import { ERROR_CODES } from '../../order/error.ts';
import type { StateDocument } from '../../order/generated.ts';
import type { OrderLife } from '../../order/life.ts';
import { readLedger } from '../../record/ledger.ts';
import type { Station } from '../../station/station.ts';
import { stopFileOf } from '../stop-file.ts';
import { type Fact, fact, type Part, run, untilOf } from './explanation.ts';

/** Who may release what no decision is needed for. */
const ANYBODY = 'anybody who may use the command line here';

/**
 * Whether `release` ends this wait. The table has it legal for others too, and they begin again at once: what depends on orders that are not
 * done, a busy repository, a mission that the stop file or policy holds.
 */
export function canBeReleased(state: StateDocument): boolean {
  switch (state.waiting_for) {
    case 'time':
    case 'agent':
      return true;
    case 'hold':
      return untilOf(state) === null;
    default:
      return false;
  }
}

/** A wait for the clock: until when, who can end it before, and what comes then. */
export function forTime(state: StateDocument, life: OrderLife | null): Part {
  const until = untilOf(state);
  const error = state.last_error;
  const isRetry = life?.outcome != null && error !== null;
  const retries = life?.admitted?.retries ?? 0;
  return {
    released_by: [until === null ? 'the clock' : `the clock, at ${until}`, ANYBODY],
    facts: isRetry
      ? [fact('tried', `try ${(life?.retriesUsed ?? 0) + 1} of ${retries + 1} comes then; it tries again by itself`)]
      : [],
    next: [
      run(isRetry ? 'try it again now' : 'let it go now', `waybill release ${state.wo_id}`),
      run('do not wait for it', `waybill cancel ${state.wo_id}`),
    ],
  };
}

/** A hold: who held it, and why; for a mission, whether the stop file or policy holds it. */
export function forHold(station: Station, state: StateDocument, life: OrderLife | null): Part {
  const { wo_id: woId, progress } = state;
  if (untilOf(state) !== null) {
    if (progress?.startsWith('POLICY_INVALID'))
      return {
        released_by: ['policy.yaml, once it can be read again: it is looked at every few seconds'],
        next: [{ what: ERROR_CODES.POLICY_INVALID.hint, command: 'waybill policy check' }],
      };
    const stop = stopFileOf(station);
    return {
      released_by: ['whoever removes the stop file'],
      facts: [
        stop === null
          ? fact('stop file', 'it is gone: the mission goes on in a moment')
          : fact('stop file', `${stop.path}${stop.text.trim() === '' ? '' : `: ${stop.text.trim()}`}`),
      ],
      next: [run('remove the stop file', 'waybill spine go')],
    };
  }
  return {
    released_by: [ANYBODY],
    facts: heldBy(station, state, life),
    next: [run('let it go', `waybill release ${woId}`), run('end it', `waybill cancel ${woId}`)],
  };
}

/** A held order's last record says who held it; where a later fact hides that, the reason stands alone. */
function heldBy({ layout }: Station, state: StateDocument, life: OrderLife | null): Fact[] {
  if (life?.admitted?.hold === true && life.lastSeq === life.born) return [fact('held', 'by its author: `hold: true`')];
  const seq = life?.lastSeq ?? Number(state.meta['seq']);
  const last = readLedger(layout.ledger, seq).next().value;
  if (last?.event === 'held' && last.wo_id === state.wo_id)
    return [fact('held', `by ${last.data.by} at ${last.ts}: ${last.data.reason}`)];
  return [fact('held', state.progress ?? 'nothing says why')];
}

/** A wait for an agent: which may do it, since when none can, when it is looked for again. */
export function forAgent(state: StateDocument, life: OrderLife | null): Part {
  const wanted = life?.admitted?.agents ?? [];
  const until = untilOf(state);
  const since = life?.agentlessSince ?? null;
  return {
    released_by: ['an agent that can be used: installed, logged in, and named for the role'],
    facts: [
      fact('none can', state.progress ?? 'nothing says why'),
      ...(wanted.length === 0 ? [] : [fact('only', `${wanted.join(' or ')} may do it, says the order`)]),
      ...(since === null ? [] : [fact('since', `no agent can be used since ${since}`)]),
      ...(until === null ? [] : [fact('next look', until)]),
    ],
    next: [
      run('see which agents can be used, and what each lacks', 'waybill agents check'),
      run('write agents/ where there is none', 'waybill agents init'),
    ],
  };
}
