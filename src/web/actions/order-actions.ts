import { html } from 'hono/html';
import { WaybillError } from '../../order/error.ts';
import type { CommandFile, StateDocument } from '../../order/generated.ts';
import { asksPeople, isLegal, type Status, type Transition } from '../../order/transition.ts';
import { now } from '../../platform/clock.ts';
import { stateAfter } from '../../views/order/moved.ts';
import { stateOf } from '../../views/order-state.ts';
import { canBeReleased } from '../../views/why/waits.ts';
import type { Form } from '../gate/forms.ts';
import type { Html, PageContext } from '../page.ts';
import { orderAddress } from '../parts/order-link.ts';
import type { Outcome } from './outcome.ts';
import { isTaken } from './taken.ts';

export type Action = 'retry' | 'cancel' | 'hold' | 'release';

const EVENT: Readonly<Record<Action, readonly [event: Transition, to: Status, label: string]>> = {
  retry: ['retried', 'ready', 'Retry'],
  release: ['released', 'ready', 'Release'],
  hold: ['held', 'parked', 'Hold'],
  cancel: ['cancelled', 'cancelled', 'Cancel…'],
};

const MAX_REASON = 1000;

/** Whether a word of an address names something that can be done with an order. */
export function isAction(word: string): word is Action {
  return Object.hasOwn(EVENT, word);
}

/** What can be done with an order as it stands, by the table of transitions: a form for each. Empty where nothing can. */
export function orderActions({ visitor }: PageContext, state: StateDocument): Html {
  const { wo_id: woId, waiting_for: waitingFor } = state;
  const able = (Object.keys(EVENT) as Action[]).filter((action) => isPossible(action, state));
  const review = asksPeople(waitingFor)
    ? html`<a class="button primary" href="/approvals/${encodeURIComponent(woId)}">Look and decide</a> `
    : '';
  if (able.length === 0) return html`${review}`;
  if (!visitor.mayAct)
    return html`<div class="actions">${review}<span class="none">To ${able.join(', ')}: <a href="/token">bring the token</a>, or at a terminal <code>waybill ${able[0]} ${woId}</code>.</span></div>`;
  return html`<div class="actions">${review}${able.map((action) =>
    action === 'cancel'
      ? html`<a class="button" href="${orderAddress(woId)}/cancel">${EVENT.cancel[2]}</a> `
      : html`<form method="post" action="${orderAddress(woId)}/${action}">${shownFields(visitor, state)}<button>${EVENT[action][2]}</button></form> `,
  )}</div>`;
}

/** The form that cancels, for the page that asks whether to. */
export function cancelForm({ visitor }: PageContext, state: StateDocument): Html {
  return html`<form method="post" action="${orderAddress(state.wo_id)}/cancel">${shownFields(visitor, state)}<input type="hidden" name="sure" value="yes">
<label>Why? <input name="reason" maxlength="${MAX_REASON}" autocomplete="off"></label>
<button class="primary">Cancel it</button> <a class="button" href="${orderAddress(state.wo_id)}">Leave it</a></form>`;
}

/** Whether an action would change what the order is in: the table allows more, such as a release into the same wait. */
export function isPossible(action: Action, state: StateDocument): boolean {
  const { status, waiting_for: waitingFor } = state;
  const [event, to] = EVENT[action];
  if (action === 'hold' && waitingFor === 'hold') return false;
  // what it asked for is gone: it can only be dropped again
  if (action === 'retry' && state.meta['purged'] === true) return false;
  if (action === 'release' && !canBeReleased(state)) return false;
  return isLegal(event, status, to, waitingFor);
}

/** A form says what it was drawn for, so that an order that moved on meanwhile is left alone. */
function shownFields(visitor: PageContext['visitor'], { status, attempt }: StateDocument): Html {
  return html`${visitor.csrfField()}<input type="hidden" name="status" value="${status}"><input type="hidden" name="attempt" value="${attempt}">`;
}

/** Carries out what a form of `orderActions` asks. Throws ILLEGAL_TRANSITION, UNKNOWN_ORDER; then nothing was done. */
export async function askStation({ station }: PageContext, id: string, action: Action, form: Form): Promise<Outcome> {
  const state = await stateOf(station, id);
  const to = orderAddress(state.wo_id);
  if (form.get('status') !== state.status || form.get('attempt') !== String(state.attempt))
    throw new WaybillError(
      'ILLEGAL_TRANSITION',
      `${state.wo_id} is ${state.status}, attempt ${state.attempt}, by now, and no longer as it was shown`,
      { hint: 'Look at it again, and act then.' },
    );
  if (!isPossible(action, state))
    throw new WaybillError('ILLEGAL_TRANSITION', `${state.wo_id}: ${action} is not possible while ${state.status}`);
  if (action === 'cancel' && form.get('sure') !== 'yes')
    throw new WaybillError('ILLEGAL_TRANSITION', `${state.wo_id} is cancelled only by somebody who says so twice`);
  const reason = (form.get('reason') ?? '').trim().slice(0, MAX_REASON);
  const command: CommandFile = {
    v: 1,
    command: action,
    at: now(),
    wo_id: state.wo_id,
    via: 'browser',
    ...(reason === '' ? {} : { reason }),
  };
  if (!(await isTaken(station, command))) return { to, done: 'waiting' };
  if (action === 'cancel' && state.status === 'running') return { to, done: 'cancelling' };
  await stateAfter(station, state);
  return { to, done: action };
}
