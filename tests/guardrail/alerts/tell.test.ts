import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { oneLine, summaryOf } from '../../../src/guardrail/alerts/batch.ts';
import { tellAlerts } from '../../../src/guardrail/alerts/tell.ts';
import type { AlertSettings } from '../../../src/station/settings.ts';
import type { Station } from '../../../src/station/station.ts';
import { stationAt } from '../../station/stations.ts';
import { assert, suite, type TestContext } from '../../support/suite.ts';
import { receiver, status } from './receiver.ts';
import { alertOf } from './some-alerts.ts';

const test = suite('guardrail/alerts/tell', { needs: ['git', 'linux'] });

/** A real station, with other sinks than its settings name. */
async function stationWith(t: TestContext, sinks: Partial<AlertSettings> = {}): Promise<Station> {
  const station = await stationAt(join(t.tempDir(), 'ops'));
  const alerts = { desktop: false, webhook: null, command: null, ...sinks };
  return { ...station, settings: { ...station.settings, guardrail: { ...station.settings.guardrail, alerts } } };
}

const sh = (line: string, timeoutSeconds = 20) => ({ argv: ['/bin/sh', '-c', line], timeoutSeconds });
const log = (station: Station) => readFileSync(station.layout.alerts, 'utf8');

test('the alerts file gets a line for each, as in the seed, and its folder is made', async (t) => {
  const station = await stationWith(t);
  assert.deepEqual(await tellAlerts(station, [alertOf('bridge/inbox/CLC'), alertOf('g/state')]), []);
  assert.deepEqual(await tellAlerts(station, [alertOf('x', { text: 'RECOVERED: x after 3m' })]), []);
  assert.equal(
    log(station),
    '[2025-11-13T23:45:00Z] ALERT: Missing directory: bridge/inbox/CLC\n' +
      '[2025-11-13T23:45:00Z] ALERT: Missing directory: g/state\n' +
      '[2025-11-13T23:45:00Z] RECOVERED: x after 3m\n',
  );
  assert.deepEqual(await tellAlerts(station, []), []);
});

test('rule 8: whatever a text holds, it is one line, and moves no cursor', async (t) => {
  const station = await stationWith(t);
  const text = 'ALERT: Missing: a\n[2025-01-01T00:00:00Z] ALERT: forged\r\u001b[2J\u0085\u2028\u202e\u009b é文🙂';
  await tellAlerts(station, [alertOf('a', { text })]);
  assert.equal(
    log(station),
    '[2025-11-13T23:45:00Z] ALERT: Missing: a\\n[2025-01-01T00:00:00Z] ALERT: forged\\u000d\\u001b[2J\\u0085\\u2028\\u202e\\u009b é文🙂\n',
  );
  assert.equal(oneLine('a\tb'), 'a\\tb');
});

test('a line that somebody did not end is not gone on with', async (t) => {
  const station = await stationWith(t);
  mkdirSync(join(station.layout.root, 'logs'));
  writeFileSync(station.layout.alerts, '[2025-11-13T23:40:00Z] ALERT: cut o');
  await tellAlerts(station, [alertOf('a')]);
  assert.deepEqual(log(station).split('\n'), [
    '[2025-11-13T23:40:00Z] ALERT: cut o',
    '[2025-11-13T23:45:00Z] ALERT: Missing directory: a',
    '',
  ]);
});

test('several processes append at once, and every line is whole', async (t) => {
  const station = await stationWith(t);
  const file = join(t.tempDir(), 'writer.mts');
  const source = new URL('../../../src/guardrail/alerts/alerts-file.ts', import.meta.url).href;
  writeFileSync(
    file,
    `import { appendAlerts } from '${source}';
     for (let n = 0; n < 100; n++)
       appendAlerts(process.argv[2], [1, 2].map((k) => ({ at: '2025-11-13T23:45:00.000Z', text: process.argv[3].repeat(300) + n + '-' + k })));`,
  );
  const writers = ['a', 'b', 'c'].map((mark) =>
    spawn(process.execPath, ['--import', import.meta.resolve('tsx'), file, station.layout.alerts, mark], {
      stdio: 'inherit',
    }),
  );
  for (const [code] of await Promise.all(writers.map((writer) => once(writer, 'exit')))) assert.equal(code, 0);
  const lines = log(station).trimEnd().split('\n');
  assert.equal(lines.length, 600);
  for (const line of lines) assert.match(line, /^\[2025-11-13T23:45:00Z\] (a{300}|b{300}|c{300})\d+-[12]$/);
});

