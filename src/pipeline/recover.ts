import { dirname, join } from 'node:path';
import { lastRunningGroup } from '../execute/run-commands.ts';
import { isInHistory, lastCommitOf } from '../git/history.ts';
import { IndexLock } from '../git/index/index-lock.ts';
import { revertIndex } from '../git/index/index-update.ts';
import { keepCopy, markIn, targetMark } from '../git/kept-files.ts';
import { NO_OBJECT } from '../git/objects/object-id.ts';
import { removeLeftKeeps } from '../git/objects/pack-writer.ts';
import { isEntry } from '../git/objects/tree.ts';
import { isAt, onDisk, strayPrefix } from '../git/placement.ts';
import { removeStaleRefLocks } from '../git/ref-transaction.ts';
import { returnHidden } from '../intake/claim.ts';
import { laneFolders, scanSettings } from '../intake/lanes.ts';
import { committedBefore, type ImageChange, isOutside } from '../order/change.ts';
import { WaybillError } from '../order/error.ts';
import type { LandedData, LandingData } from '../order/event.ts';
import type { OrderLife } from '../order/life.ts';
import { now, pause } from '../platform/clock.ts';
import { namesIn, removeTree } from '../platform/durable.ts';
import { fs } from '../platform/fs.ts';
import { signalGroup, signalProcess } from '../platform/process.ts';
import { groupMembers, isAlive, withEnvironment } from '../platform/processes.ts';
import { filesBelow } from '../record/evidence.ts';
import type { Draft } from '../record/ledger.ts';
import { admitClaims } from './admit.ts';
import { fact } from './fact.ts';
import { failOrder, showEvidence, storeSealed } from './finish.ts';
import { flushJournal, settleClaims } from './flush.ts';
import { branchOf } from './isolation/land-branch.ts';
import { settleWorktrees } from './isolation/tidy.ts';
import { gatherKept } from './keep.ts';
import { endDrafts } from './land.ts';
import { finishPurges } from './purge.ts';
import { type Ending, showAgainAfter, sweepTemporary } from './restore/show-again.ts';
import { type Runtime, STATION_STOPS } from './runtime.ts';
import { undo } from './undo.ts';

/**
 * What a new start does before anything else: for every order that was in hand, reads its last record and finishes, goes on, or undoes
 * (design.md, "recovery finds, with a landing open"). Idempotent: a kill in the middle of it is recovered by the next. `before`: how the run
 * before ended.
 */
export async function recover(rt: Runtime, before: Ending): Promise<void> {
  sweepTemporary(rt.station);
  const inHand = rt.orders.all().filter((life) => life.status === 'running');
  for (const life of inHand) await endLeftProcesses(rt, life);
  await settleWorktrees(rt, 'the station died while it was at work');
  const batches = new Map<string, OrderLife[]>();
  for (const life of inHand) {
    if (life.landing === null) continue;
    const list = batches.get(life.landing.batch) ?? [];
    batches.set(life.landing.batch, [...list, life]);
  }
  for (const lives of batches.values()) await recoverLanding(rt, lives);
  for (const life of inHand) if (life.landing === null) await recoverWork(rt, life);
  sweepScratch(rt, inHand);
  if (before !== 'well') await showAgainAfter(rt, before);
  returnHidden(laneFolders(rt.station.layout.inbox, scanSettings(rt.station).lanes), rt.station.layout.claimed);
  await admitClaims(rt, await settleClaims(rt));
  await flushJournal(rt);
  await rt.exclusively(() => gatherKept(rt, true));
  await finishPurges(rt);
  // only now: until here nothing else held what a landing had written that was cut short
  removeLeftKeeps(rt.station.layout.gitDir, rt.openedAt);
}

