import type { BuildReport, ReviewPacket } from '../../order/generated.ts';
import type { HistoryEntry, RebasedGiven } from '../../order/mission.ts';
import { ensureDir } from '../../platform/durable.ts';
import { reviewPacket } from '../../spine/packets/review-packet.ts';
import type { Job } from '../job.ts';
import type { Runtime } from '../runtime.ts';
import { givenBy, keepDocument, latestDocument, REBASED, stepFolder } from './documents.ts';
import type { MissionPlace } from './place.ts';
import { nextNumber } from './record-step.ts';

/** What reviewers are told when the base has moved: what the builder reported stays, and all that the runner measures is measured anew. */

/**
 * Makes the review packet anew for what stands in the worktree now, with the checks run there; for the record that says that the base moved. Empty
 * where nothing was ever made for reviewers. Throws MISSION_ALTERED, and CANCELLED when it is stopped among the checks.
 */
export async function reviewAnew(rt: Runtime, job: Job, place: MissionPlace, stop: AbortSignal): Promise<RebasedGiven> {
  const life = rt.life(job.woId);
  const claimFolder = rt.claimFolder(life);
  const bytes = latestDocument(claimFolder, life.mission?.history ?? [], 'review_packet');
  if (bytes === null) return {};
  const { revision, report } = JSON.parse(bytes.toString('utf8')) as ReviewPacket;
  job.checks = await place.checks(stop);
  // what checks leave behind is none of the work
  await place.rebuild(null);
  const packet = reviewPacket({
    mission: job.woId,
    title: job.order.title,
    attempt: life.attempt,
    revision,
    base: job.isolation?.base ?? '',
    changes: job.changes,
    checks: job.checks,
    report: report as BuildReport | null,
  });
  const n = nextNumber(rt, job.woId);
  const folder = stepFolder(claimFolder, n, REBASED);
  ensureDir(folder);
  return { n, outputs: [keepDocument(rt, folder, 'review_packet', `${JSON.stringify(packet, null, 2)}\n`)] };
}

/** Whether the base moved since reviewers were last told something, so that the newest packet tells of another diff. */
export function isReviewStale(history: readonly HistoryEntry[]): boolean {
  const isPacket = (entry: HistoryEntry) =>
    givenBy(entry)?.outputs.some(({ name }) => name === 'review_packet') === true;
  const told = history.findLastIndex(isPacket);
  return told >= 0 && history.slice(told + 1).some((entry) => entry.kind === 'rebased' && entry.review);
}
