/**
 * Runs the tests: one process per file, and no file is green unless it proves that it ran.
 *
 *   node --import tsx tests/run.ts [part of a file name]... [--torture] [--jobs N] [--timeout SECONDS] [--strict]
 *
 * --strict (and CI=true) turns every skipped test and every missing need into a failure. --again runs red files once more, alone, when the
 * others are done: waits that a loaded machine made too short must not hide what the rest says. What is green only then is told as such.
 */
import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { kill } from './support/runner/processes.ts';
import { type FileRun, runFile, runningGroups } from './support/runner/run-file.ts';

const ROOT = resolve(import.meta.dirname, '..');

const { values, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: {
    torture: { type: 'boolean', default: false },
    strict: { type: 'boolean', default: process.env['CI'] === 'true' },
    again: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '3' },
    timeout: { type: 'string' },
    dir: { type: 'string', default: import.meta.dirname },
  },
});
const jobs = positive('--jobs', values.jobs);
const timeoutMs = 1000 * positive('--timeout', values.timeout ?? (values.torture ? '14400' : '420'));
const folder = resolve(values.dir);

const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'waybill-run-')));
process.on('exit', () => {
  for (const group of runningGroups) kill(-group);
  rmSync(scratch, { recursive: true, force: true });
});
process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));

/** What takes a minute goes first: else one of them is at work alone in the end. */
const LONG =
  /redteam\/orders|history\/vanished|isolation\/|approvals\/approvals|runbooks|matrix|tooling\/lint|^bench|systemd|model|purge|verify|browser\/pages/;

/**
 * CI has a quarter of an hour on two cores. These take long: with CI=true one of the four lists runs, by chance, and the others are named. Without
 * CI, or where files are named, all of them do.
 */
const TURNS: readonly (readonly string[])[] = [
  [
    'cli/jobs',
    'cli/spine',
    'guardrail/check-file',
    'pipeline/backlog/marks',
    'pipeline/control',
    'pipeline/destructive-idle',
    'pipeline/gap',
    'pipeline/guardrail/quiet',
    'pipeline/history/broken',
    'pipeline/history/vanished',
    'pipeline/isolation/worktree',
    'pipeline/jobs/jobs-in',
    'pipeline/keep',
    'pipeline/large-input',
    'pipeline/missions/moved',
    'pipeline/missions/row',
    'pipeline/missions/stop',
    'pipeline/races',
    'pipeline/restore-from',
    'web/browser/pages',
  ],
  [
    'cli/keep',
    'cli/metrics',
    'cli/snapshot',
    'pipeline/approvals/approvals',
    'pipeline/backlog/claims',
    'pipeline/backup',
    'pipeline/dialects',
    'pipeline/edges',
    'pipeline/guardrail/seed-003',
    'pipeline/inbox',
    'pipeline/jobs/checkpoints',
    'pipeline/jobs/others-files',
    'pipeline/journal-guard',
    'pipeline/marks',
    'pipeline/matrix-power',
    'pipeline/missions/checks',
    'pipeline/purge',
    'pipeline/restore-action',
    'pipeline/secrets',
    'station/services/systemd',
    'web/browser/hostile',
  ],
  [
    'agents/acp',
    'cli/cures',
    'cli/documents',
    'cli/rollback',
    'docs/runbooks',
    'pipeline/approvals/landing',
    'pipeline/backup-kill',
    'pipeline/beside',
    'pipeline/bring-back',
    'pipeline/flat-cost',
    'pipeline/guardrail/look',
    'pipeline/history',
    'pipeline/isolation/many',
    'pipeline/jobs/faults',
    'pipeline/missions/packets',
    'pipeline/missions/processes',
    'pipeline/report/status',
    'pipeline/repositories',
    'station/doctor/doctor',
    'web/browser/keyboard',
    'web/browser/flow',
  ],
  [
    'bench/bench',
    'cli/backlog/run',
    'cli/torture',
    'pipeline/approvals/lessons',
    'pipeline/destructive-working',
    'pipeline/guardrail/repair',
    'pipeline/guardrail/schedule',
    'pipeline/history/forensics',
    'pipeline/isolation/kill',
    'pipeline/jobs/whole',
    'pipeline/missions/budgets',
    'pipeline/missions/checkpoints',
    'pipeline/missions/envelope',
    'pipeline/missions/lessons',
    'pipeline/missions/packets-shown',
    'pipeline/missions/reviews',
    'pipeline/report/drift',
    'pipeline/tracker',
    'redteam/approvals',
    'web/browser/flat',
    'web/browser/deciding',
    'web/browser/output',
  ],
];
const notNow: readonly string[] =
  process.env['CI'] === 'true' && filters.length === 0 && !values.torture && folder === import.meta.dirname
    ? TURNS.toSpliced(Math.floor(Math.random() * TURNS.length), 1).flat()
    : [];

