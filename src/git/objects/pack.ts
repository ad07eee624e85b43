import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { crc32, deflate, deflateSync } from 'node:zlib';
import { WaybillError } from '../../order/error.ts';
import { ensureDir, exists, syncDir, writeAll, writeNew } from '../../platform/durable.ts';
import { errno, fs, ifThere, O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } from '../../platform/fs.ts';

/** Writing git's pack format (gitformat-pack(5)): one file of deflated objects, and the index that finds them in it. */

const TYPES = { commit: 1, tree: 2, blob: 3 } as const;
const OFFSET_DELTA = 6;

export interface PackObject {
  /** 40 hex digits. */
  readonly id: string;
  readonly type: keyof typeof TYPES;
  /** Its content; where it has a base, what makes it of that (deltaOf()). */
  readonly bytes: Uint8Array;
  /** An object that comes before it in the same pack and has the same type. */
  readonly base: string | null;
}

/** What a `.keep` of ours says: `git gc` lets such a pack alone, and whoever finds it knows whose it is. */
export const KEEP_MARK = 'waybill\n';

/** Small objects gain nothing from more effort and a larger window, and there are a dozen of them for each order. */
const SMALL = 4096;
const FAST = { level: 3, memLevel: 5, windowBits: 12 };
/** Larger ones are deflated beside the main thread. */
const ASIDE_FROM = 256 * 1024;
/** So much is gathered before it is written. */
const CHUNK = 1024 * 1024;

let counter = 0;

const deflateAside = promisify(deflate);

/**
 * Writes objects as one pack with its index and a `.keep`, all synced when it returns, and returns the path of the `.keep`: until somebody
 * removes that, no `git gc` takes what nothing references yet. `scratch` is a folder for half-written files: git itself removes those that
 * lie beside its packs. Throws what the file system throws; nothing is visible then.
 */
export async function writePack(gitDir: string, scratch: string, objects: readonly PackObject[]): Promise<string> {
  const folder = join(gitDir, 'objects', 'pack');
  ensureDir(folder);
  ensureDir(scratch);
  const unfinished = join(scratch, `pack-${process.pid}-${counter++}`);
  const [pack, index] = [`${unfinished}.pack`, `${unfinished}.idx`];
  try {
    return await write(folder, pack, index, objects);
  } finally {
    for (const path of [pack, index, `${pack}.keep`]) ifThere(() => fs.unlinkSync(path));
  }
}

async function write(folder: string, pack: string, index: string, objects: readonly PackObject[]): Promise<string> {
  const { placed, checksum } = await writeObjects(pack, objects);
  writeNew(index, indexOf(placed, checksum), 0o444);
  const name = join(folder, `pack-${checksum.toString('hex')}`);
  const keep = `${name}.keep`;
  // first: a pack without it could be gone before anything points into it. Whole before it has its name, so that it is known for ours
  if (!exists(keep)) {
    const mark = `${pack}.keep`;
    writeNew(mark, KEEP_MARK);
    move(mark, keep);
  }
  // the same objects in the same order are there already, where a batch is built again after a kill; both, or it is half of one
  if (!exists(`${name}.pack`) || !exists(`${name}.idx`)) {
    move(pack, `${name}.pack`);
    move(index, `${name}.idx`);
  }
  syncDir(folder);
  return keep;
}

/** Into the object store, which may be on another file system than the rest of the git dir. */
function move(from: string, to: string): void {
  try {
    fs.renameSync(from, to);
  } catch (error) {
    if (errno(error) !== 'EXDEV') throw error;
    const beside = join(dirname(to), `.waybill-${process.pid}`);
    ifThere(() => fs.unlinkSync(beside));
    writeNew(beside, fs.readFileSync(from), 0o444);
    fs.renameSync(beside, to);
    fs.unlinkSync(from);
  }
}

interface Placed {
  readonly id: Buffer;
  readonly offset: number;
  readonly crc: number;
}

