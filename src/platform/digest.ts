import { createHash, hash } from 'node:crypto';
import { errno, fs, ifThere, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } from './fs.ts';

/** What a file holds. */
export interface Digest {
  readonly size: number;
  /** `sha256:` and 64 hex digits. */
  readonly sha256: string;
}

/** One for all, because most files that are looked at are small and there are many: a buffer for each would be garbage. */
const BLOCK = Buffer.alloc(262_144);

/**
 * Size and hash of a file, in constant memory; undefined where nothing is, null for a link or a folder. For one that a listing says is a
 * plain file: a pipe that was put there since holds nobody up, and is an empty file.
 */
export function digestIfThere(path: string): Digest | null | undefined {
  try {
    return ifThere(() => digestOf(path));
  } catch (error) {
    if (errno(error) === 'ELOOP' || errno(error) === 'EISDIR') return null;
    throw error;
  }
}

function digestOf(path: string): Digest {
  const fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    let n = fs.readSync(fd, BLOCK, 0, BLOCK.length, null);
    // less than was asked for is all of it
    if (n < BLOCK.length) return { size: n, sha256: `sha256:${hash('sha256', BLOCK.subarray(0, n), 'hex')}` };
    const digest = createHash('sha256');
    let size = 0;
    for (; n > 0; n = fs.readSync(fd, BLOCK, 0, BLOCK.length, null)) {
      digest.update(BLOCK.subarray(0, n));
      size += n;
    }
    return { size, sha256: `sha256:${digest.digest('hex')}` };
  } finally {
    fs.closeSync(fd);
  }
}

export type Kind = 'file' | 'folder' | 'other';

/** What lies below a folder, by its relative path; nothing where the folder is not there. Links are not followed. */
export function kindsBelow(folder: string, prefix = '', found = new Map<string, Kind>()): Map<string, Kind> {
  for (const entry of ifThere(() => fs.readdirSync(folder, { withFileTypes: true })) ?? []) {
    const path = prefix + entry.name;
    found.set(path, entry.isFile() ? 'file' : entry.isDirectory() ? 'folder' : 'other');
    if (entry.isDirectory()) kindsBelow(`${folder}/${entry.name}`, `${path}/`, found);
  }
  return found;
}
