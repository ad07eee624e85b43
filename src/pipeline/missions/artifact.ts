import { relative } from 'node:path';
import { readIndex } from '../../git/index/index-file.ts';
import { keepCopy } from '../../git/kept-files.ts';
import { WaybillError } from '../../order/error.ts';
import { writeProjection } from '../../platform/durable.ts';
import { lstatIfThere } from '../../platform/fs.ts';
import { readTarget } from '../../platform/target.ts';
import { folderInside } from '../../platform/write-inside.ts';
import type { Station } from '../../station/station.ts';
import type { Runtime } from '../runtime.ts';

/**
 * What is shown in folders where people write too: never through a link (rule 9), never over what git tracks, and what is not ours is kept before it is
 * replaced (rule 1).
 */

type Place = Pick<Station, 'layout'>;

/** The first folder or file on the way to a path that is a link, the path itself included; relative to the root. Null where there is none. */
export function linkOn({ layout }: Place, path: string): string | null {
  let at = '';
  for (const name of path.split('/')) {
    at = at === '' ? name : `${at}/${name}`;
    const stat = lstatIfThere(`${layout.root}/${at}`);
    if (stat === undefined) return null;
    if (stat.isSymbolicLink()) return at;
  }
  return null;
}

/** The same for the folders above it. */
function linkAbove(place: Place, path: string): string | null {
  return linkOn(place, path.slice(0, path.lastIndexOf('/')));
}

/** Whether git tracks a path, or something below it. Throws REPO_UNSUPPORTED. */
export function isTracked({ layout }: Place, path: string): boolean {
  const { entries, conflicts } = readIndex(layout.gitDir, [path]);
  return entries.size > 0 || conflicts.size > 0;
}

/** Throws PATH_DENIED where a folder above a path, relative to the root, is a link. */
export function assertNoLinkAbove(place: Place, path: string): void {
  const link = linkAbove(place, path);
  if (link === null) return;
  throw new WaybillError('PATH_DENIED', `${link} is a link: nothing is shown below it`, {
    hint: 'Put a folder there, or let paths.artifacts in waybill.yaml name another one.',
  });
}

/** Throws TRACKED_STATE for a path, relative to the root, that git tracks: what is tracked is people's. */
export function assertNotTracked(place: Place, path: string): void {
  if (!isTracked(place, path)) return;
  throw new WaybillError('TRACKED_STATE', `${path} is tracked by git, so nothing is shown there`, {
    hint: `Take it out of the index, \`git rm -r --cached ${path}\`, or let paths.artifacts in waybill.yaml name another folder.`,
  });
}

/** Whether what we wrote may lie there: not where we would not write. */
export function mayBeOurs(place: Place, path: string): boolean {
  return linkAbove(place, path) === null && !isTracked(place, path);
}

/** Why something is kept that lay where we show. */
export const NOT_OURS = 'it lay where Waybill shows this order, and is not what Waybill wrote';

/** Shows one file, whose bytes never change. What else has its name is kept. Throws PATH_DENIED, TRACKED_STATE. */
export function showFile({ layout }: Place, woId: string, absolute: string, text: string | Buffer): void {
  const path = relative(layout.root, absolute);
  assertNoLinkAbove({ layout }, path);
  const found = readTarget(absolute);
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  if (found.kind === 'file' && found.content.bytes.equals(bytes)) return;
  assertNotTracked({ layout }, path);
  const { folder, name } = folderInside(layout.root, path);
  try {
    const entry = folder.entry(name);
    if (found.kind !== 'nothing' && !lstatIfThere(entry)?.isDirectory())
      keepCopy(layout.live, entry, { woId, path, why: NOT_OURS });
    writeProjection(entry, bytes);
    folder.assertInPlace();
  } finally {
    folder.close();
  }
}

/** Shows something of an order. Where people must make room first that is said, and not tried again and again. */
export function showArtifact(rt: Runtime, woId: string, write: () => void, seq: number): void {
  const tryIt = () => {
    try {
      write();
    } catch (error) {
      if (!(error instanceof WaybillError) || !['TRACKED_STATE', 'PATH_DENIED'].includes(error.code)) throw error;
      rt.log.warn({ err: error }, `${woId} is not shown: ${error.message}`);
    }
  };
  rt.show(woId, tryIt, seq);
}
