import { html } from 'hono/html';
import { type Cell, type Standing, standingOf } from '../../views/guardrail/uptime.ts';
import type { Html } from '../page.ts';

const WORDS: Readonly<Record<Standing, string>> = { good: 'good', bad: 'at fault', unknown: 'nobody looked' };
/** So high is a cell of a hundred: what is at fault is seen without its colour. */
const HEIGHT: Readonly<Record<Standing, number>> = { good: 60, bad: 100, unknown: 16 };
const MINUTE_MS = 60_000;

/** A strip of time, oldest first: a cell for each piece of it, which says when, and how it was. `about`: what it is of. */
export function strip(cells: readonly Cell[], about: string, isJoined = false): Html {
  const shown = isJoined ? joined(cells) : cells;
  const [from, to] = [shown[0]?.from ?? 0, shown.at(-1)?.to ?? 1];
  const x = (at: number) => (((at - from) / (to - from)) * 1000).toFixed(1);
  const gap = isJoined ? 0 : 2;
  return html`<svg class="strip" width="100%" height="32" viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" aria-label="${about}: ${shareText(cells)}">${shown.map(
    (cell) => {
      const standing = standingOf(cell);
      const width = Math.max(1, Number(x(cell.to)) - Number(x(cell.from)) - gap).toFixed(1);
      return html`<rect class="${standing}" x="${x(cell.from)}" y="${100 - HEIGHT[standing]}" width="${width}" height="${HEIGHT[standing]}"><title>${cellText(cell)}</title></rect>`;
    },
  )}</svg>`;
}

/** What a strip says, in words: of the time in which somebody looked, and how much nobody did. */
export function shareText(cells: readonly Cell[]): string {
  const sum = { good: 0, bad: 0, unknown: 0 };
  for (const cell of cells) for (const key of ['good', 'bad', 'unknown'] as const) sum[key] += cell[key];
  const seen = sum.good + sum.bad;
  if (seen === 0) return 'nobody looked';
  const parts = [
    sum.bad === 0
      ? 'good whenever somebody looked'
      : `good ${percent(sum.good / seen)} of the time that was looked at, at fault ${minutes(sum.bad)}`,
  ];
  const blind = sum.unknown / (seen + sum.unknown);
  if (blind >= 0.005) parts.push(`nobody looked ${percent(blind)} of the time`);
  return parts.join('; ');
}

/** Never rounded up to all of it. */
function percent(share: number): string {
  return `${(Math.floor(share * 1000) / 10).toFixed(share > 0.99 && share < 1 ? 1 : 0)} %`;
}

function minutes(ms: number): string {
  if (ms < MINUTE_MS) return 'less than a minute';
  const all = Math.floor(ms / MINUTE_MS);
  if (all < 120) return `${all} min`;
  return all < 2880
    ? `${Math.floor(all / 60)} h ${all % 60} min`
    : `${Math.floor(all / 1440)} d ${Math.floor((all % 1440) / 60)} h`;
}

function cellText(cell: Cell): string {
  const from = new Date(cell.from).toISOString();
  const to = new Date(cell.to).toISOString();
  const isSameDay = from.slice(0, 10) === to.slice(0, 10);
  const when = `${from.slice(0, 10)} ${from.slice(11, 16)} to ${isSameDay ? '' : `${to.slice(0, 10)} `}${to.slice(11, 16)} UTC`;
  const standing = standingOf(cell);
  if (standing === 'bad') return `${when}: at fault ${minutes(cell.bad)}`;
  const whole = cell.to - cell.from;
  const most = cell[standing];
  return `${when}: ${WORDS[standing]}${most < whole * 0.95 ? ` for ${percent(most / whole)} of it` : ''}`;
}

/** Neighbours of the same kind as one. */
function joined(cells: readonly Cell[]): Cell[] {
  const found: Cell[] = [];
  for (const cell of cells) {
    const before = found.at(-1);
    if (before === undefined || standingOf(before) !== standingOf(cell)) {
      found.push(cell);
      continue;
    }
    found[found.length - 1] = {
      from: before.from,
      to: cell.to,
      good: before.good + cell.good,
      bad: before.bad + cell.bad,
      unknown: before.unknown + cell.unknown,
    };
  }
  return found;
}

/** What the heights and colours of strips mean. */
export function stripLegend(): Html {
  return html`<p class="legend">${(['good', 'bad', 'unknown'] as const).map(
    (standing) =>
      html`<span><svg class="strip key" width="12" height="12" viewBox="0 0 100 100" aria-hidden="true"><rect class="${standing}" x="0" y="${100 - HEIGHT[standing]}" width="100" height="${HEIGHT[standing]}"></rect></svg> ${WORDS[standing]}</span> `,
  )}</p>`;
}
