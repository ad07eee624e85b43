import { html } from 'hono/html';
import { decisionText, SIGNATURE_NAMESPACE } from '../../order/approval.ts';
import { WaybillError } from '../../order/error.ts';
import { asksPeople } from '../../order/transition.ts';
import { type Request, requestOf } from '../../views/approvals.ts';
import { stateOf } from '../../views/order-state.ts';
import { reviewLines } from '../../views/review.ts';
import { plain } from '../../views/words.ts';
import type { Html, PageContext, PageOf, View } from '../page.ts';
import { diffLength, diffView } from '../parts/diff.ts';
import { orderLink } from '../parts/order-link.ts';
import { statusBadge } from '../parts/status.ts';
import { shown, whole } from '../parts/text.ts';
import { time } from '../parts/time.ts';

/** Lines of the diff that are drawn; all of it has an address of its own. */
const DIFF_LINES = 3000;

/**
 * All that an order would do, and the answer. What somebody reads does not move under them: only the line above it is live, and says when the
 * order asks for something else than what is shown. Each asking has an address of its own, and a decision names it.
 */
export const approval: PageOf = async (context, { params, query }) => {
  const id = params['id'] ?? '';
  const shownAsk = query.get('ask');
  const request = await requestOrNull(context, id);
  if (request === null) return nothingAsked(context, id);
  const view = review(context, request, null, shownAsk ?? request.asked.ask);
  const address = `/approvals/${encodeURIComponent(id)}?ask=${request.asked.ask}`;
  // a stream goes on, and says that there is something else to look at
  return shownAsk === request.asked.ask ? view : { ...view, location: address };
};

/** Why the review is shown again instead of doing what was asked for. */
export type Again = 'other' | 'reason' | 'signature';

/** The review after a form that could not be taken. */
export function reviewAgain(request: Request, why: Again): PageOf {
  return async (context) => review(context, request, why);
}

/** The diff as text, whole. Throws what requestOf throws. */
export async function approvalDiff(station: PageContext['station'], id: string): Promise<string> {
  return plain((await requestOf(station, id)).diff);
}

async function requestOrNull({ station }: PageContext, id: string): Promise<Request | null> {
  try {
    return await requestOf(station, id);
  } catch (thrown) {
    if (thrown instanceof WaybillError && thrown.code === 'APPROVAL_STALE') return null;
    throw thrown;
  }
}

function review(context: PageContext, request: Request, again: Again | null, shownAsk = request.asked.ask): View {
  const { state, asked, subject, diff } = request;
  const rest = html`All of it: <a href="/approvals/${encodeURIComponent(state.wo_id)}/diff">as text</a>, or <code>waybill approvals ${state.wo_id}</code>.`;
  return {
    title: `Approve ${state.wo_id}?`,
    place: 'approvals',
    regions: { standing: standing(request, shownAsk) },
    frame: (r) => html`<h1>${whole(subject.title)}</h1>
<p>${orderLink(state.wo_id)}</p>
${again === null ? '' : html`<p class="notice bad" role="alert">${AGAIN[again]}</p>`}
${r['standing']}
<section class="card" aria-label="What would happen"><dl class="review">${reviewLines(request).map(
      ({ name, text, at }) => html`<dt>${name}</dt><dd>${at === undefined ? '' : time(at)}${whole(text)}</dd>`,
    )}</dl></section>
${diff === '' ? '' : html`<section class="card" aria-label="Diff"><div class="wraps">${diffView(diff, { lines: DIFF_LINES, width: Infinity, rest, open: true })}</div></section>`}
<section class="card" aria-label="Your decision">${answers(context, request, asked.ask)}</section>`,
  };
}

const AGAIN: Readonly<Record<Again, Html>> = {
  other: html`Nothing was decided: it asks for something else now than what you had before you. This is what it asks now.`,
  reason: html`Nothing was decided: a denial needs a reason of at most 1000 characters. It is the answer to whoever asked.`,
  signature: html`Nothing was decided: it needs a signature by a key, and that field was empty.`,
};

function standing({ asked }: Request, shownAsk: string): Html {
  return shownAsk === asked.ask
    ? html`<p class="none">It waits for this decision.</p>`
    : html`<p class="notice bad">It asks for something else now${asked.changed.length === 0 ? '' : html`: ${whole(asked.changed.join('; '))}`}. <a href="?">Look at it anew</a></p>`;
}

