import { html } from 'hono/html';
import type { Refusal } from '../gate/forms.ts';
import type { Html, PageOf } from '../page.ts';

const FORM = html`<form method="post" action="/token" class="token">
<label>The token, or the whole address that <code>waybill dashboard</code> printed
<input type="password" name="token" autocomplete="off" required maxlength="300"></label>
<button class="primary">Go on</button></form>
<p>Each start of <code>waybill dashboard</code> has another token. It prints an address with it where it was started, or in the log of its service.</p>`;

/** Where somebody brings the token. */
export const token: PageOf = async ({ visitor }) =>
  still(
    'Act here',
    visitor.mayAct ? html`<p>You may act here already. <a href="/">To the overview</a></p>${FORM}` : FORM,
  );

const WHY: Readonly<Record<Refusal | 'look', Html>> = {
  look: html`<p>Looking at this dashboard needs its token, because others than this machine's users reach it.</p>${FORM}`,
  token: html`<p>Nothing was done: acting needs the token of the dashboard that runs now. It may have been started again since you brought it.</p>${FORM}`,
  csrf: html`<p>Nothing was done: the form is none of ours, or of before a restart of the dashboard. Go back, load the page again, and do it there.</p>`,
  foreign: html`<p>Nothing was done: this does not come from a page of this dashboard. Open it by its own address.</p>`,
  form: html`<p>Nothing was done: this is no form that a page of this dashboard sends.</p>`,
};

/** Why nothing was done, and what to do. */
export function refusalView(why: Refusal | 'look'): PageOf {
  return async () => still(why === 'look' ? 'The token, please' : 'Nothing was done', WHY[why]);
}

function still(title: string, content: Html) {
  return {
    title,
    place: null,
    regions: {},
    frame: () => html`<h1>${title}</h1><section class="card">${content}</section>`,
  };
}
