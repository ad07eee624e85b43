import type { Hono } from 'hono';
import type { Station } from '../../station/station.ts';
import { Gauge } from '../../views/figures/gauges.ts';
import { stationHealth } from '../../views/figures/health.ts';
import type { Records } from '../../views/records.ts';
import type { Behind } from '../gate/forms.ts';
import { CONTENT_TYPES, exposition, formatOf } from './exposition.ts';
import { metricsOf } from './metrics.ts';

/** What watches a station from outside asks: `/healthz` and `/metrics`. */
export function addMonitoring(app: Hono<Behind>, station: Station, records: Records): void {
  const gauge = new Gauge(station, records);
  app.get('/healthz', (c) => {
    const health = stationHealth(station, records.fault());
    c.header('Content-Type', 'application/json');
    return c.body(`${JSON.stringify(health)}\n`, health.ok ? 200 : 503);
  });
  app.get('/metrics', async (c) => {
    await records.ready;
    const { figures, history } = records;
    const gauges = await gauge.measure();
    const format = formatOf(c.req.header('accept'));
    const ratio = figures.isWhole ? 1 : Math.min(0.999, history.seq / Math.max(1, gauges.ledgerSeq));
    c.header('Content-Type', CONTENT_TYPES[format]);
    return c.body(exposition(metricsOf(gauges, figures.isWhole ? figures.totals : null, ratio), format));
  });
}
