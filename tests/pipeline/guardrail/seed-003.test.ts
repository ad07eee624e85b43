import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mock } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { parse } from 'yaml';
import type { TelemetryLine } from '../../../src/order/generated.ts';
import { GuardrailSchedule } from '../../../src/pipeline/guardrail/schedule.ts';
import { openLog } from '../../../src/platform/log.ts';
import { openStation } from '../../../src/station/station.ts';
import { type TestStation, testStation, until } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

/** The tests of seed 003 that concern the guardrail, by their numbers there; 3 and 7 (history) for each cause stand in tests/pipeline/history/. */

const test = suite('seed 003: the guardrail', { timeoutMs: 120_000 });

const SCRIPTS = [
  'agents/apply_patch_processor/apply_patch_processor.zsh',
  'agents/json_wo_processor/json_wo_processor.zsh',
  'agents/wo_executor/wo_executor.zsh',
  'tools/followup_tracker_update.zsh',
];
const SCRIPT = '#!/bin/sh\nset -eu\necho alive\n';

/** The station of seed 003, by its preset, with the scripts in place and executable. */
function luka(t: Parameters<typeof testStation>[0], settings: Record<string, unknown> = {}): TestStation {
  const s = testStation(t, { preset: '02luka' });
  for (const path of SCRIPTS) s.write(path, SCRIPT, 0o755);
  const document = parse(s.read('waybill.yaml')) as { guardrail: Record<string, unknown> };
  Object.assign(document.guardrail, settings);
  writeFileSync(s.path('waybill.yaml'), JSON.stringify(document));
  s.commitAll('Work at 01:50');
  return s;
}

const lines = (s: TestStation) =>
  (s.exists('g/telemetry/unified.jsonl') ? s.read('g/telemetry/unified.jsonl') : '')
    .split('\n')
    .filter((line) => line.includes('"guardrail"'))
    .map((line) => JSON.parse(line) as TelemetryLine);
const healthy = (s: TestStation) => lines(s).filter((l) => l.event === 'wo_pipeline_healthy');
const alerts = (s: TestStation) => (s.exists('logs/guardrail_alerts.log') ? s.read('logs/guardrail_alerts.log') : '');
const isTold = (s: TestStation, path: string) => alerts(s).includes(`ALERT: Missing or not executable: ${path}\n`);
const WATCHED = SCRIPTS[2] ?? '';

test('test 1: a missing file is told within a second by watching, in the words of the seed', async (t) => {
  const s = luka(t);
  await s.up(t);
  await until(() => healthy(s).length > 0, 'the first look');
  const removed = Date.now();
  rmSync(s.path(WATCHED));
  await until(() => isTold(s, WATCHED), 'the alert');
  const line = lines(s).find((l) => l['missing'] === WATCHED);
  assert.equal(line?.event, 'wo_pipeline_drift');
  assert.equal(line?.ok, false);
  const tookMs = Date.parse(line?.ts ?? '') - removed;
  assert.ok(tookMs < 1000, `it was told after ${tookMs} ms`);
  assert.match(alerts(s), /^\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\] ALERT: Missing or not executable: /);
  s.write(WATCHED, SCRIPT, 0o755);
  await until(() => alerts(s).includes(`RECOVERED: ${WATCHED} after `), 'the recovery');
});

test('test 1: it is told within one interval by the schedule alone', async (t) => {
  const s = luka(t, { watch: false, every_seconds: 2 });
  await s.up(t);
  await until(() => healthy(s).length > 0, 'the first look');
  rmSync(s.path(WATCHED));
  rmSync(s.path('bridge/inbox/ENTRY'), { recursive: true });
  await until(() => isTold(s, WATCHED), 'the alert');
  const before = healthy(s).at(-1)?.ts ?? '';
  const told = lines(s).find((l) => l['missing'] === WATCHED)?.ts ?? '';
  // one interval, and the time to look a second time
  assert.ok(Date.parse(told) - Date.parse(before) < 3500, `${before} to ${told}`);
});

