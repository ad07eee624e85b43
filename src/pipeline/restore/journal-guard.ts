import { join } from 'node:path';
import { isInHistory } from '../../git/history.ts';
import { commitTo } from '../../git/objects/commit-to.ts';
import { NO_OBJECT } from '../../git/objects/object-id.ts';
import type { FileEntry } from '../../git/objects/pack-writer.ts';
import { WaybillError } from '../../order/error.ts';
import type { Recorded } from '../../order/event.ts';
import type { TelemetryLine } from '../../order/generated.ts';
import type { OrderLife } from '../../order/life.ts';
import { now } from '../../platform/clock.ts';
import { exists, namesIn, readIfThere, removeDurable, writeProjection } from '../../platform/durable.ts';
import { fs, ifThere } from '../../platform/fs.ts';
import { newUlid } from '../../platform/ids.ts';
import { checkEvidence, evidenceName, filesBelow } from '../../record/evidence.ts';
import { type Anchor, evidenceEntries, flushEntries, JournalReader, journalMessage } from '../../record/journal.ts';
import { readLedger } from '../../record/ledger.ts';
import { Orders } from '../../record/orders.ts';
import { refsOf } from '../../station/layout.ts';
import type { Station } from '../../station/station.ts';
import { heldWork } from '../isolation/held-work.ts';

/**
 * Keeps the journal ref where the station left it. It is a ref like any other: somebody deletes it, sets it back, or cleans up refs that
 * he does not know; and what nothing references goes with the next `git gc`.
 */

/** Records, and bytes of evidence, that one commit of a journal that is written again holds. */
const RECORDS_A_COMMIT = 2000;
const BYTES_A_COMMIT = 64 * 1024 * 1024;

/** How long a `git gc` may go on. */
const GC_MS = 3_600_000;
/** How git says that an object is not there, or is no object. */
const NOT_THERE =
  /bad (object|tree|blob|commit)|missing|not a valid object|could not read|unable to (read|find)|failed to (traverse|parse)/i;

/** What was done to the journal ref, and where it stands. */
export interface Guarded {
  readonly tip: string | null;
  /** null when nothing was wrong. `written_again`: its objects were gone, and it was made anew from ledger and evidence. */
  readonly how: 'put_back' | 'written_again' | null;
  /** The ref that keeps what somebody else had put there. */
  readonly kept: string | null;
}

function tipPath(station: Station): string {
  return join(station.layout.live, 'journal-tip');
}

function knownTip(station: Station): string | null {
  const text = readIfThere(tipPath(station))?.toString('utf8').trim() ?? '';
  return /^[0-9a-f]{40}$/.test(text) ? text : null;
}

/**
 * Notes where the journal stands. Atomic, and not synced: what a power loss leaves is an older tip, and the ref may be anything that
 * came after it.
 */
export function noteJournal(station: Station, tip = station.repo.refs.read(refsOf(station.id).journal)): void {
  if (tip !== null) writeProjection(tipPath(station), `${tip}\n`);
}

function mendedPath(station: Station): string {
  return join(station.layout.live, 'journal-mended');
}

/**
 * At a start. A ref that was put back while `git gc` was at work may point to what gc removes after all: once something was mended, starts look
 * at the whole tree, until one that came late enough found all of it.
 */
export async function guardAtStart(station: Station): Promise<Guarded> {
  const mended = ifThere(() => fs.statSync(mendedPath(station)));
  const guarded = await guardJournal(station, null, mended === undefined ? 'root' : 'tree');
  if (mended !== undefined && guarded.how === null && Date.now() - mended.mtimeMs > GC_MS)
    removeDurable(mendedPath(station));
  return guarded;
}

/** Whether the journal is where we left it; if not, what it tells of an order may be old. Reads two small files. */
export function isWhereWeLeftIt(station: Station): boolean {
  return station.repo.refs.read(refsOf(station.id).journal) === knownTip(station);
}

