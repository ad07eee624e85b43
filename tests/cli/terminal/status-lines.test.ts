import { laneLines } from '../../../src/cli/terminal/status-lines.ts';
import { assert, suite } from '../../support/suite.ts';

/** The table of lanes on terminals of any width. */

const test = suite('cli/terminal/status-lines');

const lane = (name: string, ages: readonly number[]) => ({
  ...{ lane: name, inbox: 12, ready: 3, running: 1, parked: 20 },
  ages,
});
const MAIN = lane('MAIN', [1, 2, 4, 8, 16, 32, 64]);
const words = (line = '') => line.trim().split(/\s+/);

test('wide enough, or no terminal: every age has its column', () => {
  for (const columns of [null, 200]) {
    const [head, row] = laneLines([MAIN], columns);
    assert.deepEqual(words(head).slice(6), ['<5m', '<10m', '<20m', '<40m', '<80m', '<160m', 'older']);
    assert.deepEqual(words(row).slice(5), ['1', '2', '4', '8', '16', '32', '64']);
  }
});

test('on 80 columns nothing is cut: the youngest are told together, and every order is counted', () => {
  const [head, row] = laneLines([MAIN], 80);
  assert.deepEqual(words(head).slice(6), ['<40m', '<80m', '<160m', 'older']);
  assert.deepEqual(words(row).slice(5), ['15', '16', '32', '64']);
  assert.equal(row?.length, head?.length);
});

test('at every width that holds the other columns the lines fit, and the ages add up', () => {
  const named = lane('A-LANE-WHOSE-NAME-IS-LONGER-THAN-ANY-COLUMN', [0, 0, 5, 0, 0, 0, 1]);
  for (let columns = 70; columns <= 120; columns++) {
    const lines = laneLines([MAIN, named], columns);
    for (const line of lines) assert.ok(line.length <= columns, `${columns}: ${line}`);
    const sums = lines.slice(1).map((line) =>
      words(line)
        .slice(5)
        .reduce((sum, n) => sum + (n === '.' ? 0 : Number(n)), 0),
    );
    assert.deepEqual(sums, [127, 6], `${columns}`);
  }
  assert.deepEqual(words(laneLines([MAIN], 60)[0]).slice(6), ['any']);
  assert.match(laneLines([named], null)[1] ?? '', /^A-LANE-WHOSE-NAME-IS-LONGER-THAN-ANY-COLUMN /);
});

test.run();
