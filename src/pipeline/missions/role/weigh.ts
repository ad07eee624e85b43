import { diffHash } from '../../../order/change.ts';
import { asWaybillError, WaybillError } from '../../../order/error.ts';
import type { BuildReport } from '../../../order/generated.ts';
import { writes } from '../../../spine/chain.ts';
import type { PacketOf } from '../../../spine/packets/names.ts';
import type { Job } from '../../job.ts';
import type { Runtime } from '../../runtime.ts';
import { keepDocument } from '../documents.ts';
import { outsideEnvelope } from '../envelope.ts';
import type { MissionJob } from '../mission-job.ts';
import type { MissionPlace } from '../place.ts';
import { type StepEnd, type StepFault, stoppedBy } from '../record-step.ts';
import type { StepNext } from './request.ts';
import { reviewOf } from './review.ts';
import type { Talked } from './talk.ts';

/** What a step amounts to: what it changed is measured, whatever was said of it (rule 14). */
export async function weigh(
  rt: Runtime,
  job: Job,
  mission: MissionJob,
  place: MissionPlace,
  next: StepNext,
  folder: string,
  talked: Talked,
  stop: AbortSignal,
): Promise<StepEnd> {
  const { step } = next;
  const told = { usage: talked.usage, session: talked.session };
  const broken = async (fault: StepFault): Promise<StepEnd> => {
    await place.rebuild(`step ${step.id}: ${fault.why}`);
    return { ...told, outputs: [], fault };
  };
  if (talked.fault !== null) return broken(talked.fault);
  const { packet } = talked;
  if (packet === null) throw new WaybillError('INTERNAL', `step ${step.id} has neither a packet nor a fault`);
  place.assertWhole();
  const measured = await tryMeasure(place);
  if ('fault' in measured) return broken(measured.fault);
  if (!writes(step)) {
    if (diffHash(measured.images) !== diffHash(job.images))
      return broken({
        code: 'ENVELOPE_VIOLATION',
        why: `${step.id} changed files, and may only hand in its ${step.gives}`,
        failure: 'tool_invocation_error',
      });
    const output = keepDocument(rt, folder, step.gives ?? '', packet.bytes);
    const { verdict, checkpoint } = packet.value as Partial<PacketOf<'verdict'> & PacketOf<'build_packet'>>;
    return { ...told, outputs: [output], fault: null, verdict: verdict ?? null, checkpoint: checkpoint?.why ?? null };
  }
  const outside = outsideEnvelope(mission, measured.images);
  if (outside.length > 0)
    return broken({
      code: 'ENVELOPE_VIOLATION',
      why: `${step.id} changed what it may not: ${outside.slice(0, 20).join(', ')}`,
      failure: 'governance_violation',
    });
  job.changes = measured.changes;
  job.images = measured.images;
  await place.hold();
  rt.step('mission: work held', [job.woId]);
  if (job.images.length === 0)
    return {
      ...told,
      outputs: [],
      fault: { code: 'NOTHING_CHANGED', why: `${step.id} changed no file`, failure: 'validation_error' },
      changed: true,
    };
  const checked = await check(job, place, stop);
  if (checked !== null) return { ...told, outputs: [], fault: checked, changed: true };
  const report = packet.value as BuildReport;
  const review = `${JSON.stringify(reviewOf(rt, job, next.revision, report), null, 2)}\n`;
  const output = keepDocument(rt, folder, 'review_packet', review);
  keepDocument(rt, folder, 'build_report', packet.bytes);
  const failed = job.checks.filter(({ ok }) => !ok);
  const fault: StepFault | null =
    failed.length === 0
      ? null
      : {
          code: 'CHECK_FAILED',
          why: `${failed.map(({ name }) => name).join(', ')} failed on what was built`,
          failure: failed.some(({ timed_out }) => timed_out === true) ? 'test_timeout' : 'test_failure',
        };
  return { ...told, outputs: [output], fault, changed: true, checkpoint: report.checkpoint?.why ?? null };
}

/** Runs the mission's checks. Why they came to no end, or null; what they left behind is none of the mission's work. */
async function check(job: Job, place: MissionPlace, stop: AbortSignal): Promise<StepFault | null> {
  try {
    job.checks = await place.checks(stop);
  } catch (thrown) {
    if (!stop.aborted || place.signal.aborted) throw thrown;
    return stoppedBy(stop);
  }
  const after = await tryMeasure(place);
  if ('fault' in after || diffHash(after.images) !== diffHash(job.images)) await place.rebuild(null);
  return null;
}

async function tryMeasure(
  place: MissionPlace,
): Promise<Awaited<ReturnType<MissionPlace['measure']>> | { readonly fault: StepFault }> {
  try {
    return await place.measure();
  } catch (thrown) {
    const error = asWaybillError(thrown);
    if (error.code !== 'PATH_DENIED') throw thrown;
    return { fault: { code: error.code, why: error.message, failure: 'governance_violation' } };
  }
}
