/** A metric as docs/monitoring.md lists it. */
interface Metric {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
  /** Since the ledger's first record: absent until all of it is read. */
  readonly isHistory?: true;
}

const gauge = (help: string, ...labels: string[]): Metric => ({ type: 'gauge', labels, help });
const counter = (help: string, ...labels: string[]): Metric => ({ type: 'counter', labels, help, isHistory: true });
const histogram = (help: string, ...labels: string[]): Metric => ({ type: 'histogram', labels, help, isHistory: true });

/** Every metric of `GET /metrics`, in their order there. */
export const METRICS = {
  waybill_build_info: gauge('1; the version is that of the dashboard.', 'station', 'version'),
  waybill_station_up: gauge('1 while a process runs the station and is not stopped.'),
  waybill_station_heartbeat_age_seconds: gauge('Since the station process last came to rest.'),
  waybill_policy_valid: gauge('1 while policy.yaml can be used; 0: nothing is started.'),
  waybill_missions_stopped: gauge('1 while a stop file keeps missions from going on.'),
  waybill_orders: gauge('Orders alive.', 'lane', 'state', 'waiting_for'),
  waybill_order_age_seconds: gauge(
    'Since the oldest order alive of this lane and state was received.',
    'lane',
    'state',
    'waiting_for',
  ),
  waybill_inbox_files: gauge('Files and folders that lie in an inbox and are not claimed.', 'lane'),
  waybill_claims: gauge('Claimed drops whose work is not over.'),
  waybill_pending_commands: gauge('Command files that the station has not taken yet.'),
  waybill_ledger_records_total: {
    type: 'counter',
    labels: [],
    help: 'Records of the ledger: the sequence number of its head.',
  },
  waybill_ledger_readable: gauge('1 while the ledger can be read; 0: figures stand still.'),
  waybill_ledger_head_age_seconds: gauge('Since the last record was written.'),
  waybill_ledger_gaps: gauge('Places where records of the ledger were lost.'),
  waybill_journal_lag_records: gauge('Records that the journal does not hold yet.'),
  waybill_guardrail_components: gauge('Components that the guardrail looks after.'),
  waybill_drift_components: gauge('Components at fault at its last look.'),
  waybill_guardrail_look_age_seconds: gauge('Since the guardrail looked last.'),
  waybill_keeps: gauge('What is kept because nobody else has it.'),
  waybill_keeps_bytes: gauge('Its size.'),
  waybill_keeps_max_bytes: gauge('The limit that settings set for it.'),
  waybill_backup_age_seconds: gauge('Since the last backup arrived.'),
  waybill_backup_behind_records: gauge('Records that it does not hold.'),
  waybill_backup_failed: gauge('1 where the last try failed.'),
  waybill_dashboard_history_read_ratio: gauge(
    'How much of the ledger this dashboard has read; counters are told from 1 on.',
  ),
  waybill_orders_received_total: counter('Drops that were admitted, revised or rejected.', 'lane'),
  waybill_orders_repeated_total: counter('Drops of bytes that were known, answered with what is known.', 'lane'),
  waybill_orders_started_total: counter('Starts of orders, again after a wait too.', 'lane'),
  waybill_orders_ended_total: counter('Orders that came to an end.', 'lane', 'status'),
  waybill_order_failures_total: counter('Orders that failed, by the code of their error.', 'code'),
  waybill_order_rejections_total: counter('Drops that were rejected, by code.', 'code'),
  waybill_retries_total: counter('Attempts begun anew, by the station itself or by a person.', 'by'),
  waybill_waits_total: counter('Times that an order had to wait, by what for.', 'waiting_for'),
  waybill_approvals_asked_total: counter('Times that people were asked.', 'stage'),
  waybill_approvals_decided_total: counter('Answers, by the kind of proof they carry.', 'decision', 'proof'),
  waybill_commits_total: counter('Commits made for orders.'),
  waybill_commands_total: counter('Commands and checks begun.'),
  waybill_station_starts_total: counter('Starts of the station process.'),
  waybill_mission_steps_total: counter(
    'Steps of missions by outcome: ok, failed, or lost where nobody told; the agent is empty for the runner itself.',
    'agent',
    'outcome',
  ),
  waybill_agent_tokens_total: counter('Tokens that agents used, as far as they tell.', 'agent', 'kind'),
  waybill_agent_cost_usd_total: counter('US dollars that agents cost, as far as they tell.', 'agent'),
  waybill_agent_unmetered_steps_total: counter('Steps of agents of which nobody told what they used.', 'agent'),
  waybill_order_waiting_seconds: histogram(
    'From being received, or tried again by a person, to the first start.',
    'lane',
  ),
  waybill_order_running_seconds: histogram('Time in state running, of orders that ended.', 'lane'),
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof METRICS;

/** The table above with one type for every row. */
export const metric: (name: MetricName) => Metric = (name) => METRICS[name];
