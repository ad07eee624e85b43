import { join } from 'node:path';
import { isEntry } from '../../git/objects/tree.ts';
import { hashOf, sha256 } from '../../order/canonical-json.ts';
import { diffHash, type ImageChange, isOutside } from '../../order/change.ts';
import { changedSoFar, type HistoryEntry, type SteppedData } from '../../order/mission.ts';
import { HashCheck } from '../../order/tombstone.ts';
import { readIfThere } from '../../platform/durable.ts';
import type { AfterWork } from '../../spine/gates/post-gates.ts';
import { sealJob } from '../finish.ts';
import { withCommit } from '../isolation/merge-work.ts';
import type { Job } from '../job.ts';
import type { Runtime } from '../runtime.ts';
import { CHAIN_FILE, EVIDENCE_FOLDER, evidencePathOf, givenBy, stepFolder } from './documents.ts';
import type { MissionJob } from './mission-job.ts';
import type { MissionPlace } from './place.ts';

/** What there is before a mission lands: the work as a commit, its evidence, what its steps gave, and the ledger on disk. */

type Measure = Awaited<ReturnType<MissionPlace['measure']>>;

/** All that the gates after the work are asked about, read anew; `measured`: the clean checkout, when its checks began. */
export async function lookAfter(rt: Runtime, job: Job, mission: MissionJob, measured: Measure): Promise<AfterWork> {
  const life = rt.life(job.woId);
  const history = life.mission?.history ?? [];
  const folder = rt.claimFolder(life);
  const base = job.isolation?.base ?? '';
  const names = [
    ...new Set(mission.chain.steps.flatMap(({ gives }) => (gives === null || gives === 'commit' ? [] : [gives]))),
  ];
  const sealed = sealJob(rt, life, job, job.checks);
  const { trees } = rt.station.repo;
  const dirty = differing(measured.images, job.images);
  // two ways to one tree: what git saw in the checkout, and what is on record of the mission
  const ranOn = await withCommit(rt, { ...job, ...measured }, base, (id) => trees.ofCommit(id));
  const commit = await withCommit(rt, job, base, async (id) => {
    const inside = measured.images.filter(({ path }) => !isOutside(path));
    const there = await trees.entries(
      id,
      inside.map(({ path }) => path),
    );
    const other = inside.filter(({ path, after }) => !isEntry(there.get(path), after)).map(({ path }) => path);
    return { id, tree: await trees.ofCommit(id), differing: other };
  });
  const newest = names.map((name) => {
    const given = history.map(givenBy).findLast((one) => one?.outputs.some((output) => output.name === name));
    return given ? evidencePathOf(given, `${name}.json`) : `${EVIDENCE_FOLDER}/${name}.json`;
  });
  return {
    readsOnly: mission.begun.reads_only === true,
    // this step itself is open while it asks
    mission: life.mission && { ...life.mission, open: null },
    policySha256: rt.policyFile.policy?.sha256 ?? null,
    approvals: mission.rules.reviewers,
    checks: {
      declared: job.order.checks.map(({ name }) => name),
      results: job.checks,
      ranOn,
      result: commit.tree,
      dirty,
    },
    changed: measured.images.map(({ path }) => path),
    paths: mission.envelope,
    protected: mission.protected,
    evidence: {
      faults: faultsOf(folder, history),
      required: ['changes.patch', 'checks.json', `${EVIDENCE_FOLDER}/${CHAIN_FILE}`, ...newest],
      present: sealed.files.map(({ path }) => path),
    },
    packets: names.flatMap((name) => {
      const newest = history.findLast((entry) => givenBy(entry)?.outputs.some((output) => output.name === name));
      return newest === undefined ? [] : foundOf(folder, newest).filter((found) => found.name === name);
    }),
    requiredPackets: names,
    commit: { id: commit.id, differing: commit.differing },
    ledger: {
      intact: isIntact(rt, job.woId),
      recordedDiff: diffHash(changedSoFar(history)),
      measuredDiff: diffHash(measured.images),
    },
  };
}

/** What a step gave, as the ledger has it and as it lies there now; null for what does not. */
function foundOf(folder: string, entry: HistoryEntry): { name: string; recorded: string; found: string | null }[] {
  const given = givenBy(entry);
  if (given === null) return [];
  const beside = stepFolder(folder, given.n, given.step);
  return given.outputs.map(({ name, sha256: recorded }) => {
    const bytes = ['json', 'md']
      .map((ending) => readIfThere(join(beside, `${name}.${ending}`)))
      .find((b) => b !== undefined);
    return { name, recorded, found: bytes === undefined ? null : sha256(bytes) };
  });
}

/** Every document that any step gave, held against its hash on the ledger. */
function faultsOf(folder: string, history: readonly HistoryEntry[]): { kind: string; path: string }[] {
  return history
    .flatMap((entry) => foundOf(folder, entry))
    .filter(({ recorded, found }) => recorded !== found)
    .map(({ name, found }) => ({ kind: found === null ? 'missing' : 'changed', path: name }));
}

/** Whether the ledger on disk, from the mission's first record on, holds together and tells of the very steps that this process goes by. */
function isIntact(rt: Runtime, woId: string): boolean {
  const { mission } = rt.life(woId);
  if (mission === null) return false;
  const check = new HashCheck();
  const told: SteppedData[] = [];
  let before: string | null = null;
  for (const record of rt.ledger.read(mission.from)) {
    if (!check.accepts(record) || (before !== null && record.prev !== before)) return false;
    before = record.hash;
    if (record.wo_id === woId && record.event === 'stepped') told.push(record.data);
  }
  const known = mission.history.flatMap((entry) => {
    if (entry.kind !== 'stepped') return [];
    const { kind: _, reserved: __, ...data } = entry;
    return [data];
  });
  return hashOf(told) === hashOf(known);
}

/** Paths whose content is other in one than in the other. */
export function differing(found: readonly ImageChange[], expected: readonly ImageChange[]): string[] {
  const key = ({ after }: ImageChange) => (after === null ? 'gone' : `${after.mode} ${after.blob}`);
  const [a, b] = [new Map(found.map((i) => [i.path, key(i)])), new Map(expected.map((i) => [i.path, key(i)]))];
  return [...new Set([...a.keys(), ...b.keys()])].filter((path) => a.get(path) !== b.get(path)).sort();
}
