import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { assert, suite } from '../support/suite.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const GENERATED = 'src/order/generated.ts';
const MOST_LINES = 400;
const MOST_FILES = 25;

const files = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));

const test = suite('style', { timeoutMs: 250_000 });

test('npm run lint is green', () => {
  const args = ['--import', 'tsx', 'scripts/lint.ts'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
});

test(`no source file has more than ${MOST_LINES} lines`, () => {
  assert.ok(files.length > 0, 'no source files found');
  const long = files
    .filter((file) => file !== GENERATED)
    .map((file) => ({ file, lines: readFileSync(join(ROOT, file), 'utf8').split('\n').length - 1 }))
    .filter(({ lines }) => lines > MOST_LINES);
  assert.deepEqual(long, []);
});

test(`no source folder has more than ${MOST_FILES} files`, () => {
  const counts = new Map<string, number>();
  for (const file of files) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
  const full = [...counts].filter(([, count]) => count > MOST_FILES);
  assert.deepEqual(full, []);
});

test('no half of a merge is left in a tracked file', () => {
  const marks = ['<{7} ', '>{7} ', '(> ){6}>', '\\|?[ ]?={7}([ |]|$)'].join('|');
  const found = spawnSync('git', ['grep', '-nE', `^(${marks})`], { cwd: ROOT, encoding: 'utf8' });
  assert.equal(found.status, 1, found.stdout + found.stderr);
});

test.run();
