import { join } from 'node:path';
import { isEntry } from '../../git/objects/tree.ts';
import { hashOf, sha256 } from '../../order/canonical-json.ts';
import type { ImageChange } from '../../order/change.ts';
import { changedSoFar, type HistoryEntry, type SteppedData } from '../../order/mission.ts';
import { HashCheck } from '../../order/tombstone.ts';
import { readIfThere } from '../../platform/durable.ts';
import { MANIFEST } from '../../record/evidence.ts';
import type { AfterWork } from '../../spine/gates/post-gates.ts';
import { sealJob } from '../finish.ts';
import { withCommit } from '../isolation/merge-work.ts';
import type { Job } from '../job.ts';
import type { Runtime } from '../runtime.ts';
import { givenBy, stepFolder } from './documents.ts';
import type { MissionJob } from './mission-job.ts';
import { diffHash } from './record-step.ts';

/** What there is before a mission lands: the work as a commit, its evidence, what its steps gave, and the ledger on disk. */

/** All that the gates after the work are asked about, read anew. */
export async function lookAfter(
  rt: Runtime,
  job: Job,
  mission: MissionJob,
  dirty: readonly string[],
): Promise<AfterWork> {
  const life = rt.life(job.woId);
  const history = life.mission?.history ?? [];
  const folder = rt.claimFolder(life);
  const base = job.isolation?.base ?? '';
  const names = [
    ...new Set(mission.chain.steps.flatMap(({ gives }) => (gives === null || gives === 'commit' ? [] : [gives]))),
  ];
  const sealed = sealJob(rt, life, job, job.checks);
  const manifest = sealed.files.find(({ path }) => path === MANIFEST);
  const commit = await withCommit(rt, job, base, async (id) => {
    const tree = await rt.station.repo.trees.entries(
      id,
      job.images.map(({ path }) => path),
    );
    const other = job.images.filter(({ path, after }) => !isEntry(tree.get(path), after)).map(({ path }) => path);
    return { id, differing: other };
  });
  return {
    // this step itself is open while it asks
    mission: life.mission && { ...life.mission, open: null },
    policySha256: rt.policyFile.policy?.sha256 ?? null,
    approvals: mission.rules.reviewers,
    checks: {
      declared: job.order.checks.map(({ name }) => name),
      results: job.checks,
      ranOn: dirty.length === 0 ? commit.id : '',
      result: commit.id,
      dirty,
    },
    changed: job.images.map(({ path }) => path),
    paths: mission.envelope,
    protected: mission.protected,
    evidence: {
      manifestSha256: manifest === undefined ? '' : sha256(manifest.bytes),
      recordedSha256: sealed.manifestSha256,
      faults: faultsOf(folder, history),
      required: ['changes.patch', 'checks.json', 'mission/chain.yaml', ...names.map((name) => `${name}.json`)],
      present: sealed.files.flatMap(({ path }) => [path, path.slice(path.lastIndexOf('/') + 1)]),
    },
    packets: names.flatMap((name) => {
      const newest = history.findLast((entry) => givenBy(entry)?.outputs.some((output) => output.name === name));
      return newest === undefined ? [] : foundOf(folder, newest).filter((found) => found.name === name);
    }),
    requiredPackets: names,
    commit,
    ledger: {
      intact: isIntact(rt, job.woId),
      recordedDiff: diffHash(changedSoFar(history)),
      measuredDiff: diffHash(job.images),
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
