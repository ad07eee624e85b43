import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorCode } from '../../src/order/error.ts';
import { errorPage } from '../../src/order/errors/causes/page.ts';
import { TestStation, testStation } from '../support/station.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/** What the page of a code tells people to type does mend it: each is brought about in a real station, and mended with those very commands. */

const test = suite('cures', { needs: ['git'], timeoutMs: 180_000 });

/** Types a command that the page of the code names, with what its placeholders stand for. Returns what it said. */
function typed(s: TestStation, code: ErrorCode, line: string, names: Readonly<Record<string, string>> = {}): string {
  const { causes, cure } = errorPage(code);
  assert.ok(
    [...causes, ...cure].some((text) => text.includes(`\`${line}\``)),
    `the page of ${code} does not name ${line}`,
  );
  const [program = '', ...words] = line.split(' ').map((word) => names[word] ?? word);
  if (program === 'git') return s.git(...words);
  const { code: exit, stdout, stderr } = s.waybill(...words);
  assert.ok([0, 3].includes(exit ?? -1), `${line}: ${exit}\n${stdout}${stderr}`);
  return stdout + stderr;
}

function failedWith(s: TestStation, woId: string, code: ErrorCode): void {
  s.drain();
  assert.deepEqual([s.state(woId).status, s.state(woId).last_error?.code], ['failed', code]);
}

function isDone(s: TestStation, woId: string): void {
  s.drain();
  assert.equal(s.state(woId).status, 'done', JSON.stringify(s.state(woId).last_error));
}

const edit = (wo_id: string, more: Record<string, unknown> = {}) => ({
  wo_id,
  actions: [{ action: 'edit', path: 'a.txt', find: 'one', replace: 'two' }],
  ...more,
});

const withFile = (t: TestContext) => testStation(t, { files: { 'a.txt': 'one\n' } });

test('DIRTY_TARGET: somebody’s change is stashed, or the mark taken away', (t) => {
  const s = withFile(t);
  const names = { PATH: 'a.txt', ID: 'WO-1' };
  s.write('a.txt', 'one\nmine\n');
  s.drop(edit('WO-1'));
  failedWith(s, 'WO-1', 'DIRTY_TARGET');
  assert.match(typed(s, 'DIRTY_TARGET', 'git status -- PATH', names), /modified: +a\.txt/);
  typed(s, 'DIRTY_TARGET', 'git stash push -- PATH', names);
  typed(s, 'DIRTY_TARGET', 'waybill retry ID', names);
  isDone(s, 'WO-1');
  for (const [n, mark] of ['skip-worktree', 'assume-unchanged'].entries()) {
    const woId = `WO-${n + 2}`;
    s.git('update-index', `--${mark}`, 'a.txt');
    s.drop({ wo_id: woId, files: [{ path: 'a.txt', content: `${mark}\n` }] });
    failedWith(s, woId, 'DIRTY_TARGET');
    typed(s, 'DIRTY_TARGET', `git update-index --no-${mark} PATH`, names);
    typed(s, 'DIRTY_TARGET', 'waybill retry ID', { ID: woId });
    isDone(s, woId);
  }
});

test('FIND_NOT_FOUND: the text is copied from what is committed, and the order dropped again under its id', (t) => {
  const s = testStation(t, { files: { 'a.txt': 'a\tone\n' } });
  const order = (find: string) => ({ wo_id: 'WO-1', actions: [{ action: 'edit', path: 'a.txt', find, replace: 'b' }] });
  s.drop(order('a one'));
  failedWith(s, 'WO-1', 'FIND_NOT_FOUND');
  s.drop(order('a\tone'));
  isDone(s, 'WO-1');
});

test('TARGET_MISSING: history tells what became of the file', (t) => {
  const s = withFile(t);
  s.git('rm', '--quiet', 'a.txt');
  s.commitAll('take a.txt away');
  s.drop(edit('WO-1'));
  failedWith(s, 'WO-1', 'TARGET_MISSING');
  assert.match(typed(s, 'TARGET_MISSING', 'waybill history PATH', { PATH: 'a.txt' }), /deleted|removed|gone/);
});

