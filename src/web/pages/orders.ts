import { html } from 'hono/html';
import { laneFolders, scanSettings } from '../../intake/lanes.ts';
import { ERROR_CODES } from '../../order/error.ts';
import type { Status } from '../../order/transition.ts';
import { HELD, type Wanted } from '../../views/catalogue.ts';
import { type ListedOrder, type OrderList, orderList } from '../../views/order/order-list.ts';
import type { Html, PageContext, PageOf } from '../page.ts';
import { codeLink } from '../parts/code-link.ts';
import { faultNotes, noneOf } from '../parts/faults.ts';
import { orderLink } from '../parts/order-link.ts';
import { figure, pager } from '../parts/pager.ts';
import { statusBadge } from '../parts/status.ts';
import { shown } from '../parts/text.ts';
import { time } from '../parts/time.ts';

const PER_PAGE = 50;
const STATUSES: readonly Status[] = ['ready', 'running', 'parked', 'done', 'failed', 'rejected', 'cancelled'];
const WAITS = ['approval', 'checkpoint', 'budget', 'dependency', 'time', 'hold', 'agent', 'repository'] as const;
const TYPES = ['apply_patch', 'command', 'mission', 'ping', 'unknown'];
/** Of one word of a filter. */
const MOST = 200;
/** Slips that are told. */
const FAULTS = 5;

/** What is asked for; words that nobody here says do not count (faultsIn). */
export function wantedIn(query: URLSearchParams): Wanted {
  const text = (key: string) => (query.get(key) ?? '').trim().slice(0, MOST);
  const [lane, waitingFor, code, type, search] = ['lane', 'waiting', 'code', 'type', 'q'].map(text);
  const statusesAsked = query.getAll('status').map((word) => word.trim());
  const statuses = STATUSES.filter((status) => statusesAsked.includes(status));
  return {
    ...(statuses.length > 0 ? { statuses } : {}),
    ...(lane ? { lane } : {}),
    ...(waitingFor && (WAITS as readonly string[]).includes(waitingFor) ? { waitingFor } : {}),
    ...(code ? { code: code.toUpperCase() } : {}),
    ...(type ? { type } : {}),
    ...(search ? { search } : {}),
  };
}

/** What of the filter names a status or a wait that there is not, in words. */
export function faultsIn(query: URLSearchParams): string[] {
  const unknown = (key: string, known: readonly string[]) =>
    query.getAll(key).filter((word) => word.trim() !== '' && !known.includes(word.trim()));
  return [
    ...unknown('status', STATUSES).map((word) => noneOf('status', word, STATUSES)),
    ...unknown('waiting', WAITS).map((word) => noneOf('wait', word, WAITS)),
  ].slice(0, FAULTS);
}

/** Every order, newest change first, as the filter of the address wants them. */
export const orders: PageOf = async (context, { query }) => {
  const wanted = wantedIn(query);
  const page = /^[1-9]\d{0,5}$/.test(query.get('page') ?? '') ? Number(query.get('page')) : 1;
  const list = await orderList(context.station, context.records, wanted, page, PER_PAGE);
  return {
    title: 'Orders',
    place: 'orders',
    regions: { list: listOf(list, wanted) },
    frame: (r) => html`<h1>Orders</h1>${filterForm(context, wanted)}${faultNotes(faultsIn(query))}${r['list']}`,
  };
};

function address(wanted: Wanted, page: number): string {
  const query = new URLSearchParams();
  for (const status of wanted.statuses ?? []) query.append('status', status);
  const rest = {
    lane: wanted.lane,
    waiting: wanted.waitingFor,
    code: wanted.code,
    type: wanted.type,
    q: wanted.search,
  };
  for (const [key, value] of Object.entries(rest)) if (value !== undefined) query.set(key, value);
  if (page > 1) query.set('page', String(page));
  return query.size === 0 ? '/orders' : `/orders?${query}`;
}

