import { ERROR_CODES } from '../order/error.ts';
import type { StateDocument } from '../order/generated.ts';
import { asksPeople } from '../order/transition.ts';
import { age, plain } from './words.ts';

/** One sentence: what it waits for, or why it ended so. */
export function whyText(state: StateDocument): string {
  const error = state.last_error;
  switch (state.status) {
    case 'ready':
      return `${state.wo_id} is ready and waits for its turn${sinceText(state)}.`;
    case 'running':
      return `${state.wo_id} is running: ${state.progress ?? 'started'}${sinceText(state)}.`;
    case 'parked':
      return `${state.wo_id} waits for ${waitsFor(state)}${sinceText(state)}: ${plain(state.progress ?? '')}.${whatNext(state)}`;
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

function sinceText(state: StateDocument): string {
  return `, for ${age(Date.now() - Date.parse(state.updated_at))}`;
}
