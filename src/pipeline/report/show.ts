import { join } from 'node:path';
import { filesInIndex } from '../../git/past.ts';
import { WaybillError } from '../../order/error.ts';
import type { DriftReport, RuntimeStatus } from '../../order/generated.ts';
import { readIfThere } from '../../platform/durable.ts';
import { replaceInside } from '../../platform/replace-inside.ts';
import { conform } from '../../platform/schema.ts';
import type { Station } from '../../station/station.ts';

/** Where reports stand, relative to the root. */

export function statusPath({ settings }: Pick<Station, 'settings'>): string {
  return `${settings.paths.artifacts}/status/runtime_status.json`;
}

/** The same, dated by its day, UTC. */
export function datedStatusPath({ settings }: Pick<Station, 'settings'>, at: string): string {
  return `${settings.paths.artifacts}/packets/status/checkpoint_report_${at.slice(0, 10).replaceAll('-', '')}.json`;
}

export function driftPath({ settings }: Pick<Station, 'settings'>, week: string): string {
  return `${settings.paths.artifacts}/status/drift_report_${week}.json`;
}

/** So long git may take to say whether it tracks a file. */
const GIT_MS = 30_000;

/** Shows a status: its file, and the dated one. Returns both paths. Throws TRACKED_STATE and PATH_DENIED, before either is written where it can. */
export async function showStatus(station: Station, status: RuntimeStatus): Promise<string[]> {
  return show(station, [statusPath(station), datedStatusPath(station, status.generated_at_utc)], status);
}

/** Shows a drift report. Throws as showStatus does. */
export async function showDrift(station: Station, report: DriftReport): Promise<string[]> {
  return show(station, [driftPath(station, report.week)], report);
}

async function show(station: Station, paths: readonly string[], document: object): Promise<string[]> {
  for (const path of paths) await assertUntracked(station, path);
  const text = `${JSON.stringify(document, null, 2)}\n`;
  for (const path of paths) replaceInside(station.layout.root, path, text);
  return [...paths];
}

/** What git tracks is people's: a report that is written by itself would be in their way at every commit. */
async function assertUntracked({ repo }: Station, path: string): Promise<void> {
  if ((await filesInIndex(repo.git, path, 'all', { timeoutMs: GIT_MS })).length === 0) return;
  throw new WaybillError('TRACKED_STATE', `${path} is tracked by git`, {
    hint: `Take it out of the index, \`git rm --cached ${path}\`, or let paths.artifacts in waybill.yaml name another folder.`,
  });
}

/** Where the status stands, absolute. */
export function statusFile(station: Pick<Station, 'settings' | 'layout'>): string {
  return join(station.layout.root, statusPath(station));
}

/** The status as it was shown last; null where there is none. Throws what keeps it from being read. */
export function shownStatus(station: Station): RuntimeStatus | null {
  const bytes = readIfThere(statusFile(station));
  return bytes === undefined ? null : conform('runtime-status', JSON.parse(bytes.toString('utf8')), 'IO_ERROR');
}
