import { dirname, join } from 'node:path';
import type { Recorded } from '../../order/event.ts';
import type { OrderLife } from '../../order/life.ts';
import { isTerminal } from '../../order/transition.ts';
import { now } from '../../platform/clock.ts';
import { ensureDir, exists, keepFile, namesIn, readIfThere, removeTree, syncDir } from '../../platform/durable.ts';
import { errno, fs, ifThere } from '../../platform/fs.ts';
import { checkEvidence, evidenceName, filesBelow } from '../../record/evidence.ts';
import type { Draft } from '../../record/ledger.ts';
import { readLedger } from '../../record/ledger.ts';
import { Orders } from '../../record/orders.ts';
import { projectRejection, projectResult, rejection } from '../../record/result.ts';
import { projectState } from '../../record/state.ts';
import type { Station } from '../../station/station.ts';
import { flushJournal } from '../flush.ts';
import { areBundlesGone } from '../jobs/show-bundle.ts';
import { arePacketsGone } from '../missions/show-packets.ts';
import type { Runtime } from '../runtime.ts';
import { lookOutside, markProjections, wholenessOf } from './marks.ts';
import { ASIDE, asideFolder } from './open-gaps.ts';
import { restoreProjections } from './restore.ts';

/**
 * What a start does when records were lost, because somebody replaced the git folder by an older copy of it: the gap goes on record, what
 * the tree still tells of the lost records is moved aside, and nothing that may have been carried out already runs before a person looked.
 * The marks are written last; a kill at any line before is found by the next start, which does the rest.
 */

/** Before recovery: the gap record, once for each loss, and everything of the lost records out of the way. Null when nothing was lost. */
export function continueAfterLoss(rt: Runtime): Recorded<'gap'> | null {
  const { outside, broughtBack } = rt;
  if (outside.open.length === 0 && rt.gap === null) {
    // whoever put a tree of the lost records there did not lose more
    if (outside.marked !== null) setAside(rt.station, outside.marked.seq);
    return null;
  }
  const gap = outside.open.length > 0 ? recordGap(rt, broughtBack) : rt.gap;
  if (gap === null) return null;
  const aside = setAside(rt.station, gap.seq);
  ensureDir(asideFolder(rt.station, gap.seq));
  rt.log.error(
    {
      after: gap.data.after,
      seen: gap.data.seen_seq,
      brought_back: gap.data.brought_back,
      kept: asideFolder(rt.station, gap.seq),
    },
    `the git folder was replaced by an older copy: the ledger lost records after ${gap.data.after}, ${aside} files and folders that tell of them are kept`,
  );
  rt.step('gap: set aside', []);
  rt.catchUpTelemetry();
  return gap;
}

function recordGap(rt: Runtime, broughtBack: number): Recorded<'gap'> | null {
  const all = rt.outside.open.map(({ where, seq, hash }) => ({ where, seq, hash }));
  const [newest] = all;
  if (newest === undefined) return null;
  const data = {
    after: rt.ledger.head.seq,
    seen_seq: newest.seq,
    seen_hash: newest.hash,
    where: newest.where,
    all,
    brought_back: broughtBack,
  };
  const [record] = rt.record([{ event: 'gap', woId: null, attempt: 0, from: null, to: null, data }]);
  return record?.event === 'gap' ? record : null;
}

/** After recovery, before anything is started: what lives waits for a person, the tree is as the ledger has it, and the marks say so. */
export async function finishGap(rt: Runtime, gap: Recorded<'gap'>): Promise<void> {
  const why = `the ledger lost records after ${gap.data.after}; this order may have been carried out since: look, then release or cancel`;
  const alive = rt.orders.all().filter((life) => !isTerminal(life.status) && life.status !== 'running');
  rt.record(alive.filter((life) => life.waitingFor !== 'hold' || life.why !== why).map((life) => held(life, why)));
  rt.step('gap: held', []);
  await flushJournal(rt);
  try {
    rt.log.info(await restoreProjections(rt.station, true, true), 'what the gap left in the tree was restored');
    markProjections(rt.station, rt.ledger.head);
  } catch (error) {
    // the marks stay as they are, so that the next look does it
    rt.log.error({ err: error }, 'the projections could not be restored after the gap');
  }
  rt.marks.thaw();
  rt.step('gap: marked', []);
}

