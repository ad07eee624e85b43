import { html } from 'hono/html';
import type { MissionRow } from '../../views/missions/mission-row.ts';
import { type MissionPage, type MissionsView, missionsView } from '../../views/missions/missions-view.ts';
import { stopFileOf } from '../../views/stop-file.ts';
import type { Asked, Html, PageContext, PageOf } from '../page.ts';
import { dollars, span, whole } from '../parts/amount.ts';
import { chainRow } from '../parts/chain.ts';
import { orderAddress, orderLink } from '../parts/order-link.ts';
import { statusBadge } from '../parts/status.ts';
import { shown } from '../parts/text.ts';
import { time } from '../parts/time.ts';

const PER_PAGE = 12;

/** Missions: what agents are at, how far along their chain, and what it cost. */
export const missions: PageOf = async (context, asked) => {
  const page = (name: string) => Number(asked.query.get(name) ?? 1);
  const view = missionsView(context.station, context.records, {
    alive: page('alive'),
    ended: page('ended'),
    perPage: PER_PAGE,
  });
  return {
    title: 'Missions',
    place: 'missions',
    regions: { stop: stopped(context), alive: alive(view, asked), ended: ended(view, asked) },
    frame: (r) => html`<h1>Missions</h1>${r['stop']}${r['alive']}${r['ended']}`,
  };
};

function stopped({ station }: PageContext): Html {
  const file = stopFileOf(station);
  if (file === null) return html``;
  return html`<section class="health bad" aria-label="Missions are stopped"><p>${shown(station.settings.missions.stopFile, 100)} is there: no mission goes on. <code>waybill spine go</code> removes it.</p>${file.text.trim() === '' ? '' : html`<p>It says: ${shown(file.text, 300)}</p>`}</section>`;
}

function alive({ alive: page, running, asking, tokens, usd }: MissionsView, asked: Asked): Html {
  if (page.total === 0)
    return html`<section class="card"><h2>Alive</h2><p class="none">No mission is alive. <code>waybill spine run TASK</code> hands one in.</p></section>`;
  return html`<section class="card"><h2>Alive</h2><p>${page.total} alive: ${running} at work, ${
    asking === 0 ? 'none asks you' : html`<a href="/approvals">${asking} ${asking === 1 ? 'asks' : 'ask'} you</a>`
  }. Together they used ${whole(tokens)} tokens${usd === 0 ? '' : html`, ${dollars(usd)}`} up to now.</p>
<ul class="missions">${page.rows.map(card)}</ul>${pager(page, 'alive', asked)}</section>`;
}

function ended({ ended: page, isWhole }: MissionsView, asked: Asked): Html {
  return html`<section class="card"><h2>Ended</h2>${
    page.total === 0
      ? html`<p class="none">${isWhole ? 'No mission has ended yet.' : 'The ledger is being read.'}</p>`
      : html`<ul class="missions">${page.rows.map(card)}</ul>${pager(page, 'ended', asked)}${isWhole ? '' : html`<p class="more">The ledger is being read: there are more.</p>`}`
  }</section>`;
}

function card(row: MissionRow): Html {
  const {
    woId,
    title,
    lane,
    status,
    waitingFor,
    text,
    asks,
    chain,
    steps,
    attempt,
    startedAt,
    updatedAt,
    finishedAt,
    code,
  } = row;
  return html`<li data-key="${orderAddress(woId)}"><p>${statusBadge(status, waitingFor)} ${orderLink(woId)} <b>${shown(title, 120)}</b> <span class="soft">${shown(lane, 40)}${chain === null ? '' : html`, chain ${shown(chain, 40)}`}${attempt > 1 ? html`, attempt ${attempt}` : ''}</span></p>
${steps.length === 0 ? html`<p class="soft">${finishedAt === null ? 'Not begun.' : 'It ended before its first step, or its steps are on its own page.'}</p>` : chainRow(steps)}
${text === '' ? '' : html`<p>${code === null || finishedAt === null ? '' : html`<code>${code}</code> `}${shown(text, 240)}</p>`}
<p class="figures">${figures(row)} <span class="soft">${
    finishedAt !== null
      ? html`ended ${time(finishedAt)}`
      : startedAt === null
        ? html`came ${time(updatedAt)}`
        : html`began ${time(startedAt)}, moved ${time(updatedAt)}`
  }</span>${asks ? html` <a href="/approvals/${orderAddress(woId).slice('/orders/'.length)}">Look and decide</a>` : ''}</p></li>`;
}

const SAY: Readonly<Record<string, readonly [string, (n: number) => string]>> = {
  tokens: ['tokens', whole],
  usd: ['', dollars],
  seconds: ['at work', span],
  attempts: ['steps', whole],
  diff_lines: ['lines changed', whole],
};

/** What it used, against what it may where that is known. */
function figures({ budget, isComplete }: MissionRow): Html {
  const rows = Object.entries(budget).filter(([, { used, limit }]) => used > 0 || limit !== null);
  return html`${rows.map(([key, { used, limit }]) => {
    const [unit, say] = SAY[key] ?? [key, whole];
    const isKnown = isComplete || (key !== 'tokens' && key !== 'usd');
    const words =
      `${isKnown ? '' : 'at least '}${say(used)}${limit === null ? '' : ` of ${say(limit)}`} ${unit}`.trim();
    const bar =
      limit === null || limit <= 0
        ? ''
        : html` <meter min="0" max="${limit}" high="${limit * 0.8}" value="${Math.min(used, limit)}" aria-label="${words}"></meter>`;
    return html`<span class="figure">${words}${bar}</span> `;
  })}`;
}

function pager({ page, pages, total }: MissionPage, name: 'alive' | 'ended', { query }: Asked): Html {
  if (pages === 1) return html``;
  const link = (n: number, rel: string, text: string) => {
    const other = name === 'alive' ? 'ended' : 'alive';
    const kept = Number(query.get(other) ?? 1);
    const more = Number.isInteger(kept) && kept > 1 ? { [other]: String(kept) } : {};
    return html`<a rel="${rel}" href="/missions?${new URLSearchParams({ ...more, [name]: String(n) }).toString()}">${text}</a> `;
  };
  return html`<nav class="pager" aria-label="Pages of missions that ${name === 'alive' ? 'are alive' : 'ended'}"><p>${total} missions, page ${page} of ${pages}. ${page > 1 ? link(page - 1, 'prev', 'Before') : ''}${page < pages ? link(page + 1, 'next', 'Next') : ''}</p></nav>`;
}
