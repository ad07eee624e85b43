import { now } from '../../platform/clock.ts';
import type { Runtime } from '../runtime.ts';

/** Reads policy.yaml again where it is another: it counts for every start from now on, and for every decision. */
export function reloadPolicy(rt: Runtime): void {
  if (rt.policyFile.reload()) tellPolicy(rt);
}

/** Says which policy counts, or why nothing is started. */
export function tellPolicy(rt: Runtime): void {
  const { log, policyFile } = rt;
  const { policy, fault } = policyFile;
  if (fault === null) log.info({ policy: policy?.sha256 }, 'policy.yaml was read');
  else
    log.error({ code: fault.code, ...fault.place }, `nothing is started until policy.yaml is mended: ${fault.message}`);
  const about = fault === null ? { policy: policy?.sha256 } : { error: fault.message };
  rt.emit([{ v: 1, ts: now(), agent: 'station', event: 'policy_read', ok: fault === null, wo_id: null, ...about }]);
}
