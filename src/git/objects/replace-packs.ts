import { join } from 'node:path';
import { WaybillError } from '../../order/error.ts';
import { namesIn, syncDir } from '../../platform/durable.ts';
import { fs, ifThere } from '../../platform/fs.ts';
import type { Repository } from '../repository.ts';

/** What git keeps beside a pack and can make again. */
const EXTRAS = /\.(idx|pack|rev|bitmap|mtimes)$/;

const NOTHING: ReadonlySet<string> = new Set();

/**
 * Writes packs again as one, without some of their objects, and removes them when all of the others are found in the new one, which is on disk by
 * then. Costs what the packs hold: git copies what it is given and walks no history. A pack that somebody marked to be kept stays. Throws
 * GIT_FAILED; then every pack is still there.
 */
export async function replacePacks(
  repo: Repository,
  names: readonly string[],
  without: ReadonlySet<string> = NOTHING,
  limits: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
): Promise<void> {
  const folder = join(repo.gitDir, 'objects', 'pack');
  const there = namesIn(folder);
  const files = (name: string) => there.filter((file) => file.startsWith(`${name}.`));
  const old = names.flatMap((name) => {
    const ids = files(name).every((file) => EXTRAS.test(file)) ? idsIn(join(folder, `${name}.idx`)) : null;
    return ids === null ? [] : [{ name, ids: without.size === 0 ? ids : leaveOut(ids, without) }];
  });
  let made: string | null = null;
  if (old.some(({ ids }) => ids.length > 0)) {
    // looking for deltas takes twenty times as long, for a tenth of the size: `git gc` does it for whoever wants it
    const args = ['-c', 'pack.threads=1', 'pack-objects', '--quiet', '--delta-base-offset', '--window=0'];
    const input = Buffer.concat(old.map(({ ids }) => inLines(ids)));
    const said = await repo.git.run([...args, join(folder, 'pack')], { input, ...limits });
    made = `pack-${said.toString('latin1').trim()}`;
    syncDir(folder);
    const now = idsIn(join(folder, `${made}.idx`));
    if (now === null || !old.every(({ ids }) => holdsAll(now, ids)))
      throw new WaybillError('GIT_FAILED', `git pack-objects wrote ${made} without some of the objects it was given`);
  }
  ifThere(() => fs.unlinkSync(join(folder, 'multi-pack-index')));
  for (const { name } of old) {
    if (name === made || namesIn(folder).includes(`${name}.keep`)) continue;
    // the index first: without it the pack is none
    for (const file of [`${name}.idx`, ...files(name).filter((f) => f !== `${name}.idx`)])
      ifThere(() => fs.unlinkSync(join(folder, file)));
  }
  syncDir(folder);
}

/** Bytes of an id. Two hundred thousand of them are kept side by side: as text they took 300 MB. */
const ID = 20;

function leaveOut(ids: Buffer, without: ReadonlySet<string>): Buffer {
  const rest: Buffer[] = [];
  for (let at = 0; at < ids.length; at += ID)
    if (!without.has(ids.toString('hex', at, at + ID))) rest.push(ids.subarray(at, at + ID));
  return Buffer.concat(rest);
}

function inLines(ids: Buffer): Buffer {
  const lines = Buffer.alloc((ids.length / ID) * (2 * ID + 1), '\n');
  for (let [from, to] = [0, 0]; from < ids.length; from += ID, to += 2 * ID + 1)
    lines.write(ids.toString('hex', from, from + ID), to, 'latin1');
  return lines;
}

/** Whether ids are all among sorted ones. */
function holdsAll(sorted: Buffer, ids: Buffer): boolean {
  for (let at = 0; at < ids.length; at += ID) {
    let [low, high] = [0, sorted.length / ID];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted.compare(ids, at, at + ID, middle * ID, (middle + 1) * ID) < 0) low = middle + 1;
      else high = middle;
    }
    if (low * ID >= sorted.length || sorted.compare(ids, at, at + ID, low * ID, (low + 1) * ID) !== 0) return false;
  }
  return true;
}

/** Where the first table of an index, version 2, begins and ends (gitformat-pack(5)). */
const TABLE = 8;
const IDS = TABLE + 256 * 4;

/** The ids of a pack's objects side by side, sorted, from its index; null where there is none that can be read. */
function idsIn(index: string): Buffer | null {
  const bytes = ifThere(() => fs.readFileSync(index));
  if (bytes === undefined || bytes.length < IDS || bytes.readUInt32BE(0) !== 0xff744f63 || bytes.readUInt32BE(4) !== 2)
    return null;
  return bytes.subarray(IDS, IDS + bytes.readUInt32BE(IDS - 4) * ID);
}

/** Whether a pack, by its index, holds one of these objects. */
export function holdsAny(index: string, wanted: ReadonlySet<string>): boolean {
  const ids = idsIn(index);
  return ids !== null && leaveOut(ids, wanted).length < ids.length;
}

/** How many objects a pack has, from its index; 0 where that cannot be read. */
export function objectsIn(index: string): number {
  const count = ifThere(() => {
    const fd = fs.openSync(index, 'r');
    try {
      const last = Buffer.alloc(4);
      return fs.readSync(fd, last, 0, 4, IDS - 4) === 4 ? last.readUInt32BE(0) : 0;
    } finally {
      fs.closeSync(fd);
    }
  });
  return count ?? 0;
}
