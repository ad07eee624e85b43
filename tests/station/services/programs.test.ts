import { chmodSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WaybillError } from '../../../src/order/error.ts';
import { findPrograms } from '../../../src/station/services/programs.ts';
import { assert, suite, type TestContext } from '../../support/suite.ts';

const test = suite('station/services/programs');

function program(t: TestContext, name: string, folder = t.tempDir()): { folder: string; file: string } {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, name);
  writeFileSync(file, '#!/bin/sh\n', { mode: 0o755 });
  return { folder, file };
}

const missing = (pattern: RegExp) => (e: unknown) =>
  e instanceof WaybillError && e.code === 'PROGRAM_MISSING' && pattern.test(e.message);

test('node has the name that outlives an upgrade, where PATH has one', (t) => {
  const brew = t.tempDir();
  const { file: cellar } = program(t, 'node', join(brew, 'Cellar/node/22.1.0/bin'));
  const { file: waybill } = program(t, 'main.js');
  const { folder: gits } = program(t, 'git');
  mkdirSync(join(brew, 'bin'));
  symlinkSync('../Cellar/node/22.1.0/bin/node', join(brew, 'bin/node'));
  const path = `relative:${join(brew, 'bin')}:${gits}:/usr/bin`;
  const found = findPrograms(path, cellar, waybill);
  assert.equal(found.node, join(brew, 'bin/node'));
  assert.deepEqual(found.path.split(':').slice(0, 2), [join(brew, 'bin'), gits]);
  assert.equal(new Set(found.path.split(':')).size, found.path.split(':').length);
  // another node on PATH is not the one that runs
  const { folder: other } = program(t, 'node');
  assert.equal(findPrograms(`${other}:${gits}`, cellar, waybill).node, cellar);
});

test('what is not there, or may not be run, is refused by name: it would end with 127', (t) => {
  const { file: node } = program(t, 'node');
  const { file: waybill } = program(t, 'main.js');
  const { folder, file: git } = program(t, 'git');
  assert.throws(() => findPrograms(folder, node, `${waybill}.gone`), missing(/main\.js\.gone: Waybill is not built/));
  chmodSync(node, 0o644);
  assert.throws(() => findPrograms(folder, node, waybill), missing(/node is not there any more, or may not be run/));
  chmodSync(node, 0o755);
  // one that may not be run is passed over
  const { folder: second, file: good } = program(t, 'git');
  chmodSync(git, 0o644);
  assert.ok(findPrograms(`${folder}:${second}`, node, waybill).path.includes(second));
  renameSync(good, `${good}.away`);
});

test.run();
