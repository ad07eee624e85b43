import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { TelemetryLine } from '../../../src/order/generated.ts';
import { guardedStation } from '../../support/guarded.ts';
import { CLI, type TestStation, until } from '../../support/station.ts';
import { assert, suite, type TestContext } from '../../support/suite.ts';

/** The guardrail that goes on by itself: in the station, on its own, and both. Seed 003's tests 1 and 2 in short. */

const test = suite('pipeline/guardrail/schedule', { needs: ['git', 'linux'], timeoutMs: 120_000 });

const SETUP = {
  components: ['{kind: file, path: agents/tool.sh}', '{kind: folder, path: g/state}'],
  files: { 'agents/tool.sh': 'whole\n', 'g/state/.keep': '' },
};

/** Seconds are what the clock has; the interval is an hour where only watching is to be seen. */
const every = (seconds: number, watch = true) => [`every_seconds: ${seconds}`, `watch: ${watch}`];

const lines = (s: TestStation) =>
  s.exists('state/telemetry/unified.jsonl') ? (s.telemetry() as unknown as TelemetryLine[]) : [];
const events = (s: TestStation, event: string) => lines(s).filter((line) => line.event === event);
const alerts = (s: TestStation) =>
  s.exists('logs/guardrail_alerts.log') ? s.read('logs/guardrail_alerts.log').split('\n').filter(Boolean) : [];

interface Ran {
  readonly child: ChildProcess;
  stop(): Promise<number | null>;
}

/** A guardrail of its own, which has looked once. */
async function guardrailUp(t: TestContext, s: TestStation): Promise<Ran> {
  const child = spawn(process.execPath, [CLI, 'guardrail', '--log-level', 'fatal'], { cwd: s.root, stdio: 'ignore' });
  const gone = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
  t.defer(() => {
    child.kill('SIGKILL');
    return gone;
  });
  const stop = () => {
    child.kill('SIGTERM');
    return gone;
  };
  await until(() => s.exists('.git/waybill/guardrail/look.json') && looker(s) === child.pid, 'the guardrail looked');
  return { child, stop };
}

const looker = (s: TestStation) => (JSON.parse(s.read('.git/waybill/guardrail/look.json')) as { pid: number }).pid;

test('watching: a file that goes is told at once, long before the next look, by either of the two', async (t) => {
  for (const isStation of [false, true]) {
    const s = guardedStation(t, { ...SETUP, guardrail: every(3600) });
    if (isStation) await s.up(t);
    else await guardrailUp(t, s);
    await until(() => events(s, 'wo_pipeline_healthy').length === 1, 'the first look');
    // the watch is in place when a change to a neighbour is followed by a glance: try until the fault itself is seen
    await new Promise((done) => setTimeout(done, 500));
    const goneAt = Date.now();
    rmSync(s.path('agents/tool.sh'));
    await until(() => events(s, 'wo_pipeline_drift').length > 0, 'it is told');
    const [drift] = events(s, 'wo_pipeline_drift');
    const late = Date.parse(drift?.ts ?? '') - goneAt;
    // a second on an idle machine; what counts here is that no look at the interval was waited for
    assert.ok(late >= 0 && late < 60_000, `it was told ${late} ms after it went`);
    assert.equal(drift?.['missing'], 'agents/tool.sh');
    await until(() => alerts(s).length === 1, 'the alert');
    assert.match(alerts(s)[0] ?? '', /ALERT: Missing or not executable: agents\/tool\.sh$/);
    s.write('agents/tool.sh', 'whole\n');
    await until(() => events(s, 'wo_pipeline_recovered').length === 1, 'it is well again');
    assert.equal(events(s, 'wo_pipeline_healthy').length, 1, 'no look at the interval was needed');
  }
});

test('watching: a folder that goes with all above it, comes back, and loses a file again', async (t) => {
  const s = guardedStation(t, { ...SETUP, guardrail: every(3600) });
  await guardrailUp(t, s);
  await new Promise((done) => setTimeout(done, 500));
  rmSync(s.path('agents'), { recursive: true });
  await until(() => alerts(s).length === 1, 'the folder went');
  mkdirSync(s.path('agents'));
  s.write('agents/tool.sh', 'whole\n');
  await until(() => alerts(s).length === 2, 'it came back');
  await new Promise((done) => setTimeout(done, 500));
  renameSync(s.path('agents/tool.sh'), s.path('agents/tool.sh.backup'));
  await until(() => alerts(s).length === 3, 'and the file went');
});

