import { runDashboard } from '../../support/dashboard.ts';
import { type TestStation, testStation, until } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

/** `GET /healthz`: 200 while the station works, else 503 with what to do (issue 10). */

const test = suite('web/machine/healthz', { needs: ['git'] });

interface Health {
  readonly v: number;
  readonly ok: boolean;
  readonly station: string;
  readonly pid: number | null;
  readonly heartbeat_age_seconds: number | null;
  readonly reasons: readonly { readonly code: string; readonly message: string; readonly hint: string }[];
}

async function healthz(url: string): Promise<{ status: number; health: Health }> {
  const answer = await fetch(`${url}/healthz`);
  return { status: answer.status, health: (await answer.json()) as Health };
}

/** The codes of what is wrong, 200 being none. */
async function wrong(url: string): Promise<string[]> {
  const { status, health } = await healthz(url);
  assert.equal(status, health.ok ? 200 : 503);
  assert.equal(health.ok, health.reasons.length === 0);
  for (const { message, hint } of health.reasons) assert.ok(message !== '' && hint !== '');
  return health.reasons.map(({ code }) => code);
}

function setHeartbeat(station: TestStation, at: string): void {
  const path = '.git/waybill/heartbeat.json';
  station.write(path, JSON.stringify({ ...(JSON.parse(station.read(path)) as object), at }));
}

test('it is well while the process runs, and says so from another program', async (t) => {
  const station = testStation(t);
  const up = await station.up(t);
  const { url } = await runDashboard(t, station.root);
  const { status, health } = await healthz(url);
  assert.deepEqual([status, health.ok, health.v, health.pid], [200, true, 1, up.pid]);
  assert.ok((health.heartbeat_age_seconds ?? 1000) < 120);

  process.kill(up.pid, 'SIGSTOP');
  await until(() => station.waybill('status').stdout.includes('stopped'), 'it is stopped');
  assert.deepEqual(await wrong(url), ['STATION_NOT_RUNNING']);
  assert.match((await healthz(url)).health.reasons[0]?.message ?? '', /SIGSTOP/);
  process.kill(up.pid, 'SIGCONT');
  assert.deepEqual(await wrong(url), []);

  await up.stop('SIGKILL');
  assert.deepEqual(await wrong(url), ['STATION_NOT_RUNNING']);
  assert.match((await healthz(url)).health.reasons[0]?.hint ?? '', /waybill up/);
});

test('a policy that cannot be used, and a ledger that cannot be read, are named', async (t) => {
  const station = testStation(t);
  await station.up(t);
  const { url } = await runDashboard(t, station.root);
  const policy = station.read('policy.yaml');
  station.write('policy.yaml', 'version: [\n');
  assert.deepEqual(await wrong(url), ['POLICY_INVALID']);
  assert.match((await healthz(url)).health.reasons[0]?.message ?? '', /policy\.yaml:\d+/);
  station.write('policy.yaml', policy);
  assert.deepEqual(await wrong(url), []);

  station.write('.git/waybill/ledger/000000000001.jsonl', 'no record\n');
  for (let tries = 0; tries < 100 && (await wrong(url)).length === 0; tries++)
    await new Promise((r) => setTimeout(r, 50));
  assert.deepEqual(await wrong(url), ['LEDGER_BROKEN']);
});

test('a heartbeat that is too old is none, but a young process has time for its first', async (t) => {
  const station = testStation(t);
  await station.up(t);
  const { url } = await runDashboard(t, station.root);
  // the process holds the station for less than two minutes: what it said before counts for nothing yet
  setHeartbeat(station, '2020-01-01T00:00:00.000Z');
  assert.deepEqual(await wrong(url), []);
  const lock = JSON.parse(station.read('.git/waybill/lock')) as object;
  station.write('.git/waybill/lock', JSON.stringify({ ...lock, since: '2020-01-01T00:00:00.000Z' }));
  assert.deepEqual(await wrong(url), ['STATION_NOT_RUNNING']);
  assert.match((await healthz(url)).health.reasons[0]?.message ?? '', /last heartbeat is \d+ s old/);
});

test('who is not called as we are gets no answer', async (t) => {
  const station = testStation(t);
  const { url } = await runDashboard(t, station.root);
  const { request } = await import('node:http');
  const status = await new Promise((done, fail) => {
    request(`${url}/healthz`, { headers: { host: 'evil.example' } }, (answer) => {
      answer.resume();
      done(answer.statusCode);
    })
      .on('error', fail)
      .end();
  });
  assert.equal(status, 421);
});

test.run();
