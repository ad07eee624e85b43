import type { Hono } from 'hono';
import { type ChartData, chartData, type Percentiles, type Step } from '../../views/figures/charts.ts';
import type { Records } from '../../views/records.ts';
import type { Behind } from '../gate/forms.ts';
import { chartsAsked } from '../pages/charts.ts';

/** What the charts page draws: `/charts/data.json`, one column for each line. */
export function addChartData(app: Hono<Behind>, records: Records): void {
  app.get('/charts/data.json', (c) => {
    const { range, lane } = chartsAsked(new URL(c.req.url).searchParams, records.figures);
    return c.json(columnsOf(chartData(records.figures, range, lane)));
  });
}

function columnsOf({ range, lane, step, isWhole, codes, agents, steps }: ChartData) {
  const column = <T>(of: (row: Step) => T) => steps.map(of);
  return {
    v: 1,
    range,
    lane,
    step,
    whole: isWhole,
    at: steps.map(({ at }) => at),
    orders: {
      received: column((row) => row.received),
      done: column((row) => row.done),
      failed: column((row) => row.failed),
      rejected: column((row) => row.rejected),
      cancelled: column((row) => row.cancelled),
    },
    waiting: percentileColumns(steps.map(({ waiting }) => waiting)),
    running: percentileColumns(steps.map(({ running }) => running)),
    failures: codes.map((name, i) => ({ name, counts: column((row) => row.failures[i] ?? 0) })),
    usage: agents.map((name, i) => ({
      name,
      tokens: column((row) => row.tokens[i] ?? 0),
      usd: column((row) => row.usd[i] ?? 0),
    })),
  };
}

function percentileColumns(rows: readonly Percentiles[]) {
  return {
    n: rows.map(({ n }) => n),
    p50: rows.map(({ p50 }) => rounded(p50)),
    p90: rows.map(({ p90 }) => rounded(p90)),
    p99: rows.map(({ p99 }) => rounded(p99)),
  };
}

/** They are true to a tenth. */
function rounded(seconds: number | null): number | null {
  return seconds === null ? null : Number(seconds.toPrecision(3));
}
