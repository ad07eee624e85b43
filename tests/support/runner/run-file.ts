import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { testEnvironment } from './environment.ts';
import { afterGrace, kill, type ProcessInfo, survivors } from './processes.ts';
import { type Report, readReport } from './report.ts';

const TSX = import.meta.resolve('tsx');
const SURVIVOR_GRACE_MS = 1500;

export interface Ending {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  timedOut: boolean;
  survivors: ProcessInfo[];
  report: Report | undefined;
}

export interface Verdict {
  passed: number;
  failed: number;
  skipped: number;
  /** Why the file is red, beyond what its own output says. Empty when green. */
  reasons: string[];
  /** Skipped tests and suites not run, one line each. */
  gaps: string[];
}

export interface FileRun extends Verdict {
  seconds: number;
  output: string;
}

/** Process groups of the files that run now, for the runner to take down when it is interrupted. */
export const runningGroups = new Set<number>();

/** Runs one test file in a process group of its own, then ends whatever it left behind. */
export async function runFile(
  file: string,
  options: { root: string; scratch: string; timeoutMs: number; strict: boolean },
): Promise<FileRun> {
  const started = performance.now();
  const home = join(options.scratch, 'home');
  const reportFile = join(options.scratch, 'report.json');
  const child = spawn(process.execPath, ['--import', TSX, file], {
    cwd: options.root,
    env: testEnvironment(home, reportFile),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const group = child.pid;
  if (group === undefined) throw new Error(`cannot start ${process.execPath}`);
  runningGroups.add(group);

  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const closed = once(child, 'close');

  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    kill(-group);
  }, options.timeoutMs);
  const [exitCode, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  clearTimeout(timer);

  const left = await afterGrace(() => survivors(group, home), timedOut ? 0 : SURVIVOR_GRACE_MS);
  for (const { pid } of left) kill(pid);
  runningGroups.delete(group);
  // A survivor may have held the pipes; now that it is dead they close, but never wait for it for ever.
  await Promise.race([closed, sleep(2000, undefined, { ref: false })]);
  child.stdout.destroy();
  child.stderr.destroy();

  const ending = { exitCode, signal, timedOut, survivors: timedOut ? [] : left, report: readReport(reportFile) };
  return {
    ...judge(ending, options),
    seconds: (performance.now() - started) / 1000,
    output: Buffer.concat(chunks).toString('utf8'),
  };
}

/** Green only if the file exited 0, reported, ran at least one test, passed all of them and left nothing behind. */
export function judge(ending: Ending, options: { timeoutMs: number; strict: boolean }): Verdict {
  const { report } = ending;
  const reasons: string[] = [];
  if (ending.timedOut) reasons.push(`did not end within ${options.timeoutMs / 1000} s; killed`);
  else if (ending.exitCode !== 0) reasons.push(`exited with ${ending.exitCode ?? ending.signal}`);
  for (const { pid, command } of ending.survivors) reasons.push(`left a process running: ${pid} ${command}`);
  if (report === undefined) {
    reasons.push('no report: the file has no suite, or ended before its suites did');
    return { passed: 0, failed: 1, skipped: 0, reasons, gaps: [] };
  }

  const { total, passed, problems } = report;
  const notRunTests = report.notRun.reduce((sum, { tests }) => sum + tests, 0);
  const gaps = [
    ...report.skipped.map((line) => `skipped: ${line}`),
    ...report.notRun.map(({ reason }) => `not run: ${reason}`),
  ];
  const skipped = report.skipped.length + notRunTests;
  reasons.push(...problems);
  if (passed !== total) reasons.push(`${passed} of ${total} tests passed`);
  if (total + skipped === 0) reasons.push('no tests');
  if (options.strict && skipped > 0) reasons.push(`${skipped} skipped, which --strict and CI=true forbid`);

  const failed = total - passed + (options.strict ? skipped : 0);
  return {
    passed,
    // A file can be red though all its tests passed (a leak, an exit code): that counts as one failure.
    failed: reasons.length > 0 ? Math.max(failed, 1) : 0,
    skipped: options.strict ? 0 : skipped,
    reasons,
    gaps,
  };
}
