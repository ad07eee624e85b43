import type { Recorded } from '../../../src/order/event.ts';
import { METRICS } from '../../../src/web/machine/metric-table.ts';
import { runDashboard } from '../../support/dashboard.ts';
import { decide, mission, missionStation } from '../../support/missions.ts';
import { byKey, type ReadSample, readExposition, sampleKey } from '../../support/prometheus.ts';
import { ANYTHING, type TestStation, testStation } from '../../support/station.ts';
import { assert, suite, type TestContext } from '../../support/suite.ts';

/** `GET /metrics`, read by a Prometheus client, against the ledger read plainly (issue 10). */

const test = suite('web/machine/metrics', { needs: ['git', 'script', 'prometheus-client'], timeoutMs: 240_000 });

const OPENMETRICS = 'application/openmetrics-text; version=1.0.0';

async function scrape(url: string, accept = 'text/plain'): Promise<{ type: string; text: string }> {
  const answer = await fetch(`${url}/metrics`, { headers: { accept } });
  assert.equal(answer.status, 200);
  return { type: answer.headers.get('content-type') ?? '', text: await answer.text() };
}

/** The metrics once all of the ledger is read. */
async function read(url: string): Promise<ReadSample[]> {
  for (let tries = 0; tries < 200; tries++) {
    const samples = readExposition((await scrape(url)).text, 'text');
    if (samples.some(({ name, value }) => name === 'waybill_dashboard_history_read_ratio' && value === 1))
      return samples;
  }
  throw new Error('the ledger was never read');
}

function ledgerOf(station: TestStation): Recorded[] {
  return station
    .names('.git/waybill/ledger')
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => station.read(`.git/waybill/ledger/${name}`).split('\n').filter(Boolean))
    .map((line) => JSON.parse(line) as Recorded);
}

/** How often each set of labels occurs: `of` gives the labels that a record counts for, and by how much. */
function counted(
  name: string,
  records: readonly Recorded[],
  of: (record: Recorded) => readonly (readonly [labels: Readonly<Record<string, string>>, n: number])[],
): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [labels, n] of records.flatMap((record) => of(record))) {
    const key = sampleKey(name, labels);
    sums.set(key, (sums.get(key) ?? 0) + n);
  }
  return sums;
}

/** Every order's lane, as its first record has it. */
function lanesOf(records: readonly Recorded[]): Map<string, string> {
  return new Map(records.flatMap((r) => (r.event === 'admitted' ? [[r.wo_id ?? '', r.data.lane] as const] : [])));
}

/** What the ledger says of each counter, written as plainly as can be. */
function expected(records: readonly Recorded[]): Map<string, number>[] {
  const lanes = lanesOf(records);
  const lane = (r: Recorded) => ({ lane: lanes.get(r.wo_id ?? '') ?? '' });
  const ends = ['done', 'failed', 'cancelled', 'rejected'];
  return [
    counted('waybill_orders_received_total', records, (r) =>
      r.event === 'admitted' || r.event === 'revised' || r.event === 'rejected' ? [[{ lane: r.data.lane }, 1]] : [],
    ),
    counted('waybill_orders_started_total', records, (r) => (r.event === 'started' ? [[lane(r), 1]] : [])),
    counted('waybill_orders_ended_total', records, (r) => {
      if (!ends.includes(r.to ?? '') || r.from === r.to) return [];
      return [[{ ...(r.event === 'rejected' ? { lane: r.data.lane } : lane(r)), status: r.to ?? '' }, 1]];
    }),
    counted('waybill_order_failures_total', records, (r) =>
      r.to === 'failed' && 'error' in r.data ? [[{ code: r.data.error?.code ?? '' }, 1]] : [],
    ),
    counted('waybill_order_rejections_total', records, (r) =>
      r.event === 'rejected' ? [[{ code: r.data.error.code }, 1]] : [],
    ),
    counted('waybill_retries_total', records, (r) => {
      if (r.event === 'retried') return [[{ by: 'person' }, 1]];
      return r.event === 'failed' && r.to === 'parked' ? [[{ by: 'station' }, 1]] : [];
    }),
    counted('waybill_approvals_asked_total', records, (r) =>
      r.event === 'waits' && r.data.ask !== undefined ? [[{ stage: r.data.ask.stage }, 1]] : [],
    ),
    counted('waybill_approvals_decided_total', records, (r) =>
      r.event === 'approved' || r.event === 'denied' ? [[{ decision: r.event, proof: r.data.proof.kind }, 1]] : [],
    ),
    counted('waybill_commits_total', records, (r) =>
      r.event === 'landed' && r.data.how === 'landed' ? [[{}, r.data.commits.length]] : [],
    ),
    counted('waybill_commands_total', records, (r) => (r.event === 'command' ? [[{}, 1]] : [])),
    counted('waybill_station_starts_total', records, (r) => (r.event === 'opened' ? [[{}, 1]] : [])),
    counted('waybill_mission_steps_total', records, (r) =>
      r.event === 'stepped' ? [[{ agent: r.data.agent ?? '', outcome: r.data.ok ? 'ok' : 'failed' }, 1]] : [],
    ),
    counted('waybill_agent_tokens_total', records, (r) => {
      if (r.event !== 'stepped' || r.data.agent === null || r.data.usage === null) return [];
      const { agent, usage } = r.data;
      return (['input', 'output', 'cache_read', 'cache_write'] as const).map((kind) => [{ agent, kind }, usage[kind]]);
    }),
    counted('waybill_agent_cost_usd_total', records, (r) =>
      r.event === 'stepped' && r.data.agent !== null && r.data.usage !== null
        ? [[{ agent: r.data.agent }, r.data.usage.usd ?? 0]]
        : [],
    ),
  ];
}

