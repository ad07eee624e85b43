import type { PageOf } from './page.ts';
import { component } from './pages/component.ts';
import { guardrail } from './pages/guardrail.ts';
import { orders } from './pages/orders.ts';
import { overview } from './pages/overview.ts';
import { telemetry } from './pages/telemetry.ts';

/** Every page by its route. */
export const PAGES: Readonly<Record<string, PageOf>> = {
  '/': overview,
  '/orders': orders,
  '/guardrail': guardrail,
  '/guardrail/:component': component,
  '/telemetry': telemetry,
};