test('the interval alone finds it where nothing is watched (rule 6)', async (t) => {
  const s = guardedStation(t, { ...SETUP, guardrail: every(1, false) });
  await guardrailUp(t, s);
  rmSync(s.path('g/state'), { recursive: true });
  await until(() => alerts(s).some((line) => line.endsWith('ALERT: Missing directory: g/state')), 'it is told');
});

test('a station and a guardrail of its own: one heartbeat for each interval', async (t) => {
  const s = guardedStation(t, { ...SETUP, guardrail: every(2) });
  await s.up(t);
  await guardrailUp(t, s);
  const from = events(s, 'wo_pipeline_healthy').length;
  await until(() => events(s, 'wo_pipeline_healthy').length >= from + 5, 'five heartbeats');
  const beats = events(s, 'wo_pipeline_healthy')
    .slice(from)
    .map(({ ts }) => Math.floor(Date.parse(ts) / 2000));
  assert.equal(new Set(beats).size, beats.length, `two in one interval: ${beats.join()}`);
});

test('looks that were not made are told: a guardrail that was stopped for a while, and one that was not there', async (t) => {
  const s = guardedStation(t, { ...SETUP, guardrail: every(1) });
  const g = await guardrailUp(t, s);
  g.child.kill('SIGSTOP');
  await new Promise((done) => setTimeout(done, 3500));
  g.child.kill('SIGCONT');
  await until(() => events(s, 'guardrail_missed').length > 0, 'it says so');
  assert.equal(await g.stop(), 0);
  const before = events(s, 'guardrail_missed').length;
  const path = '.git/waybill/guardrail/look.json';
  s.write(path, s.read(path).replace(/"at":"[^"]*"/g, `"at":"${new Date(Date.now() - 60_000).toISOString()}"`));
  await guardrailUp(t, s);
  const missed = events(s, 'guardrail_missed')[before];
  assert.ok(Number(missed?.['missed']) >= 58, `missed: ${String(missed?.['missed'])}`);
});

test('a look that fails ends no schedule', async (t) => {
  const s = guardedStation(t, { ...SETUP, guardrail: every(1) });
  const g = await guardrailUp(t, s);
  const look = s.path('.git/waybill/guardrail/look.json');
  rmSync(look);
  mkdirSync(`${look}/x`, { recursive: true });
  await new Promise((done) => setTimeout(done, 2500));
  rmSync(look, { recursive: true });
  const count = events(s, 'wo_pipeline_healthy').length;
  await until(() => s.exists('.git/waybill/guardrail/look.json') && looker(s) === g.child.pid, 'it looks again');
  await until(() => events(s, 'wo_pipeline_healthy').length > count, 'and says so');
  assert.equal(await g.stop(), 0);
});

test('the station tells when a guardrail of its own falls silent, and when it looks again', async (t) => {
  const s = guardedStation(t, {
    ...SETUP,
    guardrail: ['enabled: false', ...every(1)],
    settings: 'intake: {scan_seconds: 1}\n',
  });
  await s.up(t);
  const g = await guardrailUp(t, s);
  g.child.kill('SIGSTOP');
  await until(() => events(s, 'guardrail_silent').length === 1 && alerts(s).length === 1, 'it is missed');
  assert.match(alerts(s).at(-1) ?? '', /ALERT: Not alive: processor:guardrail: it looked last \d+s ago$/);
  g.child.kill('SIGCONT');
  await until(() => events(s, 'guardrail_looks_again').length === 1 && alerts(s).length === 2, 'it is back');
  assert.match(alerts(s).at(-1) ?? '', /RECOVERED: processor:guardrail after \d+s$/);
});

test('a station that is ended while its guardrail looks for the first time ends', async (t) => {
  const s = guardedStation(t, { ...SETUP, guardrail: every(1), components: [] });
  writeFileSync(
    s.path('waybill.yaml'),
    s.read('waybill.yaml').replace('components: []', "components: [{kind: glob, pattern: '**'}]"),
  );
  const { stop } = await s.up(t);
  assert.equal(await stop('SIGTERM'), 0);
});

test.run();
