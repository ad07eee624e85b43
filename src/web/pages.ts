import type { PageOf } from './page.ts';
import { approval } from './pages/approval.ts';
import { approvals } from './pages/approvals.ts';
import { cancel } from './pages/cancel.ts';
import { charts } from './pages/charts.ts';
import { component } from './pages/component.ts';
import { errorCode, errorCodes } from './pages/error-code.ts';
import { guardrail } from './pages/guardrail.ts';
import { missions } from './pages/missions.ts';
import { order } from './pages/order/order.ts';
import { orders } from './pages/orders.ts';
import { overview } from './pages/overview.ts';
import { telemetry } from './pages/telemetry.ts';
import { token } from './pages/token.ts';

/** Every page by its route. */
export const PAGES: Readonly<Record<string, PageOf>> = {
  '/': overview,
  '/orders': orders,
  '/missions': missions,
  '/guardrail': guardrail,
  '/guardrail/:component': component,
  '/orders/:id': order,
  '/orders/:id/cancel': cancel,
  '/approvals': approvals,
  '/approvals/:id': approval,
  '/token': token,
  '/telemetry': telemetry,
  '/charts': charts,
  '/errors': errorCodes,
  '/errors/:code': errorCode,
};