test('DUPLICATE_ID: what has not begun is ended, and the new bytes take its place', (t) => {
  const s = withFile(t);
  s.drop(edit('WO-1', { not_before: '2099-01-01T00:00:00Z' }));
  s.drain();
  s.drop(edit('WO-1'));
  s.drain();
  assert.equal(s.rejections()[0]?.error?.code, 'DUPLICATE_ID');
  typed(s, 'DUPLICATE_ID', 'waybill show ID', { ID: 'WO-1' });
  typed(s, 'DUPLICATE_ID', 'waybill cancel ID', { ID: 'WO-1' });
  s.drain();
  s.drop(edit('WO-1'));
  isDone(s, 'WO-1');
});

test('DEPENDENCY_FAILED: first the other, then this one', (t) => {
  const s = testStation(t);
  s.drop(edit('WO-A'));
  s.drop({ wo_id: 'WO-B', depends_on: ['WO-A'], files: [{ path: 'b.txt', content: 'b\n' }] });
  failedWith(s, 'WO-B', 'DEPENDENCY_FAILED');
  const why = s.waybill('why', 'WO-A');
  assert.match(why.stdout, /TARGET_MISSING/);
  s.write('a.txt', 'one\n');
  s.commitAll('add a.txt');
  typed(s, 'DEPENDENCY_FAILED', 'waybill retry OTHER', { OTHER: 'WO-A' });
  isDone(s, 'WO-A');
  typed(s, 'DEPENDENCY_FAILED', 'waybill retry ID', { ID: 'WO-B' });
  isDone(s, 'WO-B');
});

test('BRANCH_TAKEN: the branch is renamed', (t) => {
  const s = withFile(t);
  const names = { 'waybill/ID': 'waybill/WO-1', OTHER: 'kept', ID: 'WO-1' };
  s.git('branch', 'waybill/WO-1');
  s.drop(edit('WO-1', { isolation: 'branch' }));
  failedWith(s, 'WO-1', 'BRANCH_TAKEN');
  typed(s, 'BRANCH_TAKEN', 'git log waybill/ID', names);
  typed(s, 'BRANCH_TAKEN', 'git branch -m waybill/ID OTHER', names);
  typed(s, 'BRANCH_TAKEN', 'waybill retry ID', names);
  isDone(s, 'WO-1');
  assert.equal(s.git('show', 'waybill/WO-1:a.txt'), 'two');
});

test('POLICY_INVALID: what was committed comes back, and what waited begins', (t) => {
  const s = withFile(t);
  s.git('add', '--force', 'policy.yaml');
  s.commitAll('policy');
  s.write('policy.yaml', 'version: 1\nrulez: []\n');
  s.drop(edit('WO-1'));
  s.waybill('up', '--drain');
  assert.equal(s.waybill('policy', 'check').code, 65);
  typed(s, 'POLICY_INVALID', 'git checkout HEAD -- policy.yaml');
  typed(s, 'POLICY_INVALID', 'waybill policy check');
  isDone(s, 'WO-1');
});

test('NO_STATION and TRACKED_STATE: a station can be made where state was committed', (t) => {
  const s = new TestStation(t.tempDir());
  s.git('init', '--quiet');
  s.write('state/orders/old.json', '{}\n');
  s.commitAll('everything');
  assert.match(s.waybill('status').stderr, /^NO_STATION/);
  assert.match(s.waybill('init').stderr, /^TRACKED_STATE/);
  typed(s, 'TRACKED_STATE', 'git rm -r --cached PATH', { PATH: 'state/orders' });
  s.git('commit', '--quiet', '-m', 'untrack state');
  typed(s, 'NO_STATION', 'waybill init');
  typed(s, 'STATION_HELD', 'waybill status');
});

