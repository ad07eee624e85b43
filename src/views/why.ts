import { ERROR_CODES } from '../order/error.ts';
import type { Recorded } from '../order/event.ts';
import type { StateDocument } from '../order/generated.ts';
import type { OrderLife } from '../order/life.ts';
import { asksPeople, isTerminal, type Status } from '../order/transition.ts';
import { aliveNow } from '../pipeline/report/orders-seen.ts';
import type { Station } from '../station/station.ts';
import { orderRecords } from './order/order-records.ts';
import { type Alive, behindFailure, forDependencies } from './why/dependencies.ts';
import { type Dependency, type Explanation, type Part, untilOf } from './why/explanation.ts';
import { forEnded, meaningOf, triedOf } from './why/failure.ts';
import { forRepository } from './why/repository.ts';
import { forTurn, forWork, ofStation } from './why/turn.ts';
import { forAgent, forHold, forTime } from './why/waits.ts';
import { age, plain } from './words.ts';

export type { Explanation } from './why/explanation.ts';

/**
 * One sentence: what it waits for, or why it ended so. With its explanation, a wait for other orders is told as they are now: the state file has them as
 * they were when it began to wait.
 */
export function whyText(state: StateDocument, { dependencies = [] }: Partial<Explanation> = {}): string {
  return sentence(asNow(state, dependencies), `, for ${age(Date.now() - Date.parse(state.updated_at))}`);
}

function asNow(state: StateDocument, dependencies: readonly Dependency[]): StateDocument {
  if (state.waiting_for !== 'dependency' || dependencies.length === 0) return state;
  const open = dependencies
    .filter(({ wanted_by: wantedBy, status }) => wantedBy === state.wo_id && status !== 'done')
    .map(({ wo_id: woId, status, waiting_for: waitingFor }) =>
      status === 'unknown'
        ? `${woId} (never seen)`
        : `${woId} (${status}${waitingFor === null ? '' : `, ${waitingFor}`})`,
    );
  return open.length === 0 ? state : { ...state, progress: `depends on ${open.join(', ')}` };
}

function sentence(state: StateDocument, since: string): string {
  const error = state.last_error;
  switch (state.status) {
    case 'ready':
      return `${state.wo_id} is ready and waits for its turn${since}.`;
    case 'running':
      return `${state.wo_id} is running: ${state.progress ?? 'started'}${since}.`;
    case 'parked':
      return `${state.wo_id} waits for ${waitsFor(state)}${since}: ${plain(state.progress ?? '')}.${whatNext(state)}`;
    case 'done':
      return `${state.wo_id} is done: ${plain(state.summary)}.`;
    case 'cancelled':
      return `${state.wo_id} was cancelled: ${plain(error?.message ?? '')}.`;
    default:
      return `${state.wo_id} ${state.status === 'failed' ? 'failed' : 'was rejected'} with ${error?.code ?? 'no code'}: ${plain(error?.message ?? '')}. ${error?.hint ?? ''}`;
  }
}

function waitsFor({ waiting_for: waitingFor }: StateDocument): string {
  if (waitingFor === 'checkpoint') return 'a person, at a checkpoint';
  return waitingFor === 'budget' ? 'a person, because it has used up what it was given' : String(waitingFor);
}

/** What helps an order that is parked to go on. */
function whatNext({ wo_id: woId, type, waiting_for: waitingFor, progress, meta }: StateDocument): string {
  if (asksPeople(waitingFor)) {
    const shows =
      type === 'mission' && waitingFor !== 'approval' ? 'what it did, and what a yes means' : 'all that would happen';
    return ` \`waybill approvals ${woId}\` shows ${shows}.`;
  }
  if (type !== 'mission') return '';
  if (waitingFor === 'agent') return ' `waybill agents check` says which agents can be used.';
  const isStopped = waitingFor === 'hold' && meta['until'] !== undefined;
  if (isStopped && progress?.startsWith('POLICY_INVALID')) return ` ${ERROR_CODES.POLICY_INVALID.hint}`;
  return isStopped ? ' `waybill spine go` removes that file.' : '';
}

/**
 * Why an order is where it is, who or what ends that, what its failure means, what was tried, and what to do: from the records, and for a wait for the
 * repository from a look at it. `lives`: the orders alive, where the caller holds them (`Board.alive()`); else the newest segment of the ledger is read.
 * Holds words of orders as they are. Throws LEDGER_BROKEN.
 */
export async function explainOrder(
  station: Station,
  state: StateDocument,
  lives?: readonly OrderLife[],
): Promise<Explanation> {
  const { status, waiting_for: waitingFor } = state;
  const isOver = isTerminal(status);
  // of an order that ended only its own records tell
  const needed = !isOver || state.last_error?.code === 'DEPENDENCY_FAILED';
  const { ledger, ids } = station.layout;
  const known = !needed ? [] : (lives ?? (await aliveNow(ledger, ids)));
  const alive: Alive = new Map(known.map((life) => [life.woId.toLowerCase(), life]));
  const life = alive.get(state.wo_id.toLowerCase()) ?? null;
  const hasTried = status === 'failed' || status === 'cancelled' || state.attempt > 1 || state.revision > 1;
  const records = hasTried ? orderRecords(station, state) : [];
  const own = await partOf(station, state, alive, life, records);
  const parts = [own, ...(isOver ? [] : [ofStation(station)])];
  return {
    wo_id: state.wo_id,
    status: status as Status,
    waiting_for: waitingFor,
    why: sentence(asNow(state, own.dependencies ?? []), ''),
    since: state.updated_at,
    // people are told again by the clock, and nothing more: only where the order sets `expires` it ends
    until: asksPeople(waitingFor) ? (own.until ?? null) : untilOf(state),
    released_by: parts.flatMap((part) => part.released_by ?? []),
    facts: parts.flatMap((part) => part.facts ?? []),
    dependencies: parts.flatMap((part) => part.dependencies ?? []),
    failure: meaningOf(state),
    tried: triedOf(records),
    // what gets the station going comes before what gets one order going
    next: parts.toReversed().flatMap((part) => part.next ?? []),
  };
}

async function partOf(
  station: Station,
  state: StateDocument,
  alive: Alive,
  life: OrderLife | null,
  records: readonly Recorded[],
): Promise<Part> {
  switch (state.status) {
    case 'done':
      return {};
    case 'ready':
      return forTurn(station, state, alive);
    case 'running':
      return forWork(station, state, life);
    case 'parked':
      return forWait(station, state, alive, life);
    default: {
      const ended = forEnded(state, records);
      if (state.last_error?.code !== 'DEPENDENCY_FAILED') return ended;
      const behind = await behindFailure(station, state, alive);
      return {
        dependencies: behind.dependencies ?? [],
        facts: [...(behind.facts ?? []), ...(ended.facts ?? [])],
        next: [...(behind.next ?? []), ...(ended.next ?? [])],
      };
    }
  }
}

async function forWait(station: Station, state: StateDocument, alive: Alive, life: OrderLife | null): Promise<Part> {
  switch (state.waiting_for) {
    case 'approval':
    case 'checkpoint':
    case 'budget':
      // only for what asks: it reads policy and what is asked
      return (await import('./why/people.ts')).forPeople(station, state);
    case 'dependency':
      return forDependencies(station, state, alive);
    case 'time':
      return forTime(state, life);
    case 'hold':
      return forHold(station, state, life);
    case 'agent':
      return forAgent(state, life);
    case 'repository':
      return forRepository(station, state, life);
    case null:
      return {};
  }
}