async function writeObjects(
  path: string,
  objects: readonly PackObject[],
): Promise<{ placed: Placed[]; checksum: Buffer }> {
  const fd = fs.openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o444);
  try {
    const sum = createHash('sha1');
    let waiting: Uint8Array[] = [];
    let size = 0;
    const flush = () => {
      const bytes = waiting.length === 1 && waiting[0] !== undefined ? waiting[0] : Buffer.concat(waiting, size);
      sum.update(bytes);
      writeAll(fd, bytes);
      waiting = [];
      size = 0;
    };
    let offset = 0;
    const put = (bytes: Uint8Array) => {
      waiting.push(bytes);
      size += bytes.length;
      offset += bytes.length;
      if (size >= CHUNK) flush();
    };
    put(packHeader(objects.length));
    const placed: Placed[] = [];
    const offsets = new Map<string, number>();
    for (const { id, type, bytes, base } of objects) {
      const from = base === null ? null : offsets.get(base);
      if (from === undefined) throw new WaybillError('INTERNAL', `${id} comes before its base`);
      const header =
        from === null
          ? entryHeader(TYPES[type], bytes.length)
          : Buffer.concat([entryHeader(OFFSET_DELTA, bytes.length), distance(offset - from)]);
      // ids are random bytes: in a tree there is nothing to gain
      const body = type === 'tree' ? stored(bytes) : await deflated(bytes);
      const crc = crc32(body, crc32(header));
      placed.push({ id: Buffer.from(id, 'hex'), offset, crc });
      if (type === 'tree') offsets.set(id, offset);
      put(header);
      put(body);
    }
    flush();
    const checksum = sum.digest();
    writeAll(fd, checksum);
    fs.fsyncSync(fd);
    return { placed, checksum };
  } finally {
    fs.closeSync(fd);
  }
}

async function deflated(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes.length >= ASIDE_FROM) return deflateAside(bytes);
  // its own buffer: the library's would be 16 KB for each object, and tens of megabytes before anybody collects them
  return deflateSync(bytes, bytes.length < SMALL ? { ...FAST, chunkSize: bytes.length + 64 } : {});
}

/** What one block of zlib's format (RFC 1950, 1951) holds as it is. */
const MOST_STORED = 0xffff;

/** Bytes in zlib's format without deflating them. */
function stored(bytes: Uint8Array): Uint8Array {
  if (bytes.length > MOST_STORED) return deflateSync(bytes, { level: 1 });
  const out = Buffer.allocUnsafe(bytes.length + 11);
  out.writeUInt16BE(0x7801, 0);
  out.writeUInt8(1, 2);
  out.writeUInt16LE(bytes.length, 3);
  out.writeUInt16LE(bytes.length ^ 0xffff, 5);
  out.set(bytes, 7);
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  out.writeUInt32BE(b * 65536 + a, bytes.length + 7);
  return out;
}

function packHeader(count: number): Buffer {
  const header = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1');
  header.writeUInt32BE(count, 8);
  return header;
}

/** Type and size: four bits of the size in the first byte, seven in each that follows. */
function entryHeader(type: number, size: number): Buffer {
  const bytes: number[] = [];
  let rest = Math.floor(size / 16);
  bytes.push((rest > 0 ? 0x80 : 0) | (type << 4) | (size & 0x0f));
  while (rest > 0) {
    const next = Math.floor(rest / 128);
    bytes.push((next > 0 ? 0x80 : 0) | (rest & 0x7f));
    rest = next;
  }
  return Buffer.from(bytes);
}

/** How far back the base of a delta lies; each further byte adds one, so that no number has two forms. */
function distance(back: number): Buffer {
  const bytes = [back & 0x7f];
  for (let rest = Math.floor(back / 128); rest > 0; rest = Math.floor(rest / 128)) {
    rest--;
    bytes.unshift(0x80 | (rest & 0x7f));
  }
  return Buffer.from(bytes);
}

/** From here on an offset stands in a table of its own, with eight bytes. */
const LARGE = 0x80000000;

/** The index of a pack, version 2. */
function indexOf(placed: readonly Placed[], packChecksum: Buffer): Buffer {
  const sorted = placed.toSorted((a, b) => Buffer.compare(a.id, b.id));
  const large = sorted.filter(({ offset }) => offset >= LARGE);
  const count = sorted.length;
  const index = Buffer.alloc(8 + 1024 + count * 28 + large.length * 8 + 40);
  index.writeUInt32BE(0xff744f63, 0);
  index.writeUInt32BE(2, 4);
  let [n, larges] = [0, 0];
  for (let first = 0; first < 256; first++) {
    while (n < count && (sorted[n]?.id[0] ?? 256) <= first) n++;
    index.writeUInt32BE(n, 8 + first * 4);
  }
  const [ids, crcs, offsets, far] = [1032, 1032 + count * 20, 1032 + count * 24, 1032 + count * 28];
  for (const [i, { id, crc, offset }] of sorted.entries()) {
    id.copy(index, ids + i * 20);
    index.writeUInt32BE(crc, crcs + i * 4);
    index.writeUInt32BE(offset < LARGE ? offset : LARGE + larges, offsets + i * 4);
    if (offset >= LARGE) index.writeBigUInt64BE(BigInt(offset), far + larges++ * 8);
  }
  const end = index.length - 40;
  packChecksum.copy(index, end);
  createHash('sha1')
    .update(index.subarray(0, end + 20))
    .digest()
    .copy(index, end + 20);
  return index;
}
