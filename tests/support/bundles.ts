import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { E2E_JOB } from './jobs.ts';
import { type Agents, HELLO, missionStation, type Script } from './missions.ts';
import type { StationSetup, TestStation } from './station.ts';
import type { TestContext } from './suite.ts';

/** Jobs as their producers write them, and what they get to see. */

/** A job of a bridge that names its jobs: prose and paths in one list, and keys that nobody knows. */
export const BUILD_JOB = {
  kind: 'lifeos.job.v0.1',
  job_id: 'JOB-001',
  job_type: 'build',
  objective: 'Write src/hello.txt, which says hello.',
  workdir: '.',
  command: ['grep', '-q', 'hello', 'src/hello.txt'],
  timeout_s: 900,
  scope: ['src/**', 'keep it short, and change nothing else'],
  non_goals: ['no refactoring'],
  expected_artifacts: ['stdout.txt', 'stderr.txt', 'rc.txt', 'duration_s.txt', 'src/hello.txt'],
  context_refs: ['src/old.txt'],
  submitted_by: 'openclaw-main',
  trace: { hop: 1 },
} as const;

/** What an agent of OpenClaw answers when it is asked for a test run: without an id. */
export const TEST_JOB = { ...E2E_JOB, command: ['grep', '-n', 'old', 'src/old.txt'] };

/** A station for both: agents that do what a script says, and a policy by which every command may run. */
export function jobStation(
  t: TestContext,
  script: Script = HELLO,
  setup: StationSetup = {},
): { station: TestStation; agents: Agents } {
  return missionStation(t, script, {
    policy: 'version: 1\nrules: [{class: safe, commands: ["*"]}]\n',
    ...setup,
  });
}

/** Puts a job into a lane's inbox, as a file of its producer. */
export function dropJob(station: TestStation, job: object, file = 'job.json'): void {
  station.write(`bridge/inbox/MAIN/${file}`, `${JSON.stringify(job, null, 2)}\n`);
}

export const BUNDLES = 'state/artifacts/evidence/openclaw/jobs';

/** Every file of a bundle, by its path, as latin1 text: the same bytes give the same text. */
export function bundleOf(station: TestStation, woId: string): Record<string, string> {
  const folder = station.path(BUNDLES, woId);
  const paths = execFileSync('find', ['.', '-type', 'f'], { cwd: folder, encoding: 'utf8' })
    .split('\n')
    .filter(Boolean);
  return Object.fromEntries(
    paths
      .map((path) => path.slice(2))
      .sort()
      .map((path) => [path, readFileSync(join(folder, path), 'latin1')]),
  );
}

/** The result that the producer of a job reads. */
export function resultOf(station: TestStation, woId: string): Record<string, unknown> {
  return JSON.parse(station.read(`${BUNDLES}/${woId}/result.json`)) as Record<string, unknown>;
}

/** `sha256sum -c` in the bundle: what it says where something does not fit, or nothing. */
export function badSums(station: TestStation, woId: string): string {
  try {
    execFileSync('sha256sum', ['--check', '--strict', '--quiet', 'hash_manifest.sha256'], {
      cwd: station.path(BUNDLES, woId),
      encoding: 'utf8',
      stdio: 'pipe',
    });
    return '';
  } catch (error) {
    return String((error as { stdout?: string }).stdout ?? error);
  }
}

export interface Verified {
  readonly code: number | null;
  readonly ok: boolean;
  readonly bundle: string | null;
  readonly faults: readonly { readonly kind: string; readonly subject: string; readonly message: string }[];
}

/** `waybill evidence verify JOB --json`. */
export function verifyJob(station: TestStation, id: string): Verified {
  const { code, stdout } = station.waybill('evidence', 'verify', id, '--json');
  return { code, ...(JSON.parse(stdout) as Omit<Verified, 'code'>) };
}

/** What is wrong with a bundle, in words. */
export function faultsOf(station: TestStation, id: string): string[] {
  return verifyJob(station, id).faults.map(({ message }) => message);
}

export function removeFrom(station: TestStation, path: string): void {
  rmSync(station.path(path), { recursive: true });
}
