import { html } from 'hono/html';
import { stateOf } from '../../views/order-state.ts';
import { cancelForm, isPossible } from '../actions/order-actions.ts';
import type { PageOf } from '../page.ts';
import { orderLink } from '../parts/order-link.ts';
import { statusBadge } from '../parts/status.ts';
import { shown } from '../parts/text.ts';

/** Asks whether to cancel an order, and says what that means. */
export const cancel: PageOf = async (context, { params }) => {
  const state = await stateOf(context.station, params['id'] ?? '');
  const { status, waiting_for: waitingFor } = state;
  const means =
    status === 'running'
      ? 'Its processes are ended, and what it did is undone as far as that can be; what cannot is told in its result.'
      : 'It is not carried out. It can be tried again later.';
  return {
    title: `Cancel ${state.wo_id}?`,
    place: 'orders',
    regions: {},
    frame: () => html`<h1>Cancel “${shown(state.title, 200)}”?</h1>
<section class="card"><p>${orderLink(state.wo_id)} ${statusBadge(status, waitingFor)}</p>${
      !isPossible('cancel', state)
        ? html`<p>It is over, so there is nothing to cancel.</p>`
        : context.visitor.mayAct
          ? html`<p>${means}</p>${cancelForm(context, state)}`
          : html`<p><a href="/token">Bring the token</a> to cancel it here, or at a terminal: <code>waybill cancel ${state.wo_id}</code>.</p>`
    }</section>`,
  };
};
