import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeLeftKeeps } from '../../src/git/fast-import.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/** Rule 6: a kill leaves nothing behind that stays for ever. */

const test = suite('packs that an import left');

/** A repository in which a real `git fast-import` was killed after it had put its pack in place. */
async function killedImport(t: TestContext): Promise<string> {
  const root = t.tempDir();
  execFileSync('git', ['init', '--quiet', root]);
  const git = spawn('git', ['-c', 'fastimport.unpackLimit=0', 'fast-import', '--quiet'], { cwd: root });
  const ended = once(git, 'exit');
  git.stdin.write(
    'commit refs/heads/x\ncommitter T <t@example.com> 0 +0000\ndata 1\nx\nM 100644 inline a\ndata 1\na\n\n',
  );
  git.stdin.write('checkpoint\nprogress packed\n');
  await once(git.stdout, 'data');
  git.kill('SIGKILL');
  await ended;
  return join(root, '.git');
}

const keeps = (gitDir: string) =>
  readdirSync(join(gitDir, 'objects/pack'))
    .filter((name) => name.endsWith('.keep'))
    .sort();

test('the mark of an import that was killed goes, so that its pack can be repacked', async (t) => {
  const gitDir = await killedImport(t);
  const [left = ''] = keeps(gitDir);
  assert.match(left, /^pack-[0-9a-f]{40}\.keep$/);
  removeLeftKeeps(gitDir, Date.now() - 60_000);
  assert.deepEqual(keeps(gitDir), [left], 'one that is younger than the run may be at work');
  removeLeftKeeps(gitDir, Date.now() + 1000);
  assert.deepEqual(keeps(gitDir), []);
});

test('what a person keeps stays', async (t) => {
  const gitDir = await killedImport(t);
  const [left = ''] = keeps(gitDir);
  const path = join(gitDir, 'objects/pack', left);
  writeFileSync(path, 'mine\n');
  removeLeftKeeps(gitDir, Date.now() + 1000);
  assert.deepEqual(keeps(gitDir), [left]);
});

test.run();
