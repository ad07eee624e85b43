import { join } from 'node:path';
import type { GapData, Recorded } from '../../order/event.ts';
import { readIfThere, removeDurable, writeProjection, writeUnsynced } from '../../platform/durable.ts';
import { errno, fs, ifThere } from '../../platform/fs.ts';
import { newUlid, ulidTime } from '../../platform/ids.ts';
import { readLines } from '../../platform/jsonl.ts';
import { type Anchor, ledgerTrailers } from '../../record/journal.ts';
import { type LedgerHead, parseRecord, segmentPath, segments } from '../../record/ledger.ts';
import type { Station } from '../../station/station.ts';

/**
 * Marks: what state folder, outbox, evidence folder and quarantine say of the ledger they were shown from. They tell two things apart that look alike
 * from inside: a tree that is as we left it, and one that somebody put there; and they outlive a `.git` that was replaced.
 */

/** A file in each of the four folders; gone when somebody deleted the folder. */
const MARK = '.waybill';
/** While the projections go on changing, they get another token this often: a copy taken in the middle is told apart as well. */
const REFRESH_MS = 60_000;
/** Commits of the checked-out branch that are looked through for a trailer: bounded, so that a start costs the same at any history. */
const COMMITS_LOOKED_AT = 1000;

export interface Mark {
  readonly v: 1;
  readonly station: string;
  readonly seq: number;
  readonly hash: string;
  /** Another one each time the projections begin to change, and each time they come to rest. */
  readonly token: string;
}

/** `stale`: a mark is another one than we left; somebody put an older copy of the tree there. */
export type Wholeness = 'whole' | 'missing' | 'stale';

type Place = Exclude<GapData['where'], 'commit'>;

function places(station: Station): [Place, string][] {
  const { state, outbox, evidence, quarantine } = station.layout;
  return [
    ['state', join(state, MARK)],
    ['outbox', join(outbox, MARK)],
    ['evidence', join(evidence, MARK)],
    ['quarantine', join(quarantine, MARK)],
  ];
}

function shownPath(station: Station): string {
  return join(station.layout.live, 'shown.json');
}

/** A mark that anybody may have written: null for what is none, also for those of versions that only named the station. */
function readMark(path: string): Mark | null {
  let value: unknown;
  try {
    value = JSON.parse(readIfThere(path)?.toString('utf8') ?? 'null');
  } catch {
    return null;
  }
  const mark = (typeof value === 'object' && value !== null ? value : {}) as Partial<Record<keyof Mark, unknown>>;
  return mark.v === 1 &&
    typeof mark.station === 'string' &&
    Number.isSafeInteger(mark.seq) &&
    typeof mark.hash === 'string' &&
    typeof mark.token === 'string' &&
    /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(mark.token)
    ? (mark as Mark)
    : null;
}

/** Whether the four folders are as we left them. Reads five small files. */
export function wholenessOf(station: Station): Wholeness {
  const marks = places(station).map(([, path]) => readMark(path));
  const shown = readMark(shownPath(station))?.token;
  if (marks.some((mark) => mark !== null && mark.token !== shown)) return 'stale';
  return marks.includes(null) ? 'missing' : 'whole';
}

/** Asks a running station to restore: it looks for the marks before it sleeps. */
export function unmarkProjections(station: Station): void {
  for (const [, path] of places(station)) removeDurable(path);
}

/**
 * Says that the projections are whole, and as the ledger has them at `head`. A kill in between leaves marks that differ, and so a look at
 * everything; not synced, because a power loss leaves projections that need that look.
 */
export function markProjections(station: Station, head: LedgerHead): void {
  const text = markText(station, head);
  for (const [, path] of places(station)) {
    ifThere(() => fs.unlinkSync(besideOf(path))); // left by a kill
    writeProjection(path, text);
  }
  writeProjection(shownPath(station), text);
}

function besideOf(path: string): string {
  return `${path}.next`;
}

function markText(station: Station, head: LedgerHead): string {
  const mark: Mark = { v: 1, station: station.id, seq: head.seq, hash: head.hash, token: newUlid() };
  return `${JSON.stringify(mark)}\n`;
}

/**
 * Replaces marks by newer ones, each only where the one that we left still lies: what somebody deletes or puts there at this very moment
 * must not be covered up. False when there was something else; then the marks differ, and the next look mends what they stand for.
 */
function replaceMarks(station: Station, head: LedgerHead): boolean {
  const shown = readMark(shownPath(station))?.token;
  const text = markText(station, head);
  for (const [, path] of places(station)) {
    const beside = besideOf(path);
    ifThere(() => fs.unlinkSync(beside));
    writeUnsynced(beside, text);
    try {
      fs.swapSync(beside, path);
      if (readMark(beside)?.token !== shown) {
        fs.swapSync(beside, path);
        return false;
      }
    } catch (error) {
      if (errno(error) !== 'ENOENT') throw error;
      return false;
    } finally {
      ifThere(() => fs.unlinkSync(beside));
    }
  }
  writeProjection(shownPath(station), text);
  return true;
}

/** The marks of a running station. A station at rest writes none (rule 12). */
export class Marks {
  readonly #station: Station;
  #changing = false;
  #at = 0;
  /** While a gap is not dealt with, the old marks are the only ones who know of it. */
  #frozen = false;

  constructor(station: Station) {
    this.#station = station;
  }

  freeze(): void {
    this.#frozen = true;
  }

  thaw(): void {
    this.#frozen = false;
  }

