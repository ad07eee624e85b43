import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { ANYTHING, CLI, testStation, until } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

const SETTINGS = 'commands: {kill_grace_seconds: 0.2}\n';
const file = (path: string, content: string) => ({ files: [{ path, content }] });
const test = suite('queue and control');

test('priority, then age', (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-A', title: 'x', priority: 'P3', ...file('a', 'a') });
  s.drop({ wo_id: 'WO-B', title: 'x', priority: 'P1', ...file('b', 'b') });
  s.drop({ wo_id: 'WO-C', title: 'x', priority: 'urgent', ...file('c', 'c') });
  s.drop({ wo_id: 'WO-D', title: 'x', priority: 'P1', ...file('d', 'd') });
  s.drain();
  const order = s.git('log', '--reverse', '--format=%(trailers:key=Work-Order,valueonly)').split('\n').filter(Boolean);
  assert.deepEqual(order, ['WO-C', 'WO-B', 'WO-D', 'WO-A']);
});

test('depends_on: waits, is released when it is done, fails when it failed, also after the dependency is history', (t) => {
  const s = testStation(t, { settings: 'dependency_deadline_hours: 0.000001\n' });
  s.drop({ wo_id: 'WO-BASE', title: 'x', ...file('base', '1') });
  s.drop({ wo_id: 'WO-BAD', title: 'x', actions: [{ action: 'delete', path: 'not-there' }] });
  s.drop({ wo_id: 'WO-NEXT', title: 'x', depends_on: ['WO-BASE'], ...file('next', '1') });
  s.drop({ wo_id: 'WO-AFTER-BAD', title: 'x', depends_on: ['WO-BAD', 'WO-BASE'], ...file('never', '1') });
  s.drain();
  assert.equal(s.state('WO-NEXT').status, 'done');
  assert.equal(s.state('WO-AFTER-BAD').last_error?.code, 'DEPENDENCY_FAILED');
  s.drop({ wo_id: 'WO-LATE', title: 'x', depends_on: ['WO-BASE'], ...file('late', '1') });
  s.drop({ wo_id: 'WO-NOBODY', title: 'x', depends_on: ['WO-NEVER-SEEN'], ...file('nobody', '1') });
  s.drain();
  s.drain();
  assert.equal(s.state('WO-LATE').status, 'done');
  assert.equal(s.state('WO-NOBODY').last_error?.code, 'DEPENDENCY_UNKNOWN');
  assert.match(s.waybill('why', 'WO-AFTER-BAD').stdout, /^WO-AFTER-BAD failed with DEPENDENCY_FAILED: WO-BAD/);
});

test('a circle of dependencies is found among orders that come together, and nobody waits for ever', (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-1', title: 'x', depends_on: ['wo-2'], ...file('1', '1') });
  s.drop({ wo_id: 'WO-2', title: 'x', depends_on: ['WO-3'], ...file('2', '2') });
  s.drop({ wo_id: 'WO-3', title: 'x', depends_on: ['WO-1'], ...file('3', '3') });
  s.drop({ wo_id: 'WO-4', title: 'x', ...file('4', '4') });
  s.drain();
  assert.equal(s.state('WO-3').last_error?.code, 'DEPENDENCY_CYCLE');
  assert.match(s.state('WO-3').last_error?.message ?? '', /WO-3 -> WO-1 -> wo-2 -> WO-3/i);
  for (const id of ['WO-1', 'WO-2']) assert.equal(s.state(id).last_error?.code, 'DEPENDENCY_FAILED', id);
  assert.equal(s.state('WO-4').status, 'done');
});

test('hold, release, cancel, retry: by command files, with the way of each in the ledger', (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-H', title: 'x', hold: true, ...file('h', '1') });
  s.drain();
  assert.equal(s.state('WO-H').waiting_for, 'hold');
  assert.equal(s.waybill('why', 'WO-H').code, 3);
  s.waybill('cancel', 'WO-H', '--reason', 'changed my mind');
  s.drain();
  assert.equal(s.state('WO-H').status, 'cancelled');
  assert.equal(s.result('WO-H').error?.code, 'CANCELLED');
  s.waybill('retry', 'WO-H');
  s.drain();
  assert.equal(s.state('WO-H').status, 'done');
  assert.equal(s.state('WO-H').attempt, 2);
  const { records } = JSON.parse(s.waybill('log', 'WO-H', '--json').stdout) as { records: { event: string }[] };
  assert.deepEqual(
    records.map((r) => r.event),
    ['admitted', 'cancelled', 'retried', 'started', 'landing', 'landed', 'succeeded'],
  );
  assert.equal(s.waybill('verify').code, 0);
});