test('test 1: cron alone, with no station: once a look, at every look', (t) => {
  const s = luka(t);
  assert.equal(s.waybill('guardrail', '--once').code, 0);
  rmSync(s.path('bridge/inbox/ENTRY'), { recursive: true });
  rmSync(s.path(WATCHED));
  for (const look of [1, 2]) {
    assert.equal(s.waybill('guardrail', '--once').code, 1);
    for (const missing of [WATCHED, 'bridge/inbox/ENTRY'])
      assert.equal(lines(s).filter((l) => l['missing'] === missing && !l.ok).length, look, missing);
  }
  assert.match(alerts(s), /ALERT: Missing directory: bridge\/inbox\/ENTRY\n/);
  assert.equal(
    alerts(s)
      .split('\n')
      .filter((l) => l.includes(WATCHED)).length,
    1,
    'an alert on change only',
  );
  mkdirSync(s.path('bridge/inbox/ENTRY'));
  s.write(WATCHED, SCRIPT, 0o755);
  assert.equal(s.waybill('guardrail', '--once').code, 0);
  assert.match(alerts(s), /RECOVERED: bridge\/inbox\/ENTRY after \d+s\n/);
});

test('test 2: two intervals, two heartbeats, for real', async (t) => {
  const s = luka(t, { every_seconds: 2 });
  await s.up(t);
  await until(() => healthy(s).length >= 3, 'the look at the start and two more');
  const [, second, third] = healthy(s).map((l) => Date.parse(l.ts));
  const apart = (third ?? 0) - (second ?? 0);
  assert.ok(apart > 1000 && apart < 3500, `${apart} ms apart`);
  assert.equal(
    lines(s).every((l) => l.ok),
    true,
  );
});

test('test 4: a canary goes through from end to end', async (t) => {
  const s = luka(t);
  await s.up(t);
  const { code, stdout } = s.waybill('guardrail', '--deep', '--json');
  assert.equal(code, 0, stdout);
  const canary = s.names('g/followup/state').find((name) => name.startsWith('WO-CANARY-'));
  assert.ok(canary !== undefined, 'its state file');
  const woId = canary.replace('.json', '');
  const events = s
    .telemetry()
    .filter((l) => l.wo_id === woId)
    .map((l) => l.event);
  assert.deepEqual(events, ['wo_received', 'wo_started', 'wo_completed']);
});

test('test 4: with no station the canary is at fault, and so is one that does not end', async (t) => {
  const s = luka(t);
  const missing = s.waybill('guardrail', '--deep', '--json');
  assert.equal(missing.code, 1);
  assert.match(missing.stdout, /"component": "canary"/);
  assert.match(alerts(s), /ALERT: Not alive: canary: no station process runs/);
});

test('test 5: the rebuild order brings a station back whose agents were deleted', async (t) => {
  const s = luka(t);
  await s.up(t);
  await until(() => healthy(s).length > 0, 'the first look');
  rmSync(s.path('agents'), { recursive: true });
  rmSync(s.path('tools'), { recursive: true });
  rmSync(s.path('g/followup/state'), { recursive: true });
  await until(() => SCRIPTS.every((path) => isTold(s, path)), 'the alerts');
  const files = SCRIPTS.map((path) => ({ path, mode: '0755', content: SCRIPT }));
  writeFileSync(
    s.path('bridge/inbox/CLC/rebuild.json'),
    JSON.stringify({
      wo_id: 'WO-20251113-WO-PIPELINE-REBUILD',
      title: 'WO Pipeline Complete Rebuild',
      priority: 'P0',
      files,
    }),
  );
  await until(() => SCRIPTS.every((path) => alerts(s).includes(`RECOVERED: ${path} after `)), 'the recovery');
  const { code, stdout } = s.waybill('guardrail', '--deep', '--json');
  assert.equal(code, 0, stdout);
  const beat = JSON.parse(s.read('.git/waybill/heartbeat.json')) as { processors: string[] };
  assert.deepEqual(beat.processors, ['intake', 'executor', 'tracker', 'guardrail']);
  assert.equal(s.state('WO-20251113-WO-PIPELINE-REBUILD').status, 'done');
  for (const path of SCRIPTS) assert.equal(readFileSync(s.path(path), 'utf8'), SCRIPT);
  assert.equal(s.git('status', '--porcelain'), '');
});

