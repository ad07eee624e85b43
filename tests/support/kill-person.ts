import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { type TestStation, testStation } from './station.ts';
import { assert, type TestContext } from './suite.ts';

/**
 * The station dies at a step of landing, a person goes on working, and the station starts again (design.md, "recovery finds, with a landing
 * open"). Rules 1 and 4: the work is done once or refused with both versions kept; no byte and no commit of the person is lost.
 */

const ORDERS = [
  { wo_id: 'WO-NEW', title: 'Make a file', files: [{ path: 'a/new.txt', content: 'new\n' }] },
  {
    wo_id: 'WO-EDIT',
    title: 'Edit a file',
    actions: [{ action: 'edit', path: 'edit.txt', find: 'two', replace: 'TWO' }],
  },
  { wo_id: 'WO-GONE', title: 'Delete a file', actions: [{ action: 'delete', path: 'gone.txt' }] },
];
const FILES = { 'edit.txt': 'one\ntwo\nthree\n', 'gone.txt': 'gone\n', 'hers.txt': 'hers\n' };
const HER_TEXT = 'her own words\n';

/** What a person does; git may refuse while a lock lies there, as it would tell her. */
export const PERSON: Record<string, (s: TestStation) => void> = {
  commits: (s) => {
    s.write('hers.txt', HER_TEXT);
    tryGit(s, 'commit', '--quiet', '--all', '-m', 'Hers');
  },
  'removes the lock and commits': (s) => {
    s.write('hers.txt', HER_TEXT);
    rmSync(s.path('.git/index.lock'), { force: true });
    tryGit(s, 'commit', '--quiet', '--all', '-m', 'Hers');
  },
  amends: (s) => tryGit(s, 'commit', '--quiet', '--amend', '-m', 'Amended'),
  resets: (s) => tryGit(s, 'reset', '--quiet', '--hard', 'HEAD~1'),
  'saves a target': (s) => s.write('edit.txt', HER_TEXT),
};

/** The steps of an undisturbed run, in order. */
export function allSteps(t: TestContext): string[] {
  const s = testStation(t, { files: FILES });
  for (const order of ORDERS) s.drop(order);
  return s.drainKilledAt(0).steps;
}

/** Kills at one step, lets the person act, starts again, and checks that nothing was lost or done twice. */
export function killAndRecover(t: TestContext, steps: readonly string[], at: number, what: string): void {
  const where = `killed after "${steps[at]}" (step ${at + 1}), she ${what}`;
  const s = testStation(t, { files: FILES });
  s.commitAll('Second');
  for (const order of ORDERS) s.drop(order);
  const run = s.drainKilledAt(at + 1);
  assert.equal(run.steps.at(-1), steps[at], where);
  PERSON[what]?.(s);
  const hers = tryGit(s, 'rev-parse', 'HEAD');
  s.drain();
  assertKept(s, what, hers, where);
  for (const { wo_id } of ORDERS) assertOnce(s, wo_id, what, where);
  assert.deepEqual(s.leftovers(), [], where);
  const verified = s.waybill('verify');
  assert.equal(verified.code, 0, `${where}: ${verified.stdout}`);
  s.git('fsck', '--strict', '--no-dangling');
}

function assertKept(s: TestStation, what: string, head: string, where: string): void {
  s.git('merge-base', '--is-ancestor', head, 'HEAD');
  if (what === 'saves a target') assert.equal(s.read('edit.txt'), HER_TEXT, `${where}: her save`);
  if (what.includes('commits')) assert.equal(s.read('hers.txt'), HER_TEXT, `${where}: her file`);
}

/** Done by exactly one commit, or refused because of her save; never twice. A reset may take the commit away again: then it is not redone. */
function assertOnce(s: TestStation, woId: string, what: string, where: string): void {
  const state = s.state(woId);
  const own = s.commitsOf(woId);
  assert.ok(own.length <= 1, `${where}: ${woId} has ${own.length} commits`);
  if (state.status === 'failed') {
    assert.equal(what, 'saves a target', `${where}: ${woId} failed: ${JSON.stringify(state.last_error)}`);
    assert.equal(woId, 'WO-EDIT', `${where}: only the order with her file fails`);
    assert.match(state.last_error?.code ?? '', /^(TARGET_CHANGED|DIRTY_TARGET)$/, where);
    return;
  }
  assert.equal(state.status, 'done', `${where}: ${woId} is ${state.status}`);
  assert.equal(state.commits.length, 1, `${where}: ${woId} names its commit`);
  const present = () =>
    woId === 'WO-NEW'
      ? s.git('show', 'HEAD:a/new.txt') === 'new'
      : woId === 'WO-EDIT'
        ? s.git('show', 'HEAD:edit.txt').includes('TWO')
        : !s.git('ls-tree', '-r', '--name-only', 'HEAD').includes('gone.txt');
  if (what !== 'resets') assert.ok(present(), `${where}: HEAD holds the work of ${woId}`);
}

function tryGit(s: TestStation, ...args: string[]): string {
  try {
    return execFileSync('git', args, { cwd: s.root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
}
