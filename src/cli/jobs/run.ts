import { readOrder } from '../../intake/read-order.ts';
import { isMapping } from '../../order/dialects/sheet.ts';
import { readDocument } from '../../order/document.ts';
import { WaybillError } from '../../order/error.ts';
import { isJob, JOB_KIND, refusedJob, wrappedJob } from '../../order/job.ts';
import { now } from '../../platform/clock.ts';
import type { Station } from '../../station/station.ts';
import { laneOf } from '../drop.ts';
import { type Given, readInput } from '../input.ts';
import { exitCodeOf, fail, note, plain } from '../output.ts';
import { carryOut } from '../spine/run.ts';
import { Steps } from '../spine/steps.ts';
import { stationOf } from '../station.ts';
import type { JobOptions } from './options.ts';
import { tellResult } from './result-text.ts';
import { standingOf } from './standing.ts';

/**
 * Hands a job in, and follows it until it ends or waits for somebody. What a producer sends as a job is always answered with a result, also where
 * intake refuses it; what is no job is an error. Throws NOT_A_JOB, NO_INPUT, and what cannot be read at all.
 */
export async function run(file: string, options: JobOptions): Promise<void> {
  const station = await stationOf(options);
  const given = named(await readInput(file));
  const job = jobIn(station, given);
  const json = options.json === true;
  const read = readOrder(given, station.settings.intake);
  if ('error' in read) {
    if (!json) fail(read.error, false);
    tellResult(refusedJob(job, read.error, now()), json);
    process.exitCode = exitCodeOf(read.error);
    return;
  }
  if (!json) for (const { code, message } of read.warnings) note(`${code}: ${plain(message)}`);
  const { woId } = read.order;
  const steps = json ? null : new Steps(station, woId);
  const refusal = await carryOut(station, { ...given, lane: laneOf(station, options), woId }, options, steps);
  if (refusal === null) {
    const { result, about } = await standingOf(station, woId);
    return tellResult(result, json, about);
  }
  const error = refusal.error ?? { code: 'REJECTED', message: refusal.summary };
  tellResult(refusedJob({ job_id: read.job?.id, run_id: read.job?.run_id }, error, now()), json);
}

/** What comes by standard input is JSON, as jobs are. */
function named(given: Given): Given {
  return given.file === 'stdin.yaml' ? { ...given, file: 'job.json' } : given;
}

/** The document, which says that it is a job. Throws NOT_A_JOB, with the place, and what a text is refused with that is no document. */
function jobIn(station: Station, { file, bytes, attachments }: Given): Readonly<Record<string, unknown>> {
  const { maxOrderBytes: maxBytes, maxDepth } = station.settings.intake;
  const none = (why: string, place = {}) =>
    new WaybillError('NOT_A_JOB', `${file} ${why}`, { place: { file, ...place } });
  if (attachments !== null) throw none('is a folder, and a job is one file');
  const { value, locate } = read();
  const job = isMapping(value) ? (wrappedJob(value)?.job ?? value) : null;
  if (job === null) throw none('is no mapping', locate([]));
  if (isJob(job)) return job;
  const kind = job['kind'];
  throw kind === undefined
    ? none(`has no kind, and a job says ${JSON.stringify(JOB_KIND)}`, locate([]))
    : none(`says kind: ${JSON.stringify(kind)}, and a job says ${JSON.stringify(JOB_KIND)}`, locate(['kind']));

  function read() {
    try {
      return readDocument(bytes, /\.json$/i.test(file) ? 'json' : 'yaml', { maxBytes, maxDepth });
    } catch (thrown) {
      throw thrown instanceof WaybillError ? thrown.at({ file }) : thrown;
    }
  }
}
