import { execFileSync } from 'node:child_process';
import { RefTransaction } from '../../src/git/ref-transaction.ts';
import { closeRepository, openRepository } from '../../src/git/repository.ts';
import { decorateFileSystem, fs } from '../../src/platform/fs.ts';
import { livingChildren } from '../support/runner/processes.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('refs that move together');

test('rule 6: where a folder cannot be made, no git is left that listens', async (t) => {
  const root = t.tempDir();
  execFileSync('git', ['init', '--quiet', root]);
  execFileSync('git', ['commit', '--quiet', '--allow-empty', '-m', 'x'], { cwd: root });
  const repo = await openRepository(root);
  t.defer(() => closeRepository(repo));
  const to = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
  const whole = fs;
  t.defer(() => decorateFileSystem(() => whole));
  decorateFileSystem((inner) => ({
    ...inner,
    mkdirSync: (() => {
      throw Object.assign(new Error('EMFILE: injected'), { code: 'EMFILE' });
    }) as typeof inner.mkdirSync,
  }));
  const prepared = RefTransaction.prepare(repo, [{ ref: 'refs/waybill/x/y', from: null, to }]);
  await assert.rejects(prepared, /EMFILE/);
  assert.deepEqual(livingChildren(), []);
  decorateFileSystem(() => whole);
  const moved = await RefTransaction.prepare(repo, [{ ref: 'refs/waybill/x/y', from: null, to }]);
  await moved?.commit();
  assert.equal(repo.refs.read('refs/waybill/x/y'), to);
});

test.run();
