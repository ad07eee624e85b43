import { html } from 'hono/html';
import type { AskData } from '../../order/event.ts';
import { laneOf, type OrderLife } from '../../order/life.ts';
import { asksPeople } from '../../order/transition.ts';
import { reasonOf } from '../../views/review.ts';
import type { Html, PageOf } from '../page.ts';
import { shown } from '../parts/text.ts';
import { time } from '../parts/time.ts';

/** Orders listed; whoever has more to decide begins with the oldest. */
const LISTED = 100;

type Asking = OrderLife & { readonly ask: AskData };

/** What waits for a person, the longest wait first. */
export const approvals: PageOf = async ({ records }) => {
  const asking = records.board
    .alive()
    .filter((life): life is Asking => asksPeople(life.waitingFor) && life.ask !== null)
    .sort((a, b) => (since(a) < since(b) ? -1 : 1));
  return {
    title: 'Approvals',
    place: 'approvals',
    regions: { list: asking.length === 0 ? NONE : listOf(asking) },
    frame: ({ list }) => html`<h1>Waits for you</h1>${list}`,
  };
};

const NONE = html`<section class="card"><p class="none">Nothing waits for you. What policy wants asked comes here: <code>waybill policy explain FILE</code> shows what an order would be asked for.</p></section>`;

function listOf(asking: readonly Asking[]): Html {
  return html`<section class="card"><ul class="rows asks">${asking.slice(0, LISTED).map(row)}</ul></section>${
    asking.length > LISTED ? html`<p class="more">and ${asking.length - LISTED} more, which came later</p>` : ''
  }`;
}

function row(life: Asking): Html {
  const { woId, admitted, ask } = life;
  const requester = admitted?.requester;
  const who = requester === undefined ? '' : (requester.user ?? `uid ${requester.uid}`);
  return html`<li data-key="${woId}"><p><a class="id" href="/approvals/${encodeURIComponent(woId)}?ask=${ask.id}">${woId}</a> <strong>${shown(admitted?.title ?? '', 120)}</strong></p>
<p>${shown(who, 60)} in ${shown(laneOf(life), 60)}, ${time(since(life))}${ask.expires_at === null ? '' : html`, expires ${time(ask.expires_at)}`}${
    ask.proof === 'ssh' ? html` <span class="badge parked">needs a signature</span>` : ''
  }</p>
<p class="why">${shown(reasonOf(ask), 400)}</p></li>`;
}

function since({ askedAt, updatedAt }: OrderLife): string {
  return askedAt ?? updatedAt;
}
