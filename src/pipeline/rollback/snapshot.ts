import { listSnapshots } from '../../git/snapshot/read.ts';
import { type TakenSnapshot, takeSnapshot } from '../../git/snapshot/take.ts';
import { ownPaths, refsOf } from '../../station/layout.ts';
import type { Settings } from '../../station/settings.ts';
import type { Station } from '../../station/station.ts';
import { componentFiles } from './protection.ts';

/**
 * Holds the station's work tree as it is, under `refs/waybill/<station>/snapshot/<name>`; without a name, under one made of the time. The
 * caller writes it itself, whether a station process runs or not (decision 0033). Components that are files, and the paths of `extra`,
 * are taken although git ignores them.
 * Throws SNAPSHOT_EXISTS, USAGE for a bad name, GIT_FAILED.
 */
export async function snapshotStation(
  station: Station,
  wish: { readonly name?: string | undefined; readonly why: string; readonly extra?: readonly string[] },
): Promise<TakenSnapshot> {
  return takeSnapshot(station.repo, {
    folder: refsOf(station.id).snapshot,
    name: wish.name ?? (await freeName(station, stamp())),
    why: wish.why,
    leaveOut: leftOut(station.settings),
    extra: [...new Set([...componentFiles(station), ...(wish.extra ?? [])])],
  });
}

/** What is the station's own, as patterns. */
export function leftOut(settings: Settings): string[] {
  return ownPaths(settings).map((path) => {
    const literal = path.replace(/[\\*?[\]]/g, '\\$&');
    // the telemetry file is rotated beside itself
    return literal.replace(/\.jsonl$/, '*.jsonl');
  });
}

/** The time as a name that every disk takes: 20261121T215500Z. */
export function stamp(): string {
  return new Date().toISOString().replace(/[-:]|\.\d+/g, '');
}

/** `base`, or `base-2` and so on where that is taken. */
export async function freeName(station: Station, base: string): Promise<string> {
  const there = new Set((await listSnapshots(station.repo.git, refsOf(station.id).snapshot)).map((s) => s.name));
  if (!there.has(base)) return base;
  for (let n = 2; ; n++) if (!there.has(`${base}-${n}`)) return `${base}-${n}`;
}