function held(life: OrderLife, reason: string): Draft {
  return {
    event: 'held',
    woId: life.woId,
    attempt: life.attempt,
    from: life.status,
    to: 'parked',
    data: { by: 'waybill', reason },
  };
}

/** Ids of orders that lost records told of, in small letters. */
export function lostIds(station: Station): Set<string> {
  const ids = new Set<string>();
  const folder = join(station.layout.live, ASIDE);
  for (const gap of namesIn(folder)) {
    for (const name of namesIn(join(folder, gap, 'evidence'))) ids.add(name.replace(/@\d+(\.\d+)?$/, ''));
    for (const name of namesIn(join(folder, gap, 'state'))) ids.add(name.replace(/\.json(\.\d+)?$/, ''));
    for (const lane of namesIn(join(folder, gap, 'outbox')))
      for (const name of namesIn(join(folder, gap, 'outbox', lane)))
        ids.add(name.replace(/\.result\.json(\.\d+)?$/, ''));
  }
  return new Set([...ids].map((id) => id.toLowerCase()));
}

/**
 * Orders of ids that lost records told of, dropped again by somebody who does not know: they wait for a person, because nothing else can
 * say whether they were carried out (rule 4). Before anything is started. One that was released is not asked about again.
 */
export function holdSuspects(rt: Runtime, suspects: ReadonlySet<string>): void {
  const drafts: Draft[] = [];
  for (const id of suspects) {
    const life = rt.orders.get(id);
    if (life === undefined || !(life.status === 'ready' || life.status === 'parked') || life.waitingFor === 'hold')
      continue;
    const last: Recorded | undefined = rt.ledger.read(life.lastSeq).next().value;
    const isNew = last?.event === 'admitted' || last?.event === 'revised';
    const isDroppedAgain = last?.event === 'retried' && last.data.by.startsWith('dropped again');
    if (isNew || isDroppedAgain)
      drafts.push(
        held(
          life,
          `records that the ledger lost told of an order ${life.woId}, kept in ${ASIDE}: it may have been carried out; look, then release or cancel`,
        ),
      );
  }
  rt.record(drafts);
}

/**
 * Moves what the ledger knows nothing of, or knows with other content, out of evidence, state and outbox. Returns how many files and
 * folders went. Safe to repeat.
 */
function setAside(station: Station, seq: number): number {
  const to = asideFolder(station, seq);
  const { orders, manifests, rejected } = readKnown(station);
  const moved: string[] = [];
  const aside = (from: string, ...parts: [string, ...string[]]) => {
    moveAside(from, join(to, ...parts));
    moved.push(from);
  };

  for (const name of namesIn(station.layout.evidence)) {
    if (name.startsWith('.')) continue;
    const [woId = '', attempt = '1'] = name.split('@');
    // what was purged goes with the restore, and is kept nowhere
    if ((orders.get(woId)?.purgedAttempts ?? 0) >= Number(attempt)) continue;
    const manifest = manifests.get(name);
    const folder = join(station.layout.evidence, name);
    if (manifest === undefined || checkEvidence(folder, manifest).length > 0) aside(folder, 'evidence', name);
  }

  const known = new Set<string>();
  const keep = (path: string, text: string) => {
    known.add(path);
    if (!exists(path) || readIfThere(path)?.toString('utf8') === text) return;
    if (dirname(path) === station.layout.state) aside(path, 'state', nameIn(station.layout.state, path));
    else if (path.startsWith(`${station.layout.outbox}/`)) aside(path, 'outbox', nameIn(station.layout.outbox, path));
  };
  for (const life of orders.all()) {
    const isPurged = life.purgedAttempts >= life.attempt;
    projectState(station, life, isPurged ? (path) => known.add(path) : keep);
    if (isTerminal(life.status)) projectResult(station, life, isPurged ? (path) => known.add(path) : keep);
  }
  for (const record of rejected)
    projectRejection(station, record.data, rejection(record.data, record.wo_id), (path) => known.add(path));
  for (const name of namesIn(station.layout.state))
    if (isShown(name, '.json') && !known.has(join(station.layout.state, name)))
      aside(join(station.layout.state, name), 'state', name);
  for (const lane of namesIn(station.layout.outbox)) {
    const folder = join(station.layout.outbox, lane);
    if (lane.startsWith('.') || ifThere(() => fs.lstatSync(folder).isDirectory()) !== true) continue;
    for (const name of namesIn(folder))
      if (isShown(name, '.result.json') && !known.has(join(folder, name)) && !isRejection(join(folder, name)))
        aside(join(folder, name), 'outbox', `${lane}/${name}`);
  }
  for (const folder of new Set(moved.map((path) => dirname(path)))) syncDir(folder);
  return moved.length;
}