test('tests 3 and 7: what the real guardrail saw, the history tells: working at T1, vanished between T1 and T2', (t) => {
  const s = luka(t);
  s.write('logs/rollback_20251113.log', 'nothing of ours\n');
  assert.equal(
    s.waybill('lessons', 'add', '--type', 'pattern', '--title', 'Executors vanish', '--context', WATCHED).code,
    0,
  );
  assert.equal(s.waybill('guardrail', '--once').code, 0);
  const t1 = healthy(s).at(-1)?.ts ?? '';
  // git knows whole seconds
  execFileSync('sleep', ['1.1']);
  s.git('reset', '--quiet', '--hard', 'HEAD~1');
  assert.equal(s.waybill('guardrail', '--once').code, 1);
  const t2 = lines(s).find((l) => l['missing'] === WATCHED)?.ts ?? '';
  const { stdout } = s.waybill('history', WATCHED, '--json');
  const told = JSON.parse(stdout) as {
    answer: string;
    last_good: { at: string };
    first_bad: { at: string };
    cause: { text: string; confidence: string };
    lessons: string[];
  };
  assert.equal(told.answer, 'vanished', stdout);
  assert.deepEqual([told.last_good.at, told.first_bad.at], [t1, t2]);
  assert.equal(told.cause.confidence, 'certain');
  assert.match(told.cause.text, /reset/);
  assert.deepEqual(told.lessons, ['Executors vanish']);
  assert.match(
    s.waybill('history', WATCHED).stdout,
    new RegExp(`was working at ${t1}, vanished between ${t1} and ${t2}, because`),
  );
});

test('what git clean took of telemetry, the last look still tells', (t) => {
  const s = luka(t);
  assert.equal(s.waybill('guardrail', '--once').code, 0);
  const t1 = healthy(s).at(-1)?.ts ?? '';
  rmSync(s.path(WATCHED));
  assert.equal(s.waybill('guardrail', '--once').code, 1);
  const t2 = lines(s).find((l) => l['missing'] === WATCHED)?.ts ?? '';
  rmSync(s.path('g'), { recursive: true });
  assert.match(
    s.waybill('history', WATCHED).stdout,
    new RegExp(`was working at ${t1}, vanished between ${t1} and ${t2}, most likely because .* removed outside of git`),
  );
});

test('test 6: a day of looks gives 288 heartbeats with nothing missing', async (t) => {
  const s = luka(t);
  // nothing is new to it any more, so that it never waits for somebody to come to an end
  assert.equal(s.waybill('guardrail', '--once').code, 0);
  const station = await openStation(s.root);
  const told: TelemetryLine[] = [];
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: new Date('2025-11-14T00:02:00Z') });
  try {
    const schedule = new GuardrailSchedule(station, {
      by: 'guardrail',
      log: openLog('silent'),
      emit: (some) => told.push(...some),
    });
    await schedule.start();
    told.length = 0;
    for (let minute = 0; minute < 24 * 60; minute++) {
      const expected = Math.floor((minute + 1 + 2) / 5);
      mock.timers.tick(60_000);
      // the look itself reads real files
      for (let waited = 0; told.length < expected && waited < 5000; waited++) await setImmediate();
    }
    mock.timers.reset();
    await schedule.end();
    await Promise.all([station.repo.trees.end(), station.repo.attributes.end()]);
  } finally {
    mock.timers.reset();
  }
  assert.equal(told.filter((l) => l.event === 'wo_pipeline_healthy' && l.ok).length, 288);
  assert.deepEqual(
    told.filter((l) => l.event !== 'wo_pipeline_healthy'),
    [],
  );
});

test.run();
