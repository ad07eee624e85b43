/**
 * Measures what docs/performance.md promises, against something else in the same run:
 *
 *   node --import tsx bench/run.ts [part of a row's name]... [--quick] [--large] [--most N] [--histories FOLDER] [--runs N] [--dir FOLDER]
 *
 * --quick takes two minutes and says whether everything is delivered, not how fast; it writes no results. --large also runs the rows that need
 * 100,000 and 1,000,000 orders; --most is another number than the latter, --histories a folder in which stations with a history are kept. Otherwise bench/results.json and the table in docs/performance.md are
 * written; rows that were not run keep their last figures. Exits 1 where a run delivered wrongly; a goal that is missed is told, and is no failure.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Pair, type Result, type Row, resultOf } from './row.ts';
import { burst, person, resting } from './rows/beside.ts';
import {
  firstPage,
  firstPageSize,
  idleAlone,
  idleSeen,
  liveLast,
  liveMedian,
  liveMemory,
  lsCold,
  orderPage,
  ordersPage,
  statusCold,
} from './rows/dashboard.ts';
import {
  firstOfMany,
  ls,
  memory100k,
  memoryOfMany,
  memoryOfVerify,
  status as statusOfMany,
  verify,
  verifyCommits,
  with100k,
  withMost,
} from './rows/growth.ts';
import { idleGuardrail, scan } from './rows/guardrail.ts';
import { idle } from './rows/latency.ts';
import { p50, p99 } from './rows/paced.ts';
import { status, version } from './rows/start.ts';
import { againstHand, againstHandInMany, againstLimit, inManyFiles } from './rows/throughput.ts';
import { madeAnew, sparse, usedAgain } from './rows/worktrees.ts';
import { makeHistory } from './scene.ts';
import { markdown, print } from './table.ts';

const ROOT = resolve(import.meta.dirname, '..');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    large: { type: 'boolean', default: false },
    most: { type: 'string', default: '1000000' },
    runs: { type: 'string' },
    dir: { type: 'string', default: tmpdir() },
    histories: { type: 'string' },
  },
});

const ROWS: readonly Row[] = [
  againstLimit,
  againstHand,
  againstHandInMany,
  inManyFiles,
  p50,
  p99,
  idle,
  resting,
  burst,
  person,
  version,
  status,
  scan,
  idleGuardrail,
  madeAnew,
  usedAgain,
  sparse,
  statusOfMany,
  ls,
  firstPage,
  firstPageSize,
  orderPage,
  ordersPage,
  lsCold,
  statusCold,
  liveMedian,
  liveLast,
  idleAlone,
  idleSeen,
  liveMemory,
  with100k,
  memory100k,
  verify,
  verifyCommits,
  memoryOfVerify,
  firstOfMany,
  memoryOfMany,
  ...withMost(Number(values.most)),
];

const chosen = ROWS.filter(
  ({ name, large = false }) =>
    (positionals.length === 0 ? !large || values.large : positionals.some((part) => name.includes(part))) &&
    !(large && values.quick),
);
if (chosen.length === 0) {
  console.error(`no row has this in its name: ${positionals.join(', ')}`);
  process.exitCode = 64;
}
const results: Result[] = [];
/**
 * Folders of runs, removed at the very end: on ext4 making files is up to ten times slower for a minute after many were removed, and the
 * next run would be measured in that minute.
 */
const leftovers: string[] = [];
/** Roots of stations with a history, by its length. */
const histories = new Map<number, string>();
for (const row of chosen) {
  const count = values.quick ? row.quick : Number(values.runs ?? row.runs ?? 5);
  const runs: Pair[] = [];
  for (let n = 0; n < count; n++) runs.push(await measured(row));
  if (runs.length === 0) continue;
  const result = resultOf(row, runs, new Date().toISOString().slice(0, 10));
  results.push(result);
  print(result);
  if (!values.quick) write();
}
for (const folder of [...leftovers, ...(values.histories === undefined ? histories.values() : [])])
  rmSync(folder, { recursive: true, force: true });

async function measured(row: Row): Promise<Pair> {
  const folder = mkdtempSync(join(values.dir, 'waybill-bench-'));
  leftovers.push(folder);
  return row.measure(folder, values.quick, { of: historyOf });
}

function historyOf(finished: number): string {
  const known = histories.get(finished);
  if (known !== undefined) return known;
  const kept = values.histories === undefined ? null : join(values.histories, String(finished));
  const root = kept ?? mkdtempSync(join(values.dir, `waybill-history-${finished}-`));
  if (kept === null || !existsSync(kept)) makeHistory(root, finished);
  histories.set(finished, root);
  return root;
}

/** Figures of before, for rows that were not run now. */
function earlier(): Result[] {
  try {
    const text = readFileSync(join(ROOT, 'bench/results.json'), 'utf8');
    return (JSON.parse(text) as { results: Result[] }).results;
  } catch {
    return [];
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
  const before = earlier();
  // rows of another --most stay
  const others = before.filter(
    (r) => / with [\d,]+ finished /.test(r.name) && !ROWS.some(({ name }) => name === r.name),
  );
  const all = [
    ...ROWS.flatMap(({ name }) => results.find((r) => r.name === name) ?? before.find((r) => r.name === name) ?? []),
    ...others,
  ];
  writeFileSync(join(ROOT, 'bench/results.json'), `${JSON.stringify({ v: 1, at, machine, results: all }, null, 2)}\n`);
  const page = join(ROOT, 'docs/performance.md');
  const table = `<!-- table: npm run bench -->\n\n${markdown(machine, all)}\n\n<!-- end of table -->`;
  const text = readFileSync(page, 'utf8');
  writeFileSync(
    page,
    text.replace(/<!-- table: npm run bench -->[\s\S]*<!-- end of table -->/, () => table),
  );
  execFileSync(join(ROOT, 'node_modules/.bin/biome'), ['format', '--write', page, 'bench/results.json'], {
    cwd: ROOT,
    stdio: 'ignore',
  });
}
