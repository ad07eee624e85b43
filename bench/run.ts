/**
 * Measures what docs/performance.md promises, against something else in the same run:
 *
 *   node --import tsx bench/run.ts [part of a row's name]... [--quick] [--runs N] [--dir FOLDER]
 *
 * --quick takes two minutes and says whether everything is delivered, not how fast; it writes no results. Otherwise bench/results.json and the
 * table in docs/performance.md are written. Exits 1 where a run delivered wrongly; a goal that is missed is told, and is no failure.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Pair, type Result, type Row, resultOf } from './row.ts';
import { idle } from './rows/latency.ts';
import { status, version } from './rows/start.ts';
import { againstHand, againstHandInMany, againstLimit } from './rows/throughput.ts';
import { markdown, print } from './table.ts';

const ROOT = resolve(import.meta.dirname, '..');
const ROWS: readonly Row[] = [againstLimit, againstHand, againstHandInMany, idle, version, status];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    runs: { type: 'string', default: '5' },
    dir: { type: 'string', default: tmpdir() },
  },
});

const chosen = ROWS.filter(({ name }) => positionals.length === 0 || positionals.some((part) => name.includes(part)));
if (chosen.length === 0) {
  console.error(`no row has this in its name: ${positionals.join(', ')}`);
  process.exitCode = 64;
}
const results: Result[] = [];
for (const row of chosen) {
  const count = values.quick ? row.quick : Number(values.runs);
  const runs: Pair[] = [];
  for (let n = 0; n < count; n++) runs.push(await measured(row));
  if (runs.length === 0) continue;
  const result = resultOf(row, runs);
  results.push(result);
  print(result);
}
if (!values.quick && chosen.length === ROWS.length) write();

async function measured(row: Row): Promise<Pair> {
  const folder = mkdtempSync(join(values.dir, 'waybill-bench-'));
  try {
    return await row.measure(folder, values.quick);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function write(): void {
  const git = execFileSync('git', ['--version'], { encoding: 'utf8' }).trim().replace('git version ', '');
  const machine = {
    cores: cpus().length,
    processor: cpus()[0]?.model ?? 'unknown',
    memory_mb: Math.round(totalmem() / 1_048_576),
    system: `${process.platform} ${release()}`,
    node: process.versions.node,
    git,
  };
  const at = new Date().toISOString();
  writeFileSync(join(ROOT, 'bench/results.json'), `${JSON.stringify({ v: 1, at, machine, results }, null, 2)}\n`);
  const page = join(ROOT, 'docs/performance.md');
  const table = `<!-- table: npm run bench -->\n\n${markdown(at, machine, results)}\n\n<!-- end of table -->`;
  const text = readFileSync(page, 'utf8');
  writeFileSync(
    page,
    text.replace(/<!-- table: npm run bench -->[\s\S]*<!-- end of table -->/, () => table),
  );
}