test('a command that the state forbids is refused and told (ILLEGAL_TRANSITION), unknown orders too', async (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-1', title: 'x', ...file('h', '1') });
  await s.up(t);
  await until(() => s.exists('bridge/outbox/MAIN/WO-1.result.json'), 'the order ends');
  const cancel = s.waybill('cancel', 'WO-1');
  assert.equal(cancel.code, 1);
  assert.match(cancel.stderr, /ILLEGAL_TRANSITION/);
  assert.equal(s.waybill('retry', 'WO-NONE').code, 66);
});

test('a running command is cancelled: its processes end, its files are restored', async (t) => {
  const s = testStation(t, { policy: ANYTHING, settings: SETTINGS });
  await s.up(t);
  s.drop({
    wo_id: 'WO-L',
    title: 'x',
    ...file('made.txt', '1'),
    actions: [{ action: 'command', command: "trap '' TERM; echo started > .git/started; sleep 60" }],
  });
  await until(() => s.exists('.git/started'), 'the command runs');
  assert.ok(s.exists('made.txt'));
  const cancel = s.waybill('cancel', 'WO-L');
  assert.equal(cancel.code, 0, cancel.stderr);
  await until(() => s.state('WO-L').status === 'cancelled', 'it is cancelled', 5000);
  assert.ok(!s.exists('made.txt'));
});

test('lane concurrency: commands run side by side up to it, landing is one at a time', async (t) => {
  const s = testStation(t, { policy: ANYTHING, settings: 'lanes: {MAIN: {concurrency: 2}}\n' });
  const script = (n: number) => ({
    wo_id: `WO-${n}`,
    title: 'x',
    actions: [
      {
        action: 'command',
        command: `echo s >> .git/ran-${n}; sleep 0.6; ls .git/ran-* | wc -l > out${n}.txt`,
        outputs: [`out${n}.txt`],
      },
    ],
  });
  for (const n of [1, 2, 3]) s.drop(script(n));
  s.drain();
  for (const n of [1, 2, 3])
    assert.equal(s.state(`WO-${n}`).status, 'done', JSON.stringify(s.state(`WO-${n}`).last_error));
  const seen = [1, 2, 3].map((n) => Number(s.read(`out${n}.txt`)));
  assert.ok(Math.min(...seen) === 2, `two ran at once: ${seen.join(' ')}`);
  assert.equal(s.waybill('verify').code, 0);
});

test('orders on the same path run one after the other and none is lost (rule 3)', (t) => {
  const s = testStation(t);
  for (let n = 1; n <= 12; n++)
    s.drop({ wo_id: `WO-${n}`, title: 'x', actions: [{ action: 'append', path: 'log.txt', content: `${n}\n` }] });
  s.drain();
  assert.deepEqual(
    s
      .read('log.txt')
      .trim()
      .split('\n')
      .map(Number)
      .sort((a, b) => a - b),
    Array.from({ length: 12 }, (_, i) => i + 1),
  );
  assert.equal(s.git('rev-list', '--count', 'HEAD'), '13');
});

test('same id: same bytes are answered again, other bytes are DUPLICATE_ID while it lives or is done, a revision after a failure', (t) => {
  const s = testStation(t);
  const order = {
    wo_id: 'WO-D',
    title: 'x',
    actions: [{ action: 'edit', path: 'd.txt', find: 'old', replace: 'new' }],
  };
  s.drop(order);
  s.drain();
  assert.equal(s.result('WO-D').error?.code, 'TARGET_MISSING');
  s.drop({ ...order, files: [{ path: 'd.txt', content: 'old\n' }], title: 'mended' });
  s.drain();
  assert.equal(s.state('WO-D').status, 'done', JSON.stringify(s.state('WO-D').last_error));
  assert.equal(s.state('WO-D').revision, 2);
  assert.equal(s.read('d.txt'), 'new\n');
  const first = s.result('WO-D');
  s.drop({ ...order, files: [{ path: 'd.txt', content: 'old\n' }], title: 'mended' });
  s.drop({ wo_id: 'wo-d', title: 'another', ...file('z', 'z') });
  s.drain();
  assert.deepEqual(s.result('WO-D'), first, 'the answer stands');
  assert.deepEqual(
    s.rejections().map((r) => r.error?.code),
    ['DUPLICATE_ID'],
  );
  assert.equal(s.commitsOf('WO-D').length, 1);
  assert.ok(!s.exists('z'));
  assert.equal(s.waybill('verify').code, 0);
});