test('REPO_UNSUPPORTED: a split index and a sparse checkout are made ordinary ones', (t) => {
  const s = withFile(t);
  s.git('update-index', '--split-index');
  assert.match(s.waybill('status').stderr, /^REPO_UNSUPPORTED .*split index/);
  typed(s, 'REPO_UNSUPPORTED', 'git update-index --no-split-index');
  typed(s, 'STATION_HELD', 'waybill status');
  s.git('sparse-checkout', 'set', 'nowhere');
  assert.match(s.waybill('up', '--drain').stderr, /REPO_UNSUPPORTED .*sparse/);
  typed(s, 'REPO_UNSUPPORTED', 'git sparse-checkout disable');
  s.drop(edit('WO-1'));
  isDone(s, 'WO-1');
});

test('NOT_A_FILE: a link in the lane goes, and the order comes as a file', (t) => {
  const s = withFile(t);
  s.write('elsewhere/WO-1.json', JSON.stringify(edit('WO-1')));
  mkdirSync(s.path('bridge/inbox/MAIN'), { recursive: true });
  const link = s.path('bridge/inbox/MAIN/WO-1.json');
  symlinkSync(s.path('elsewhere/WO-1.json'), link);
  s.drain();
  assert.equal(s.rejections()[0]?.error?.code, 'NOT_A_FILE');
  rmSync(link);
  s.drop(edit('WO-1'));
  isDone(s, 'WO-1');
});

test('BUNDLE_INVALID: a folder is tried before it is dropped, and goes as a whole', async (t) => {
  const s = testStation(t);
  const folder = join(t.tempDir(), 'WO-1');
  mkdirSync(folder);
  const out = new TestStation(folder);
  out.write('WO-1.yaml', 'wo_id: WO-1\nbody_file: body.md\nfiles: [{path: b.txt, content: b}]\n');
  await s.up(t);
  const tried = s.waybill('drop', folder, '--dry-run', '--timeout', '60');
  assert.match(tried.stdout + tried.stderr, /BUNDLE_INVALID/);
  out.write('body.md', 'the body\n');
  typed(s, 'BUNDLE_INVALID', 'waybill drop FOLDER --dry-run', { FOLDER: folder });
  assert.equal(s.waybill('drop', folder, '--wait', '--timeout', '60').code, 0);
});

test('SNAPSHOT_EXISTS and UNKNOWN_SNAPSHOT', (t) => {
  const s = withFile(t);
  assert.equal(s.waybill('snapshot', 'old').code, 0);
  assert.match(s.waybill('snapshot', 'old').stderr, /^SNAPSHOT_EXISTS/);
  assert.match(s.waybill('snapshot', 'diff', 'odl').stderr, /^UNKNOWN_SNAPSHOT/);
  assert.match(typed(s, 'UNKNOWN_SNAPSHOT', 'waybill snapshot ls'), /^old /m);
  typed(s, 'UNKNOWN_SNAPSHOT', 'waybill snapshot diff NAME', { NAME: 'old' });
  typed(s, 'SNAPSHOT_EXISTS', 'waybill snapshot rm NAME --yes', { NAME: 'old' });
  assert.equal(s.waybill('snapshot', 'old').code, 0);
});

test('MISSION_STOPPED and CANCELLED: what was stopped goes on, what was cancelled runs again', (t) => {
  const s = withFile(t);
  assert.equal(s.waybill('spine', 'stop', '--reason', 'the model is down').code, 0);
  typed(s, 'MISSION_STOPPED', 'waybill spine go');
  assert.equal(s.exists('STOP_MISSIONS'), false);
  s.drop(edit('WO-1', { not_before: '2099-01-01T00:00:00Z' }));
  s.drain();
  s.waybill('cancel', 'WO-1', '--reason', 'not now');
  s.drain();
  assert.match(typed(s, 'CANCELLED', 'waybill log ID', { ID: 'WO-1' }), /not now/);
  typed(s, 'CANCELLED', 'waybill retry ID', { ID: 'WO-1' });
  isDone(s, 'WO-1');
});

test.run();