/** Ends what a killed station left running, before anything else touches its files. */
async function endLeftProcesses(rt: Runtime, life: OrderLife): Promise<void> {
  const group = lastRunningGroup(rt.claimFolder(life));
  if (group === null) return;
  const left = () => [
    ...(isAlive(group.pgid, group.startTime) ||
    groupMembers(group.pgid).some((pid) => withEnvironment('WAYBILL_RUN', group.mark).includes(pid))
      ? groupMembers(group.pgid)
      : []),
    ...withEnvironment('WAYBILL_RUN', group.mark),
  ];
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const alive = left();
    if (alive.length === 0) return;
    rt.log.warn({ wo_id: life.woId, pids: alive }, `ending what the last station left running (${signal})`);
    if (isAlive(group.pgid, group.startTime)) signalGroup(group.pgid, signal);
    for (const pid of alive) signalProcess(pid, signal);
    for (let waited = 0; waited < 2000 && left().length > 0; waited += 20) await pause(20);
  }
}

/**
 * One batch whose landing record is open. What did not land is rolled back, files and index, under the lock that the dead station left
 * or a new one, and then planned anew: the same as rolling it forward, through the code that every order goes through.
 */
async function recoverLanding(rt: Runtime, lives: readonly OrderLife[]): Promise<void> {
  const landing = lives[0]?.landing;
  if (landing === undefined || landing === null) return;
  const { repo, layout, settings } = rt.station;
  const lock = new IndexLock(repo, layout.live);
  await removeStaleRefLocks(repo, [landing.branch, rt.refs.journal], idsOf(lives), lock.isOurs());
  const tip = repo.refs.read(landing.branch);
  await advanceJournal(rt, landing, tip);
  const open: { life: OrderLife; data: LandingData; changed: string | null }[] = [];
  for (const life of lives) {
    const data = life.landing;
    if (data === null) continue;
    const verdict = data.branch === branchOf(life.woId) ? await judgeBranch(rt, data, tip) : await judge(rt, data, tip);
    rt.log.info({ wo_id: life.woId, verdict: verdict.kind }, 'found with its landing open');
    if (verdict.kind === 'landed') {
      // Where the journal did not move along, the landing's own journal commit still has the evidence.
      storeSealed(rt, life, { files: await rt.journal.evidence(life, life.attempt, data.journal) });
      rt.record(endDrafts(life, null, { commits: verdict.commits, how: verdict.how }, data.evidence.manifest_sha256));
      showEvidence(rt, life, { files: await rt.journal.evidence(life, life.attempt, data.journal) });
    } else open.push({ life, data, changed: verdict.kind === 'changed' ? verdict.path : null });
  }
  // Without the lock nothing is touched: every path is at its pre- or post-image, which the next start takes as it is.
  const held = open.length > 0 && (await lock.take(settings.git.lockDeadlineSeconds * 1000)).taken;
  const paths = open.flatMap(({ data }) => data.changes.map((c) => c.path).filter((p) => !isOutside(p)));
  const tree = await repo.trees.entries(repo.refs.checkedOut(), paths);
  for (const { life, data, changed } of open) {
    // work that was done at the root stands there until its order has ended
    const isThere = life.executed !== null && life.executed.isolation === undefined;
    const stays = (changed === null && (isThere || !held)) || data.branch === branchOf(life.woId);
    const unrestored = stays ? [] : await undo(rt, life.woId, data.changes);
    // entries as the checked-out commit has them are nobody's half-done work, least of all on another branch
    const tracked = data.changes.filter((c) => !isOutside(c.path) && !isEntry(tree.get(c.path), c.after));
    if (held) await revertIndex(repo, join(layout.tmp, 'revert-index'), tracked);
    rt.record([restored(life, data.changes, unrestored)]);
    // work apart from the root is whole, and is tried again: what stands at the root is somebody's
    if (changed === null || isIsolated(life))
      rt.record([interrupted(life, 'its landing was cut short; it lands again')]);
    else {
      const error = new WaybillError('TARGET_CHANGED', `${changed} changed while its landing was cut short`);
      failOrder(rt, rt.life(life.woId), { error, job: null, unrestored });
    }
  }
  lock.release();
}

function isIsolated(life: OrderLife): boolean {
  return life.started?.isolation !== undefined;
}