/**
 * How closely the guard looks: at refs only; whether the tip is there with the root of its tree; or at the whole tree of the tip, which
 * costs what all history costs and is for a journal that could not be written.
 */
export type Look = 'refs' | 'root' | 'tree';

/**
 * Puts the journal ref back when it is gone, or points to what does not come after the tip we know. Nobody else may move it meanwhile:
 * at a start, and under Runtime.exclusively(). Where its objects are gone, it is written again, up to the record `upTo` (null: all of them);
 * 'never' asks not to, and throws. Throws GIT_FAILED.
 */
export async function guardJournal(station: Station, upTo: number | null | 'never', look: Look): Promise<Guarded> {
  const { repo } = station;
  const ref = refsOf(station.id).journal;
  const tip = repo.refs.read(ref);
  const known = knownTip(station);
  // a ref put back while `git gc` was under way may point to what gc removed after all
  const isHollow = look !== 'refs' && tip !== null && !(await hasTree(station, tip, look));
  if (tip === known && !isHollow) return { tip, how: null, kept: null };
  // a purge rewrites the journal, and notes its new tip when it is through
  if (
    !isHollow &&
    (known === null || (tip !== null && (isBeingPurged(station) || (await isInHistory(repo.git, known, tip)))))
  ) {
    if (known === null || !isBeingPurged(station)) noteJournal(station, tip);
    return { tip, how: null, kept: null };
  }
  const isWhole = known !== null && (await hasAll(station, known));
  if (!isWhole && upTo === 'never')
    throw new WaybillError('GIT_FAILED', 'the journal was deleted, and must be written again first');
  const isOlder = tip !== null && isWhole && (await isInHistory(repo.git, tip, known));
  const anchor = tip === null || isWhole || isHollow ? null : await agreeing(station);
  const kept = tip === null || isOlder || isHollow || anchor !== null ? null : await keepForeign(station, tip);
  const fresh = isWhole || upTo === 'never' ? known : await writeAgain(station, anchor, upTo);
  if (fresh !== null)
    await repo.git.run(['update-ref', '-m', 'waybill: put the journal back', ref, fresh, tip ?? NO_OBJECT]);
  noteJournal(station, fresh);
  writeProjection(mendedPath(station), `${now()}\n`);
  await repo.git.try(['update-ref', '-d', scratchRef(station)]);
  return { tip: fresh, how: isWhole ? 'put_back' : 'written_again', kept };
}

function scratchRef(station: Station): string {
  return `${refsOf(station.id).landing}/journal-again`;
}

/** In words, for the log. */
export function whatWasMended({ how, kept }: Guarded): string {
  const what =
    how === 'put_back'
      ? 'somebody had deleted or moved the journal ref; it is put back'
      : 'somebody had deleted or moved the journal ref, and its objects are gone; it is written again from ledger and evidence';
  return kept === null ? what : `${what}; what it pointed to is kept as ${kept}`;
}

export function mendedLine({ how, kept }: Guarded): TelemetryLine {
  return {
    v: 1,
    ts: now(),
    agent: 'station',
    event: 'journal_mended',
    ok: true,
    wo_id: null,
    how: how ?? '',
    ...(kept === null ? {} : { kept }),
  };
}

function isBeingPurged(station: Station): boolean {
  return namesIn(join(station.layout.live, 'purges')).some((name) => name.endsWith('.json'));
}

/** Whether a commit is there with its tree: enough to write the next one on top of it. */
async function hasTree(station: Station, commit: string, look: Exclude<Look, 'refs'>): Promise<boolean> {
  return look === 'root'
    ? isThere(station, ['cat-file', '-e', `${commit}^{tree}`])
    : isThere(station, ['rev-list', '--objects', '--quiet', '--max-count=1', commit]);
}

/** Whether a commit is there with everything it reaches. */
async function hasAll(station: Station, commit: string): Promise<boolean> {
  return isThere(station, ['rev-list', '--objects', '--quiet', commit]);
}

