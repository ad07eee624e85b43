import { VERSION } from '../../station/version.ts';
import type { Count, Histogram } from '../../views/figures/count.ts';
import type { Gauges } from '../../views/figures/gauges.ts';
import type { Totals } from '../../views/figures/totals.ts';
import type { Family, Sample } from './exposition.ts';
import { METRICS, type MetricName, metric } from './metric-table.ts';

/** What `GET /metrics` tells. `totals` is null until all of the ledger is read: a counter must never be too small for a while. */
export function metricsOf(gauges: Gauges, totals: Totals | null, readRatio: number): Family[] {
  const told: Partial<Record<MetricName, readonly Sample[]>> = {
    ...now(gauges),
    waybill_dashboard_history_read_ratio: one(readRatio),
    ...(totals === null ? {} : counted(totals)),
  };
  return Object.keys(METRICS).map((key) => {
    const name = key as MetricName;
    const { type, help } = metric(name);
    return { name, type, help, samples: told[name] ?? [] };
  });
}

function now(gauges: Gauges): Partial<Record<MetricName, readonly Sample[]>> {
  const { status, alive } = gauges;
  const { keeps, backup, guardrail } = status;
  return {
    waybill_build_info: [
      {
        labels: [
          ['station', status.station],
          ['version', VERSION],
        ],
        value: 1,
      },
    ],
    waybill_station_up: flag(status.running !== null && !status.stopped),
    waybill_station_heartbeat_age_seconds: one(gauges.heartbeatAge),
    waybill_policy_valid: flag(status.halted === null),
    waybill_missions_stopped: flag(status.stop_file !== null),
    waybill_orders: alive.map((row) => ({ labels: aliveLabels(row), value: row.count })),
    waybill_order_age_seconds: alive.map((row) => ({ labels: aliveLabels(row), value: row.oldestSeconds })),
    waybill_inbox_files: gauges.inbox.map(({ lane, files }) => ({ labels: [['lane', lane]], value: files })),
    waybill_claims: one(gauges.claims),
    waybill_pending_commands: one(gauges.commands),
    waybill_ledger_records_total: one(gauges.ledgerSeq),
    waybill_ledger_readable: flag(gauges.isReadable),
    waybill_ledger_head_age_seconds: one(gauges.headAge),
    waybill_ledger_gaps: one(status.gaps.length),
    waybill_journal_lag_records: one(gauges.journalLag),
    waybill_guardrail_components: one(guardrail?.components ?? null),
    waybill_drift_components: one(gauges.drift),
    waybill_guardrail_look_age_seconds: one(gauges.lookAge),
    waybill_keeps: one(keeps.count),
    waybill_keeps_bytes: one(keeps.bytes),
    waybill_keeps_max_bytes: one(keeps.max_bytes),
    waybill_backup_age_seconds: one(gauges.backupAge),
    waybill_backup_behind_records: one(backup?.behind ?? null),
    waybill_backup_failed: backup === null ? [] : flag(backup.failure !== null),
  };
}

function counted(totals: Totals): Partial<Record<MetricName, readonly Sample[]>> {
  return {
    waybill_orders_received_total: rows(totals.received, 'lane'),
    waybill_orders_repeated_total: rows(totals.repeated, 'lane'),
    waybill_orders_started_total: rows(totals.started, 'lane'),
    waybill_orders_ended_total: rows(totals.ended, 'lane', 'status'),
    waybill_order_failures_total: rows(totals.failures, 'code'),
    waybill_order_rejections_total: rows(totals.rejections, 'code'),
    waybill_retries_total: rows(totals.retries, 'by'),
    waybill_waits_total: rows(totals.waits, 'waiting_for'),
    waybill_approvals_asked_total: rows(totals.asked, 'stage'),
    waybill_approvals_decided_total: rows(totals.decided, 'decision', 'proof'),
    waybill_commits_total: rows(totals.commits),
    waybill_commands_total: rows(totals.commands),
    waybill_station_starts_total: rows(totals.stationStarts),
    waybill_mission_steps_total: rows(totals.steps, 'agent', 'outcome'),
    waybill_agent_tokens_total: rows(totals.tokens, 'agent', 'kind'),
    waybill_agent_cost_usd_total: rows(totals.usd, 'agent'),
    waybill_agent_unmetered_steps_total: rows(totals.unmetered, 'agent'),
    waybill_order_waiting_seconds: histograms(totals.waiting),
    waybill_order_running_seconds: histograms(totals.running),
  };
}

function aliveLabels({ lane, state, waitingFor }: Gauges['alive'][number]): Sample['labels'] {
  return [
    ['lane', lane],
    ['state', state],
    ['waiting_for', waitingFor],
  ];
}

function rows(count: Count, ...names: string[]): Sample[] {
  return count.rows().map(({ values, n }) => ({ labels: names.map((name, i) => [name, values[i] ?? '']), value: n }));
}

function histograms(byLane: ReadonlyMap<string, Histogram>): Sample[] {
  return [...byLane].flatMap(([lane, histogram]): Sample[] => {
    const labels: Sample['labels'] = [['lane', lane]];
    const bucket = (le: string, value: number): Sample => ({
      labels: [...labels, ['le', le]],
      value,
      suffix: '_bucket',
    });
    return [
      ...histogram.cumulated().map((n, i) => bucket(boundText(histogram.bounds[i] ?? 0), n)),
      bucket('+Inf', histogram.n),
      { labels, value: histogram.sum, suffix: '_sum' },
      { labels, value: histogram.n, suffix: '_count' },
    ];
  });
}

/** `1.0`: OpenMetrics wants bounds to look like what they are. */
function boundText(bound: number): string {
  return Number.isInteger(bound) ? bound.toFixed(1) : String(bound);
}

function one(value: number | null): Sample[] {
  return value === null ? [] : [{ labels: [], value }];
}

function flag(is: boolean): Sample[] {
  return one(is ? 1 : 0);
}
