import { join } from 'node:path';
import { namesIn, readIfThere } from '../platform/durable.ts';
import { fs, ifThere, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } from '../platform/fs.ts';

/** Something that lies in a lane and is not a file that an order can be in. */
export interface Oddity {
  readonly lane: string;
  readonly name: string;
  readonly what: string;
  readonly uid: number;
  /** Names this very thing, so that it is refused once. */
  readonly identity: string;
}

/** A file that is complete and may be claimed. */
export interface Drop {
  readonly lane: string;
  readonly name: string;
  readonly size: number;
  readonly mtimeMs: number;
}

export interface ScanResult {
  readonly drops: Drop[];
  readonly oddities: Oddity[];
  /** Milliseconds until the next file may have settled; null when none is waiting. */
  readonly settlesIn: number | null;
}

interface Seen {
  readonly size: number;
  readonly mtimeMs: number;
  readonly ino: number;
  readonly since: number;
}

const LANE = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** What editors, browsers and Waybill itself write before a file is finished. */
const UNFINISHED = /^\.|^#.*#$|~$|\.(tmp|temp|part|partial|crdownload|download|swp|swx|bak)$/i;

/**
 * Looks at the inbox: the scan is the truth, events only make it early (rule 6). Remembers sizes and times between scans, because a
 * YAML file without an end marker counts as complete only when it was still for the settle time (rule 2).
 */
export class InboxScanner {
  readonly #inbox: string;
  readonly #settleMs: number;
  readonly #seen = new Map<string, Seen>();
  /** What was refused in place, by path and identity: it takes nobody else's turn. */
  readonly #passed = new Map<string, string>();

  constructor(inbox: string, settleMs: number) {
    this.#inbox = inbox;
    this.#settleMs = settleMs;
  }

  /** Passes over a thing that was refused, as long as it stays the same. */
  pass(lane: string, name: string, identity: string): void {
    this.#passed.set(join(this.#inbox, lane, name), identity);
  }

  lanes(): string[] {
    return namesIn(this.#inbox).filter(
      (name) => LANE.test(name) && ifThere(() => fs.statSync(join(this.#inbox, name)))?.isDirectory() === true,
    );
  }

  /** At most `limit` drops, oldest name first within a lane; the rest is found by the next scan. */
  scan(limit: number): ScanResult {
    const drops: Drop[] = [];
    const oddities: Oddity[] = [];
    const present = new Set<string>();
    let settlesIn: number | null = null;
    for (const lane of this.lanes()) {
      for (const name of readableNames(join(this.#inbox, lane))) {
        if (drops.length >= limit) return { drops, oddities, settlesIn: 0 };
        if (UNFINISHED.test(name)) continue;
        const path = join(this.#inbox, lane, name);
        const stat = ifThere(() => fs.lstatSync(path));
        if (stat === undefined) continue;
        present.add(path);
        if (this.#passed.get(path) === identityOf(stat)) continue;
        const wait = this.#waitFor(path, name, stat);
        if (wait > 0) settlesIn = Math.min(settlesIn ?? wait, wait);
        else if (stat.isFile()) drops.push({ lane, name, size: stat.size, mtimeMs: stat.mtimeMs });
        else
          oddities.push({
            lane,
            name,
            what: kindOf(stat),
            uid: stat.uid,
            identity: identityOf(stat),
          });
      }
    }
    for (const known of [this.#seen, this.#passed])
      for (const path of known.keys()) if (!present.has(path)) known.delete(path);
    return { drops, oddities, settlesIn };
  }

  /** Milliseconds until this file may be complete; 0 when it is. */
  #waitFor(
    path: string,
    name: string,
    stat: { size: number; mtimeMs: number; ino: number; isFile(): boolean },
  ): number {
    if (stat.isFile() && stat.size > 0 && isCompleteByContent(path, name, stat.size)) return 0;
    const before = this.#seen.get(path);
    const now = Date.now();
    const still =
      before !== undefined && before.size === stat.size && before.mtimeMs === stat.mtimeMs && before.ino === stat.ino;
    const since = still ? before.since : now;
    if (!still) this.#seen.set(path, { size: stat.size, mtimeMs: stat.mtimeMs, ino: stat.ino, since: now });
    return Math.max(0, since + this.#settleMs - now);
  }
}

function readableNames(folder: string): string[] {
  try {
    return namesIn(folder).sort();
  } catch {
    return []; // a lane that cannot be read never stops the others (rule 10); the guardrail tells of it
  }
}

/** JSON is complete when it parses; YAML when its last line is the document end marker. */
function isCompleteByContent(path: string, name: string, size: number): boolean {
  try {
    if (/\.json$/i.test(name)) {
      JSON.parse(
        readIfThere(path)
          ?.toString('utf8')
          .replace(/^\ufeff/, '') ?? '',
      );
      return true;
    }
    const tail = readTail(path, size);
    return (size > tail.length ? /\n\.\.\.[ \t]*\r?\n?$/ : /(^|\n)\.\.\.[ \t]*\r?\n?$/).test(tail);
  } catch {
    return false;
  }
}

function readTail(path: string, size: number): string {
  const fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const tail = Buffer.alloc(Math.min(16, size));
    const n = fs.readSync(fd, tail, 0, tail.length, size - tail.length);
    return tail.toString('latin1', 0, n);
  } finally {
    fs.closeSync(fd);
  }
}

/** Names a thing in an inbox as it is now. */
export function identityOf(stat: { dev: number; ino: number; ctimeMs: number }): string {
  return `${stat.dev}:${stat.ino}:${stat.ctimeMs}`;
}

function kindOf(stat: {
  isSymbolicLink(): boolean;
  isDirectory(): boolean;
  isFIFO(): boolean;
  isSocket(): boolean;
}): string {
  if (stat.isSymbolicLink()) return 'a symbolic link';
  if (stat.isDirectory()) return 'a folder';
  if (stat.isFIFO()) return 'a pipe';
  return stat.isSocket() ? 'a socket' : 'a device';
}