function agree(samples: readonly ReadSample[], records: readonly Recorded[]): void {
  const told = byKey(samples);
  const checked = new Set<string>();
  for (const [i, counts] of expected(records).entries()) {
    assert.ok(counts.size > 0, `the station did nothing of what counter ${i} counts`);
    for (const [key, n] of counts) {
      assert.ok(
        Math.abs((told.get(key) ?? Number.NaN) - n) < 1e-9,
        `${key} is ${told.get(key)}, and the ledger says ${n}`,
      );
      checked.add(key);
    }
  }
  // nothing is told that the ledger does not have; what is not counted above has tests of its own
  const apart = /^waybill_(waits_total|orders_repeated_total|agent_unmetered|order_(waiting|running)|ledger_records)/;
  for (const { type, name, labels, value } of samples) {
    const key = sampleKey(name, labels);
    if (type === 'counter' && !apart.test(name)) assert.ok(checked.has(key) || value === 0, `${key} ${value}`);
  }
  const histogram = (which: string) => samples.filter(({ name }) => name === which).reduce((n, s) => n + s.value, 0);
  const firstStarts = new Set(records.flatMap((r) => (r.event === 'started' ? [`${r.wo_id}`] : []))).size;
  const again = records.filter((r) => r.event === 'retried').length;
  assert.equal(histogram('waybill_order_waiting_seconds_count'), firstStarts + again);
  assert.equal(told.get('waybill_ledger_records_total'), records.at(-1)?.seq);
}

/** Done, failed, rejected, tried again by itself and by a person, parked, cancelled, and a mission with an approval and usage. */
async function busyStation(t: TestContext): Promise<TestStation> {
  const { station } = missionStation(
    t,
    { build: [{ write: { 'src/hello.txt': 'hello\n' }, usage: { input: 70, output: 30, usd: 0.02 } }] },
    { policy: `${ANYTHING}missions: {checkpoints: [build]}\n`, settings: 'retry: {backoff_seconds: 0.05}\n' },
  );
  station.drop({ wo_id: 'WO-DONE', title: 'x', files: [{ path: 'a.txt', content: 'a' }] });
  station.drop({ wo_id: 'WO-FAILED', title: 'x', actions: [{ action: 'command', command: 'test -f .git/mended' }] });
  station.drop({ wo_id: 'WO-HELD', title: 'x', hold: true, files: [{ path: 'b.txt', content: 'b' }] });
  station.drop({
    wo_id: 'WO-AGAIN',
    title: 'x',
    retries: 2,
    actions: [{ action: 'command', command: 'test -f .git/ready || { touch .git/ready; exit 1; }' }],
  });
  station.write('bridge/inbox/RND/bad.yaml', 'wo_id: [\n...\n');
  station.write('bridge/inbox/RND/list.json', '[1]');
  station.drop(mission('WO-M'));
  station.drain();
  decide(station, 'WO-M');
  station.write('.git/mended', '');
  assert.equal(station.waybill('retry', 'WO-FAILED').code, 0);
  for (let i = 0; i < 20 && station.state('WO-AGAIN').status === 'parked'; i++) station.drain();
  station.drain();
  return station;
}

