import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isGoodId } from '../order/id.ts';
import { ensureDir, keepFile, readIfThere, writeNew } from '../platform/durable.ts';
import { newUlid } from '../platform/ids.ts';

/**
 * Bytes that somebody wrote at an unlucky moment are first put aside as plain files, because that can be done at any line and never needs
 * git: `<git dir>/waybill/kept/<ulid>/bytes`, beside it whose they are. The station moves them under its keep refs as soon as it can.
 */

/** Whose bytes these are, where they stood, and why they were kept. */
export interface AboutKept {
  /** The order in whose course it happened; null where nobody knows any more. */
  readonly woId: string | null;
  readonly path: string;
  readonly why: string;
}

const ABOUT = 'about.json';
export const KEPT_BYTES = 'bytes';

/** Puts a file aside, durably, with a note about it. Returns the name under which `waybill keep` will show it. */
export function keepCopy(live: string, from: string, about: AboutKept): string {
  const ulid = newUlid();
  const folder = join(live, 'kept', ulid);
  ensureDir(folder);
  // the note first: a kill in between leaves a note about nothing, never bytes without one
  writeNew(join(folder, ABOUT), `${JSON.stringify({ v: 1, wo_id: about.woId, path: about.path, why: about.why })}\n`);
  keepFile(from, folder, KEPT_BYTES);
  return about.woId ?? `unknown-${ulid}`;
}

/** The note in a folder of kept/; null for one that cannot be read, which must not stop its bytes from being found. */
export function readAbout(folder: string): AboutKept | null {
  try {
    const note: unknown = JSON.parse(readIfThere(join(folder, ABOUT))?.toString('utf8') ?? '');
    if (typeof note !== 'object' || note === null) return null;
    const { wo_id: woId, path, why } = note as Record<string, unknown>;
    if (typeof path !== 'string' || path === '' || typeof why !== 'string') return null;
    return { woId: typeof woId === 'string' && isGoodId(woId) ? woId : null, path, why };
  } catch {
    return null;
  }
}

/** Marks a staged file with the order and path it belongs to, so that a later start can tell whose it is: 12 hex digits. */
export function targetMark(woId: string, path: string): string {
  return createHash('sha256').update(`${woId}\0${path}`).digest('hex').slice(0, 12);
}

/** The mark in the name of a staged file, or null. */
export function markIn(name: string): string | null {
  return /-([0-9a-f]{12})(\.undone)?$/.exec(name)?.[1] ?? null;
}
