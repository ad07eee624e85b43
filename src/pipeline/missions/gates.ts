import { isEntry } from '../../git/objects/tree.ts';
import { sha256 } from '../../order/canonical-json.ts';
import type { ImageChange } from '../../order/change.ts';
import { WaybillError } from '../../order/error.ts';
import type { GateResult, ReviewPacket } from '../../order/generated.ts';
import { changedSoFar, type Output } from '../../order/mission.ts';
import { riskierThan } from '../../policy/missions/rules.ts';
import { MANIFEST } from '../../record/evidence.ts';
import type { Draft } from '../../record/ledger.ts';
import type { Step } from '../../spine/chain.ts';
import { type AfterWork, askAfterWork } from '../../spine/gates/post-gates.ts';
import { askBeforeWork } from '../../spine/gates/pre-gates.ts';
import { reviewPacketName, reviewPacketText } from '../../spine/packets/review-packet-text.ts';
import { redactorOf } from '../../station/redactor.ts';
import { sealJob } from '../finish.ts';
import { withCommit } from '../isolation/rebase.ts';
import type { Job } from '../job.ts';
import type { Runtime } from '../runtime.ts';
import { keepDocument, latestDocument, stepFolder } from './documents.ts';
import type { MissionJob } from './mission-job.ts';
import { askCheckpoint } from './pause.ts';
import { beginStep, diffHash, endStep, type StepFault } from './record-step.ts';
import { verdictsOn } from './verdicts.ts';
import type { MissionPlace } from './work.ts';

/** What must be so before a mission works, and before it lands: read anew, with nothing taken from what agents said. */

/** The gates before any work. */
export async function gatesBefore(
  rt: Runtime,
  job: Job,
  mission: MissionJob,
  place: MissionPlace,
): Promise<GateResult[]> {
  const base = job.isolation?.base ?? null;
  const { repo } = rt.station;
  const listed = base === null ? null : await repo.git.run(['ls-tree', '-r', '-z', '--name-only', base]);
  return askBeforeWork({
    policySha256: rt.policyFile.policy?.sha256 ?? null,
    paths: mission.envelope,
    protected: mission.protected,
    files:
      listed
        ?.toString('utf8')
        .split('\0')
        .filter((path) => path !== '') ?? null,
    base,
    dirty: differing((await place.measure()).images, job.images),
  });
}

/** The record that parks a mission because what it changed is riskier than what it ran under; null where it is not, or where a person has seen it. */
export function askRisk(rt: Runtime, job: Job, mission: MissionJob, step: Step): Draft | null {
  const life = rt.life(job.woId);
  const history = life.mission?.history ?? [];
  const policy = rt.policyFile.require();
  const { lane = '', requester = { uid: -1, user: null } } = life.admitted ?? {};
  const last = history.findLast((entry) => entry.kind === 'stepped');
  const did = { paths: job.images.map(({ path }) => path), diffLines: last?.diff_lines ?? 0 };
  const why = riskierThan(policy, mission.rules, { root: rt.station.layout.root, lane, requester }, did);
  const built = history.findLastIndex((entry) => entry.kind === 'stepped' && entry.changes !== undefined);
  const isSeen = history.slice(built + 1).some((entry) => entry.kind === 'decided' && entry.at === step.id);
  return why === null || isSeen ? null : askCheckpoint(rt, policy, job, step.id, why);
}

/**
 * The last step: the result on a clean checkout, the mission's checks there, and every gate. True when it may land; otherwise the failure is on the
 * ledger, and policy decides what follows.
 */
export async function passGates(
  rt: Runtime,
  job: Job,
  mission: MissionJob,
  place: MissionPlace,
  step: Step,
): Promise<boolean> {
  const reserved = { tokens: null, usd: null, seconds: null };
  const open = beginStep(rt, job, { step: step.id, role: null, agent: null }, reserved);
  await place.rebuild(null);
  const dirty = differing((await place.measure()).images, job.images);
  job.checks = await place.checks();
  const review = keepReviewText(rt, job, mission, stepFolder(rt.claimFolder(rt.life(job.woId)), open.n, step.id));
  const gates = askAfterWork(await lookAfter(rt, job, mission, dirty, review));
  endStep(rt, job, open, { outputs: [review], fault: faultOf(gates, job), gates });
  return gates.every(({ ok }) => ok);
}

