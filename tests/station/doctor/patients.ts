import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { DoctorReport } from '../../../src/order/generated.ts';
import { CLI } from '../../support/station.ts';
import { findOnPath, type TestContext } from '../../support/suite.ts';

/** The real doctor, as its command line runs. */

export interface Visit {
  readonly code: number | null;
  readonly report: DoctorReport;
  /** `fault git: there is no git on PATH`, for all that is not ok. */
  readonly complaints: readonly string[];
}

export interface Circumstances {
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly args?: readonly string[];
}

/** Runs `waybill doctor --json` in this folder. */
export function doctor(cwd: string, { env = {}, uid, args = [] }: Circumstances = {}): Visit {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, 'doctor', '--json', ...args], {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  if (stdout === '') throw new Error(`doctor said nothing: ${stderr}`);
  const report = JSON.parse(stdout) as DoctorReport;
  const complaints = report.findings
    .filter(({ ok }) => ok !== 'ok')
    .map(({ check, ok, message }) => `${ok} ${check}: ${message}`);
  return { code: status, report, complaints };
}

export function only(visit: Visit, check: string): string[] {
  return visit.complaints.filter((text) => text.split(':')[0]?.endsWith(` ${check}`) === true);
}

/** Makes a folder somebody else's; permissions mean nothing to root, under which containers run tests. Returns who to be, or undefined. */
export function giveAway(t: TestContext, root: string): { uid: number; home: string } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const home = t.tempDir();
  execFileSync('chown', ['-R', '65534:65534', root, home]);
  openDoors(root);
  openDoors(home);
  return { uid: 65534, home };
}

/** Lets everybody come as far as this folder. */
export function openDoors(root: string): void {
  for (let folder = root; folder !== '/'; folder = join(folder, '..')) spawnSync('chmod', ['a+x', folder]);
}

/** The real git, whatever PATH says later. */
export function realGit(): string {
  return findOnPath(['git']) ?? 'git';
}
