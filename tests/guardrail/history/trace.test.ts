import { isAbout, namesIt, timeIn } from '../../../src/guardrail/history/trace.ts';
import { assert, suite } from '../../support/suite.ts';

const test = suite('guardrail/history/trace');

const PATH = 'agents/wo_executor/wo_executor.zsh';

test('a line names a path as a whole, or a folder above it as a whole', () => {
  for (const line of [
    `rm ${PATH}`,
    `rm /Users/icmini/02luka/${PATH}:`,
    'rm -rf agents/wo_executor',
    'rm -rf ./agents/wo_executor/ && true',
    '"agents/wo_executor"',
  ])
    assert.equal(namesIt(line, PATH), true, line);
  for (const line of [
    'rm -rf agents/wo_executor_old',
    'rm agents/wo_executor/other.zsh',
    `rm old-${PATH}`,
    `rm ${PATH}.bak`,
    'ls agents',
    '',
  ])
    assert.equal(namesIt(line, PATH), false, line);
});

test("where asked, a file's own name counts, as services tell it", () => {
  const line = 'zsh: command not found: wo_executor.zsh';
  assert.deepEqual([namesIt(line, PATH, true), namesIt(line, PATH)], [true, false]);
  assert.equal(namesIt('zsh: command not found: my-wo_executor.zsh2', PATH, true), false);
});

test('what is about a folder is about what is in it, and the other way round', () => {
  assert.deepEqual(
    ['agents', 'agents/wo_executor/', `./${PATH}`, `${PATH}/x`, 'agents/wo', 'agent'].map((named) =>
      isAbout(PATH, named),
    ),
    [true, true, true, true, false, false],
  );
});

test("times as logs write them; one without a zone is the machine's own", () => {
  assert.equal(timeIn('[2025-11-13T01:50:00Z] x'), '2025-11-13T01:50:00.000Z');
  assert.equal(timeIn('2025-11-13 01:50:00,25 +0700 x'), '2025-11-12T18:50:00.250Z');
  assert.equal(timeIn('x 2025-11-13 01:50:00 y'), new Date('2025-11-13T01:50:00').toISOString());
  for (const line of ['no time', '2025-11-13', '2025-13-45T99:99:99Z']) assert.equal(timeIn(line), null, line);
});

test.run();