test('CHANGED_AFTER_CLAIM: a writer that goes on after the claim is caught before the first effect (rule 2)', (t) => {
  const s = testStation(t);
  const order = { wo_id: 'WO-W', title: 'x', hold: true, ...file('w', '1') };
  s.drop(order);
  s.drain();
  const claim = s.names('.git/waybill/claimed')[0] ?? '';
  appendFileSync(s.path('.git/waybill/claimed', claim, 'MAIN@WO-W.json'), ' ');
  s.waybill('release', 'WO-W');
  s.drain();
  const state = s.state('WO-W');
  assert.equal(state.last_error?.code, 'CHANGED_AFTER_CLAIM', JSON.stringify(state));
  assert.ok(!s.exists('w'));
});

test('drop --wait again of what waits exits 3 again; two at once under one name each hear of their own', async (t) => {
  const s = testStation(t, { policy: ANYTHING });
  await s.up(t);
  s.write('../held.yaml', 'wo_id: WO-H\nhold: true\nfiles: [{path: h, content: h}]\n');
  assert.equal(s.waybill('drop', '../held.yaml', '--wait', '--timeout', '20').code, 3);
  assert.equal(s.waybill('drop', '../held.yaml', '--wait', '--timeout', '20').code, 3);
  const wait = (text: string) =>
    new Promise<{ code: number | null; out: string }>((done) => {
      const child = spawn(process.execPath, [CLI, 'drop', '-', '--wait', '--timeout', '30'], { cwd: s.root });
      let out = '';
      child.stdout.on('data', (part: Buffer) => {
        out += part.toString();
      });
      child.once('exit', (code) => done({ code, out }));
      child.stdin.end(text);
    });
  const slow = wait('wo_id: WO-L\nactions: [{action: command, command: sleep 3}]\n');
  await until(() => s.exists('state/orders/WO-L.json'), 'the first is taken');
  const other = await wait('wo_id: WO-L\nactions: [{action: command, command: sleep 4}]\n');
  assert.deepEqual([other.code, /rejected/.test(other.out)], [1, true]);
  const first = await slow;
  assert.deepEqual([first.code, /done/.test(first.out)], [0, true]);
});

test('drop --wait shows progress and exits with the result; without a station it says how to start one', async (t) => {
  const s = testStation(t);
  s.write('../good.yaml', 'wo_id: WO-G\ntitle: good\nfiles: [{path: g, content: g}]\n');
  s.write('../bad.yaml', 'wo_id: WO-B\ntitle: bad\nactions: [{action: delete, path: nope}]\n');
  s.write('../held.yaml', 'wo_id: WO-HELD\ntitle: held\nhold: true\nfiles: [{path: h, content: h}]\n');
  const early = s.waybill('drop', '../good.yaml', '--wait');
  assert.equal(early.code, 69);
  assert.match(early.stderr, /waybill up/);
  await s.up(t);
  await until(() => s.exists('bridge/outbox/MAIN/WO-G.result.json'), 'what was dropped before the start is done');
  assert.equal(s.waybill('drop', '../good.yaml', '--wait').code, 0, 'answered again');
  const bad = s.waybill('drop', '../bad.yaml', '--wait', '--json');
  assert.equal(bad.code, 1);
  assert.equal((JSON.parse(bad.stdout) as { result: { error: { code: string } } }).result.error.code, 'TARGET_MISSING');
  assert.equal(s.waybill('drop', '../held.yaml', '--wait').code, 3);
  assert.equal(s.waybill('canary').code, 0);
});

test.run();