/** Whether git finds these objects. A git that could not look at all (no memory, too many open files) is no answer: throws GIT_FAILED. */
async function isThere(station: Station, args: readonly string[]): Promise<boolean> {
  const { exitCode, stderr } = await station.repo.git.try(args);
  if (exitCode === 0) return true;
  if (exitCode === 128 && NOT_THERE.test(stderr)) return false;
  throw new WaybillError(
    'GIT_FAILED',
    `git ${args[0]} could not look for the journal's objects: ${stderr.trim() || `it ended with ${exitCode}`}`,
  );
}

/** The newest anchor of the journal as it is, when it is one of our ledger: then the journal goes on from there. */
async function agreeing(station: Station): Promise<Anchor | null> {
  const anchor = await new JournalReader(station.repo, refsOf(station.id).journal).newestAnchor();
  if (anchor === null) return null;
  const record: Recorded | undefined = readLedger(station.layout.ledger, anchor.seq).next().value;
  return record?.seq === anchor.seq && record.hash === anchor.hash && (await hasAll(station, anchor.commit))
    ? anchor
    : null;
}

async function keepForeign(station: Station, tip: string): Promise<string> {
  const ref = `${refsOf(station.id).keep}/journal-${newUlid().toLowerCase()}`;
  await station.repo.git.run(['update-ref', ref, tip, NO_OBJECT]);
  return ref;
}

/**
 * Writes the journal from the ledger, on top of `after` or from the first record on, with what evidence folder and claims still hold.
 * Returns its tip; the ref is not moved yet, so that a kill leaves the old one. Null for a ledger without records.
 */
async function writeAgain(station: Station, after: Anchor | null, upTo: number | null): Promise<string | null> {
  const scratch = scratchRef(station);
  let tip = after?.commit ?? null;
  const orders = new Orders();
  let records: Recorded[] = [];
  let evidence: FileEntry[] = [];
  let bytes = 0;
  const commit = async () => {
    const last = records.at(-1);
    if (last === undefined) return;
    const lives = [...new Set(records.map((r) => r.wo_id))].flatMap((id) =>
      id === null ? [] : (orders.get(id) ?? []),
    );
    const message = journalMessage(
      `${records.length} records, written again`,
      { seq: last.seq, hash: last.hash },
      last.seq,
    );
    const files = [...flushEntries(station, records, lives), ...(await heldWork(station, lives)), ...evidence];
    const from = station.repo.refs.read(scratch);
    tip = await commitTo(station.repo, station.layout.tmp, scratch, { parent: tip, from, message, files });
    records = [];
    evidence = [];
    bytes = 0;
  };
  await station.repo.git.try(['update-ref', '-d', scratch]);
  for (const record of readLedger(station.layout.ledger, 1)) {
    if (upTo !== null && record.seq > upTo) break;
    const life = orders.apply(record);
    if (record.seq <= (after?.upTo ?? 0)) continue;
    records.push(record);
    const shown = life === null ? [] : shownEvidence(station, record, life);
    evidence.push(...shown);
    for (const entry of shown) bytes += 'bytes' in entry ? entry.bytes.length : 0;
    if (records.length >= RECORDS_A_COMMIT || bytes >= BYTES_A_COMMIT) await commit();
  }
  await commit();
  return tip;
}

/** The evidence of the attempt that this record ends, where its folder is whole. */
function shownEvidence(station: Station, record: Recorded, life: OrderLife): FileEntry[] {
  const manifest = (record.data as { evidence?: { manifest_sha256: string } | null }).evidence?.manifest_sha256;
  if (manifest === undefined || record.event === 'landing' || record.purged === true) return [];
  const folder = join(station.layout.evidence, evidenceName(life.woId, record.attempt));
  if (!exists(folder) || checkEvidence(folder, manifest).length > 0) return [];
  const files = filesBelow(folder).map((path) => ({ path, bytes: readIfThere(join(folder, path)) ?? Buffer.alloc(0) }));
  return evidenceEntries(life, record.attempt, files);
}
