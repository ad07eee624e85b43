import { basename, dirname, join } from 'node:path';
import { keepCopy } from '../../git/kept-files.ts';
import type { OrderLife } from '../../order/life.ts';
import { isTerminal } from '../../order/transition.ts';
import { digestIfThere, kindsBelow } from '../../platform/digest.ts';
import {
  ensureDir,
  exists,
  removeDurable,
  removeTree,
  writeProjection,
  writeUnsynced,
} from '../../platform/durable.ts';
import { errno, fs, lstatIfThere } from '../../platform/fs.ts';
import { removeEmptyFolders } from '../../platform/target.ts';
import { folderInside } from '../../platform/write-inside.ts';
import type { Station } from '../../station/station.ts';
import {
  assertNoLinkAbove,
  assertNotTracked,
  linkOn,
  mayBeOurs,
  NOT_OURS,
  showArtifact,
  showFile,
} from '../missions/artifact.ts';
import type { Runtime } from '../runtime.ts';
import {
  type Bundle,
  bundleFolder,
  bundlePath,
  bundlesFolder,
  everyBundle,
  isBundleName,
  readBundle,
} from './bundle.ts';
import { checkBundle } from './check-bundle.ts';

/** Bundles of jobs where their producers look: projections of ledger and evidence, which can be written again. */

/** Shows the bundle of a job that has just stopped, at its end or where a person is asked; nothing for other orders. */
export function showBundle(rt: Runtime, life: OrderLife): void {
  const { status, ask, approved } = life;
  if (isTerminal(status) || (status === 'parked' && ask !== null && !approved)) showBundleAgain(rt, life);
}

/** Shows the bundle of a job as it stood when it stopped last. */
export function showBundleAgain(rt: Runtime, life: OrderLife): void {
  if (life.admitted?.job === undefined || life.purgedAttempts >= life.attempt) return;
  showArtifact(
    rt,
    life.woId,
    () => {
      const bundle = readBundle(rt.station, life);
      if (bundle !== null) writeBundle(rt.station, bundle, true);
    },
    life.lastSeq,
  );
}

/**
 * Writes a bundle where what lies there is not it: with `all` wherever it differs, else only what is missing. Whole or not at all: one that cannot be
 * computed whole leaves what is there. What lies there and was in no bundle of this order is kept. Returns whether something was written. Throws
 * PATH_DENIED where a link leads elsewhere, TRACKED_STATE where git tracks something there.
 */
export function writeBundle(station: Station, bundle: Bundle, all: boolean): boolean {
  const folder = bundleFolder(station, bundle.woId);
  const here = bundlePath(station, bundle.woId);
  assertNoLinkAbove(station, here);
  removeTree(besideOf(folder));
  const files = wholeFiles(bundle);
  if (files === null) return false;
  const faults = checkBundle(station, bundle).filter(({ kind }) => all || kind === 'missing');
  if (faults.length === 0) return false;
  assertNotTracked(station, here);
  if (all || faults.some(({ path }) => path === '')) putFolder(station, bundle, files);
  else for (const { path } of faults) showFile(station, bundle.woId, join(folder, path), files.get(path) ?? '');
  if (!exists(markOf(station))) writeProjection(markOf(station), '');
  return true;
}

function wholeFiles({ files }: Bundle): Map<string, Buffer> | null {
  const known = [...files].flatMap(([path, { bytes }]): [string, Buffer][] => (bytes === null ? [] : [[path, bytes]]));
  return known.length === files.size ? new Map(known) : null;
}

/** Beside it, where nobody who looks for bundles sees it. */
function besideOf(folder: string): string {
  return join(dirname(folder), `.${basename(folder)}.tmp`);
}

/** Puts a folder in its place in one step: who reads it sees the one before or this one, and never half of either. */
function putFolder(station: Station, bundle: Bundle, files: ReadonlyMap<string, Buffer>): void {
  const { folder, name } = folderInside(station.layout.root, bundlePath(station, bundle.woId));
  try {
    const at = folder.entry(name);
    const beside = besideOf(at);
    for (const [path, bytes] of files) writeUnsynced(join(beside, path), bytes);
    keepOthers(station, bundle, at);
    folder.assertInPlace();
    try {
      fs.swapSync(beside, at);
    } catch (error) {
      if (errno(error) !== 'ENOENT') throw error;
      fs.renameSync(beside, at);
      return;
    }
    // what somebody put there meanwhile
    keepOthers(station, bundle, beside);
    removeTree(beside);
  } finally {
    folder.close();
  }
}

/** Puts aside, under the order's keep, what lies at a path and was in no bundle of this order. */
function keepOthers(station: Station, bundle: Bundle, at: string): void {
  const { woId } = bundle;
  const here = bundlePath(station, woId);
  const keep = (from: string, path: string) => keepCopy(station.layout.live, from, { woId, path, why: NOT_OURS });
  const stat = lstatIfThere(at);
  if (stat?.isFile() || stat?.isSymbolicLink()) return void keep(at, here);
  let every: readonly Bundle[] | null = null;
  for (const [path, kind] of kindsBelow(at)) {
    const from = join(at, path);
    // what is neither holds no bytes
    if (kind === 'folder' || (kind === 'other' && !lstatIfThere(from)?.isSymbolicLink())) continue;
    const hash = digestIfThere(from)?.sha256;
    const isOf = ({ files }: Bundle) => hash !== undefined && files.get(path)?.sha256 === hash;
    if (isOf(bundle)) continue;
    every ??= [...everyBundle(station, bundle)];
    if (!every.some(isOf)) keep(from, `${here}/${path}`);
  }
}

/** Says, where no clean reaches, that bundles were shown. */
const markOf = ({ layout }: Station) => join(layout.live, 'bundles-shown');

/** Whether bundles were shown, and their folder is gone. */
export function areBundlesGone(station: Station): boolean {
  const folder = bundlesFolder(station);
  return exists(markOf(station)) && !exists(folder) && linkOn(station, dirname(bundlePath(station, 'x'))) === null;
}

/** There is nothing (more) to show: an empty folder says so. */
export function keepBundlesFolder(station: Station): void {
  if (areBundlesGone(station)) ensureDir(bundlesFolder(station));
}

/** Removes the bundle of an order that was purged. What people put into its folder stays, and the folder with it. */
export function removeBundle(station: Station, woId: string): void {
  const folder = bundleFolder(station, woId);
  const here = bundlePath(station, woId);
  if (linkOn(station, here) !== null || !mayBeOurs(station, here)) return;
  removeTree(besideOf(folder));
  for (const [path, kind] of kindsBelow(folder))
    if (kind !== 'folder' && isBundleName(path)) removeDurable(join(folder, path));
  removeEmptyFolders([folder, join(folder, 'packets')].filter((path) => exists(path)));
}
