import { asWaybillError, type ErrorCode } from '../../order/error.ts';
import type { Log } from '../../platform/log.ts';
import { redactorOf } from '../../station/redactor.ts';
import type { Station } from '../../station/station.ts';
import type { Alert } from '../alert.ts';
import { appendAlerts } from './alerts-file.ts';
import { batchOf } from './batch.ts';
import { notifyDesktop } from './desktop.ts';
import { ownEnvironment, runSink } from './run-sink.ts';
import { postAlerts, WEBHOOK_TIMES } from './webhook.ts';

/** One of those that were to be told, and was not. */
export interface SinkFault {
  readonly sink: 'log' | 'desktop' | 'webhook' | 'command';
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

/** A guardrail that looks every second still gives a webhook so long. */
const SHORTEST_OVERALL_MS = 10_000;

/**
 * Tells alerts to everybody that settings name: the alerts file first, synchronously, then desktop, webhook and command beside each other.
 * Secrets are cut out of their words.
 * Never throws; a sink that fails stops no other, and is returned (and logged, where a log is given). It takes a minute at the most for
 * the webhook, less where the guardrail looks more often, and `command.timeout_seconds` for the command; `stop` ends both early.
 */
export async function tellAlerts(
  station: Station,
  told: readonly Alert[],
  log?: Log,
  stop?: AbortSignal,
): Promise<SinkFault[]> {
  if (told.length === 0) return [];
  const redactor = redactorOf(station.settings);
  const alerts = told.map((alert) => ({ ...alert, text: redactor.redactText(alert.text) }));
  const faults: SinkFault[] = [];
  const attempt = async (sink: SinkFault['sink'], tell: () => unknown) => {
    try {
      await tell();
    } catch (thrown) {
      const { code, message, hint } = asWaybillError(thrown);
      faults.push({ sink, code, message, hint });
      log?.error({ sink, code }, `alert not told: ${message}`);
    }
  };
  // up to its first await a call runs at once: the file is written before anything else is begun
  const written = attempt('log', () => appendAlerts(station.layout.alerts, alerts));
  await Promise.all([written, ...others(station, alerts, attempt, stop)]);
  return faults;
}

function others(
  station: Station,
  alerts: readonly Alert[],
  attempt: (sink: SinkFault['sink'], tell: () => Promise<void>) => Promise<void>,
  stop: AbortSignal | undefined,
): Promise<void>[] {
  const { guardrail } = station.settings;
  const { desktop, webhook, command } = guardrail.alerts;
  const { root } = station.layout;
  const document = `${JSON.stringify(batchOf(station.id, alerts))}\n`;
  const overallMs = Math.min(WEBHOOK_TIMES.overallMs, Math.max(SHORTEST_OVERALL_MS, guardrail.everySeconds * 1000));
  const begun: Promise<void>[] = [];
  if (desktop) begun.push(attempt('desktop', () => notifyDesktop(station.id, alerts, root, stop)));
  if (webhook !== null)
    begun.push(attempt('webhook', () => postAlerts(webhook, document, { ...WEBHOOK_TIMES, overallMs }, stop)));
  if (command !== null)
    begun.push(
      attempt('command', () =>
        runSink({
          argv: command.argv,
          cwd: root,
          env: ownEnvironment(),
          timeoutMs: command.timeoutSeconds * 1000,
          input: document,
          filter: () => redactorOf(station.settings).stream(),
          ...(stop === undefined ? {} : { signal: stop }),
        }),
      ),
    );
  return begun;
}
