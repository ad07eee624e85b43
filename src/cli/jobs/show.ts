import { orderIdOf } from '../../order/job.ts';
import { stationToRead } from '../station.ts';
import type { JobOptions } from './options.ts';
import { tellResult } from './result-text.ts';
import { standingOf } from './standing.ts';

/** How one job stands, by its own id or that of its order. Throws UNKNOWN_ORDER, NOT_A_JOB. */
export async function show(job: string, options: JobOptions): Promise<void> {
  const { result, about } = await standingOf(await stationToRead(options), orderIdOf(job));
  tellResult(result, options.json === true, about);
}
