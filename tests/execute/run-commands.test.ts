import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OUTPUT_FOLDER } from '../../src/execute/live-output.ts';
import { commandEvidence, lastOutput } from '../../src/execute/run-commands.ts';
import { writeDurable } from '../../src/platform/durable.ts';
import { decorateFileSystem, fs } from '../../src/platform/fs.ts';
import { assert, suite } from '../support/suite.ts';

/** Rule 2: half a file is never acted on, nor told as evidence. */

const test = suite('what commands left');

test('an output that a kill left half written is no evidence', (t) => {
  const folder = t.tempDir();
  const output = join(folder, OUTPUT_FOLDER);
  mkdirSync(output);
  writeDurable(join(output, '01-build.stdout'), 'built\n');
  const whole = fs;
  t.defer(() => decorateFileSystem(() => whole));
  // what a kill just before the rename leaves: the call neither renames nor clears up
  decorateFileSystem((inner) => ({
    ...inner,
    renameSync: () => {
      throw new Error('killed');
    },
    unlinkSync: () => {},
  }));
  assert.throws(() => writeDurable(join(output, '01-build.stderr'), 'warn'), /killed/);
  decorateFileSystem(() => whole);
  writeFileSync(join(output, '02-test.json'), '{}');
  assert.equal(fs.readdirSync(output).length, 3);
  assert.deepEqual(
    commandEvidence(folder).map(({ path }) => path),
    ['commands/01-build.stdout', 'commands/02-test.json'],
  );
});

test('rule 8: outputs are told in the order of their numbers, however wide these are, and the next one counts on from them', (t) => {
  const folder = t.tempDir();
  assert.equal(lastOutput(folder), 0);
  mkdirSync(join(folder, OUTPUT_FOLDER));
  for (const name of ['100-b.stdout', '99-a.stdout', '99-a.stderr', '07-a.json'])
    writeFileSync(join(folder, OUTPUT_FOLDER, name), name);
  assert.equal(lastOutput(folder), 100);
  const told = (only?: ReadonlySet<number>) => commandEvidence(folder, only).map(({ path }) => path.slice(9));
  assert.deepEqual(told(), ['07-a.json', '99-a.stderr', '99-a.stdout', '100-b.stdout']);
  assert.deepEqual(told(new Set([7, 100])), ['07-a.json', '100-b.stdout']);
});

test.run();