test('the webhook and the command get the batch, as its schema has it', async (t) => {
  const { url, got } = await receiver(t, (n, r) => status(r, n === 1 ? 500 : 200));
  const out = join(t.tempDir(), 'batch.json');
  const station = await stationWith(t, {
    webhook: { url, headersEnv: {}, tries: 3 },
    command: { argv: ['/bin/sh', '-c', 'cat > "$1"; pwd >> "$1"', 'sh', out], timeoutSeconds: 20 },
  });
  const alerts = [alertOf('a\nb'), alertOf('x', { what: 'recovered', severity: 'warning', text: '$(touch pwned)' })];
  assert.deepEqual(await tellAlerts(station, alerts), []);
  const [document, cwd] = readFileSync(out, 'utf8').split('\n');
  assert.deepEqual(JSON.parse(document ?? ''), { v: 1, station: station.id, alerts });
  assert.equal(cwd, station.layout.root);
  assert.deepEqual([got.length, got[1]?.body], [2, `${document}\n`]);
});

test('rule 10: a sink that fails is returned, and none stops another', async (t) => {
  const { url, got } = await receiver(t, (_, r) => status(r, 400));
  const done = join(t.tempDir(), 'done');
  const station = await stationWith(t, {
    webhook: { url, headersEnv: {}, tries: 3 },
    command: { argv: ['/bin/sh', '-c', 'cat > "$1"', 'sh', done], timeoutSeconds: 20 },
  });
  mkdirSync(station.layout.alerts, { recursive: true });
  const faults = await tellAlerts(station, [alertOf('a')]);
  assert.deepEqual(faults.map(({ sink, code }) => [sink, code]).sort(), [
    ['log', 'IO_ERROR'],
    ['webhook', 'ALERT_FAILED'],
  ]);
  for (const { message, hint } of faults) assert.ok(message !== '' && hint !== '');
  assert.equal(got.length, 1);
  assert.match(readFileSync(done, 'utf8'), /^\{"v":1,/);
});

test('a pipe in place of the alerts file holds nobody up', async (t) => {
  const station = await stationWith(t);
  mkdirSync(join(station.layout.root, 'logs'));
  execFileSync('mkfifo', [station.layout.alerts]);
  const [fault] = await tellAlerts(station, [alertOf('a')]);
  assert.match(fault?.message ?? '', /is no regular file/);
});

test('the file is written before the others are begun, and never waits for them', async (t) => {
  const station = await stationWith(t, { command: sh('sleep 60', 30) });
  const stop = new AbortController();
  const telling = tellAlerts(station, [alertOf('a')], undefined, stop.signal);
  assert.match(log(station), /Missing directory: a\n$/);
  setTimeout(() => stop.abort(), 50);
  assert.match((await telling)[0]?.message ?? '', /the guardrail stops/);
});

test('a command that fails, is not there, is killed, hangs or leaves a child behind is told, and bounded', async (t) => {
  const told = async (command: AlertSettings['command']) => {
    const faults = await tellAlerts(await stationWith(t, { command }), [alertOf('a')]);
    return faults.map(({ sink, message }) => `${sink}: ${message}`);
  };
  assert.deepEqual(await told(sh('echo no >&2; exit 3')), ['command: /bin/sh ended with 3: no']);
  assert.match((await told({ argv: ['no-such-sink'], timeoutSeconds: 5 }))[0] ?? '', /no-such-sink was not found/);
  assert.match((await told(sh('kill -KILL $$')))[0] ?? '', /was ended by SIGKILL/);
  assert.match((await told(sh('trap "" TERM; while :; do sleep 1; done', 0.3)))[0] ?? '', /took longer than 0.3 s/);
  assert.deepEqual(await told(sh('sleep 300 & exit 0')), [], 'what it leaves is ended with it');
  assert.deepEqual(await told(sh('exec <&-; exit 0')), [], 'one that reads nothing is no fault');
});

test('many alerts are one summary, which names some and counts all', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => alertOf(name));
  assert.equal(summaryOf(names.slice(0, 5)), '5 components missing: a, b, c, d, e');
  assert.equal(summaryOf(names), '7 components missing: a, b, c, d, e and 2 more');
  assert.equal(summaryOf(names.slice(0, 1)), 'ALERT: Missing directory: a');
  const mixed = [
    alertOf('a'),
    alertOf('b', { text: 'ALERT: Missing or not executable: b' }),
    alertOf('c', { what: 'recovered', text: 'RECOVERED: c' }),
    alertOf('d', { what: 'escalated', text: 'ESCALATED: d' }),
  ];
  assert.equal(summaryOf(mixed), '2 components at fault: a, b; 1 component left to you: d; 1 component well again: c');
});

test.run();
