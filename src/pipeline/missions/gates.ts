import { checkFailure } from '../../execute/run-commands.ts';
import { sha256 } from '../../order/canonical-json.ts';
import { WaybillError } from '../../order/error.ts';
import type { GateResult, ReviewPacket } from '../../order/generated.ts';
import type { HistoryEntry, Output } from '../../order/mission.ts';
import { riskierThan } from '../../policy/missions/rules.ts';
import type { Policy } from '../../policy/policy.ts';
import type { Step } from '../../spine/chain.ts';
import { askAfterWork } from '../../spine/gates/post-gates.ts';
import { askBeforeWork } from '../../spine/gates/pre-gates.ts';
import { reviewPacketName, reviewPacketText } from '../../spine/packets/review-packet-text.ts';
import type { Job } from '../job.ts';
import type { Runtime } from '../runtime.ts';
import { keepDocument, latestDocument, stepFolder } from './documents.ts';
import { differing, lookAfter } from './look-after.ts';
import type { MissionJob } from './mission-job.ts';
import type { MissionPlace } from './place.ts';
import { beginStep, endStep, type StepFault, stoppedBy } from './record-step.ts';
import { watchStopFile } from './stop-file.ts';
import { verdictsOn } from './verdicts.ts';

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
    readsOnly: mission.begun.reads_only === true,
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

/** Why what a mission changed is riskier than what it ran under, before it closes; null where it is not, or where a person has seen it. */
export function whyRisky(rt: Runtime, job: Job, mission: MissionJob, at: string, policy: Policy): string | null {
  if (at !== mission.chain.steps.at(-1)?.id || mission.begun.reads_only === true) return null;
  const life = rt.life(job.woId);
  const history = life.mission?.history ?? [];
  const { lane = '', requester = { uid: -1, user: null } } = life.admitted ?? {};
  const last = history.findLast((entry) => entry.kind === 'stepped');
  const did = { paths: job.images.map(({ path }) => path), diffLines: last?.diff_lines ?? 0 };
  const ran = { ...mission.rules, chain: mission.chain.name };
  const why = riskierThan(policy, ran, { root: rt.station.layout.root, lane, requester }, did);
  const built = history.findLastIndex(
    (entry) => (entry.kind === 'stepped' && entry.changes !== undefined) || (entry.kind === 'rebased' && entry.review),
  );
  // more money is no yes to the work
  const isYes = (entry: HistoryEntry) => entry.kind === 'decided' && entry.what === 'checkpoint' && entry.at === at;
  return history.slice(built + 1).some(isYes) ? null : why;
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
  const measured = await place.measure();
  const stop = watchStopFile(rt);
  try {
    job.checks = await place.checks(stop.signal);
  } catch (thrown) {
    if (!stop.signal.aborted || place.signal.aborted) throw thrown;
    endStep(rt, job, open, { outputs: [], fault: stoppedBy(stop.signal) });
    return false;
  } finally {
    stop.end();
  }
  const folder = stepFolder(rt.claimFolder(rt.life(job.woId)), open.n, step.id);
  const outputs = mission.begun.reads_only === true ? [] : [keepReviewText(rt, job, mission, folder)];
  const gates = askAfterWork(await lookAfter(rt, job, mission, measured));
  endStep(rt, job, open, { outputs, fault: faultOf(gates, job), gates });
  return gates.every(({ ok }) => ok);
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
  return keepDocument(rt, folder, name, text, 'md');
}

/** What a failure is called: of the checks it is the builder's to mend, of all else a person's. */
function faultOf(gates: readonly GateResult[], job: Job): StepFault | null {
  const failed = gates.filter(({ ok }) => !ok);
  const [first] = failed;
  if (first === undefined) return null;
  const told = failed.map((gate) => `${gate.name}: ${gate.why ?? ''}`).join('; ');
  if (failed.every(({ name }) => name === 'checks')) {
    const isLate = job.checks.some(({ ok, timed_out }) => !ok && timed_out === true);
    const why = checkFailure(job.checks)?.message ?? told;
    return { code: 'CHECK_FAILED', why, failure: isLate ? 'test_timeout' : 'test_failure' };
  }
  const isOutside = failed.some(({ name }) => name === 'changed_files');
  return isOutside
    ? { code: 'ENVELOPE_VIOLATION', why: told, failure: 'governance_violation' }
    : { code: 'GATE_FAILED', why: told, failure: 'unknown' };
}
