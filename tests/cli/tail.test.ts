import { spawn } from 'node:child_process';
import { appendFileSync, linkSync, unlinkSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { CLI, type TestStation, testStation, until } from '../support/station.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

const test = suite('cli/tail', { needs: ['git'], timeoutMs: 200_000 });

const FILE = 'state/telemetry/unified.jsonl';

/** What a station would have written. */
function line(n: number, more: Record<string, unknown> = {}): string {
  const ts = new Date(Date.now() - 1000).toISOString();
  return JSON.stringify({
    v: 1,
    ts,
    agent: 'executor',
    event: 'wo_started',
    ok: true,
    wo_id: `WO-${n}`,
    lane: 'MAIN',
    ...more,
  });
}

function append(s: TestStation, ...lines: string[]): void {
  appendFileSync(s.path(FILE), lines.map((text) => `${text}\n`).join(''));
}

/** As a station turns its file: linked to its new name, then unlinked. */
function turn(s: TestStation, n: number): void {
  linkSync(s.path(FILE), s.path(`state/telemetry/unified.2026-11-22.${n}.jsonl`));
  unlinkSync(s.path(FILE));
}

function followed(
  t: TestContext,
  s: TestStation,
  ...args: string[]
): { lines: string[]; stop(): Promise<number | null> } {
  const child = spawn(process.execPath, [CLI, 'tail', '-f', ...args], {
    cwd: s.root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = new Promise<number | null>((done) => child.once('exit', done));
  t.defer(() => {
    child.kill('SIGKILL');
    return gone;
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (text) => lines.push(text));
  const stop = () => {
    child.kill('SIGINT');
    return gone;
  };
  return { lines, stop };
}

test('tail -f gives every line once and as it is, also those that were written just before the file was turned, twice', async (t) => {
  const s = testStation(t);
  s.write(FILE, '');
  append(s, line(0));
  const tail = followed(t, s, '--json');
  await until(() => tail.lines.length === 1, 'what was there');
  const all = [line(0)];
  const write = (n: number, more: Record<string, unknown> = {}) => {
    all.push(line(n, more));
    append(s, all.at(-1) ?? '');
  };
  // half a line is none yet
  appendFileSync(s.path(FILE), '{"v":1,"half":');
  appendFileSync(s.path(FILE), 'true}\n');
  all.push('{"v":1,"half":true}');
  write(1);
  turn(s, 1);
  write(2);
  write(3);
  turn(s, 2);
  write(4, { odd: '\u0000\u001b[2J' });
  const without = (text: string) => text.replace(/"ts":"[^"]+"/, '');
  await until(() => tail.lines.length >= all.length, 'all of them');
  assert.deepEqual(tail.lines.map(without), all.map(without));
  assert.equal(await tail.stop(), 0);
  assert.equal(s.waybill('tail', '-n', '3', '--json').stdout.split('\n').length - 1, 3, 'also from before the turn');
});

test('filters: by lane, order, event, failures and time, of what was and of what comes', async (t) => {
  const s = testStation(t);
  s.write(FILE, '');
  append(
    s,
    line(1, { ts: '2026-01-01T00:00:00.000Z', event: 'wo_failed', ok: false }),
    line(1),
    line(2, { lane: 'DOCS' }),
    line(3, { event: 'wo_failed', ok: false, code: 'CHECK_FAILED' }),
    line(4, { event: 'wo_parked', waiting_for: 'approval' }),
    'no json',
  );
  const ids = (...args: string[]) =>
    s
      .waybill('tail', ...args, '--json')
      .stdout.split('\n')
      .filter(Boolean)
      .map((text) => (JSON.parse(text) as { wo_id: string }).wo_id);
  assert.deepEqual(ids('--lane', 'DOCS'), ['WO-2']);
  assert.deepEqual(ids('--order', 'wo-1,WO-4'), ['WO-1', 'WO-1', 'WO-4']);
  assert.deepEqual(ids('--event', 'failed,wo_parked'), ['WO-1', 'WO-3', 'WO-4']);
  assert.deepEqual(ids('--failures', '-n', '1'), ['WO-3']);
  assert.deepEqual(ids('--failures', '--since', '1h'), ['WO-3']);
  assert.equal(s.waybill('tail', '--since', 'yesterday').code, 64);
  const tail = followed(t, s, '--failures', '-n', '0', '--json');
  await new Promise((done) => setTimeout(done, 1500));
  append(s, line(5), line(6, { event: 'wo_failed', ok: false }), line(7));
  await until(() => tail.lines.length > 0, 'the failure');
  assert.match(tail.lines[0] ?? '', /WO-6/);
  const none = s.waybill('tail', '--event', 'nope');
  assert.deepEqual([none.code, none.stdout], [0, '']);
  assert.match(none.stderr, /no line of telemetry is like that/);
  assert.match(testStation(t).waybill('tail').stderr, /there is no telemetry yet/);
  const { stdout } = s.waybill('tail');
  assert.match(stdout, /✗ failed +WO-3 +MAIN {2}CHECK_FAILED$/m);
  assert.match(stdout, /‖ parked +WO-4 +MAIN {2}waits for approval$/m);
  assert.match(stdout, /^no json$/m);
});

test.run();
