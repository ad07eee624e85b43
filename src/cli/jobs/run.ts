import { readOrder } from '../../intake/read-order.ts';
import { isMapping } from '../../order/dialects/sheet.ts';
import { readDocument } from '../../order/document.ts';
import { asWaybillError, WaybillError } from '../../order/error.ts';
import type { JobResult } from '../../order/generated.ts';
import { isJob, JOB_KIND, refusedJob } from '../../order/job.ts';
import { isWrapped, wrappedJob } from '../../order/jobs/wrapped.ts';
import type { Order, Warning } from '../../order/order.ts';
import { expectedNotes } from '../../pipeline/isolation/expected-files.ts';
import { now } from '../../platform/clock.ts';
import type { Station } from '../../station/station.ts';
import { laneOf } from '../drop.ts';
import { type Given, readInput } from '../input.ts';
import { EXIT, fail, note, plain } from '../output.ts';
import { handInMission, toItsRest } from '../spine/run.ts';
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
    fail(read.error, false);
    return tellRefused(job, read.error, json);
  }
  const expected = notesOn(station, read.order);
  if (expected instanceof WaybillError) {
    fail(expected.at({ file: given.file }), false);
    return tellRefused({ job_id: read.job?.id, run_id: read.job?.run_id }, expected, json);
  }
  // a result has no place for them, and whoever sent the job must know
  for (const { code, message } of [...read.warnings, ...expected]) note(`${code}: ${plain(message)}`);
  const { woId } = read.order;
  const underWay = handInMission(station, { ...given, lane: laneOf(station, options), woId });
  const refusal = await toItsRest(station, underWay, options);
  if (refusal === null) {
    const { result, about } = await standingOf(station, woId);
    noteIfKnown(result, underWay.waiting.since);
    return tellResult(result, json, about);
  }
  const error = refusal.error ?? { code: 'REJECTED', message: refusal.summary };
  tellRefused({ job_id: read.job?.id, run_id: read.job?.run_id }, error, json);
}

/** What admission will say of the files that it expects, or refuse it with. */
function notesOn(station: Station, order: Order): Warning[] | WaybillError {
  try {
    return expectedNotes(station, order);
  } catch (thrown) {
    return asWaybillError(thrown);
  }
}

/** One exit code for every job that no order was made of, whoever refused it. */
function tellRefused(
  job: Readonly<Record<string, unknown>>,
  error: { readonly code: string; readonly message: string },
  json: boolean,
): void {
  tellResult(refusedJob(job, error, now()), json);
  process.exitCode = EXIT.data;
}

/** Says that nothing ran where the answer is older than the question. `since`: when the job was handed in, milliseconds. */
function noteIfKnown({ job_id: id, terminal_at: endedAt, checkpoint_at: waitsAt }: JobResult, since: number): void {
  const at = endedAt ?? waitsAt ?? '';
  if (!(Date.parse(at) < since)) return;
  note(
    `${plain(id)}: answered from what is known: it ${endedAt === undefined ? 'waits since' : 'ended'} ${at}, nothing ran`,
  );
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
  const { value, locate, wrapped } = read();
  const job = wrapped ?? (isMapping(value) ? value : null);
  if (job === null) throw none('is no mapping', locate([]));
  if (isJob(job)) return job;
  const kind = job['kind'];
  if (kind === undefined && isWrapped(value))
    throw none('has payloads, and in none of their texts stands a job that can be read', locate(['payloads']));
  throw kind === undefined
    ? none(`has no kind, and a job says ${JSON.stringify(JOB_KIND)}`, locate([]))
    : none(`says kind: ${JSON.stringify(kind)}, and a job says ${JSON.stringify(JOB_KIND)}`, locate(['kind']));

  function read() {
    try {
      const document = readDocument(bytes, /\.json$/i.test(file) ? 'json' : 'yaml', { maxBytes, maxDepth });
      return { ...document, wrapped: wrappedJob(document, { maxBytes, maxDepth })?.job ?? null };
    } catch (thrown) {
      throw thrown instanceof WaybillError ? thrown.at({ file }) : thrown;
    }
  }
}
