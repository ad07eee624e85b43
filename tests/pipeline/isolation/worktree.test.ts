import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isolatedStation, strays, worktreeNames, worktreeRecords, worktreesOf } from '../../support/isolation.ts';
import type { TestStation } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

const sh = (command: string, more: object = {}) => ({ action: 'command', command, ...more });
const order = (wo_id: string, command: string, more: object = {}) => ({
  wo_id,
  title: wo_id,
  actions: [sh(command)],
  ...more,
});

function assertQuiet(s: TestStation): void {
  assert.deepEqual(strays(s), []);
  const verified = s.waybill('verify');
  assert.equal(verified.code, 0, verified.stdout);
  s.git('fsck', '--strict', '--no-dangling');
}

const work = suite('an order in a worktree', { timeoutMs: 200_000 });

work('rule 14: what a command made lands, measured by the runner; the root was never touched', (t) => {
  const s = isolatedStation(t);
  s.drop({
    wo_id: 'WO-1',
    title: 'x',
    files: [
      {
        path: 'tool.sh',
        content: 'echo new > new.txt; rm b.txt; sed -i s/one/ONE/ a.txt; mkdir ignored; echo i > ignored/i\n',
      },
    ],
    actions: [{ action: 'command', argv: ['sh', 'tool.sh'] }],
    tests: [{ name: 'it is there', command: 'cat new.txt', expected: 'new' }],
  });
  s.drain();
  const state = s.state('WO-1');
  assert.equal(state.status, 'done', JSON.stringify(state.last_error));
  assert.deepEqual(s.result('WO-1').files_touched.sort(), ['a.txt', 'b.txt', 'new.txt', 'tool.sh']);
  assert.equal(s.read('new.txt'), 'new\n');
  assert.ok(!s.exists('b.txt'));
  assert.match(s.read('a.txt'), /^ONE/);
  assert.ok(!s.exists('ignored'));
  assert.equal(s.git('status', '--porcelain'), '');
  assert.equal(worktreeRecords(s).length, 1);
  assertQuiet(s);
});

work('rule 14: whatever a command does to index, HEAD, flags and branches, what changed is what lands', (t) => {
  const s = isolatedStation(t);
  const tricks = [
    'git config user.name W && git config user.email w@example.invalid',
    'git checkout -q -b mine && echo 1 > committed.txt && git add committed.txt && git commit -qm mine',
    'git update-index --assume-unchanged a.txt && echo hidden >> a.txt',
    'git update-index --skip-worktree b.txt && echo hidden >> b.txt',
    'git rm -q --cached .gitignore',
    'git checkout -q --detach && git branch -q -D mine',
    // as if the branch that orders land on were checked out here
    'git symbolic-ref HEAD refs/heads/main',
  ];
  s.drop(order('WO-1', tricks.join(' && ')));
  s.drain();
  assert.equal(s.state('WO-1').status, 'done', JSON.stringify(s.state('WO-1').last_error));
  assert.deepEqual(s.result('WO-1').files_touched.sort(), ['a.txt', 'b.txt', 'committed.txt']);
  assert.equal(s.git('rev-list', '--count', 'HEAD'), '3', 'one commit, of the station');
  // and none of it is there for the next one
  s.drop(order('WO-2', 'git status --porcelain > /dev/null; git ls-files -v | grep -v ^H; echo 2 > two.txt'));
  s.drain();
  assert.deepEqual(s.result('WO-2').files_touched, ['two.txt']);
  assertQuiet(s);
});

work('rule 1: where outputs are named only those land; the rest is kept, and said', (t) => {
  const s = isolatedStation(t);
  s.drop({
    wo_id: 'WO-1',
    title: 'x',
    actions: [sh('mkdir ignored; echo o > ignored/out; echo r > rest.txt', { outputs: ['ignored/out'] })],
  });
  s.drain();
  assert.deepEqual(s.result('WO-1').files_touched, ['ignored/out']);
  assert.match(JSON.stringify(s.result('WO-1').warnings), /rest.txt.*waybill keep show WO-1/);
  assert.equal(s.waybill('keep', 'show', 'WO-1', 'rest.txt').stdout, 'r\n');
  assertQuiet(s);
});

