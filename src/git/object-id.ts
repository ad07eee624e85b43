import { createHash } from 'node:crypto';
import type { Content, Image } from '../order/change.ts';

/** Git's id of a blob with these bytes (SHA-1 repositories; others are refused). */
export function blobId(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

/** The image of a content that git stores as it stands on disk. */
export function plainImage(content: Content | null): Image | null {
  if (content === null) return null;
  const id = blobId(content.bytes);
  return { mode: content.mode, blob: id, disk: id };
}

/** The id that stands for "no object": a ref that is to be created. */
export const NO_OBJECT = '0'.repeat(40);
