import { html } from 'hono/html';
import { type ChartData, chartData, isEmpty, type Percentiles } from '../../views/figures/charts.ts';
import type { Figures } from '../../views/figures/figures.ts';
import { RANGES, type Range } from '../../views/figures/series.ts';
import { assetUrl } from '../assets.ts';
import type { Html, PageOf } from '../page.ts';
import { dollars, span, whole } from '../parts/amount.ts';
import { faultNotes, noneOf } from '../parts/faults.ts';
import { shown } from '../parts/text.ts';

const RANGE_NAMES: Readonly<Record<Range, string>> = { '3h': '3 hours', '7d': '7 days', '1y': '1 year' };
/** Steps of time that a table names. */
const ROWS = 60;

/** What a query asks for; what makes no sense asks for seven days of every lane (faultsOf). */
export function chartsAsked(query: URLSearchParams, figures: Figures): { range: Range; lane: string | null } {
  const [range, lane] = [query.get('range') ?? '', query.get('lane') ?? ''];
  return {
    range: Object.hasOwn(RANGES, range) ? (range as Range) : '7d',
    lane: figures.lanes.includes(lane) ? lane : null,
  };
}

/** What of it makes no sense, in words. While the ledger is being read nobody knows which lanes there are. */
function faultsOf(query: URLSearchParams, figures: Figures, isWhole: boolean): string[] {
  const [range, lane] = [query.get('range') ?? '', query.get('lane') ?? ''];
  return [
    ...(range === '' || Object.hasOwn(RANGES, range) ? [] : [noneOf('range', range, Object.keys(RANGES))]),
    ...(lane === '' || !isWhole || figures.lanes.includes(lane)
      ? []
      : [`no order ever came into the lane ${JSON.stringify(lane.slice(0, 60))}: these are the figures of every lane`]),
  ];
}

/** Throughput, waiting and running times, failures by code, and what agents used, over time. */
export const charts: PageOf = async ({ records }, { query }) => {
  const { figures, history, board } = records;
  const { range, lane } = chartsAsked(query, figures);
  const data = chartData(figures, range, lane);
  const read = data.isWhole ? null : Math.floor((100 * history.seq) / Math.max(1, board.seq));
  const asked = new URLSearchParams({ range, ...(lane === null ? {} : { lane }) });
  return {
    title: 'Charts',
    place: 'charts',
    regions: {
      note: html`${faultNotes(faultsOf(query, figures, data.isWhole))}${noteOf(data, read)}`,
      sums: sums(data),
      orders: table(data, ['received', 'done', 'failed', 'rejected', 'cancelled'], (step) =>
        [step.received, step.done, step.failed, step.rejected, step.cancelled].map(whole),
      ),
      waiting: table(data, TIMES, (step) => times(step.waiting)),
      running: table(data, TIMES, (step) => times(step.running)),
      failures: table(data, data.codes, (step) => step.failures.map(whole)),
      tokens: table(data, data.agents, (step) => step.tokens.map(whole)),
      usd: table(data, data.agents, (step) => step.usd.map(dollars)),
    },
    frame: (r) => html`<link rel="stylesheet" href="${assetUrl('uplot.css')}">
<link rel="stylesheet" href="${assetUrl('charts.css')}">
<h1>Charts</h1>
${choices(range, lane, figures.lanes)}
${r['note']}
${r['sums']}
<div class="charts" data-charts="/charts/data.json?${asked.toString()}">
${chart('orders', 'Orders', 'Orders received and ended', r)}
${chart('failures', 'Failures by code', 'Failed orders by the code of their error', r)}
${chart('waiting', 'Waiting time', 'From being received to the first start: median, nine of ten, ninety-nine of a hundred', r)}
${chart('running', 'Running time', 'Time in state running of orders that ended: median, nine of ten, ninety-nine of a hundred', r)}
${chart('tokens', 'Tokens by agent', 'Tokens that agents used', r)}
${chart('usd', 'Cost by agent', 'US dollars that agents cost, as far as they tell', r)}
</div>
<script src="${assetUrl('uplot.js')}" defer></script>
<script src="${assetUrl('charts.js')}" defer></script>`,
  };
};

