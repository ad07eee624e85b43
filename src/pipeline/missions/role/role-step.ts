import { sumOf } from '../../../agents/usage.ts';
import { asWaybillError, WaybillError } from '../../../order/error.ts';
import type { Usage } from '../../../order/mission.ts';
import { ensureDir } from '../../../platform/durable.ts';
import type { Draft } from '../../../record/ledger.ts';
import type { Job } from '../../job.ts';
import { type Runtime, STATION_STOPS } from '../../runtime.ts';
import { pickAgent } from '../agents.ts';
import { counted, reservedFor } from '../budget.ts';
import { stepFolder } from '../documents.ts';
import { inputsOf } from '../inputs.ts';
import type { MissionJob } from '../mission-job.ts';
import { waitForAgent } from '../pause.ts';
import type { MissionPlace } from '../place.ts';
import { beginStep, endStep, nextNumber, type StepEnd } from '../record-step.ts';
import { watchStopFile } from '../stop-file.ts';
import type { StepNext } from './request.ts';
import { talkWith } from './talk.ts';
import { weigh } from './weigh.ts';

/**
 * One step that a role does: an agent is chosen, told what the step declares, and ended; what it handed in and what it changed decide. Null when the
 * step is on the ledger; else the record that parks the mission, because no agent can be used.
 */
export async function doRoleStep(
  rt: Runtime,
  job: Job,
  mission: MissionJob,
  place: MissionPlace,
  next: StepNext,
): Promise<Draft | null> {
  const stop = watchStopFile(rt);
  try {
    return await doWatched(rt, job, mission, place, next, stop.signal);
  } finally {
    stop.end();
  }
}

async function doWatched(
  rt: Runtime,
  job: Job,
  mission: MissionJob,
  place: MissionPlace,
  next: StepNext,
  stop: AbortSignal,
): Promise<Draft | null> {
  const { step } = next;
  const n = nextNumber(rt, job.woId);
  const signal = AbortSignal.any([place.signal, stop]);
  const chosen = await pickAgent(rt, job, mission, next, signal);
  // nothing is begun, and whoever called looks why
  if (signal.aborted) return null;
  if ('why' in chosen) return waitForAgent(rt.life(job.woId), chosen.why);
  // a document that was altered ends the mission before anything is begun or spent
  const inputs = inputsOf(rt, job, step);
  const reserved = reservedFor(rt, job, mission, chosen.role.timeoutSeconds);
  const { model } = chosen.use;
  const who = { step: step.id, role: step.role, agent: chosen.name, ...(model === null ? {} : { model }) };
  const open = beginStep(rt, job, who, reserved);
  const folder = stepFolder(rt.claimFolder(rt.life(job.woId)), n, step.id);
  ensureDir(folder);
  const { changes, images } = job;
  const used: (Usage | null)[] = [];
  let end: StepEnd;
  try {
    const talk = await talkWith(rt, job, mission, {
      place,
      next,
      chosen,
      inputs,
      open,
      folder,
      signal,
      reserved,
      used,
    });
    const agentSeconds = (Date.now() - open.begunAt) / 1000;
    end = await weigh(rt, job, mission, place, next, folder, talk, stop);
    end = { ...counted(rt, job, mission, open, end), agentSeconds };
  } catch (thrown) {
    if (place.signal.aborted) throw thrown;
    const error = asWaybillError(thrown);
    // nothing is recorded of what it changed, so it goes on from what was there before
    Object.assign(job, { changes, images });
    await place.rebuild(`step ${step.id} broke off: ${error.message}`);
    end = {
      usage: sumOf(used),
      outputs: [],
      fault: { code: error.code, why: error.message, failure: 'environment_error' },
    };
  }
  // a station that stops tells it as a start after a kill does: the step was lost
  if (place.signal.reason === STATION_STOPS) throw new WaybillError('CANCELLED', 'the station stops');
  endStep(rt, job, open, end);
  return null;
}
