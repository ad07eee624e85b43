import { join } from 'node:path';
import picomatch from 'picomatch';
import type { TakeRule } from '../order/generated.ts';
import { namesIn, readIfThere } from '../platform/durable.ts';
import { fs, ifThere, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } from '../platform/fs.ts';
import { isGitName } from '../policy/fence.ts';
import { MAX_BUNDLE_FILES, orderFileOf } from './bundle.ts';
import { type LaneFolder, laneFolders, type ScanSettings } from './lanes.ts';

/** Something that lies in a lane and can be no order. */
export interface Oddity {
  readonly lane: string;
  readonly folder: string;
  readonly name: string;
  readonly code: 'NOT_A_FILE' | 'TOO_LARGE' | 'UNCLAIMABLE';
  readonly what: string;
  readonly uid: number;
  /** Names this very thing, so that it is refused once. */
  readonly identity: string;
}

/** A file or a folder bundle that is complete and may be claimed. */
export interface Drop {
  readonly lane: string;
  /** The folder it lies in. */
  readonly folder: string;
  readonly name: string;
  readonly uid: number;
  /** Names this very thing, should it have to be refused. */
  readonly identity: string;
}

export interface ScanResult {
  readonly drops: Drop[];
  readonly oddities: Oddity[];
  /** Milliseconds until the next file may have settled; null when none is waiting, 0 when the scan has not seen everything yet. */
  readonly settlesIn: number | null;
}

interface Seen {
  readonly fingerprint: string;
  readonly since: number;
}

/** What editors, browsers and Waybill itself write before a file is finished. */
const UNFINISHED = /^\.|^#.*#$|~$|\.(tmp|temp|part|partial|crdownload|download|swp|swx|bak)$/i;
/** The same inside a folder bundle, where leftovers of editors do no harm. */
const STILL_COMING = /\.(tmp|temp|part|partial|crdownload|download)$/i;

/** A listing older than this is made again, so that what came meanwhile does not wait for a hundred thousand others … */
const LISTING_MS = 1000;
/** … and than so many times what it takes to make. */
const LISTINGS = 20;

/** One folder's names, and how far this pass over the inbox has come in it. */
interface Queue {
  readonly lane: string;
  readonly folder: string;
  /** Takes only what a rule names. */
  readonly outside: boolean;
  readonly names: readonly string[];
  next: number;
}

interface Pass {
  readonly queues: Queue[];
  /** When it is to be made again, in milliseconds since 1970. */
  readonly until: number;
  readonly present: Set<string>;
  /** Whose turn it is. */
  turn: number;
  settlesIn: number | null;
}

/**
 * Looks at the inbox: the scan is the truth, events only make it early (rule 6). Remembers sizes and times between scans, because a
 * YAML file without an end marker counts as complete only when it was still for the settle time (rule 2). A pass over a full inbox is
 * spread over many scans, lane by turn, and lists each folder once.
 */
export class InboxScanner {
  readonly #inbox: string;
  #settings: ScanSettings;
  readonly #seen = new Map<string, Seen>();
  /** What was refused in place, by path and identity: it takes nobody else's turn. */
  readonly #passed = new Map<string, string>();
  #pass: Pass | null = null;

  constructor(inbox: string, settings: ScanSettings) {
    this.#inbox = inbox;
    this.#settings = settings;
  }

  useSettings(settings: ScanSettings): void {
    this.#settings = settings;
    this.#pass = null;
  }

  /** Passes over a thing that was refused, as long as it stays the same. */
  pass(folder: string, name: string, identity: string): void {
    this.#passed.set(join(folder, name), identity);
  }

