import { html } from 'hono/html';
import { assetUrl } from './assets.ts';
import type { Html, PageContext, Place, View } from './page.ts';
import { ledgerFault } from './parts/ledger-fault.ts';

const PLACES: readonly (readonly [Exclude<Place, null>, string, string, string])[] = [
  ['overview', '/', 'Overview', 'o'],
  ['orders', '/orders', 'Orders', 'w'],
  ['approvals', '/approvals', 'Approvals', 'a'],
  ['missions', '/missions', 'Missions', 'm'],
  ['guardrail', '/guardrail', 'Guardrail', 'g'],
  ['charts', '/charts', 'Charts', 'c'],
  ['telemetry', '/telemetry', 'Telemetry', 't'],
];

/** A region, wrapped so that the browser finds it again. */
export function region(name: string, content: Html): Html {
  return html`<div data-region="${name}">${content}</div>`;
}

/** Every page's view with what stands above all of them, kept up to date where the page is. */
export function withLedgerFault({ records }: PageContext, view: View): View {
  const isLive = Object.keys(view.regions).length > 0;
  const above = ledgerFault(records.fault());
  if (!isLive) return { ...view, frame: (r) => html`${above}${view.frame(r)}` };
  return {
    ...view,
    regions: { 'ledger-fault': above, ...view.regions },
    frame: (r) => html`${r['ledger-fault']}${view.frame(r)}`,
  };
}

/** A whole page. */
export function page({ station, visitor }: PageContext, view: View, notice: Html | null = null): Html {
  const regions = Object.fromEntries(
    Object.entries(view.regions).map(([name, content]) => [name, region(name, content)]),
  );
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="same-origin">
<title>${view.title} · ${station.id}</title>
<link rel="icon" href="${assetUrl('icon.svg')}">
<link rel="stylesheet" href="${assetUrl('style.css')}">
<script src="${assetUrl('client.js')}" defer></script>
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header>
<p class="brand"><a href="/">Waybill</a> <span class="station">${station.id}</span></p>
<nav aria-label="Pages"><ul>${PLACES.map(
    ([place, href, name, key]) =>
      html`<li><a href="${href}" data-key="${key}"${place === view.place ? html` aria-current="page"` : ''}>${name}</a></li>`,
  )}</ul></nav>
<p class="link" data-link role="status"></p>
</header>
<main id="main" tabindex="-1">
${notice ?? ''}
${view.frame(regions)}
</main>
<footer>
<p>${visitor.mayAct ? 'You may act here.' : html`You may look. <a href="/token">To act, bring the token</a>.`}
Keys: <kbd>?</kbd></p>
</footer>
<dialog data-keys aria-label="Keys"><h2>Keys</h2><dl>
${PLACES.map(([, , name, key]) => html`<dt><kbd>g</kbd> <kbd>${key}</kbd></dt><dd>${name}</dd>`)}
<dt><kbd>j</kbd> <kbd>k</kbd></dt><dd>next, previous row</dd><dt><kbd>Enter</kbd></dt><dd>open it</dd><dt><kbd>/</kbd></dt><dd>search</dd><dt><kbd>Esc</kbd></dt><dd>close</dd>
</dl><form method="dialog"><button>Close</button></form></dialog>
</body>
</html>`;
}
