import { commandEvidence } from '../../execute/run-commands.ts';
import { WaybillError } from '../../order/error.ts';
import type { Order } from '../../order/order.ts';
import type { Step } from '../../spine/chain.ts';
import type { MissionTold } from '../../spine/packets/prompt.ts';
import type { Job } from '../job.ts';
import type { Runtime } from '../runtime.ts';
import { latestDocument } from './documents.ts';

/** What the order says, as every agent of the mission is told. */
export function missionTold({ woId, title, mission }: Order): MissionTold {
  return {
    wo_id: woId,
    title,
    task: mission?.brief ?? '',
    input: mission?.input ?? null,
    context_refs: mission?.contextRefs ?? [],
    expected_outputs: mission?.expectedOutputs ?? [],
  };
}

/** Exactly what a step declares, by name. Throws MISSION_ALTERED, or INTERNAL where something is not there that it cannot do without. */
export function inputsOf(rt: Runtime, job: Job, step: Step): { name: string; value: unknown }[] {
  const life = rt.life(job.woId);
  const history = life.mission?.history ?? [];
  const folder = rt.claimFolder(life);
  return step.takes.flatMap(({ name, isOptional }) => {
    const value =
      name === 'task'
        ? missionTold(job.order)
        : name === 'failure'
          ? lastFailure(rt, job, step)
          : parsed(latestDocument(folder, history, name));
    if (value !== null) return [{ name, value }];
    if (isOptional) return [];
    throw new WaybillError('INTERNAL', `step ${step.id} takes ${name}, and no step gave one`);
  });
}

function parsed(bytes: Buffer | null): unknown {
  return bytes === null ? null : (JSON.parse(bytes.toString('utf8')) as unknown);
}

/** So much of what a failed check said is told. */
const MOST_TOLD = 8000;

/** Why what was built did not pass, for whoever builds it again; null where it did, or was sent back by a review since. */
function lastFailure(rt: Runtime, job: Job, step: Step): unknown {
  const life = rt.life(job.woId);
  const last = (life.mission?.history ?? []).findLast((entry) => entry.kind === 'stepped');
  if (last === undefined || last.ok || (last.step !== step.id && last.code !== 'CHECK_FAILED')) return null;
  const said = commandEvidence(rt.claimFolder(life), commandsOf(rt, job.woId, last.n))
    .filter(({ path }) => path.endsWith('.stdout') || path.endsWith('.stderr'))
    .filter(({ bytes }) => bytes.length > 0)
    .map(({ path, bytes }) => ({ path, end: bytes.subarray(-MOST_TOLD).toString('utf8') }));
  return { code: last.code, why: last.why, checks: last.code === 'CHECK_FAILED' ? said : [] };
}

/** The numbers of the commands that a step ran, as the ledger has them: a step that was lost since may have run others. */
function commandsOf(rt: Runtime, woId: string, step: number): Set<number> {
  const own = new Set<number>();
  let open = 0;
  for (const record of rt.ledger.read(rt.life(woId).mission?.from ?? 0)) {
    if (record.wo_id !== woId) continue;
    if (record.event === 'step') open = record.data.n;
    else if (record.event === 'stepped') open = 0;
    else if (record.event === 'command' && open === step) own.add(record.data.n);
  }
  return own;
}