async function lookAfter(
  rt: Runtime,
  job: Job,
  mission: MissionJob,
  dirty: readonly string[],
  review: Output,
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
    approvals: mission.begun.reviewers,
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
      faults: [],
      required: ['changes.patch', 'checks.json', `mission/chain.yaml`, ...names.map((name) => `${name}.json`)],
      present: sealed.files.flatMap(({ path }) => [path, path.slice(path.lastIndexOf('/') + 1)]),
    },
    packets: [
      ...names.flatMap((name) => packetOf(folder, life.mission?.history ?? [], name)),
      { name: 'review', recorded: review.sha256, found: review.sha256 },
    ],
    requiredPackets: [...names, 'review'],
    commit,
    ledger: {
      intact: true,
      recordedDiff: diffHash(changedSoFar(history)),
      measuredDiff: diffHash(job.images),
    },
  };
}

function packetOf(folder: string, history: Parameters<typeof latestDocument>[1], name: string) {
  const bytes = latestDocument(folder, history, name);
  return bytes === null ? [] : [{ name, recorded: sha256(bytes), found: sha256(bytes) }];
}

/** The review packet as people read it; its name says mission, attempt and revision. */
export function keepReviewText(rt: Runtime, job: Job, mission: MissionJob, folder: string): Output {
  const life = rt.life(job.woId);
  const history = life.mission?.history ?? [];
  const bytes = latestDocument(rt.claimFolder(life), history, 'review_packet');
  if (bytes === null) throw new WaybillError('GATE_FAILED', `${job.woId} has no review packet`);
  const packet = JSON.parse(bytes.toString('utf8')) as ReviewPacket;
  const name = reviewPacketName(job.woId, life.attempt, packet.revision).replace(/\.md$/, '');
  const text = reviewPacketText({
    task: mission.mission.brief,
    packet,
    packetSha256: sha256(bytes),
    changes: job.changes,
    verdicts: verdictsOn(rt.claimFolder(life), history),
  });
  // it is shown as it is, and its hash is on the ledger
  return keepDocument(folder, name, redactorOf(rt.station.settings).redact(Buffer.from(text)), 'md');
}

/** Paths whose content is other in one than in the other. */
function differing(found: readonly ImageChange[], expected: readonly ImageChange[]): string[] {
  const key = ({ after }: ImageChange) => (after === null ? 'gone' : `${after.mode} ${after.blob}`);
  const [a, b] = [new Map(found.map((i) => [i.path, key(i)])), new Map(expected.map((i) => [i.path, key(i)]))];
  return [...new Set([...a.keys(), ...b.keys()])].filter((path) => a.get(path) !== b.get(path)).sort();
}

/** What a failure is called: of the checks it is the builder's to mend, of all else a person's. */
function faultOf(gates: readonly GateResult[], job: Job): StepFault | null {
  const failed = gates.filter(({ ok }) => !ok);
  const [first] = failed;
  if (first === undefined) return null;
  const why = failed.map((gate) => `${gate.name}: ${gate.why ?? ''}`).join('; ');
  if (failed.every(({ name }) => name === 'checks')) {
    const isLate = job.checks.some(({ ok, timed_out }) => !ok && timed_out === true);
    return { code: 'CHECK_FAILED', why, failure: isLate ? 'test_timeout' : 'test_failure' };
  }
  const isOutside = failed.some(({ name }) => name === 'changed_files');
  return isOutside
    ? { code: 'ENVELOPE_VIOLATION', why, failure: 'governance_violation' }
    : { code: 'GATE_FAILED', why, failure: 'unknown' };
}