/** A power loss can part the two refs that one transaction moved: then the journal follows the branch. */
async function advanceJournal(rt: Runtime, landing: LandingData, tip: string | null): Promise<void> {
  const { git } = rt.station.repo;
  if (landing.new_head === landing.old_head || landing.new_head === null || tip === null) return;
  if (!(await isInHistory(git, landing.new_head, tip))) return;
  const journal = rt.journal.tip();
  if (journal !== null && (await isInHistory(git, landing.journal, journal))) return;
  const parent = (await git.try(['rev-parse', '--verify', '--quiet', `${landing.journal}^`])).stdout
    .toString('utf8')
    .trim();
  if (parent === (journal ?? '')) await git.run(['update-ref', rt.refs.journal, landing.journal, journal ?? NO_OBJECT]);
}

function idsOf(lives: readonly OrderLife[]): Set<string> {
  const ids = lives.flatMap((l) => [l.landing?.commit, l.landing?.new_head, l.landing?.journal]);
  return new Set(ids.filter((id): id is string => typeof id === 'string' && id !== ''));
}

type Verdict =
  | { kind: 'landed'; commits: string[]; how: LandedData['how'] }
  | { kind: 'again' }
  | { kind: 'changed'; path: string };

/** What becomes of a branch of the order's own: it is there, or nothing was done. */
async function judgeBranch(rt: Runtime, data: LandingData, tip: string | null): Promise<Verdict> {
  const { git } = rt.station.repo;
  const journal = rt.journal.tip();
  // Journal and branch move together; a commit that a person took out of the branch afterwards did land, and is not done again.
  if (journal !== null && (await isInHistory(git, data.journal, journal))) {
    return {
      kind: 'landed',
      commits: data.commit === null ? [] : [data.commit],
      how: data.commit === null ? 'nothing_to_commit' : 'landed',
    };
  }
  if (data.commit !== null && tip !== null && (await isInHistory(git, data.commit, tip)))
    return { kind: 'landed', commits: [data.commit], how: 'landed' };
  return { kind: 'again' };
}

/** The table of design.md, "recovery finds, with a landing open". */
async function judge(rt: Runtime, data: LandingData, tip: string | null): Promise<Verdict> {
  const { repo } = rt.station;
  const moved = await judgeBranch(rt, data, tip);
  if (moved.kind === 'landed') return moved;
  const inside = data.changes.filter((c) => !isOutside(c.path));
  const tree = await repo.trees.entries(
    tip,
    inside.map((c) => c.path),
  );
  if (
    inside.length > 0 &&
    inside.length === data.changes.length &&
    tip !== null &&
    inside.every((c) => isEntry(tree.get(c.path), c.after)) &&
    // a file that is put back is in HEAD from the beginning: it is done when it stands there
    !inside.some((c) => c.committed !== undefined && isAt(onDisk(join(repo.root, c.path)), c.before))
  ) {
    const by = await lastCommitOf(
      repo.git,
      tip,
      inside.map((c) => c.path),
    );
    return { kind: 'landed', commits: by === null ? [] : [by], how: 'landed_by' };
  }
  for (const change of data.changes) {
    const there = onDisk(isOutside(change.path) ? change.path : join(repo.root, change.path));
    const entry = tree.get(change.path);
    const headOk = isOutside(change.path) || isEntry(entry, committedBefore(change));
    if (!headOk || !(isAt(there, change.before) || isAt(there, change.after)))
      return { kind: 'changed', path: change.path };
  }
  return { kind: 'again' };
}

/**
 * The station stops: commands that run may end by themselves for a while (commands.stop_seconds), then they are ended. Their orders are decided
 * at once, as the next start would decide, so that nothing half done lies about meanwhile.
 */
export async function endWork(rt: Runtime, atWork: ReadonlyMap<string, Promise<void>>): Promise<void> {
  rt.isStopping = true;
  const timer = setTimeout(() => {
    for (const job of rt.running.values()) if (atWork.has(job.woId)) job.abort.abort(STATION_STOPS);
  }, rt.station.settings.commands.stopSeconds * 1000);
  await Promise.all(atWork.values());
  clearTimeout(timer);
  await takeBackStopped(rt);
}

