import { isAbsolute, join, normalize } from 'node:path';
import type { CheckResult } from '../../order/generated.ts';
import { lstatIfThere } from '../../platform/fs.ts';
import type { Job } from '../job.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Whether the files are there that a job of OpenClaw expects, once its command has run: in the worktree, at its top or where the command ran. One
 * more check beside its command. Null for every other order, and where it expects nothing that could be looked for: sentences, and what Waybill
 * itself shows at the root.
 */
export function expectedFiles(rt: Runtime, job: Job, worktree: string, cwd: string): CheckResult | null {
  if (rt.life(job.woId).admitted?.job === undefined) return null;
  const { artifacts } = rt.station.settings.paths;
  const paths = (job.order.mission?.expectedOutputs ?? []).filter(
    (path) => isPath(path) && path !== artifacts && !path.startsWith(`${artifacts}/`),
  );
  if (paths.length === 0) return null;
  const isThere = (path: string) => [worktree, cwd].some((folder) => lstatIfThere(join(folder, path)) !== undefined);
  const there = paths.filter(isThere);
  return {
    name: 'expected artifacts',
    ok: there.length === paths.length,
    exit_code: 0,
    signal: null,
    duration_ms: 0,
    expected: paths.join(', '),
    actual: there.join(', '),
  };
}

/** Below the worktree, by name alone; a sentence is none. */
function isPath(text: string): boolean {
  return !/\s|\0/.test(text) && !isAbsolute(text) && !normalize(text).startsWith('..') && !/^[a-z]+:\/\//i.test(text);
}
