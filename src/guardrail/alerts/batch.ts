import type { AlertBatch } from '../../order/generated.ts';
import type { Alert } from '../alert.ts';

/** What the sinks say of several alerts at once. */

/** The document that the webhook and the command get: schemas/alert-batch.schema.json. */
export function batchOf(stationId: string, alerts: readonly Alert[]): AlertBatch {
  return {
    v: 1,
    station: stationId,
    alerts: alerts.map(({ at, what, severity, component, text, since }) => ({
      at,
      what,
      severity,
      component,
      text,
      since,
    })),
  };
}

/** So many names stand in a summary; of the others their number. */
const NAMED = 5;

/** All of it in one line: the alert's own words where it is one, else `5 components missing: a, b, c, d, e`. */
export function summaryOf(alerts: readonly Alert[]): string {
  const [first] = alerts;
  if (first !== undefined && alerts.length === 1) return first.text;
  const faults = alerts.filter(({ what }) => what === 'drift' || what === 'reminder');
  const isMissing = faults.every(({ text }) => /^ALERT: missing (?!or )/i.test(text));
  const parts = [
    part(faults, isMissing ? 'missing' : 'at fault'),
    part(
      alerts.filter(({ what }) => what === 'escalated'),
      'left to you',
    ),
    part(
      alerts.filter(({ what }) => what === 'repaired'),
      'repaired',
    ),
    part(
      alerts.filter(({ what }) => what === 'recovered'),
      'well again',
    ),
    part(
      alerts.filter(({ what }) => what === 'dropped'),
      'no longer looked after',
    ),
  ];
  parts.push(decisions(alerts, ['asked', 'still_asked'], 'for you to decide'));
  parts.push(decisions(alerts, ['expired'], 'expired'), decisions(alerts, ['trusted'], 'led to trust'));
  return parts.filter((text) => text !== null).join('; ');
}

function decisions(alerts: readonly Alert[], whats: readonly Alert['what'][], how: string): string | null {
  const about = alerts.filter(({ what }) => whats.includes(what));
  const names = [...new Set(about.map(({ component }) => component.replace(/^approval:/, '')))];
  if (names.length === 0) return null;
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return `${names.length} order${names.length === 1 ? '' : 's'} ${how}: ${names.slice(0, NAMED).join(', ')}${more}`;
}

function part(alerts: readonly Alert[], how: string): string | null {
  const names = [...new Set(alerts.map(({ component }) => component))];
  if (names.length === 0) return null;
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return `${names.length} component${names.length === 1 ? '' : 's'} ${how}: ${names.slice(0, NAMED).join(', ')}${more}`;
}

/**
 * Text from outside as one harmless line: control characters, line ends and signs that turn the reading direction become escapes, as in
 * `\n` and `\u001b`.
 */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\p{Bidi_Control}]/gu, (c) => {
    if (c === '\n') return '\\n';
    if (c === '\t') return '\\t';
    return `\\u${(c.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  });
}
