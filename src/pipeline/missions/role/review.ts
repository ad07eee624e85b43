import type { BuildReport, ReviewPacket } from '../../../order/generated.ts';
import { reviewPacket } from '../../../spine/packets/review-packet.ts';
import type { Job } from '../../job.ts';
import type { Runtime } from '../../runtime.ts';

/** What a reviewer is given of what was built: measured and checked by the runner, with the builder's report beside it. */
export function reviewOf(rt: Runtime, job: Job, revision: number, report: BuildReport): ReviewPacket {
  const { attempt } = rt.life(job.woId);
  return reviewPacket({
    mission: job.woId,
    title: job.order.title,
    attempt,
    revision,
    base: job.isolation?.base ?? '',
    changes: job.changes,
    checks: job.checks,
    report,
  });
}
