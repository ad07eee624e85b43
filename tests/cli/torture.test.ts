import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CLI } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** `waybill torture`: the proof for users, on the disk they name. */

const ROOT = resolve(import.meta.dirname, '../..');
const test = suite('waybill torture', { timeoutMs: 200_000 });

function torture(cli: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, 'torture', ...args], { encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

interface Report {
  ok: boolean;
  seed: number;
  rounds: number;
  table: { kind: string; tried: number; survived: number }[];
  failed: { seed: number; faults: string[] }[];
  kept: string | null;
}

test('a race, lost events and a kill: all survived, told as a table, and nothing is left on the disk', (t) => {
  const dir = t.tempDir();
  const run = torture(CLI, '--rounds', '3', '--seed', '9007', '--dir', dir, '--json');
  assert.equal(run.code, 0, run.stdout + run.stderr);
  const report = JSON.parse(run.stdout) as Report;
  assert.deepEqual([report.ok, report.seed, report.rounds, report.failed], [true, 9007, 3, []]);
  const expected = ['race', 'deaf', 'kill'];
  for (const { kind, tried, survived } of report.table)
    assert.deepEqual([tried, survived], expected.includes(kind) ? [1, 1] : [0, 0], kind);
  assert.equal(report.table.length, 9);
  assert.deepEqual(readdirSync(dir), []);
});

test('a station with a bug in it does not survive: exit code 1, what failed, the seed that repeats it, and what is left', (t) => {
  const bad = t.tempDir();
  for (const part of ['dist', 'schemas', 'package.json'])
    cpSync(join(ROOT, part), join(bad, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(bad, 'node_modules'));
  const chunks = readdirSync(join(bad, 'dist/chunks')).filter((name) => name.endsWith('.js'));
  const planted = chunks.filter((name) => {
    const file = join(bad, 'dist/chunks', name);
    const text = readFileSync(file, 'utf8');
    const changed = text.replace(/(function projectResult\([^)]*\) \{)/, '$1 return;');
    writeFileSync(file, changed);
    return changed !== text;
  });
  assert.equal(planted.length, 1);
  const dir = t.tempDir();
  const run = torture(join(bad, 'dist/cli/main.js'), '--rounds', '1', '--seed', '18', '--dir', dir);
  assert.equal(run.code, 1, run.stdout + run.stderr);
  assert.match(run.stderr, /--seed 18 --rounds 1/);
  assert.match(run.stderr, /has ended and has no result/);
  assert.match(run.stdout, /1 failed of 1 rounds/);
  assert.match(readdirSync(dir).join(), /^waybill-torture-/);
  const again = torture(join(bad, 'dist/cli/main.js'), '--rounds', '1', '--seed', '18', '--dir', dir, '--json');
  assert.equal((JSON.parse(again.stdout) as Report).failed[0]?.seed, 18);
});

test('numbers that are none are refused', () => {
  for (const args of [
    ['--minutes', '0'],
    ['--rounds', 'x'],
    ['--seed', '-1'],
  ])
    assert.equal(torture(CLI, ...args).code, 64, args.join(' '));
});

test.run();
