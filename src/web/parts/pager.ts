import { html } from 'hono/html';
import type { Html } from '../page.ts';

const FIGURES = new Intl.NumberFormat('en');

/** A count as people read it: 12,345. */
export function figure(n: number): string {
  return FIGURES.format(n);
}

export interface Paged {
  readonly page: number;
  readonly pages: number;
  readonly perPage: number;
  readonly total: number;
}

/** Where a list stands, and the way to its other pages. `address`: of the n-th page. */
export function pager({ page, pages, perPage, total }: Paged, address: (page: number) => string): Html {
  const first = (page - 1) * perPage + 1;
  const last = Math.min(total, page * perPage);
  const to = (n: number, rel: string, text: string) =>
    n < 1 || n > pages || n === page
      ? html`<span class="none">${text}</span>`
      : html`<a rel="${rel}" href="${address(n)}">${text}</a>`;
  return html`<nav class="pager" aria-label="Pages of the list"><p>${figure(first)} to ${figure(last)} of ${figure(total)}</p>${
    pages === 1
      ? ''
      : html`<p>${to(1, 'first', '« first')} ${to(page - 1, 'prev', '‹ newer')} <span>page ${figure(page)} of ${figure(pages)}</span> ${to(page + 1, 'next', 'older ›')} ${to(pages, 'last', 'last »')}</p>`
  }</nav>`;
}