function answers({ station, visitor }: PageContext, request: Request, ask: string): Html {
  const { state, asked } = request;
  const id = state.wo_id;
  if (!visitor.mayAct)
    return html`<p>To decide here, <a href="/token">bring the token</a>. At a terminal: <code>waybill approve ${id}</code>, <code>waybill deny ${id} --reason TEXT</code>.</p>`;
  if (visitor.startedAt.tty === null)
    return html`<p>${visitor.startedAt.why}: it shows, and decides nothing; sign with a key, <code>waybill approve ${id} --key FILE</code>, or start it at a terminal, <code>waybill dashboard</code>.</p>`;
  const fields = html`${visitor.csrfField()}<input type="hidden" name="ask" value="${ask}"><input type="hidden" name="sha256" value="${asked.sha256}">`;
  const action = `/approvals/${encodeURIComponent(id)}`;
  return html`${asked.proof === 'ssh' ? bySignature(station.id, request, action, fields) : byClick(request, action, fields)}
<form method="post" action="${action}" class="deny">${fields}<input type="hidden" name="decision" value="deny">
<label>Why not? <input name="reason" required maxlength="1000" autocomplete="off"></label> <button>Deny</button></form>
<p class="none">A click is recorded as “in a browser”: as weak as a word at a terminal, since a program of the same user can fake either.</p>`;
}

/** A click says yes to what stands above it: where that is not all, there is none. */
function byClick({ state, subject, diff }: Request, action: string, fields: Html): Html {
  if (diffLength(diff) > DIFF_LINES)
    return html`<p>Not all of the diff stands here, so a yes is not given here either: look at <a href="/approvals/${encodeURIComponent(state.wo_id)}/diff">all of it</a>, and then at a terminal: <code>waybill approve ${state.wo_id}</code>.</p>`;
  return html`<form method="post" action="${action}" class="approve">${fields}<input type="hidden" name="decision" value="approve">
<button class="primary">Approve</button>${
    subject.mission === undefined
      ? html` <label><input type="checkbox" name="always" value="yes"> and for good: what it asks about is not asked again for this requester in this lane</label>`
      : ''
  }</form>`;
}

/** Where policy wants a key, a click is not enough: the commands that sign, and a field for what they made. */
function bySignature(station: string, { state, asked }: Request, action: string, fields: Html): Html {
  const { wo_id: woId } = state;
  const text = decisionText({
    station,
    woId,
    ask: asked.ask,
    sha256: asked.sha256,
    decision: 'approve',
    always: false,
    reason: '',
  });
  return html`<p>Policy wants a signature by a key for a yes${asked.approvers === null ? '' : html`, of ${whole(asked.approvers.join(' or '))}`}. Where the key is on this machine:</p>
<pre tabindex="0"><code>waybill approve ${woId} --key FILE</code></pre>
<p>Where it is on another, sign this text there, and bring the signature back:</p>
<pre tabindex="0"><code>${text}</code></pre>
<pre tabindex="0"><code>waybill approvals ${woId} --text | ssh-keygen -Y sign -n ${SIGNATURE_NAMESPACE} -f FILE</code></pre>
<form method="post" action="${action}" class="approve">${fields}<input type="hidden" name="decision" value="approve">
<label>The signature <textarea name="signature" rows="6" required maxlength="20000" spellcheck="false" placeholder="-----BEGIN SSH SIGNATURE-----"></textarea></label>
<button class="primary">Approve by this signature</button></form>`;
}

/** It asks for nothing (any more): what it does instead. */
async function nothingAsked({ station }: PageContext, id: string): Promise<View> {
  const state = await stateOf(station, id);
  return {
    title: `${state.wo_id} asks for nothing`,
    place: 'approvals',
    regions: {
      standing: asksPeople(state.waiting_for)
        ? html`<p>It asks. <a href="?">Look at it</a></p>`
        : html`<p>It asks for nothing now: ${statusBadge(state.status, state.waiting_for)} ${shown(state.last_error?.message ?? state.summary, 300)}</p>`,
    },
    frame: (r) =>
      html`<h1>${shown(state.title, 300)}</h1><p>${orderLink(state.wo_id)}</p><section class="card">${r['standing']}<p><a href="/approvals">What else waits?</a></p></section>`,
  };
}
