import { html } from 'hono/html';
import type { Html } from '../page.ts';

const MARK: Readonly<Record<string, string>> = {
  ready: '○',
  running: '▶',
  parked: '‖',
  done: '✓',
  failed: '✗',
  rejected: '⊘',
  cancelled: '–',
};

/** An order's status: a mark, the word, and what it waits for, so that colour says nothing that text does not. */
export function statusBadge(status: string, waitingFor: string | null = null): Html {
  return html`<span class="badge ${status}"><span aria-hidden="true">${MARK[status] ?? '?'}</span> ${status}${waitingFor === null ? '' : html` <span class="waits">${waitingFor}</span>`}</span>`;
}