work('spine-lessons 0.4: the work of an order that failed is kept, never destroyed with its worktree', (t) => {
  const s = isolatedStation(t);
  s.drop({ ...order('WO-1', 'echo half > half.txt; rm b.txt; exit 3') });
  s.drop({ ...order('WO-2', 'echo made > made.txt'), tests: [{ name: 'no', command: 'false' }] });
  s.drop(order('WO-3', 'ln -s /etc/passwd link'));
  s.drop(order('WO-4', 'git init -q nested && echo n > nested/n'));
  s.drop(order('WO-5', 'mkdir -p ro/deep && echo x > ro/deep/x && chmod -R a-w ro && mkfifo pipe && false'));
  s.drain();
  const codes = [1, 2, 3, 4, 5].map((n) => s.state(`WO-${n}`).last_error?.code);
  assert.deepEqual(codes, ['COMMAND_FAILED', 'CHECK_FAILED', 'PATH_DENIED', 'PATH_DENIED', 'COMMAND_FAILED']);
  assert.equal(s.waybill('keep', 'show', 'WO-1', 'half.txt').stdout, 'half\n');
  assert.match(s.waybill('keep', 'show', 'WO-1').stdout, /removed b.txt/);
  assert.equal(s.waybill('keep', 'show', 'WO-2', 'made.txt').stdout, 'made\n');
  assert.match(s.waybill('keep', 'show', 'WO-4').stdout, /nested\/n/);
  assert.match(s.waybill('keep', 'show', 'WO-5').stdout, /ro\/deep\/x/);
  assert.equal(s.git('status', '--porcelain'), '');
  assertQuiet(s);
});

work('a person may take the worktrees away, or write into one that waits', (t) => {
  const s = isolatedStation(t);
  s.drop(order('WO-1', 'echo 1 > one.txt'));
  s.drain();
  const [name = ''] = worktreeNames(s);
  writeFileSync(join(worktreesOf(s), name, 'hers.txt'), 'hers\n');
  s.drop(order('WO-2', 'ls > two.txt'));
  s.drain();
  assert.equal(s.read('two.txt'), 'a.txt\nb.txt\nbridge\none.txt\npolicy.yaml\ntwo.txt\nwaybill.yaml\n');
  assert.deepEqual(worktreeNames(s), [name], 'used again');
  assert.match(s.waybill('keep', 'show', `unknown-${name}`, 'hers.txt').stdout, /hers/);
  rmSync(worktreesOf(s), { recursive: true });
  s.git('worktree', 'prune');
  s.drop(order('WO-3', 'echo 3 > three.txt'));
  s.drain();
  assert.equal(s.read('three.txt'), '3\n');
  assertQuiet(s);
});

work('a worktree whose .git file was changed is left as it is, and told', (t) => {
  const s = isolatedStation(t);
  mkdirSync(s.path('../elsewhere'));
  s.drop(order('WO-1', 'echo precious > p.txt; echo "gitdir: /tmp/elsewhere" > .git'));
  s.drop(order('WO-2', 'echo 2 > two.txt'));
  s.drain();
  assert.equal(s.state('WO-1').last_error?.code, 'WORKTREE_BROKEN');
  const [broken] = worktreeRecords(s).filter((r) => r.wo_id === 'WO-1');
  assert.ok(broken !== undefined && worktreeNames(s).includes(broken.name), 'its folder stays');
  assert.equal(s.read('two.txt'), '2\n');
  rmSync(broken.path, { recursive: true });
  s.drain();
  assertQuiet(s);
});

work.run();

const land = suite('work that lands beside others', { timeoutMs: 200_000 });

