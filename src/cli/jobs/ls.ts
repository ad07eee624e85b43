import type { StateDocument } from '../../order/generated.ts';
import type { JobData } from '../../order/job.ts';
import { readLedgerBackwards } from '../../record/ledger.ts';
import type { Station } from '../../station/station.ts';
import { stateNear } from '../../views/order-state.ts';
import { age, colouredStatus, plain, print, printJson, usage } from '../output.ts';
import { stationToRead } from '../station.ts';
import type { JobOptions } from './options.ts';

/** Only the records that an order of a job began with. */
const OF_JOBS = /"job":\{/;

interface Listed {
  readonly job: JobData;
  readonly state: StateDocument;
}

/** The jobs that came last, the newest first. */
export async function ls(options: JobOptions): Promise<void> {
  const limit = Number(options['limit'] ?? 50);
  if (!Number.isInteger(limit) || limit < 1) throw usage('--limit takes a whole number from 1');
  const found = await newestJobs(await stationToRead(options), limit);
  if (options.json)
    return printJson({
      ok: true,
      jobs: found.map(({ job, state }) => ({
        job_id: job.id,
        run_id: job.run_id,
        wo_id: state.wo_id,
        title: state.title,
        lane: state.lane,
        status: state.status,
        waiting_for: state.waiting_for,
        updated_at: state.updated_at,
      })),
    });
  if (found.length === 0) return print('No jobs. `waybill jobs run FILE` hands one in.');
  const width = Math.max(...found.map(({ job }) => job.id.length));
  for (const { job, state } of found) {
    const { status, waiting_for: waitingFor } = state;
    const wait = waitingFor === null ? '' : `(${waitingFor})`;
    const when = age(Date.now() - Date.parse(state.updated_at)).padStart(4);
    const order = state.wo_id === job.id ? '' : `  order ${state.wo_id}`;
    print(
      `${plain(job.id).padEnd(width)}  ${colouredStatus(status)}${wait.padEnd(Math.max(1, 20 - status.length))}  ${when}  ${plain(state.title)}${order}`,
    );
  }
}

async function newestJobs(station: Station, limit: number): Promise<Listed[]> {
  const found = new Map<string, Listed>();
  for (const record of readLedgerBackwards(station.layout.ledger, OF_JOBS)) {
    if (found.size >= limit) break;
    if (record.event !== 'admitted' && record.event !== 'revised') continue;
    const { job } = record.data;
    if (record.wo_id === null || job === undefined || found.has(record.wo_id)) continue;
    const state = await stateNear(station, record.wo_id, record.ts);
    if (state !== null) found.set(record.wo_id, { job, state });
  }
  return [...found.values()];
}
