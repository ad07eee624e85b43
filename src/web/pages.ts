import type { PageOf } from './page.ts';
import { errorCode } from './pages/error-code.ts';
import { orders } from './pages/orders.ts';
import { overview } from './pages/overview.ts';

/** Every page by its route. */
export const PAGES: Readonly<Record<string, PageOf>> = {
  '/': overview,
  '/orders': orders,
  '/errors/:code': errorCode,
};
