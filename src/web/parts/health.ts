import { html } from 'hono/html';
import type { StationStatus } from '../../views/station-status.ts';
import type { Html } from '../page.ts';
import { codeLink } from './code-link.ts';
import { shown } from './text.ts';
import { time } from './time.ts';

/** What is wrong with the station now, and what to do; one line where nothing is. */
export function healthOf(status: StationStatus): Html {
  const { running, reasons, stop_file: stopFile, gaps, guardrail, guardrail_standing: looked, backup, stale } = status;
  const faults: Html[] = reasons.map(
    ({ code, message, hint }) => html`${codeLink(code)}: ${shown(message, 400)}. ${shown(hint, 400)}`,
  );
  if (stopFile !== null)
    faults.push(html`${shown(stopFile)} is there: no mission goes on; <code>waybill spine go</code> removes it.`);
  for (const { seq, kept } of gaps)
    faults.push(html`Records of the ledger were lost, says its record ${seq}; look at ${shown(kept)}.`);
  if (backup?.failure != null) faults.push(html`The last backup failed: ${shown(backup.failure.message)}`);
  if (looked === 'old')
    faults.push(
      html`<a href="/guardrail">The guardrail</a> looked last ${time(guardrail?.at ?? null)}, and does not look any more: what is missing now is not known. <code>waybill guardrail --once</code> looks.`,
    );
  for (const { component, message } of guardrail?.faults ?? [])
    faults.push(html`<a href="/guardrail">${shown(component, 80)}</a>: ${shown(message)}`);
  if (stale.length > 0)
    faults.push(html`${stale.length} ${stale.length === 1 ? 'order is' : 'orders are'} without a change for long.`);
  if (faults.length > 0)
    return html`<section class="health bad" aria-label="Health"><ul>${faults.map((fault) => html`<li>${fault}</li>`)}</ul></section>`;
  return html`<section class="health good" aria-label="Health"><p>All is well: process ${running?.pid ?? 0} since ${time(running?.since ?? null)}${
    guardrail === null
      ? looked === 'off'
        ? html`; nobody looks for what is missing: the guardrail is off`
        : html`; no guardrail has looked yet`
      : html`; the guardrail looks after ${guardrail.components} components and misses nothing`
  }.</p></section>`;
}