  /** The folders that are lanes, with their names. */
  lanes(): LaneFolder[] {
    return laneFolders(this.#inbox, this.#settings.lanes);
  }

  /** At most `limit` drops, the lanes by turn, oldest name first within each; the rest is found by the next scan. */
  scan(limit: number): ScanResult {
    const drops: Drop[] = [];
    const oddities: Oddity[] = [];
    if (this.#pass !== null && Date.now() > this.#pass.until) this.#pass = null;
    this.#pass ??= this.#begin();
    const pass = this.#pass;
    for (let exhausted = 0; exhausted < pass.queues.length; pass.turn++) {
      const queue = pass.queues[pass.turn % pass.queues.length];
      const name = queue?.names[queue.next];
      exhausted = name === undefined ? exhausted + 1 : 0;
      if (queue === undefined || name === undefined) continue;
      if (drops.length >= limit) return { drops, oddities, settlesIn: 0 };
      queue.next++;
      this.#look(pass, queue, name, drops, oddities);
    }
    for (const known of [this.#seen, this.#passed])
      for (const path of known.keys()) if (!pass.present.has(path)) known.delete(path);
    this.#pass = null;
    return { drops, oddities, settlesIn: pass.settlesIn };
  }

  #begin(): Pass {
    const begun = Date.now();
    const queues = this.lanes().map((lane) => ({ ...lane, names: readableNames(lane.folder), next: 0 }));
    const until = begun + Math.max(LISTING_MS, LISTINGS * (Date.now() - begun));
    return { queues, until, present: new Set(), turn: 0, settlesIn: null };
  }

  #look(pass: Pass, queue: Queue, name: string, drops: Drop[], oddities: Oddity[]): void {
    const { lane, folder, outside } = queue;
    if (UNFINISHED.test(name)) return;
    if (outside && ruleFor(this.#settings.lanes[lane]?.take ?? [], name) === null) return;
    const path = join(folder, name);
    const stat = ifThere(() => fs.lstatSync(path));
    if (stat === undefined) {
      if (!name.includes('\ufffd')) return;
      pass.present.add(path);
      if (this.#passed.get(path) === name) return;
      oddities.push({
        lane,
        folder,
        name,
        code: 'UNCLAIMABLE',
        what: 'a file whose name is not valid UTF-8',
        uid: -1,
        identity: name,
      });
      return;
    }
    if (outside && stat.isDirectory()) return; // somebody's own, in a folder that is not ours
    pass.present.add(path);
    const bundle = stat.isDirectory() && !outside ? survey(path, name, this.#settings.maxOrderBytes) : null;
    if (bundle === 'empty') return;
    // one that grows and grows is still the same one that is too large
    const large = stat.isFile() && stat.size > this.#settings.maxOrderBytes;
    const identity = large ? `${stat.dev}:${stat.ino}:large` : identityOf(stat, bundle?.fingerprint);
    if (this.#passed.get(path) === identity) return;
    const odd = (code: Oddity['code'], what: string) =>
      oddities.push({ lane, folder, name, code, what, uid: stat.uid, identity });
    const wait = this.#waitFor(path, name, stat, bundle?.fingerprint ?? null);
    if (wait > 0) pass.settlesIn = Math.min(pass.settlesIn ?? wait, wait);
    else if (bundle !== null) {
      if (bundle.odd === null) drops.push({ lane, folder, name, uid: stat.uid, identity });
      else odd(bundle.odd.code, bundle.odd.what);
    } else if (!stat.isFile()) odd('NOT_A_FILE', kindOf(stat));
    else if (large) odd('TOO_LARGE', `${stat.size} bytes`);
    else drops.push({ lane, folder, name, uid: stat.uid, identity });
  }

  /** Milliseconds until this file may be complete; 0 when it is. */
  #waitFor(
    path: string,
    name: string,
    stat: { size: number; mtimeMs: number; ino: number; isFile(): boolean },
    below: string | null,
  ): number {
    if (
      stat.isFile() &&
      stat.size > 0 &&
      stat.size <= this.#settings.maxOrderBytes &&
      isCompleteByContent(path, name, stat.size)
    )
      return 0;
    const fingerprint = `${stat.size}:${stat.mtimeMs}:${stat.ino}:${below ?? ''}`;
    const before = this.#seen.get(path);
    const now = Date.now();
    const still = before?.fingerprint === fingerprint;
    const since = still ? before.since : now;
    if (!still) this.#seen.set(path, { fingerprint, since: now });
    // a folder takes its author several steps
    return Math.max(0, since + this.#settings.settleMs * (below === null ? 1 : 4) - now);
  }
}

/** The rule that names this file, or null. */
export function ruleFor(rules: readonly TakeRule[], name: string): TakeRule | null {
  return rules.find((rule) => picomatch.isMatch(name, rule.match, { nocase: true })) ?? null;
}

interface Survey {
  /** Changes when anything in the folder does. */
  readonly fingerprint: string;
  /** Why it can be no bundle; null when it can. */
  readonly odd: { readonly code: Oddity['code']; readonly what: string } | null;
}

/** Looks through a folder that may be a bundle; 'empty' for one in which nothing has come yet, or something is still coming. */
function survey(path: string, name: string, maxBytes: number): Survey | 'empty' {
  const entries: string[] = [];
  let total = 0;
  let files = 0;
  let odd: Survey['odd'] = null;
  let coming = false;
  const walk = (folder: string, below: string, depth: number): void => {
    for (const entry of readableNames(folder)) {
      if (odd !== null && entries.length > MAX_BUNDLE_FILES) return;
      const stat = ifThere(() => fs.lstatSync(join(folder, entry)));
      if (stat === undefined && entry.includes('\ufffd'))
        odd ??= { code: 'NOT_A_FILE', what: `a folder that holds a name which is not valid UTF-8, ${below}${entry}` };
      if (stat === undefined) continue;
      if (isGitName(entry))
        odd ??= { code: 'NOT_A_FILE', what: `a folder that holds ${below}${entry}, a name of git's own` };
      entries.push(`${below}${entry}:${stat.size}:${stat.mtimeMs}:${stat.ino}`);
      if (stat.isDirectory() && depth < 8) walk(join(folder, entry), `${below}${entry}/`, depth + 1);
      else if (stat.isFile()) {
        files++;
        total += stat.size;
        coming ||= STILL_COMING.test(entry);
      } else odd ??= { code: 'NOT_A_FILE', what: `a folder that holds ${kindOf(stat)}, ${below}${entry}` };
      if (entries.length > MAX_BUNDLE_FILES)
        odd ??= { code: 'NOT_A_FILE', what: `a folder with more than ${MAX_BUNDLE_FILES} entries` };
    }
  };
  walk(path, '', 0);
  if (files === 0 || coming) return odd === null ? 'empty' : { fingerprint: entries.join('\n'), odd };
  const plain = readableNames(path).filter(
    (entry) => ifThere(() => fs.lstatSync(join(path, entry)))?.isFile() === true,
  );
  if (odd === null && orderFileOf(name, plain) === null)
    odd = { code: 'NOT_A_FILE', what: `a folder without an order: it would be ${name}/${name}.yaml, and no other` };
  if (odd === null && total > maxBytes) odd = { code: 'TOO_LARGE', what: `a folder of ${total} bytes` };
  return { fingerprint: entries.join('\n'), odd };
}

function readableNames(folder: string): string[] {
  try {
    return namesIn(folder).sort();
  } catch {
    return []; // a lane that cannot be read never stops the others (rule 10); the tracker tells of it
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
    if (!/\.(ya?ml)$/i.test(name)) return false;
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

/** Names a thing in an inbox as it is now; for a folder also by what is in it. */
export function identityOf(stat: { dev: number; ino: number; ctimeMs: number }, below = ''): string {
  return `${stat.dev}:${stat.ino}:${stat.ctimeMs}${below === '' ? '' : `\n${below}`}`;
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
