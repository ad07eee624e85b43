import { errno, fs, ifThere, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } from '../../platform/fs.ts';

/** As much of a file as is shown. */
export interface Part {
  readonly text: string;
  /** Of the whole file, in bytes. */
  readonly size: number;
  /** Bytes that are not in `text`: before it for a tail, behind it for a head. */
  readonly cut: number;
  /** It holds no text, and `text` is empty. */
  readonly isBinary: boolean;
}

/** Signs that no text has; escape sequences are text. */
const BINARY = /[\0\x01-\x06\x0e-\x1a]/g;

/**
 * The head or the tail of a plain file, at most so many bytes; null where there is none, or a link, a pipe or a folder in its place, or one
 * that may not be read: whoever looks on is never held up by a file.
 */
export function partOf(path: string, most: number, from: 'head' | 'tail' = 'head'): Part | null {
  try {
    return ifThere(() => read(path, most, from)) ?? null;
  } catch (error) {
    if (['ELOOP', 'EISDIR', 'EACCES', 'ENXIO', 'ENOTDIR', 'ENAMETOOLONG'].includes(errno(error) ?? '')) return null;
    throw error;
  }
}

function read(path: string, most: number, from: 'head' | 'tail'): Part | null {
  const fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const about = fs.fstatSync(fd);
    if (!about.isFile()) return null;
    const { size } = about;
    const start = from === 'head' ? 0 : Math.max(0, size - most);
    const bytes = Buffer.alloc(Math.min(most, size));
    let length = 0;
    for (let n = -1; n !== 0 && length < bytes.length; length += n)
      n = fs.readSync(fd, bytes, length, bytes.length - length, start + length);
    return partOfBytes(bytes.subarray(0, length), size, from);
  } finally {
    fs.closeSync(fd);
  }
}

/** Bytes as text; a line or a sign that was cut in the middle is left out where a whole one is near. */
function partOfBytes(bytes: Buffer, size: number, from: 'head' | 'tail'): Part {
  const cut = size - bytes.length;
  let text = bytes.toString('utf8');
  const odd = (text.match(BINARY)?.length ?? 0) + (text.match(/\ufffd/g)?.length ?? 0);
  if (odd > 4 && odd > text.length / 50) return { text: '', size, cut, isBinary: true };
  const line = from === 'tail' ? text.indexOf('\n') : text.lastIndexOf('\n');
  if (cut > 0 && line !== -1 && (from === 'tail' ? line < 4000 : text.length - line < 4000))
    text = from === 'tail' ? text.slice(line + 1) : text.slice(0, line + 1);
  return { text, size, cut: cut === 0 ? 0 : Math.max(1, size - Buffer.byteLength(text)), isBinary: false };
}
