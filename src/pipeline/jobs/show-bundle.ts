import { basename, dirname, join } from 'node:path';
import type { OrderLife } from '../../order/life.ts';
import { isTerminal } from '../../order/transition.ts';
import { ensureDir, exists, removeTree, writeProjection, writeUnsynced } from '../../platform/durable.ts';
import { errno, fs } from '../../platform/fs.ts';
import type { Station } from '../../station/station.ts';
import type { Runtime } from '../runtime.ts';
import { type Bundle, bundleFolder, bundlesFolder, readBundle } from './bundle.ts';
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
  rt.show(
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
 * computed whole leaves what is there. Returns whether something was written.
 */
export function writeBundle(station: Station, bundle: Bundle, all: boolean): boolean {
  const folder = bundleFolder(station, bundle.woId);
  removeTree(besideOf(folder));
  const files = wholeFiles(bundle);
  if (files === null) return false;
  const faults = checkBundle(station, bundle).filter(({ kind }) => all || kind === 'missing');
  if (faults.length === 0) return false;
  if (all || faults.some(({ path }) => path === '')) putFolder(folder, files);
  else for (const { path } of faults) writeProjection(join(folder, path), files.get(path) ?? '');
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
function putFolder(folder: string, files: ReadonlyMap<string, Buffer>): void {
  const beside = besideOf(folder);
  for (const [path, bytes] of files) writeUnsynced(join(beside, path), bytes);
  try {
    fs.swapSync(beside, folder);
    removeTree(beside);
  } catch (error) {
    if (errno(error) !== 'ENOENT') throw error;
    fs.renameSync(beside, folder);
  }
}

/** Says, where no clean reaches, that bundles were shown. */
const markOf = ({ layout }: Station) => join(layout.live, 'bundles-shown');

/** Whether bundles were shown, and their folder is gone. */
export function areBundlesGone(station: Station): boolean {
  return exists(markOf(station)) && !exists(bundlesFolder(station));
}

/** There is nothing (more) to show: an empty folder says so. */
export function keepBundlesFolder(station: Station): void {
  if (areBundlesGone(station)) ensureDir(bundlesFolder(station));
}

/** Removes the bundle of an order that was purged. */
export function removeBundle(station: Station, woId: string): void {
  const folder = bundleFolder(station, woId);
  removeTree(folder);
  removeTree(besideOf(folder));
}
