import { join, resolve } from 'node:path';
import type { TakeRule } from '../order/generated.ts';
import { namesIn } from '../platform/durable.ts';
import { fs, ifThere } from '../platform/fs.ts';
import { expandHome } from '../platform/user.ts';
import { laneNamed } from '../station/settings.ts';
import type { Station } from '../station/station.ts';

/** Which folders are lanes. Apart from the scan, so that who only shows them loads nothing of it. */

/** A lane that settings name: a folder outside the inbox, and rules for files that are no orders by themselves. */
export interface WatchedLane {
  readonly folder: string | null;
  readonly take: readonly TakeRule[];
}

export interface ScanSettings {
  readonly settleMs: number;
  readonly maxOrderBytes: number;
  /** By lane. */
  readonly lanes: Readonly<Record<string, WatchedLane>>;
}

/** One folder of a lane. */
export interface LaneFolder {
  readonly lane: string;
  readonly folder: string;
  /** Not in the inbox: takes only what a rule names. */
  readonly outside: boolean;
}

const LANE = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** What intake needs of settings to look at the lanes. */
export function scanSettings(station: Station): ScanSettings {
  const { intake, lanes } = station.settings;
  const watched = Object.entries(lanes).map(([name, { folder, take }]) => [
    name,
    { folder: folder === null ? null : resolve(station.layout.root, expandHome(folder)), take },
  ]);
  return {
    settleMs: intake.settleMs,
    maxOrderBytes: intake.maxOrderBytes,
    lanes: Object.fromEntries(watched) as ScanSettings['lanes'],
  };
}

/** The folders that are lanes, with their names. A linked folder is one only where settings name the lane: what lies there gets moved. */
export function laneFolders(inbox: string, lanes: ScanSettings['lanes']): LaneFolder[] {
  const inside = namesIn(inbox).filter((name) => {
    if (!LANE.test(name)) return false;
    const path = join(inbox, name);
    const stat = ifThere(() => fs.lstatSync(path));
    if (stat?.isSymbolicLink()) return Object.hasOwn(lanes, laneNamed(lanes, name)) && isFolder(path);
    return stat?.isDirectory() === true;
  });
  const outside = Object.entries(lanes).flatMap(([lane, { folder }]) =>
    folder !== null && isFolder(folder) ? [{ lane, folder, outside: true }] : [],
  );
  return [
    ...inside.map((name) => ({ lane: laneNamed(lanes, name), folder: join(inbox, name), outside: false })),
    ...outside,
  ];
}

function isFolder(path: string): boolean {
  return ifThere(() => fs.statSync(path))?.isDirectory() === true;
}
