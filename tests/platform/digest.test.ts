import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../src/order/canonical-json.ts';
import { digestIfThere, kindsBelow } from '../../src/platform/digest.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('digests of files');

test('files of any size are hashed whole; what is no file is told apart from what is not there', (t) => {
  const folder = t.tempDir();
  const at = (name: string) => join(folder, name);
  for (const size of [0, 1, 262_143, 262_144, 262_145, 1_000_000]) {
    const bytes = Buffer.alloc(size, 'abc');
    writeFileSync(at('file'), bytes);
    assert.deepEqual(digestIfThere(at('file')), { size, sha256: sha256(bytes) });
  }
  mkdirSync(at('folder/deep'), { recursive: true });
  symlinkSync(at('file'), at('link'));
  execFileSync('mkfifo', [at('folder/pipe')]);
  writeFileSync(at('folder/deep/file'), '');
  assert.deepEqual([digestIfThere(at('folder')), digestIfThere(at('link'))], [null, null]);
  assert.equal(digestIfThere(at('nothing')), undefined);
  assert.equal(digestIfThere(at('file/below')), undefined);
  assert.deepEqual(Object.fromEntries(kindsBelow(folder)), {
    file: 'file',
    link: 'other',
    folder: 'folder',
    'folder/deep': 'folder',
    'folder/deep/file': 'file',
    'folder/pipe': 'other',
  });
  assert.equal(kindsBelow(at('nothing')).size, 0);
});

test.run();