function filterForm(context: PageContext, wanted: Wanted): Html {
  const isOpen = Object.keys(wanted).some((key) => key !== 'statuses' && key !== 'search');
  const option = (value: string, chosen: string | undefined) =>
    html`<option value="${value}"${value === chosen ? html` selected` : ''}>${shown(value, 60)}</option>`;
  const select = (name: string, label: string, any: string, values: readonly string[], chosen: string | undefined) =>
    html`<label>${label} <select name="${name}"><option value="">${any}</option>${values.map((value) => option(value, chosen))}</select></label>`;
  return html`<form class="orders-filter" method="get" action="/orders" role="search" aria-label="Orders">
<p><label class="search"><span class="sr">Search in id, title, lane, code and requester</span><input type="search" name="q" value="${wanted.search ?? ''}" maxlength="${MOST}" placeholder="id, words of the title, lane, code, requester"></label> <button class="primary">Show</button> <a href="/orders">Clear</a></p>
<fieldset><legend class="sr">Status</legend>${STATUSES.map(
    (status) =>
      html`<label class="choice"><input type="checkbox" name="status" value="${status}"${wanted.statuses?.includes(status) ? html` checked` : ''}> ${statusBadge(status)}</label> `,
  )}</fieldset>
<details${isOpen ? html` open` : ''}><summary>More</summary><p class="fields">
${select('lane', 'Lane', 'every lane', withChosen(lanesOf(context), wanted.lane), wanted.lane)}
${select('waiting', 'Waits for', 'anything', WAITS, wanted.waitingFor)}
${select('type', 'Type', 'every type', withChosen(TYPES, wanted.type), wanted.type)}
<label>Code <input name="code" value="${wanted.code ?? ''}" list="codes" maxlength="${MOST}" autocomplete="off"></label>
<datalist id="codes">${Object.keys(ERROR_CODES).map((code) => html`<option value="${code}"></option>`)}</datalist>
</p></details>
</form>`;
}

function withChosen(values: readonly string[], chosen: string | undefined): readonly string[] {
  return chosen === undefined || values.includes(chosen) ? values : [...values, chosen];
}

function lanesOf({ station, records }: PageContext): string[] {
  const folders = laneFolders(station.layout.inbox, scanSettings(station).lanes);
  return [...new Set([...folders.map(({ lane }) => lane), ...records.board.lanes().map(({ lane }) => lane)])].sort();
}

function listOf(list: OrderList, wanted: Wanted): Html {
  const { rows, total, read, isCut } = list;
  const isFiltered = Object.keys(wanted).length > 0;
  return html`${read < 1 ? progress(read, isFiltered) : ''}${
    rows.length === 0
      ? read < 1
        ? ''
        : nothing(list, isFiltered)
      : html`<table class="orders"><caption class="sr">Orders, newest change first</caption>
<thead><tr><th scope="col">Order</th><th scope="col">Status</th><th scope="col">Title</th><th scope="col" class="wide">Lane</th><th scope="col" class="wide">Type</th><th scope="col" class="wide">Requester</th><th scope="col">Changed</th></tr></thead>
<tbody>${rows.map(rowOf)}</tbody></table>`
  }${total > 0 && rows.length > 0 && read === 1 ? pager({ ...list, perPage: PER_PAGE }, (n) => address(wanted, n)) : ''}${
    isCut
      ? html`<p class="none">The newest ${figure(HELD)} orders are listed. An older one is found by its whole id.</p>`
      : ''
  }`;
}

function rowOf(row: ListedOrder): Html {
  return html`<tr data-key="${row.woId}"><td>${orderLink(row.woId)}</td><td>${statusBadge(row.status, row.waitingFor)}${
    row.code === null ? '' : html` ${codeLink(row.code)}`
  }</td><td>${shown(row.title, 120)}</td><td class="wide">${shown(row.lane, 40)}</td><td class="wide">${shown(row.type, 20)}</td><td class="wide">${shown(row.requester, 30)}</td><td>${time(row.updatedAt)}</td></tr>`;
}

function progress(read: number, isFiltered: boolean): Html {
  const percent = Math.floor(read * 100);
  return html`<p class="reading" role="status"><label>The ledger is being read: <progress max="100" value="${percent}">${percent} %</progress> ${percent} %</label>. ${
    isFiltered
      ? 'What was found so far is shown; the newest orders come last.'
      : 'The newest orders are shown; filters, search and further pages are whole when it is read.'
  }</p>`;
}

function nothing({ older }: OrderList, isFiltered: boolean): Html {
  if (older !== null)
    return html`<p class="empty">${orderLink(older)} is older than the orders that are listed, and has its page.</p>`;
  return isFiltered
    ? html`<p class="empty">No order is like that. <a href="/orders">Show all orders</a></p>`
    : html`<p class="empty">No order has come yet. Put one into a lane's folder, <code>bridge/inbox/LANE/</code>, or hand it in with <code>waybill drop FILE</code>; <code>waybill new</code> prints one to begin with.</p>`;
}