  /** Before a projection is written. Marks that somebody else put there stay: they must be seen before they are written over. */
  changing(head: LedgerHead): void {
    if (this.#frozen || (this.#changing && Date.now() - this.#at < REFRESH_MS)) return;
    if (wholenessOf(this.#station) !== 'whole' || !replaceMarks(this.#station, head)) return;
    this.#changing = true;
    this.#at = Date.now();
  }

  /** Before the station sleeps. */
  atRest(head: LedgerHead): void {
    if (this.#frozen || !this.#changing || wholenessOf(this.#station) !== 'whole') return;
    if (replaceMarks(this.#station, head)) this.#changing = false;
  }
}

/** A record of our ledger that something outside of it tells of. */
export interface Seen {
  readonly where: GapData['where'];
  readonly seq: number;
  readonly hash: string;
  /** When it was told, in milliseconds since 1970. */
  readonly at: number;
}

/** What lies outside and does not fit the ledger. */
export interface Contradictions {
  /** Told of nowhere yet, that of the newest record first. */
  readonly open: Seen[];
  /** The gap record that accounts for marks in the tree: what lies there is of the records that were lost. */
  readonly marked: Recorded<'gap'> | null;
  /** The newest gap record, where anything at all does not fit. */
  readonly gap: Recorded<'gap'> | null;
}

/** Where the ledger stands, and what it holds. */
export interface LedgerView {
  readonly head: LedgerHead;
  read(fromSeq: number): Generator<Recorded>;
}

/**
 * Holds the ledger against marks, commits on the checked-out branch and the journal's newest anchor. What was told before a gap record was
 * written, of records after the place where it says that they are missing, is accounted for by it.
 */
export async function lookOutside(
  station: Station,
  ledger: LedgerView,
  anchor: Anchor | null,
): Promise<Contradictions> {
  const journal: Seen[] =
    anchor === null ? [] : [{ where: 'commit', seq: anchor.seq, hash: anchor.hash, at: anchor.at }];
  const wrong = [...seenInTree(station), ...(await seenInCommits(station)), ...journal].filter(
    (seen) => !fits(ledger, seen),
  );
  if (wrong.length === 0) return { open: [], marked: null, gap: null };
  const gaps = gapsOf(station.layout.ledger);
  const by = new Map(wrong.map((seen) => [seen, accountedBy(gaps, seen)]));
  return {
    open: wrong.filter((seen) => by.get(seen) === undefined).sort((a, b) => b.seq - a.seq),
    marked: wrong.flatMap((seen) => (seen.where === 'commit' ? [] : (by.get(seen) ?? []))).at(-1) ?? null,
    gap: gaps.at(-1) ?? null,
  };
}

function fits(ledger: LedgerView, { seq, hash }: Pick<Seen, 'seq' | 'hash'>): boolean {
  if (seq > ledger.head.seq) return false;
  const record: Recorded | undefined = seq === 0 ? undefined : ledger.read(seq).next().value;
  return seq === 0 || record?.hash === hash;
}

/** Marks of this station in the tree; those of another station tell nothing of our ledger. */
export function seenInTree(station: Station): Seen[] {
  return places(station).flatMap(([where, path]) => {
    const mark = readMark(path);
    return mark?.station === station.id ? [{ where, seq: mark.seq, hash: mark.hash, at: ulidTime(mark.token) }] : [];
  });
}

/** The newest trailer and the one of the newest record, of those that came lately onto the branch: somebody may have pulled them. */
async function seenInCommits(station: Station): Promise<Seen[]> {
  const { refs, git } = station.repo;
  const tip = refs.checkedOut();
  if (tip === null) return [];
  const log = await git.try([
    'log',
    `--max-count=${COMMITS_LOOKED_AT}`,
    '--format=%at %(trailers:key=Ledger,valueonly,separator=%x20)',
    tip,
  ]);
  const all = log.stdout
    .toString('utf8')
    .split('\n')
    .flatMap((line) =>
      ledgerTrailers(line, station.id).map(
        (t): Seen => ({ where: 'commit', ...t, at: Number(line.split(' ')[0]) * 1000 }),
      ),
    );
  const newest = all.reduce<Seen | null>((best, seen) => (best === null || seen.seq > best.seq ? seen : best), null);
  return [...new Set([...all.slice(0, 1), ...(newest === null ? [] : [newest])])];
}

/** The gap records of a ledger. Reads all of it, so only asked where something does not fit. */
function gapsOf(folder: string): Recorded<'gap'>[] {
  const gaps: Recorded<'gap'>[] = [];
  for (const first of segments(folder)) {
    const file = segmentPath(folder, first);
    for (const line of readLines(file)) {
      if (!line.whole || !line.text.includes('"event":"gap"')) continue;
      const record = parseRecord(line.text, file);
      if (record.event === 'gap') gaps.push(record);
    }
  }
  return gaps;
}

/** The gap record that accounts for this. A second loss is told apart by its time: it comes after the record of the first. */
export function accountedBy(
  gaps: readonly Recorded<'gap'>[],
  seen: Pick<Seen, 'seq' | 'hash' | 'at'>,
): Recorded<'gap'> | undefined {
  return gaps.findLast(
    ({ ts, data }) =>
      seen.seq > data.after &&
      (seen.at <= Date.parse(ts) || data.all.some(({ seq, hash }) => seq === seen.seq && hash === seen.hash)),
  );
}

/** Whether what followed this gap record was cut short: marks are written last. */
export function isUnfinished(station: Station, gap: Recorded<'gap'>): boolean {
  return (readMark(shownPath(station))?.seq ?? 0) < gap.seq;
}
