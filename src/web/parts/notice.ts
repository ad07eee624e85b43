import { html } from 'hono/html';
import type { Html } from '../page.ts';

/** What came of an action, by the word that its redirect carries. An address can say nothing else. */
const NOTICES = {
  approved: html`Approved. <a href="/approvals">What else waits?</a>`,
  denied: html`Denied. <a href="/approvals">What else waits?</a>`,
  waiting: html`The station has not taken it yet: it waits there. Does a process run? <code>waybill up</code> starts one.`,
  retry: html`It is tried again.`,
  hold: html`It is held until somebody releases it.`,
  release: html`It is released.`,
  cancel: html`It is cancelled.`,
  cancelling: html`It is being cancelled: its processes end first.`,
  token: html`You may act here now.`,
} as const;

export type Done = keyof typeof NOTICES;

/** Null for a word that nobody here says. */
export function noticeOf(word: string | null): Html | null {
  if (word === null || !Object.hasOwn(NOTICES, word)) return null;
  return html`<p class="notice" role="status">${NOTICES[word as Done]}</p>`;
}
