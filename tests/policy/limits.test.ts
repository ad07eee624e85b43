import type { Change } from '../../src/order/change.ts';
import { WaybillError } from '../../src/order/error.ts';
import { assertWithinLimits, changedLines, weightInLines } from '../../src/policy/limits.ts';
import { lanePolicy } from '../../src/policy/policy.ts';
import { content } from '../order/plans.ts';
import { assert, suite } from '../support/suite.ts';
import { policyOf } from './questions.ts';

const test = suite('policy/limits');

const change = (path: string, before: string | Buffer | null, after: string | Buffer | null): Change => ({
  path,
  before: before === null ? null : content(before),
  after: after === null ? null : content(after),
});

function exceeds(limits: string, changes: readonly Change[], message: RegExp): void {
  assert.throws(
    () => assertWithinLimits(policyOf(`limits: {${limits}}\n`).limits, changes),
    (e: unknown) => e instanceof WaybillError && e.code === 'LIMIT_EXCEEDED' && message.test(e.message),
    limits,
  );
}

const within = (limits: string, changes: readonly Change[]) =>
  assertWithinLimits(policyOf(`limits: {${limits}}\n`).limits, changes);

const TWO = [change('a', null, 'one\ntwo\n'), change('b', 'x\n', null)];

test('rule 7: an order over a limit is refused with what it comes to and what it may; at the limit it is not', () => {
  exceeds('files: 1', TWO, /changes 2 files, and policy lets an order change 1$/);
  exceeds('bytes: 7', TWO, /8 bytes.* 7$/);
  exceeds('diff_lines: 2', TWO, /3 lines.* 2$/);
  within('files: 2, bytes: 8, diff_lines: 3', TWO);
  within('', []);
});

test('lines are counted as the diff shows them: a long file with one other line is two', () => {
  const long = Array.from({ length: 5000 }, (_, n) => `line ${n}\n`);
  const after = long.map((line, n) => (n === 2500 ? 'other\n' : line));
  const changes = [change('long', long.join(''), after.join(''))];
  assert.equal(changedLines(changes), 2);
  within('diff_lines: 2', changes);
  exceeds('diff_lines: 1', changes, /2 lines/);
  const signs = [change('c', null, '--- x\n+++ y\n-\n')];
  assert.equal(changedLines(signs), 3, 'lines that look like the head of a diff');
});

test('what is no text has no lines, and counts by its bytes', () => {
  const noise = Buffer.from(Array.from({ length: 1000 }, (_, n) => n % 256));
  const changes = [change('x.bin', noise, Buffer.concat([noise, Buffer.from([0, 10, 10])]))];
  within('diff_lines: 1', changes);
  exceeds('bytes: 1000', changes, /1003 bytes/);
});

test('a lane has its own limits where policy names them, in any capitals, and else those of all', () => {
  const policy = policyOf('limits: {files: 5, seconds: 60}\nlanes: {CODE: {limits: {files: 50}}}\n');
  const of = (lane: string) => {
    const { files, bytes, seconds } = lanePolicy(policy, lane).limits;
    return [files, bytes, seconds];
  };
  assert.deepEqual(of('code'), [50, 268_435_456, 60]);
  assert.deepEqual(of('MAIN'), [5, 268_435_456, 60]);
});

test('spine-lessons 3: to a mission nothing counts as nothing: what shows no lines counts by its bytes, old and new', () => {
  const noise = (length: number) => Buffer.alloc(length);
  assert.equal(weightInLines([change('a', null, noise(801)), ...TWO]), 11 + 3);
  assert.equal(weightInLines([change('a', noise(80), noise(160))]), 3);
  assert.equal(weightInLines([change('a', noise(5), noise(5)), change('b', null, '')]), 0);
  assert.ok(weightInLines([change('a', null, 'x\n'.repeat(600_000))]) > 10_000, 'a text too large for a diff');
});

test.run();
