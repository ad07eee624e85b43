import { createHash } from 'node:crypto';

/** Git's id of a blob with these bytes (SHA-1 repositories; others are refused). */
export function blobId(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

/** The id that stands for "no object": a ref that is to be created. */
export const NO_OBJECT = '0'.repeat(40);
