import { html } from 'hono/html';
import type { RejectionView } from '../../../views/order/rejection.ts';
import type { Html } from '../../page.ts';
import { codeLink } from '../../parts/code-link.ts';
import { outputText } from '../../parts/output.ts';
import { shown } from '../../parts/text.ts';

/** Input that was refused: why, where in it, and the lines there. */
export function rejectionOf(view: RejectionView | null): Html {
  if (view === null) return html``;
  const { error, quarantine, lines, lack } = view;
  const place = [
    error.file,
    error.line === undefined ? undefined : `line ${error.line}`,
    error.column === undefined ? undefined : `column ${error.column}`,
  ].filter((part) => part !== undefined);
  return html`<section class="card"><h2>What was refused</h2>
<p>${codeLink(error.code)}${place.length === 0 ? '' : html` at ${shown(place.join(', '), 200)}`}.</p>
${quarantine === null ? '' : html`<p>It lies in <code>${shown(quarantine, 300)}</code>.</p>`}
${lack !== null ? html`<p class="none">The input is not shown: ${lack}.</p>` : html`<pre class="input" tabindex="0" role="group" aria-label="The input">${lines.map(({ n, text, isPlace }) => html`<span class="${isPlace ? 'here' : ''}"><span class="no">${isPlace ? '▶' : ' '}${String(n).padStart(5)}</span>  ${outputText(text)}</span>\n`)}</pre>`}
</section>`;
}
