import { WaybillError } from '../../order/error.ts';
import type { MetricsDocument } from '../../order/generated.ts';
import { readMetrics } from '../../record/metrics/read.ts';
import { timeOption } from '../time-option.ts';
import type { Given } from './answer.ts';

/**
 * The figures of a ledger folder: what `waybill metrics --json` prints. `guesses` are what had to be assumed of times that were named.
 * Throws USAGE, LEDGER_BROKEN.
 */
export function metricsAnswer(ledger: string, given: Given): { found: MetricsDocument; guesses: string[] } {
  const [since, until] = [timeOption('--since', given['since']), timeOption('--until', given['until'])];
  if (since !== null && until !== null && since.ms >= until.ms)
    throw new WaybillError('USAGE', '--since must lie before --until');
  const lane = typeof given['lane'] === 'string' ? given['lane'] : null;
  const found = readMetrics(ledger, { since: since?.ms ?? null, until: until?.ms ?? null, lane });
  const guesses = Object.entries({ since, until }).flatMap(([name, time]) =>
    time?.guess == null ? [] : [`--${name}: ${time.guess}`],
  );
  return { found, guesses };
}
