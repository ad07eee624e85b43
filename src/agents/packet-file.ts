import { dirname } from 'node:path';
import { errno, fs, ifThere, lstatIfThere, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } from '../platform/fs.ts';

/** A packet is a document of some pages. More is no packet, and would only fill the memory. */
export const MOST_PACKET_BYTES = 4 * 1024 * 1024;

/** What was found where a packet was to be: its bytes, or why there is none to read. */
export type PacketFound =
  | { readonly packet: Buffer; readonly why: null }
  | { readonly packet: null; readonly why: string };

/**
 * Takes away what an earlier run left where a packet is to be, so that it is never read as the answer of this one. Says why it cannot be written
 * there, or null.
 */
export function clearPacket(file: string): string | null {
  if (!isFolder(dirname(file))) return NO_FOLDER;
  fs.rmSync(file, { recursive: true, force: true });
  return null;
}

/** No link: through one, a file would be written or read elsewhere. */
const isFolder = (path: string) => lstatIfThere(path)?.isDirectory() === true;
const NO_FOLDER = 'the folder of the packet is not there';

/**
 * Reads what an agent handed in. Only for when nothing of the agent lives any more. No link is followed, also not in the place of its folder:
 * a packet must not say what stands elsewhere.
 */
export function readPacket(file: string, limit = MOST_PACKET_BYTES): PacketFound {
  if (!isFolder(dirname(file))) return none(NO_FOLDER);
  try {
    return ifThere(() => readRegular(file, limit)) ?? none('there is no packet file');
  } catch (error) {
    const code = errno(error);
    if (code === 'ELOOP') return none('the packet file is a symbolic link');
    if (code === 'EACCES' || code === 'ENXIO') return none(`the packet file cannot be read: ${code}`);
    throw error;
  }
}

function readRegular(file: string, limit: number): PacketFound {
  const fd = fs.openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const about = fs.fstatSync(fd);
    if (!about.isFile()) return none('the packet file is no regular file');
    if (about.size > limit) return none(`the packet file has ${about.size} bytes; at most ${limit} are read`);
    const bytes = Buffer.alloc(about.size);
    let length = 0;
    for (let n = -1; n !== 0 && length < bytes.length; length += n)
      n = fs.readSync(fd, bytes, length, bytes.length - length, null);
    return { packet: bytes.subarray(0, length), why: null };
  } finally {
    fs.closeSync(fd);
  }
}

function none(why: string): PacketFound {
  return { packet: null, why };
}
