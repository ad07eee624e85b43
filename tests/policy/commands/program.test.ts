import { chmodSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../../../src/policy/commands/program.ts';
import { assert, suite, type TestContext } from '../../support/suite.ts';
import { program, put } from './places.ts';

const test = suite('policy/commands/program');

function folder(t: TestContext): string {
  return realpathSync(t.tempDir());
}

test('a program is found along PATH, the first one, with all links resolved', (t) => {
  const at = folder(t);
  program(join(at, 'one/tool'));
  program(join(at, 'two/tool'));
  program(join(at, 'two/other'));
  symlinkSync('../two/other', join(at, 'one/linked'));
  symlinkSync('linked', join(at, 'one/twice'));
  const path = `${at}/none:${at}/one:${at}/two`;
  assert.equal(findProgram('tool', at, path), join(at, 'one/tool'));
  assert.equal(findProgram('other', at, path), join(at, 'two/other'));
  assert.equal(findProgram('twice', at, path), join(at, 'two/other'));
  assert.equal(findProgram('none', at, path), null);
});

test('a name with a / is relative to the folder and asks no PATH', (t) => {
  const at = folder(t);
  program(join(at, 'bin/tool'));
  program(join(at, 'work/tool'));
  assert.equal(findProgram('./tool', join(at, 'work'), join(at, 'bin')), join(at, 'work/tool'));
  assert.equal(findProgram('../bin/tool', join(at, 'work'), ''), join(at, 'bin/tool'));
  assert.equal(findProgram(join(at, 'bin/tool'), '/', ''), join(at, 'bin/tool'));
  assert.equal(findProgram('bin/tool', join(at, 'work'), at), null);
});

test('only regular files that may be executed are programs', (t) => {
  const at = folder(t);
  put(join(at, 'a/text'));
  mkdirSync(join(at, 'a/folder'));
  symlinkSync('nowhere', join(at, 'a/broken'));
  symlinkSync('circle', join(at, 'a/circle'));
  for (const name of ['text', 'folder', 'broken', 'circle', '', '.', '..', 'te\0xt', 'x'.repeat(5000)])
    assert.equal(findProgram(name, at, join(at, 'a')), null, name.slice(0, 20));
  for (const name of ['a/text', './a/folder', 'a/broken', 'a/text/x', '/'])
    assert.equal(findProgram(name, at, ''), null);
  // what cannot be started is passed over, as a shell does
  program(join(at, 'b/text'));
  assert.equal(findProgram('text', at, `${at}/a:${at}/b`), join(at, 'b/text'));
  chmodSync(join(at, 'b/text'), 0o644);
  assert.equal(findProgram('text', at, `${at}/a:${at}/b`), null);
});

test('rule 9: entries of PATH that mean the folder one is in give nothing, and hide what they would have taken the place of', (t) => {
  const at = folder(t);
  program(join(at, 'bin/git'));
  program(join(at, 'work/git'));
  program(join(at, 'work/only'));
  const work = join(at, 'work');
  for (const entry of ['', '.', '../work', './']) {
    assert.equal(findProgram('only', work, entry), null, entry);
    assert.equal(
      findProgram('git', work, `${entry}:${at}/bin`),
      null,
      `${entry} first: a shell would start the one here`,
    );
    assert.equal(findProgram('git', work, `${at}/bin:${entry}`), join(at, 'bin/git'), `${entry} last`);
    assert.equal(findProgram('git', at, `none:${at}/bin`), join(at, 'bin/git'), 'nothing there');
  }
});

test.run();