test('both formats parse with a Prometheus client, and every counter agrees with the ledger', async (t) => {
  const station = await busyStation(t);
  const statuses = ['WO-DONE', 'WO-FAILED', 'WO-HELD', 'WO-AGAIN', 'WO-M'].map((id) => station.state(id).status);
  assert.deepEqual(statuses, ['done', 'done', 'parked', 'done', 'done']);
  const { url } = await runDashboard(t, station.root);
  const samples = await read(url);
  agree(samples, ledgerOf(station));

  const told = byKey(samples);
  const alive = { lane: 'MAIN', state: 'parked', waiting_for: 'hold' };
  assert.equal(told.get(sampleKey('waybill_orders', alive)), 1);
  assert.ok((told.get(sampleKey('waybill_order_age_seconds', alive)) ?? 0) > 0);
  assert.equal(told.get('waybill_station_up'), 0);
  assert.equal(told.get('waybill_policy_valid'), 1);
  assert.equal(told.get('waybill_journal_lag_records'), 0, 'a drain flushes the journal');
  assert.equal(told.get('waybill_claims'), 1, 'that of the order on hold');
  assert.ok((told.get(sampleKey('waybill_agent_tokens_total', { agent: 'own', kind: 'input' })) ?? 0) >= 70);

  const plain = await scrape(url);
  assert.equal(plain.type, 'text/plain; version=0.0.4; charset=utf-8');
  const open = await scrape(url, OPENMETRICS);
  assert.match(open.type, /^application\/openmetrics-text; version=1\.0\.0/);
  const strict = byKey(readExposition(open.text, 'openmetrics'));
  for (const [key, value] of told) if (key.includes('_total')) assert.equal(strict.get(key), value, key);
});

test('names, types and help are those of the table, and end in their units', async (t) => {
  const station = testStation(t);
  station.drop({ wo_id: 'WO-1', title: 'x', files: [{ path: 'a.txt', content: 'a' }] });
  station.drain();
  const { url } = await runDashboard(t, station.root);
  for (const { family, name, type, help, labels } of await read(url)) {
    const key = type === 'counter' ? `${family}_total` : family;
    const row = (METRICS as Readonly<Record<string, { type: string; help: string; labels: readonly string[] }>>)[key];
    assert.ok(row !== undefined, `${name} is not in the table`);
    assert.deepEqual([type, help], [row.type, row.help], name);
    assert.deepEqual(
      Object.keys(labels).filter((label) => label !== 'le'),
      [...row.labels],
      name,
    );
  }
  for (const [name, { type }] of Object.entries(METRICS)) {
    assert.match(name, /^waybill_[a-z_]+$/);
    assert.equal(name.endsWith('_total'), type === 'counter', name);
    if (type === 'histogram' || name.includes('_age_')) assert.match(name, /_seconds$/);
  }
});

test('while a station works its counters go on by what its ledger gets, and its lag comes back to none', async (t) => {
  const station = testStation(t, { policy: ANYTHING });
  const up = await station.up(t);
  const { url } = await runDashboard(t, station.root);
  const ended = sampleKey('waybill_orders_ended_total', { lane: 'MAIN', status: 'done' });
  assert.equal(byKey(await read(url)).get(ended), undefined);
  for (let i = 1; i <= 3; i++)
    station.drop({ wo_id: `WO-${i}`, title: 'x', files: [{ path: `${i}.txt`, content: 'a' }] });
  const wanted = async (key: string, value: number) => {
    for (let tries = 0; tries < 100; tries++) if (byKey(await read(url)).get(key) === value) return true;
    return false;
  };
  assert.equal(await wanted(ended, 3), true);
  assert.equal(await wanted('waybill_journal_lag_records', 0), true, 'flushed when idle');
  assert.equal(byKey(await read(url)).get('waybill_station_up'), 1);
  process.kill(up.pid, 'SIGSTOP');
  assert.equal(byKey(await read(url)).get('waybill_station_up'), 0, 'a stopped one is not up');
  process.kill(up.pid, 'SIGCONT');
});

test.run();
