import { WaybillError } from '../../order/error.ts';
import type { JobResult } from '../../order/generated.ts';
import { currentResult } from '../../pipeline/jobs/result.ts';
import { readLives } from '../../record/lives-read.ts';
import type { Station } from '../../station/station.ts';
import { outcomeOf } from '../../views/missions/mission-outcome.ts';
import { stateOf } from '../../views/order-state.ts';
import type { AboutJob } from './result-text.ts';

/** How the job stands that an order does. Throws UNKNOWN_ORDER, and NOT_A_JOB for every other order. */
export async function standingOf(station: Station, woId: string): Promise<{ result: JobResult; about: AboutJob }> {
  const state = await stateOf(station, woId);
  const wanted = { woId: state.wo_id, born: Number(state.meta['born'] ?? 1) };
  const life = readLives(station.layout.ledger, [wanted]).get(state.wo_id);
  if (life?.admitted?.job === undefined) throw new WaybillError('NOT_A_JOB', `${state.wo_id} did not come as a job`);
  const { reason, why, next } = await outcomeOf(station, state.wo_id);
  const waits = why === null || why === '' ? reason : `${reason}: ${why}`;
  return { result: currentResult(station, life, waits), about: { woId: state.wo_id, waits, next } };
}