land('the base moved: a clean rebase, and the checks run again on the result', (t) => {
  const s = isolatedStation(t);
  const commit = `cd ${s.root} && sed -i s/seven/SEVEN/ a.txt && git commit -qam Hers`;
  s.drop({
    ...order('WO-1', `sed -i s/one/ONE/ a.txt && env -i HOME=$HOME PATH=$PATH sh -c '${commit}'`),
    tests: [{ name: 'counts', command: 'grep -c SEVEN a.txt >> ../counts; true' }],
  });
  s.drain();
  assert.equal(s.state('WO-1').status, 'done', JSON.stringify(s.state('WO-1').last_error));
  assert.equal(s.read('a.txt'), 'ONE\ntwo\nthree\nfour\nfive\nsix\nSEVEN\n');
  assert.equal(s.git('show', '--format=', '--name-only', 'HEAD'), 'a.txt');
  assert.match(s.git('log', '--format=%s'), /^wo\(WO-1\).*\nHers/);
  assert.deepEqual(readCounts(s), ['0', '1'], 'the checks saw her change the second time');
  assertQuiet(s);
});

function readCounts(s: TestStation): string[] {
  const counts = s.exists('../counts') ? s.read('../counts') : '';
  const beside = join(worktreesOf(s), 'counts');
  const text = counts === '' ? s.read(`${'../'.repeat(20)}${beside}`) : counts;
  rmSync(beside, { force: true });
  return text.trim().split('\n');
}

land('a branch that was written anew meanwhile has not got the base: the work lands on what it is now', (t) => {
  const s = isolatedStation(t);
  const amend = `cd ${s.root} && echo amended >> b.txt && git commit -qa --amend -m Amended`;
  s.drop(order('WO-1', `sed -i s/one/ONE/ a.txt && env -i HOME=$HOME PATH=$PATH sh -c '${amend}'`));
  s.drain();
  assert.equal(s.state('WO-1').status, 'done', JSON.stringify(s.state('WO-1')));
  assert.match(s.git('log', '--format=%s'), /^wo\(WO-1\).*\nAmended\n/);
  assert.equal(s.git('show', '--format=', '--name-only', 'HEAD'), 'a.txt');
  assert.equal(s.read('b.txt'), 'b\namended\n');
  assertQuiet(s);
});

land('a conflict parks with both sides kept; release tries again, cancel ends it', (t) => {
  const s = isolatedStation(t);
  const commit = `cd ${s.root} && sed -i s/one/HERS/ a.txt && git commit -qam Hers`;
  s.drop(order('WO-1', `sed -i s/one/OURS/ a.txt && env -i HOME=$HOME PATH=$PATH sh -c '${commit}'`));
  s.drain();
  const state = s.state('WO-1');
  assert.equal(state.status, 'parked', JSON.stringify(state));
  assert.equal(state.waiting_for, 'hold');
  assert.match(state.progress ?? '', /main has other changes in a.txt.*waybill keep show WO-1.*waybill release WO-1/);
  assert.match(s.waybill('keep', 'show', 'WO-1', 'a.txt').stdout, /^OURS/);
  assert.match(s.read('a.txt'), /^HERS/);
  assert.equal(s.git('status', '--porcelain'), '');
  s.waybill('release', 'WO-1');
  s.drain();
  assert.equal(s.state('WO-1').status, 'parked', 'it does not fit still');
  s.git('revert', '--no-edit', 'HEAD');
  s.waybill('release', 'WO-1');
  s.drain();
  assert.equal(s.state('WO-1').status, 'done', JSON.stringify(s.state('WO-1')));
  assert.match(s.read('a.txt'), /^OURS/);
  assertQuiet(s);
});

