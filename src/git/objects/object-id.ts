import { createHash, hash } from 'node:crypto';

/** From here on a copy in memory costs more than the slower call. */
const LARGE = 64 * 1024;

/** Git's id of an object with this content (SHA-1 repositories; others are refused). */
export function objectId(type: 'blob' | 'tree' | 'commit', bytes: Uint8Array): string {
  const header = Buffer.from(`${type} ${bytes.length}\0`, 'latin1');
  if (bytes.length < LARGE) return hash('sha1', Buffer.concat([header, bytes]), 'hex');
  return createHash('sha1').update(header).update(bytes).digest('hex');
}

export function blobId(bytes: Uint8Array): string {
  return objectId('blob', bytes);
}

/** The id that stands for "no object": a ref that is to be created. */
export const NO_OBJECT = '0'.repeat(40);
