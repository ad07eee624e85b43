import { hashOf } from './canonical-json.ts';
import type { FileMode } from './order.ts';

/** A file's content as it stands, or is to stand, on disk. */
export interface Content {
  readonly mode: FileMode;
  readonly bytes: Buffer;
}

/**
 * One path, before and after; null is absence. The path is relative to the station's root with `/`,
 * or absolute where it lies in a root that settings allow.
 */
export interface Change {
  readonly path: string;
  readonly before: Content | null;
  readonly after: Content | null;
}

/** What the ledger keeps of a content: `blob` is git's id of it, `disk` the id of the bytes on disk where a clean filter makes them differ. */
export interface Image {
  readonly mode: FileMode;
  readonly blob: string;
  readonly disk: string;
}

/** A change as the ledger keeps it. */
export interface ImageChange {
  readonly path: string;
  readonly before: Image | null;
  readonly after: Image | null;
  /** What HEAD and index have there, where that is not what stood on disk before: the order puts a file back. */
  readonly committed?: Image | null;
}

/** What HEAD and index have at a path before the change. */
export function committedBefore({ before, committed }: Pick<ImageChange, 'before' | 'committed'>): Image | null {
  return committed === undefined ? before : committed;
}

export function sameContent(a: Content | null, b: Content | null): boolean {
  if (a === null || b === null) return a === b;
  return a.mode === b.mode && a.bytes.equals(b.bytes);
}

/** Whether the path lies outside the station's root, where git has no say. */
export function isOutside(path: string): boolean {
  return path.startsWith('/');
}

/** Names a set of changes by their blobs: the same for the same work. null for none. */
export function diffHash(images: readonly ImageChange[]): string | null {
  if (images.length === 0) return null;
  const sorted = [...images].sort((a, b) => (a.path < b.path ? -1 : 1));
  return hashOf(sorted.map(({ path, before, after }) => ({ path, before, after })));
}