function choices(range: Range, lane: string | null, lanes: readonly string[]): Html {
  const to = (name: string) => `/charts?${new URLSearchParams({ range: name, ...(lane === null ? {} : { lane }) })}`;
  return html`<div class="ranges"><nav aria-label="Time"><ul>${Object.entries(RANGE_NAMES).map(
    ([name, text]) =>
      html`<li><a href="${to(name)}"${name === range ? html` aria-current="true"` : ''}>${text}</a></li>`,
  )}</ul></nav>
<form method="get" action="/charts"><input type="hidden" name="range" value="${range}">
<label for="lane">Lane</label> <select id="lane" name="lane"><option value="">every lane</option>${lanes.map(
    (name) => html`<option value="${name}"${name === lane ? html` selected` : ''}>${shown(name, 40)}</option>`,
  )}</select> <button>Show</button></form></div>`;
}

function noteOf(data: ChartData, read: number | null): Html {
  if (read !== null)
    return html`<p class="none">The ledger is still being read: ${read} % so far. Figures grow until then.</p>`;
  if (!isEmpty(data)) return html``;
  return html`<p class="none">Nothing happened in this time${data.lane === null ? '' : html` in ${shown(data.lane, 40)}`}. Choose a longer one, or drop an order: <code>waybill drop FILE</code>.</p>`;
}

/** The whole range in a few figures. */
function sums({ total, agents }: ChartData): Html {
  const { received, done, failed, rejected, cancelled, waiting, running, tokens, usd } = total;
  const ended = done + failed + cancelled;
  const cost = usd.reduce((a, b) => a + b, 0);
  const [half, most] = [(of: Percentiles) => span(of.p50), (of: Percentiles) => `nine of ten within ${span(of.p90)}`];
  return html`<dl class="sums">
${sum('Received', whole(received), rejected === 0 ? 'none rejected' : `${whole(rejected)} rejected`)}
${sum('Done', whole(done), ended === 0 ? 'none ended' : `of ${whole(ended)} that ended`)}
${sum('Failed', whole(failed), ended === 0 ? '' : `${Number(((100 * failed) / ended).toPrecision(2))} %`)}
${sum('Waiting, median', half(waiting), waiting.n === 0 ? 'nothing started' : most(waiting))}
${sum('Running, median', half(running), running.n === 0 ? 'nothing ended' : most(running))}
${sum('Agents cost', dollars(cost), agents.length === 0 ? 'no agent told' : `${whole(tokens.reduce((a, b) => a + b, 0))} tokens`)}
</dl>`;
}

function sum(name: string, figure: string, more: string): Html {
  return html`<div><dt>${name}</dt><dd class="figure">${figure}</dd><dd class="none">${more}</dd></div>`;
}

function chart(name: string, title: string, text: string, regions: Readonly<Record<string, Html>>): Html {
  return html`<section class="card" aria-labelledby="chart-${name}"><h2 id="chart-${name}">${title}</h2>
<div data-chart="${name}" role="img" aria-label="${text}. The table below has the figures."></div>
<p class="none">Nothing to draw in this time.</p>
<details><summary>As a table</summary>${regions[name]}</details></section>`;
}

const TIMES = ['median', '9 of 10', '99 of 100', 'orders'];

function times({ n, p50, p90, p99 }: Percentiles): string[] {
  return n === 0 ? [] : [span(p50), span(p90), span(p99), whole(n)];
}

/** The newest steps in which something happened. `of`: what a row says; a row of nothing is left out. */
function table(
  data: ChartData,
  names: readonly string[],
  of: (step: ChartData['steps'][number]) => readonly string[],
): Html {
  const rows = data.steps
    .map((step) => ({ at: step.at, values: of(step) }))
    .filter(({ values }) => values.some((value) => value !== '0' && value !== '$0.00'))
    .reverse();
  if (rows.length === 0) return html`<p>Nothing in this time.</p>`;
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Table"><table><thead><tr><th scope="col">From (UTC)</th>${names.map(
    (name) => html`<th scope="col" class="n">${shown(name, 60)}</th>`,
  )}</tr></thead><tbody>${rows
    .slice(0, ROWS)
    .map(
      ({ at, values }) =>
        html`<tr><th scope="row">${timeText(at, data.step)}</th>${values.map((value) => html`<td class="n">${value}</td>`)}</tr>`,
    )}</tbody></table></div>${rows.length > ROWS ? html`<p class="more">and ${rows.length - ROWS} earlier ones</p>` : ''}`;
}

function timeText(at: number, step: number): string {
  const iso = new Date(at * 1000).toISOString();
  return step >= 86_400 ? iso.slice(0, 10) : iso.slice(0, 16).replace('T', ' ');
}
