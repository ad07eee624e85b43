import { chmodSync } from 'node:fs';
import { ANYTHING, type TestStation, testStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

const FILES = {
  'a.txt': 'one\ntwo\nthree\n',
  'b.txt': 'bee\n',
  'run.sh': '#!/bin/sh\necho hi\n',
  'crlf.txt': 'a\r\nb\r\n',
  'bytes.bin': Buffer.from([0, 255, 1, 254, 10]),
};
const RETRY = 'retry: {backoff_seconds: 0.05}\n';

const test = suite('one order, end to end');

function run(s: TestStation, order: { wo_id: string; [key: string]: unknown }) {
  s.drop(order);
  s.drain();
  return s.result(order.wo_id);
}

test('every file action lands with exact bytes and modes, one commit, a clean git status (rule 5)', (t) => {
  const s = testStation(t, { files: FILES });
  chmodSync(s.path('run.sh'), 0o755);
  s.commitAll('mode');
  const r = run(s, {
    wo_id: 'WO-ALL',
    title: 'All of them',
    files: [
      { path: 'new/deep/x.txt', content: 'no newline at the end' },
      { path: 'bin/tool', mode: '0755', content: '#!/bin/sh\n' },
      { path: 'raw.bin', content: Buffer.from([0, 1, 2, 255]).toString('base64'), encoding: 'base64' },
      { path: 'run.sh', content: '#!/bin/sh\necho ho\n' },
    ],
    actions: [
      { action: 'append', path: 'a.txt', content: 'four\n' },
      { action: 'prepend', path: 'a.txt', content: 'zero\n' },
      { action: 'edit', path: 'a.txt', find: 'two\n', after: 'two and a half\n' },
      { action: 'patch', patch: '--- a/b.txt\n+++ b/b.txt\n@@ -1 +1,2 @@\n bee\n+sea\n' },
      { action: 'move', path: 'crlf.txt', to: 'moved.txt' },
      { action: 'delete', path: 'bytes.bin' },
    ],
  });
  assert.equal(r.status, 'done', JSON.stringify(r.error));
  assert.equal(s.read('a.txt'), 'zero\none\ntwo\ntwo and a half\nthree\nfour\n');
  assert.equal(s.read('b.txt'), 'bee\nsea\n');
  assert.equal(s.read('moved.txt'), 'a\r\nb\r\n');
  assert.equal(s.read('new/deep/x.txt'), 'no newline at the end');
  const tree = s.git('ls-tree', '-r', 'HEAD');
  assert.match(tree, /100755 blob \w+\tbin\/tool/);
  assert.match(tree, /100755 blob \w+\trun\.sh/, 'a write without mode keeps the mode');
  assert.doesNotMatch(tree, /bytes\.bin|crlf\.txt/);
  assert.equal(s.git('status', '--porcelain'), '');
  assert.equal(s.commitsOf('WO-ALL').length, 1);
  assert.equal(s.waybill('verify').code, 0, s.waybill('verify').stdout);
});

test('git log reads as an audit: subject and trailers (rule 15)', (t) => {
  const s = testStation(t);
  run(s, { wo_id: 'WO-1', title: 'Say hello', requested_by: 'claude', files: [{ path: 'x', content: 'x' }] });
  const message = s.git('log', '-1', '--format=%s%n%b');
  assert.match(message, /^wo\(WO-1\): Say hello\n/);
  for (const trailer of [
    /^Work-Order: WO-1$/m,
    /^Attempt: 1$/m,
    /^Evidence: sha256:[0-9a-f]{64}$/m,
    /^Ledger: [a-z0-9-]+ \d+ sha256:[0-9a-f]{64}$/m,
    /^Requested-By: .+ lane MAIN$/m,
  ])
    assert.match(message, trailer);
  assert.equal(s.git('log', '-1', '--format=%(trailers:key=Work-Order,valueonly)').trim(), 'WO-1');
  assert.equal(s.state('WO-1').requester.declared_by, 'claude', 'a name in the file is only a claim');
});

test('an order that changes nothing makes no commit and says so', (t) => {
  const s = testStation(t, { files: FILES });
  const before = s.git('rev-parse', 'HEAD');
  const r = run(s, { wo_id: 'WO-NOP', title: 'nothing', files: [{ path: 'b.txt', content: 'bee\n' }] });
  assert.equal(r.status, 'done');
  assert.deepEqual(r.commits, []);
  assert.match(r.summary, /no commit/);
  assert.equal(s.git('rev-parse', 'HEAD'), before);
  assert.equal(s.waybill('verify').code, 0);
});

test('a dry run, in the file or on the command line, shows plan and diff and changes nothing', (t) => {
  const s = testStation(t, { files: FILES });
  const before = s.git('rev-parse', 'HEAD');
  const order = {
    wo_id: 'WO-DRY',
    title: 'dry',
    metadata: { dry_run: true },
    files: [{ path: 'b.txt', content: 'bee bee\n' }],
  };
  const r = run(s, order);
  assert.equal(r.status, 'done');
  assert.match(r.diff ?? '', /-bee\n\+bee bee/);
  s.write('../order.json', JSON.stringify({ ...order, wo_id: 'WO-DRY2', metadata: {} }));
  const cli = s.waybill('drop', '../order.json', '--dry-run');
  assert.equal(cli.code, 0, cli.stderr);
  assert.match(cli.stdout, /-bee\n\+bee bee/);
  assert.equal(s.read('b.txt'), 'bee\n');
  assert.equal(s.git('rev-parse', 'HEAD'), before);
  assert.ok(!s.exists('state/orders/WO-DRY2.json'));
});

test('DIRTY_TARGET: uncommitted work on a target is refused; staged, unstaged, untracked (rule 1)', (t) => {
  const s = testStation(t, { files: FILES });
  s.write('a.txt', 'mine\n');
  s.write('b.txt', 'staged\n');
  s.git('add', 'b.txt');
  s.write('untracked.txt', 'mine\n');
  s.git('add', '--intent-to-add', 'untracked.txt');
  s.write('loose.txt', 'mine\n');
  for (const [i, path] of ['a.txt', 'b.txt', 'untracked.txt', 'loose.txt'].entries()) {
    const r = run(s, { wo_id: `WO-${i}`, title: 'x', files: [{ path, content: 'theirs\n' }] });
    assert.equal(r.error?.code, 'DIRTY_TARGET', `${path}: ${JSON.stringify(r.error)}`);
    assert.notEqual(s.read(path), 'theirs\n');
  }
  assert.equal(s.git('diff', '--cached', '--name-only'), 'b.txt');
  const same = run(s, { wo_id: 'WO-SAME', title: 'x', files: [{ path: 'loose.txt', content: 'mine\n' }] });
  assert.equal(same.status, 'done', "bytes that are there already are in nobody's way");
});

test('a failed check restores what file actions changed and reports what commands left (rules 1 and 14)', (t) => {
  const s = testStation(t, { files: FILES, policy: ANYTHING, settings: RETRY });
  const r = run(s, {
    wo_id: 'WO-BAD',
    title: 'x',
    files: [
      { path: 'a.txt', content: 'changed\n' },
      { path: 'new/dir/file.txt', content: 'x' },
    ],
    actions: [
      { action: 'delete', path: 'b.txt' },
      { action: 'command', command: 'echo left > left.txt; echo made > out.txt', outputs: ['out.txt'] },
    ],
    tests: [{ name: 'never', command: 'echo 1', expected: '2' }],
  });
  assert.equal(r.status, 'failed');
  assert.equal(r.error?.code, 'CHECK_FAILED');
  assert.match(r.error?.message ?? '', /expected "2", got "1"/);
  assert.equal(s.read('a.txt'), FILES['a.txt']);
  assert.equal(s.read('b.txt'), 'bee\n');
  assert.ok(!s.exists('new'), 'folders that were made are taken back');
  assert.deepEqual([...(r.unrestored ?? [])].sort(), ['left.txt', 'out.txt']);
  assert.equal(s.commitsOf('WO-BAD').length, 0);
  assert.equal(s.waybill('verify').code, 0);
});

test('a command that fails, times out or does not exist fails the order with its own code; its output is evidence', (t) => {
  const s = testStation(t, { policy: ANYTHING, settings: RETRY });
  const cases: [string, object, string][] = [
    ['WO-F', { command: 'echo out; echo err >&2; exit 7' }, 'COMMAND_FAILED'],
    ['WO-T', { command: 'sleep 60', timeout_seconds: 0.3 }, 'COMMAND_TIMEOUT'],
    ['WO-N', { argv: ['no-such-program-here'] }, 'COMMAND_NOT_FOUND'],
  ];
  for (const [woId, action, code] of cases) {
    const r = run(s, { wo_id: woId, title: 'x', actions: [{ action: 'command', name: 'it', ...action }] });
    assert.equal(r.error?.code, code, JSON.stringify(r.error));
  }
  assert.equal(s.read('state/evidence/WO-F/commands/01-it.stdout'), 'out\n');
  assert.equal(s.read('state/evidence/WO-F/commands/01-it.stderr'), 'err\n');
});

test('secrets in command output are cut before they are recorded', (t) => {
  const s = testStation(t, { policy: ANYTHING, settings: RETRY });
  run(s, {
    wo_id: 'WO-S',
    title: 'x',
    actions: [
      {
        action: 'command',
        name: 'leak',
        // put together there: an order that carries one would ask
        command:
          "printf 'Authorization: Bearer %s%s ghp%s\\n' abcdef0123 456789abcdef _0123456789012345678901234567890123456789",
      },
    ],
  });
  const out = s.read('state/evidence/WO-S/commands/01-leak.stdout');
  assert.doesNotMatch(out, /abcdef0123456789|ghp_/);
  assert.match(out, /\[secret removed\]/);
});

test('outputs of commands are measured and committed; other changes are only reported (rule 14)', (t) => {
  const s = testStation(t, { files: FILES, policy: ANYTHING, settings: RETRY });
  const r = run(s, {
    wo_id: 'WO-OUT',
    title: 'x',
    actions: [{ action: 'command', command: 'echo built > dist.txt; echo more >> b.txt', outputs: ['dist.txt'] }],
    post_verify: ['test -s dist.txt'],
  });
  assert.equal(r.status, 'done', JSON.stringify(r.error));
  assert.deepEqual(r.files_touched, ['dist.txt']);
  assert.equal(s.git('show', 'HEAD:dist.txt'), 'built');
  assert.ok(r.warnings.some((w) => w.code === 'leftover' && w.message.startsWith('b.txt')));
  assert.equal(s.git('show', 'HEAD:b.txt'), 'bee', 'what no output names is not committed');
});

test('retries: a retryable failure is tried again with backoff, each attempt with evidence of its own', (t) => {
  const s = testStation(t, { policy: ANYTHING, settings: RETRY });
  s.drop({
    wo_id: 'WO-R',
    title: 'x',
    retries: 2,
    actions: [{ action: 'command', command: 'test -f .git/ready || { touch .git/ready; exit 1; }' }],
  });
  s.drain();
  // on a slow machine its pause may be over before this drain is
  if (s.state('WO-R').status !== 'done') assert.equal(s.state('WO-R').waiting_for, 'time');
  assert.ok(s.telemetry().some((e) => e.event === 'wo_parked' && e.wo_id === 'WO-R'));
  s.waybill('up', '--drain');
  for (let i = 0; i < 20 && s.state('WO-R').status === 'parked'; i++) s.drain();
  const state = s.state('WO-R');
  assert.equal(state.status, 'done');
  assert.equal(state.attempt, 2);
  assert.deepEqual(s.names('state/evidence').sort(), ['WO-R', 'WO-R@2']);
  assert.equal(s.waybill('verify').code, 0);
});

test('rule 10: one bad file never stops the rest, and its author gets code, line, column and hint', (t) => {
  const s = testStation(t);
  s.write('bridge/inbox/MAIN/1-bad.yaml', 'wo_id: [\n...\n');
  s.write('bridge/inbox/MAIN/2-list.json', '[1]');
  s.write('bridge/inbox/MAIN/3-dup.yaml', 'wo_id: WO-X\ntitle: a\ntitle: b\n...\n');
  s.write('bridge/inbox/MAIN/4-empty.yaml', '');
  s.drop({ wo_id: 'WO-GOOD', title: 'x', files: [{ path: 'x', content: 'x' }] });
  s.drain();
  assert.equal(s.state('WO-GOOD').status, 'done');
  const codes = s
    .rejections()
    .map((r) => `${r.file} ${r.error?.code} ${r.error?.line ?? '-'}`)
    .sort();
  assert.deepEqual(codes, [
    '1-bad.yaml YAML_INVALID 2',
    '2-list.json NOT_AN_ORDER 1',
    '3-dup.yaml YAML_INVALID 3',
    '4-empty.yaml EMPTY -',
  ]);
  const kept = s.names('bridge/quarantine/MAIN').filter((n) => !n.endsWith('.error.json'));
  assert.equal(kept.length, 4);
  assert.equal(
    s.read(`bridge/quarantine/MAIN/${kept.find((n) => n.includes('3-dup'))}`),
    'wo_id: WO-X\ntitle: a\ntitle: b\n...\n',
    'byte for byte',
  );
  for (const r of s.rejections()) assert.ok((r.error?.hint ?? '').length > 5);
  assert.deepEqual(s.leftovers(), []);
});

test.run();
