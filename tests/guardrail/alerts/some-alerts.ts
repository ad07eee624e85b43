import type { Alert } from '../../../src/guardrail/alert.ts';

/** An alert as the guardrail makes it, with what a test says differently. */
export function alertOf(component: string, more: Partial<Alert> = {}): Alert {
  return {
    at: '2025-11-13T23:45:00.120Z',
    what: 'drift',
    severity: 'critical',
    component,
    text: `ALERT: Missing directory: ${component}`,
    since: '2025-11-13T23:44:58.000Z',
    ...more,
  };
}