land('uncommitted work at the root is never touched: the order parks, and lands when it is out of the way', (t) => {
  const s = isolatedStation(t);
  s.write('b.txt', 'b\nhers, not committed\n');
  s.drop(order('WO-1', 'cat b.txt > seen.txt; echo ours >> b.txt'));
  s.drain();
  assert.equal(s.state('WO-1').status, 'parked');
  assert.equal(s.read('b.txt'), 'b\nhers, not committed\n');
  s.git('stash', '--quiet');
  s.waybill('release', 'WO-1');
  s.drain();
  assert.equal(s.state('WO-1').status, 'done');
  assert.equal(s.read('seen.txt'), 'b\n', 'the work began on what is committed');
  s.git('checkout', '--quiet', 'HEAD~1');
  s.git('stash', 'pop', '--quiet');
  s.git('checkout', '--quiet', '--force', 'main');
  assertQuiet(s);
});

land('cancel of work that waits keeps it and touches nothing', (t) => {
  const s = isolatedStation(t);
  s.write('b.txt', 'hers\n');
  s.drop(order('WO-1', 'echo ours > b.txt'));
  s.drain();
  s.waybill('cancel', 'WO-1');
  s.drain();
  assert.equal(s.state('WO-1').status, 'cancelled');
  assert.equal(s.read('b.txt'), 'hers\n');
  assert.equal(s.waybill('keep', 'show', 'WO-1', 'b.txt').stdout, 'ours\n');
  assertQuiet(s);
});

land('isolation: branch makes one commit on a branch of its own, and moves no other', (t) => {
  const s = isolatedStation(t);
  const head = s.git('rev-parse', 'HEAD');
  s.write('a.txt', 'hers, not committed\n');
  s.drop({ ...order('WO-1', 'echo ours > a.txt'), isolation: 'branch' });
  s.drop({ wo_id: 'WO-2', title: 'x', isolation: 'branch', files: [{ path: 'f.txt', content: 'f\n' }] });
  s.git('branch', 'waybill/WO-3', 'main~1');
  s.drop({ wo_id: 'WO-3', title: 'x', isolation: 'branch', files: [{ path: 'f.txt', content: 'three\n' }] });
  s.drain();
  assert.equal(s.result('WO-1').branch, 'waybill/WO-1', JSON.stringify(s.state('WO-1')));
  assert.equal(s.state('WO-1').branch, 'waybill/WO-1');
  assert.equal(s.git('rev-parse', 'waybill/WO-1~1'), head);
  assert.equal(s.git('show', 'waybill/WO-1:a.txt'), 'ours');
  assert.match(s.git('log', '-1', '--format=%B', 'waybill/WO-1'), /Work-Order: WO-1\nAttempt: 1\nEvidence: /);
  assert.equal(s.git('show', 'waybill/WO-2:f.txt'), 'f');
  assert.equal(s.git('rev-parse', 'HEAD'), head);
  assert.equal(s.read('a.txt'), 'hers, not committed\n');
  assert.equal(s.state('WO-3').last_error?.code, 'BRANCH_TAKEN');
  assert.equal(s.git('rev-parse', 'waybill/WO-3'), s.git('rev-parse', 'main~1'));
  assert.equal(s.waybill('keep', 'show', 'WO-3', 'f.txt').stdout, 'three\n');
  assertQuiet(s);
});

land('only what policy allows, and nothing outside from a worktree', (t) => {
  const s = isolatedStation(t, {
    isolation: '{commands: worktree, allow: [branch]}',
    lanes: 'roots: [/tmp]\n',
  });
  s.drop({ ...order('WO-1', 'echo 1 > one.txt'), isolation: 'in_place' });
  s.drop({ wo_id: 'WO-2', title: 'x', actions: [sh('true', { outputs: ['/tmp/waybill-never'] })] });
  s.drain();
  assert.equal(s.state('WO-1').last_error?.code, 'POLICY_DENIED');
  assert.match(s.state('WO-1').last_error?.hint ?? '', /worktree, branch/);
  assert.equal(s.state('WO-2').last_error?.code, 'POLICY_DENIED');
  assert.match(s.state('WO-2').last_error?.hint ?? '', /isolation: in_place/);
  assertQuiet(s);
});

land.run();