const waiting = testFiles();
const runs: { file: string; run: FileRun }[] = [];
await Promise.all(Array.from({ length: jobs }, worker));
if (values.again) await runRedAgain();
process.exitCode = summarise() ? 0 : 1;

async function worker(): Promise<void> {
  for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
    const name = join(relative(process.cwd(), folder), file);
    const run = await runOne(file);
    runs.push({ file: name, run });
    printFile(name, run);
  }
}

function runOne(file: string): Promise<FileRun> {
  const fileScratch = mkdtempSync(join(scratch, 'file-'));
  return runFile(join(folder, file), { root: ROOT, scratch: fileScratch, timeoutMs, strict: values.strict });
}

async function runRedAgain(): Promise<void> {
  for (const red of runs.filter(({ run }) => run.reasons.length > 0)) {
    console.log(`again  ${red.file}`);
    red.run = await runOne(relative(folder, resolve(red.file)));
    printFile(red.file, red.run);
    if (red.run.reasons.length === 0)
      console.log(`  => red the first time, beside others, and green alone: look into it`);
  }
}

function testFiles(): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts') && !/(^|\/)(fixtures|node_modules)\//.test(file))
    .filter((file) => file.endsWith('.torture.test.ts') === values.torture)
    .filter((file) => filters.length === 0 || filters.some((filter) => join(folder, file).includes(filter)))
    .filter((file) => !notNow.some((name) => file === `${name}.test.ts`))
    .sort((a, b) => Number(LONG.test(b)) - Number(LONG.test(a)) || (a < b ? -1 : 1));
}

function printFile(name: string, run: FileRun): void {
  const red = run.reasons.length > 0;
  const verdict = red ? 'FAIL' : run.passed === 0 ? 'none' : 'ok  ';
  const counts = red ? `${run.passed} passed, ${run.failed} failed` : `${run.passed} passed`;
  console.log(`${verdict}  ${name}  ${counts}  ${run.seconds.toFixed(1)} s`);
  if (!red) return;
  console.log(indent(run.output.trimEnd()));
  for (const reason of run.reasons) console.log(`  => ${reason}`);
}

/** Prints the gaps and, alone on the last line, the totals; true when all is well. */
function summarise(): boolean {
  if (runs.length === 0) console.log('no test files found');
  for (const { file, run } of runs) {
    for (const gap of run.gaps) console.log(gap.replace(': ', `: ${file}: `));
  }
  if (notNow.length > 0) console.log(`not this time, by turns: ${notNow.join(', ')}`);
  const sum = (key: 'passed' | 'failed' | 'skipped'): number => runs.reduce((total, { run }) => total + run[key], 0);
  const failed = sum('failed');
  const skipped = sum('skipped');
  const nothing = failed === 0 && sum('passed') === 0;
  if (nothing && runs.length > 0) console.log('no tests ran');
  console.log(`${sum('passed')} passed, ${nothing ? 1 : failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  return failed === 0 && !nothing;
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  | ');
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${option} needs a number above zero, not "${text}"`);
  return value;
}