async function takeBackStopped(rt: Runtime): Promise<void> {
  for (const life of rt.orders.all().filter(({ status }) => status === 'running')) {
    if (rt.running.get(life.woId)?.abort.signal.reason !== STATION_STOPS || life.landing !== null) continue;
    await recoverWork(rt, life, 'was stopped');
    rt.running.delete(life.woId);
  }
  await settleWorktrees(rt, 'the station was stopped while it was at work');
}

/** An order that was running with no landing open. */
async function recoverWork(rt: Runtime, life: OrderLife, station: 'died' | 'was stopped' = 'died'): Promise<void> {
  if (life.executed !== null) {
    rt.record([interrupted(life, 'its work is done; it goes on to land')]);
    return;
  }
  const changes = life.started?.changes ?? [];
  // apart from the root there is nothing to take back, and what was made is kept
  const works = life.admitted?.works === true && !isIsolated(life);
  const unrestored = works ? await undo(rt, life.woId, changes) : [];
  if (works) rt.record([restored(life, changes, unrestored)]);
  if (life.unsafeCommandBegun) {
    const error = new WaybillError(
      'EFFECT_UNVERIFIED',
      `the station ${station} while a command of ${life.woId} ran that is not declared idempotent`,
    );
    failOrder(rt, rt.life(life.woId), { error, job: null, unrestored });
    return;
  }
  rt.record([interrupted(rt.life(life.woId), `the station ${station} before its effects; it runs again`)]);
}

function interrupted(life: OrderLife, why: string): Draft {
  return { event: 'interrupted', woId: life.woId, attempt: life.attempt, from: 'running', to: 'ready', data: { why } };
}

function restored(life: OrderLife, changes: readonly ImageChange[], unrestored: string[]): Draft {
  return fact(life, 'restored', { paths: changes.map((c) => c.path), unrestored, left: [] });
}

/**
 * Clears the scratch of what the dead station had under way. Sub-step 8 of "Landing" for a landing that was cut short: what is neither a
 * pre-image nor ours was written by somebody, and is kept.
 */
function sweepScratch(rt: Runtime, inHand: readonly OrderLife[]): void {
  const { live, tmp } = rt.station.layout;
  const changes = inHand.flatMap((l) => [
    ...(l.landing?.changes ?? []),
    ...(l.executed?.changes ?? []),
    ...(l.started?.changes ?? []),
  ]);
  const ours = new Set(changes.flatMap((c) => [c.before?.disk, c.after?.disk]));
  const owner = (mark: string | null) => {
    for (const l of mark === null ? [] : rt.orders.all())
      for (const { path } of [l.landing, l.executed, l.started].flatMap((d) => d?.changes ?? []))
        if (targetMark(l.woId, path) === mark) return { woId: l.woId, path };
    return null;
  };
  const letGo = (path: string, name: string): void => {
    const there = onDisk(path);
    if (there === null) return;
    if (there !== 'other' && ours.has(there.disk)) {
      fs.unlinkSync(path);
      return;
    }
    const whose = owner(markIn(name)) ?? { woId: null, path: name };
    const why = 'somebody wrote into it during a landing that was cut short';
    const kept = keepCopy(live, path, { ...whose, why });
    rt.log.warn({ kept }, 'a file that somebody wrote into during a landing that was cut short is kept');
    rt.emit([{ v: 1, ts: now(), agent: 'station', event: 'wo_leftover_kept', ok: false, wo_id: whose.woId, kept }]);
  };
  for (const name of namesIn(tmp)) {
    for (const file of filesBelow(join(tmp, name, 'files'))) letGo(join(tmp, name, 'files', file), `${name}-${file}`);
    removeTree(join(tmp, name));
    for (const change of changes.filter((c) => isOutside(c.path))) {
      for (const stray of namesIn(dirname(change.path)).filter((n) => n.startsWith(strayPrefix(name))))
        letGo(join(dirname(change.path), stray), stray.slice(1));
    }
  }
  new IndexLock(rt.station.repo, live).release();
}
