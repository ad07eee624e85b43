import { html } from 'hono/html';
import type { Station } from '../../../station/station.ts';
import type { OrderDetails } from '../../../views/order/details.ts';
import { orderReadAnew } from '../../../views/order/reader.ts';
import type { Records } from '../../../views/records.ts';
import { sizeText } from '../../../views/words.ts';
import type { Html } from '../../page.ts';
import { outputText } from '../../parts/output.ts';
import { shown } from '../../parts/text.ts';

const FILES = 200;
const FINDINGS = 100;

/** What was kept of it, with the hash of each file, and the button that computes them anew. */
export function evidenceOf(details: OrderDetails): Html {
  const { state, evidence, sealed } = details;
  if (evidence === null)
    return html`<section class="card"><h2>Evidence</h2><p class="none">${lackOf(details)}</p></section>`;
  const { files, path, request } = evidence;
  return html`<section class="card" id="evidence"><h2>Evidence</h2>
<p>In <code>${shown(path, 200)}</code>, attempt ${evidence.attempt}. The ledger has the hash of its manifest: <code class="hash">${evidence.manifestSha256}</code></p>
${sealed.length < 2 ? '' : html`<p>Attempts: ${sealed.slice(-FILES).map((n) => (n === evidence.attempt ? html`<strong>${n}</strong> ` : html`<a href="?attempt=${n}#evidence">${n}</a> `))}</p>`}
<form method="get" action="#verified"><input type="hidden" name="verify" value="1">${evidence.attempt === sealed.at(-1) ? '' : html`<input type="hidden" name="attempt" value="${evidence.attempt}">`}<button>Verify ${shown(state.wo_id, 80)}</button></form>
${files === null ? html`<p class="cut">Its manifest is not on disk, or is none. <code>waybill restore</code> brings it back from the journal.</p>` : fileTable(files)}
${request === null ? '' : html`<details><summary>The request, <code>${shown(request.path, 60)}</code>, ${sizeText(request.size)}</summary>${request.isBinary ? html`<p class="none">It is no text.</p>` : html`<pre tabindex="0" role="group" aria-label="The request">${outputText(request.text)}</pre>`}${request.cut > 0 ? html`<p class="cut">${sizeText(request.cut)} more: <code>${shown(`${path}/${request.path}`, 300)}</code></p>` : ''}</details>`}
</section>`;
}

function fileTable(files: NonNullable<NonNullable<OrderDetails['evidence']>['files']>): Html {
  return html`<details><summary>${files.length} files</summary><div class="scroll"><table><thead><tr><th scope="col">File</th><th scope="col" class="n">Size</th><th scope="col">Hash</th></tr></thead><tbody>${files
    .slice(0, FILES)
    .map(
      ({ path, size, sha256 }) =>
        html`<tr><td><code>${shown(path, 300)}</code></td><td class="n">${sizeText(size)}</td><td><code class="hash">${shown(sha256, 80)}</code></td></tr>`,
    )}</tbody></table></div>${files.length > FILES ? html`<p class="cut">and ${files.length - FILES} more, in the manifest</p>` : ''}</details>`;
}

function lackOf({ state, life }: OrderDetails): string {
  if (life !== null && life.purgedAttempts >= life.attempt && life.attempt > 0)
    return 'It was purged: what it told is gone from here on purpose.';
  if (state.status === 'rejected') return 'It was rejected: nothing was done, so there is nothing to prove.';
  if (life?.admitted?.dry_run === true) return 'It was a dry run, which leaves none.';
  return 'There is none yet: it is sealed when the order ends.';
}

/** Computes all of it anew, when somebody asks; what was found stands at the top of the page. */
export async function verifiedOf(station: Station, records: Records, { state, evidence }: OrderDetails): Promise<Html> {
  // hashing and git: only for those who ask
  const { verifyOrder } = await import('../../../pipeline/verify/one-order.ts');
  // what this process read before proves nothing about what is on disk
  const onDisk = await orderReadAnew(station, records, state.wo_id);
  const found = await verifyOrder(station, state.wo_id, onDisk.records);
  const errors = found.findings.filter(({ severity }) => severity === 'error');
  const count = evidence?.files?.length ?? 0;
  const all = `${found.records} ledger records, ${found.evidence} evidence ${found.evidence === 1 ? 'folder' : 'folders'}, ${found.commits} ${found.commits === 1 ? 'commit' : 'commits'}`;
  const proved =
    found.evidence === 0
      ? html`There is no evidence to hold against anything; its ${found.records} ledger records hold.`
      : html`Verified: all ${count} files match their hashes, and these hold: ${all}.`;
  return html`<section class="notice${errors.length > 0 ? ' bad' : ''}" id="verified" role="status"><h2>Verify</h2>
<p>${errors.length === 0 ? proved : html`${errors.length} ${errors.length === 1 ? 'thing does' : 'things do'} not hold, in ${all}:`}</p>
${found.findings.length === 0 ? '' : html`<ul>${found.findings.slice(0, FINDINGS).map(({ severity, kind, subject, message }) => html`<li><strong class="${severity === 'error' ? 'bad' : ''}">${severity} (${kind})</strong> ${shown(subject, 120)}: ${shown(message, 400)}</li>`)}</ul>`}
<p class="none">Only this order was looked at. Whether its records stand in one chain with all others says <code>waybill verify ${shown(state.wo_id, 80)}</code>.</p></section>`;
}