function readKnown(station: Station): {
  orders: Orders;
  manifests: Map<string, string>;
  rejected: Recorded<'rejected'>[];
} {
  const orders = new Orders();
  const manifests = new Map<string, string>();
  const rejected: Recorded<'rejected'>[] = [];
  for (const record of readLedger(station.layout.ledger, 1)) {
    orders.apply(record);
    if (record.event === 'rejected') rejected.push(record);
    const manifest = (record.data as { evidence?: { manifest_sha256: string } | null }).evidence?.manifest_sha256;
    if (manifest !== undefined && record.event !== 'landing')
      manifests.set(evidenceName(record.wo_id ?? '', record.attempt), manifest);
  }
  return { orders, manifests, rejected };
}

function nameIn(folder: string, path: string): string {
  return path.slice(folder.length + 1);
}

function isShown(name: string, end: string): boolean {
  return name.endsWith(end) && !name.startsWith('.');
}

/** The answer to input that was no order says nothing of effects: it stays where its author looks for it. */
function isRejection(path: string): boolean {
  try {
    const value: unknown = JSON.parse(readIfThere(path)?.toString('utf8') ?? '');
    return typeof value === 'object' && value !== null && 'status' in value && value.status === 'rejected';
  } catch {
    return false;
  }
}

/** Under another name where one of that name is there already: an earlier tree told of the same order otherwise. */
function moveAside(from: string, to: string): void {
  ensureDir(dirname(to));
  let free = to;
  for (let n = 1; exists(free); n++) free = `${to}.${n}`;
  try {
    fs.renameSync(from, free);
  } catch (error) {
    if (errno(error) !== 'EXDEV') throw error;
    if (!fs.lstatSync(from).isDirectory()) keepFile(from, dirname(free), nameIn(dirname(free), free));
    else {
      for (const path of filesBelow(from))
        keepFile(join(from, path), dirname(join(free, path)), nameIn(dirname(join(free, path)), join(free, path)));
      removeTree(from);
    }
  }
  syncDir(dirname(free));
}

/**
 * Brings projections back that somebody deleted or replaced by an older copy, and marks them. Returns whether to look again: a copy that
 * is still being made overwrites what was mended meanwhile, so the looks go on until one finds nothing.
 */
export async function mendProjections(rt: Runtime, again: boolean): Promise<boolean> {
  const { station } = rt;
  const marks = wholenessOf(station);
  const found = marks === 'whole' && (arePacketsGone(station) || areBundlesGone(station)) ? 'missing' : marks;
  if (found === 'whole' && !again) return false;
  if (found === 'missing' && rt.ledger.head.seq <= 1) {
    markProjections(station, rt.ledger.head);
    return false;
  }
  await flushJournal(rt);
  const older = again || found === 'stale';
  try {
    if (found === 'stale') {
      const { open, marked } = await lookOutside(station, rt.ledger, null);
      if (marked !== null || open.some(({ where }) => where !== 'commit'))
        setAside(station, marked?.seq ?? rt.ledger.head.seq);
    }
    const restored = await restoreProjections(station, older, true);
    const written = restored.states + restored.results + restored.evidence + restored.packets + restored.bundles;
    if (found === 'stale')
      rt.log.warn(
        restored,
        'somebody put an older copy of state, outbox or evidence there; restored from ledger and journal',
      );
    else if (found === 'missing')
      rt.log.info(restored, 'state, outbox or evidence was missing; restored from ledger and journal');
    if (found !== 'whole')
      rt.emit([
        { v: 1, ts: now(), agent: 'station', event: 'projections_restored', ok: true, wo_id: null, found, written },
      ]);
    return written > 0;
  } catch (error) {
    rt.log.error({ err: error }, 'state, outbox or evidence could not be restored; the station tries again');
    return false;
  }
}
