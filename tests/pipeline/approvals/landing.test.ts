import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { askOf, atTerminal } from '../../support/deciding.ts';
import { type TestStation, testStation } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

/** What commands made apart from the root, and what policy says of it before it lands. */
const test = suite('pipeline/approvals/landing', { needs: ['git', 'script'] });

const POLICY = `version: 1
rules:
  - {name: tools, class: safe, commands: ["*"]}
  - {name: releases, class: ask, paths: [release/]}
  - {name: money, class: never, paths: [billing/]}
limits: {files: 5, diff_lines: 20}
`;

const FILES = {
  'sneak.sh': 'echo "version: 1" > policy.yaml\n',
  'release/notes.txt': 'one\ntwo\nthree\n',
  'a.txt': 'a\n',
};

function running(woId: string, command: string, more: Record<string, unknown> = {}): { wo_id: string } {
  return { wo_id: woId, title: `Run ${woId}`, actions: [{ action: 'command', command }], ...more } as { wo_id: string };
}

function asksToLand(s: TestStation, woId: string): void {
  const { status, waiting_for: waitingFor, progress } = s.state(woId);
  assert.deepEqual([status, waitingFor], ['parked', 'approval'], progress ?? '');
  assert.match(progress ?? '', /its work is done and asks before it lands; release\/notes\.txt/);
}

test('rules 13 and 14: what nobody foresaw is judged by what was measured, asks with its diff, and lands as approved', (t) => {
  const s = testStation(t, { files: FILES, policy: POLICY });
  s.drop(running('WO-1', 'echo four >> release/notes.txt; echo b > b.txt'));
  s.drain();
  asksToLand(s, 'WO-1');
  assert.equal(s.read('release/notes.txt'), FILES['release/notes.txt']);
  const shown = s.waybill('approvals', 'WO-1').stdout;
  assert.match(shown, /^\+four$/m);
  assert.match(shown, /the work is done in a worktree of its own/);
  assert.equal(atTerminal(s, 'y\n', ['approve', 'WO-1']).code, 0);
  s.drain();
  assert.equal(s.state('WO-1').status, 'done');
  assert.equal(s.read('release/notes.txt'), 'one\ntwo\nthree\nfour\n');
  assert.equal(s.git('status', '--porcelain'), '');
  assert.equal(s.waybill('verify').code, 0);
});

test('rules 1 and 13: denied work is kept, and nothing of it lands', (t) => {
  const s = testStation(t, { files: FILES, policy: POLICY });
  s.drop(running('WO-1', 'echo four >> release/notes.txt'));
  s.drain();
  asksToLand(s, 'WO-1');
  atTerminal(s, 'y\n', ['deny', 'WO-1', '--reason', 'no']);
  s.drain();
  assert.equal(s.result('WO-1').error?.code, 'DENIED');
  assert.equal(s.read('release/notes.txt'), FILES['release/notes.txt']);
  assert.deepEqual(s.result('WO-1').unrestored, []);
  assert.ok(s.kept().includes('WO-1'), s.kept().join());
});

test('rules 7 and 9: what policy never allows, and what is over its limits, ends the order with its work kept', (t) => {
  const s = testStation(t, { files: FILES, policy: POLICY });
  s.drop(running('WO-NEVER', 'mkdir billing && echo 1 > billing/x'));
  s.drop(running('WO-MANY', 'for n in 1 2 3 4 5 6; do echo $n > file$n; done'));
  s.drop(running('WO-LONG', 'seq 1 30 > long.txt'));
  s.drop(running('WO-POLICY', 'sh sneak.sh'));
  s.drain();
  const codes = ['WO-NEVER', 'WO-MANY', 'WO-LONG', 'WO-POLICY'].map((id) => s.result(id).error?.code);
  assert.deepEqual(codes, ['POLICY_DENIED', 'LIMIT_EXCEEDED', 'LIMIT_EXCEEDED', 'PATH_DENIED']);
  for (const id of ['WO-NEVER', 'WO-MANY', 'WO-LONG', 'WO-POLICY']) assert.ok(s.kept().includes(id), id);
  assert.equal(s.exists('billing'), false);
  assert.equal(s.read('policy.yaml'), POLICY);
  assert.equal(s.git('status', '--porcelain'), '');
});

