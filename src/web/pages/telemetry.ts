import { html } from 'hono/html';
import { placeOfText, placeText } from '../../views/telemetry/files.ts';
import { lineGist } from '../../views/telemetry/gist.ts';
import { TelemetryPage } from '../../views/telemetry/page.ts';
import type { FoundLine, FoundLines } from '../../views/telemetry/search.ts';
import type { Asked, Html, PageContext, PageOf } from '../page.ts';
import { excerpt, json } from '../parts/json.ts';
import { orderLink } from '../parts/order-link.ts';
import { shown } from '../parts/text.ts';
import { time } from '../parts/time.ts';
import { type AskedLines, askedLines, fields, queryOf } from './telemetry-form.ts';

const PER_PAGE = 50;

/** What was found for each browser that has the page open: the next look goes on where the last one ended. */
const open = new WeakMap<Asked, { readonly page: TelemetryPage; readonly lines: AskedLines }>();

/** Telemetry, newest first, through the files that were turned: one line for each event, folded open as JSON. */
export const telemetry: PageOf = async (context, asked) => {
  const { page, lines } = opened(context, asked);
  const found = page.look();
  return {
    title: 'Telemetry',
    place: 'telemetry',
    regions: { lines: list(found, lines, page.isGone) },
    frame: (r) => html`<h1>Telemetry</h1>${fields(context, lines)}${r['lines']}`,
  };
};

function opened({ station }: PageContext, asked: Asked) {
  const known = open.get(asked);
  if (known !== undefined) return known;
  const lines = askedLines(asked.query, Date.now());
  const from = placeOfText(asked.query.get('before') ?? '');
  const made = { page: new TelemetryPage(station.layout.telemetry, lines.wanted, from, PER_PAGE), lines };
  open.set(asked, made);
  return made;
}

function list(found: FoundLines, asked: AskedLines, isGone: boolean): Html {
  const { lines, next, isCut, back } = found;
  if (isGone)
    return html`<p class="none">The lines that this page began with are not there any more: their file was taken away. <a href="/telemetry?${queryOf(asked)}">To the newest</a></p>`;
  const isFiltered = Object.keys(asked.wanted).length > 0;
  const nothing =
    back === null && !isFiltered
      ? html`<p class="none">There is no telemetry yet. A station writes it as it works: <code>waybill up</code>, then drop an order.</p>`
      : html`<p class="none">No line ${isFiltered ? 'is like that' : 'is older'}${back === null ? '' : html`; searched back to ${time(back)}`}. <a href="/telemetry">All telemetry</a></p>`;
  const older = next === null ? null : `/telemetry?${queryOf(asked, { before: placeText(next) })}`;
  return html`${lines.length === 0 ? nothing : html`<ol class="telemetry">${lines.map(row)}</ol>`}
<nav class="pager" aria-label="Pages of telemetry">${
    isCut ? html`<p>Searched back to ${time(back)}. <a rel="next" href="${older}">Go on from there</a></p>` : ''
  }${!isCut && older !== null ? html`<p><a rel="next" href="${older}">Older lines</a></p>` : ''}</nav>`;
}

function row(found: FoundLine): Html {
  const { place, line, fields: object, text, bytes, file } = found;
  const key = placeText(place);
  const name = file.slice(file.lastIndexOf('/') + 1);
  const inFull = html`<details><summary>JSON</summary>${object === null ? excerpt(text) : json(object)}<p class="more">${name}, byte ${place.offset}, ${bytes} bytes</p></details>`;
  if (line === null)
    return html`<li data-key="${key}" class="stranger"><span class="event">no line of telemetry</span><span class="gist">${shown(text, 160)}</span>${inFull}</li>`;
  return html`<li data-key="${key}">${time(line.ts)}<span class="event ${line.ok ? 'ok' : 'not-ok'}"><span aria-hidden="true">${line.ok ? '✓' : '✗'}</span><span class="sr">${line.ok ? 'ok' : 'not ok'}</span> ${shown(line.event, 60)}</span>
<span class="agent">${shown(line.agent, 40)}</span><span>${line.wo_id == null ? '' : orderLink(line.wo_id)}${line.lane === undefined ? '' : html` <span class="lane">${shown(line.lane, 40)}</span>`}</span>
<span class="gist">${shown(lineGist(line), 240)}</span>${inFull}</li>`;
}
