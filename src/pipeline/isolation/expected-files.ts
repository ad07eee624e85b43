import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import picomatch from 'picomatch';
import type { CheckResult } from '../../order/generated.ts';
import { isPath } from '../../order/job.ts';
import type { Order, Warning } from '../../order/order.ts';
import { fs, ifThere, lstatIfThere } from '../../platform/fs.ts';
import { folderBelow } from '../../policy/fence.ts';
import type { Station } from '../../station/station.ts';
import type { Job } from '../job.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Whether the files are there that a job of OpenClaw expects, once its command has run: in the worktree, at its top or where the command ran. One
 * more check beside its command. Null for every other order, and where it expects nothing that could be looked for: sentences, and what Waybill
 * itself shows at the root.
 */
export function expectedFiles(rt: Runtime, job: Job, worktree: string): CheckResult | null {
  if (rt.life(job.woId).admitted?.job === undefined) return null;
  const sought = expectedOf(rt.station, job.order).filter(({ isOwn }) => !isOwn);
  if (sought.length === 0) return null;
  const there = sought.filter(({ places }) => places.some((path) => isThere(worktree, path)));
  return {
    name: 'expected artifacts',
    ok: there.length === sought.length,
    exit_code: 0,
    signal: null,
    duration_ms: 0,
    expected: sought.map(({ text }) => text).join(', '),
    actual: there.map(({ text }) => text).join(', '),
  };
}

/** What whoever sent a job should know of the files it expects, before anything is done. Throws PATH_DENIED for one outside the station. */
export function expectedNotes(station: Station, order: Order): Warning[] {
  return expectedOf(station, order)
    .filter(({ isOwn }) => isOwn)
    .map(({ text }) => ({
      code: 'note',
      message: `expected_artifacts: lies below the station's own artifacts, not looked for: ${text}`,
    }));
}

interface Expected {
  readonly text: string;
  /** Where it can be, from the top of the worktree, which stands for the root. */
  readonly places: readonly string[];
  /** Lies in the station's own artifacts: those are at the root only. */
  readonly isOwn: boolean;
}

function expectedOf({ layout, settings }: Station, { mission, checks }: Order): Expected[] {
  const { artifacts } = settings.paths;
  return (mission?.expectedOutputs ?? []).filter(isPath).map((text) => {
    const top = below(layout.root, text);
    // a folder outside is told as such when the order is started
    const cwd = below(layout.root, checks[0]?.cwd ?? '.');
    const beside = cwd === null || /^[/~]/.test(text) ? top : below(layout.root, join(cwd, text));
    const places = [...new Set([top, beside])].filter((place) => place !== null);
    // the one error for both
    if (places.length === 0) folderBelow(layout.root, text);
    return { text, places, isOwn: top !== null && (top === artifacts || top.startsWith(`${artifacts}/`)) };
  });
}

/** The path from the root, by name alone; null for one that leads out of it. */
function below(root: string, path: string): string | null {
  try {
    return folderBelow(root, isAbsolute(path) ? really(path) : path);
  } catch {
    return null;
  }
}

/** What is not there yet, in the folder that it is to be in as that is really called: the root may have been named through a link. */
function really(path: string): string {
  const real = ifThere(() => fs.realpathSync(path));
  return real ?? (dirname(path) === path ? path : join(really(dirname(path)), basename(path)));
}

/** A file or folder of that very name, or one that fits the pattern. */
function isThere(worktree: string, path: string): boolean {
  if (lstatIfThere(join(worktree, path)) !== undefined) return true;
  const { base, isGlob } = picomatch.scan(path);
  if (!isGlob) return false;
  const fits = picomatch(path, { dot: true });
  const open = [join(worktree, base)];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop())
    for (const entry of ifThere(() => fs.readdirSync(folder as string, { withFileTypes: true })) ?? []) {
      const found = join(folder, entry.name);
      if (fits(relative(worktree, found))) return true;
      // never through a link, which may lead anywhere
      if (entry.isDirectory() && entry.name !== '.git') open.push(found);
    }
  return false;
}