test('rule 13: work that was approved and then put on another tip asks again where that changed it', (t) => {
  const s = testStation(t, { files: FILES, policy: POLICY });
  s.drop(running('WO-1', 'echo four >> release/notes.txt'));
  s.drop(running('WO-2', 'echo five >> release/notes.txt'));
  s.drain();
  asksToLand(s, 'WO-1');
  s.write('release/notes.txt', 'zero\none\ntwo\nthree\n');
  s.commitAll('A person writes above');
  atTerminal(s, 'y\n', ['approve', 'WO-1']);
  s.drain();
  asksAgain(s, 'WO-1');
  assert.equal(s.read('release/notes.txt'), 'zero\none\ntwo\nthree\n');
  atTerminal(s, 'y\n', ['approve', 'WO-1']);
  s.drain();
  assert.equal(s.read('release/notes.txt'), 'zero\none\ntwo\nthree\nfour\n');
});

function asksAgain(s: TestStation, woId: string): void {
  assert.equal(s.state(woId).waiting_for, 'approval', s.state(woId).progress ?? '');
  assert.deepEqual(askOf(s, woId).changed, ['release/notes.txt is not what it was']);
}

test('rule 13: a decision made on the diff stands where other paths moved on', (t) => {
  const s = testStation(t, { files: FILES, policy: POLICY });
  s.drop(running('WO-1', 'echo four >> release/notes.txt'));
  s.drain();
  asksToLand(s, 'WO-1');
  s.write('a.txt', 'changed\n');
  s.commitAll('A person changes something else');
  atTerminal(s, 'y\n', ['approve', 'WO-1']);
  s.drain();
  assert.equal(s.state('WO-1').status, 'done', s.state('WO-1').progress ?? '');
  assert.equal(s.read('a.txt'), 'changed\n');
  assert.equal(s.read('release/notes.txt'), 'one\ntwo\nthree\nfour\n');
});

const sandboxed = suite('pipeline/approvals/landing: in a sandbox', { needs: ['git', 'bwrap'] });

sandboxed('policy can require a sandbox: commands and checks run in it, and evidence says so', (t) => {
  const outside = t.tempDir();
  const s = testStation(t, { files: FILES, policy: `${POLICY}sandbox: {use: require, network: false}\n` });
  s.drop(
    running('WO-1', `echo in > b.txt; echo out > ${outside}/x || true`, {
      tests: [{ name: 'there', command: 'cat b.txt', expected: 'in' }],
    }),
  );
  s.drain();
  assert.equal(s.state('WO-1').status, 'done', JSON.stringify(s.state('WO-1').last_error));
  assert.equal(s.read('b.txt'), 'in\n');
  const evidence = s.names('state/evidence/WO-1/commands').filter((name) => name.endsWith('.json'));
  assert.deepEqual(
    evidence.map((name) => (JSON.parse(s.read(`state/evidence/WO-1/commands/${name}`)) as { sandbox: string }).sandbox),
    ['bwrap', 'bwrap'],
  );
  assert.equal(existsSync(join(outside, 'x')), false);
});

sandboxed('rule 7: where policy requires a sandbox and there is none, no command runs', (t) => {
  const s = testStation(t, { files: FILES, policy: `${POLICY}sandbox: {use: require}\n` });
  s.drop(running('WO-1', 'echo in > b.txt'));
  const path = process.env['PATH'] ?? '';
  const folders = path.split(':');
  // every program but bwrap
  const without = t.tempDir();
  process.env['PATH'] = without;
  try {
    for (const name of ['git', 'node', 'sh']) linkFirst(folders, name, without);
    s.drain();
  } finally {
    process.env['PATH'] = path;
  }
  assert.equal(s.result('WO-1').error?.code, 'SANDBOX_MISSING');
  assert.equal(s.exists('b.txt'), false);
});

/** Puts a link to the first program of this name into a folder. */
function linkFirst(folders: readonly string[], name: string, into: string): void {
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (found !== undefined) symlinkSync(found, join(into, name));
}

test.run();
sandboxed.run();
