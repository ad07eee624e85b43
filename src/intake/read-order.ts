import { fromCanonical } from '../order/canonical.ts';
import type { ShapeName } from '../order/dialects/shapes.ts';
import { isMapping } from '../order/dialects/sheet.ts';
import { toCanonical } from '../order/dialects/to-canonical.ts';
import { type ReadDocument, readDocument } from '../order/document.ts';
import { asWaybillError, WaybillError } from '../order/error.ts';
import type { JobDocument, OrderDocument } from '../order/generated.ts';
import { isGoodId, mendedId, strangeCharacter } from '../order/id.ts';
import { isJob, JOB_KIND, type JobData, jobData, jobIdFault, orderIdOf } from '../order/job.ts';
import { wrappedJob } from '../order/jobs/wrapped.ts';
import { mendingHint } from '../order/mend.ts';
import type { Order, Warning } from '../order/order.ts';
import { targetsOf } from '../order/plan.ts';
import { conform } from '../platform/schema.ts';
import { isGitName } from '../policy/fence.ts';
import { type Attachment, readBody, verifyManifest } from './bundle.ts';

/** What came in: the bytes of the order, the name they came under, and what lay beside them in a folder bundle. */
export interface Input {
  readonly bytes: Buffer;
  readonly file: string;
  /** Null for an order that came as one file. */
  readonly attachments: readonly Attachment[] | null;
}

/** What settings say about reading. */
export interface Limits {
  readonly maxOrderBytes: number;
  readonly maxDepth: number;
  readonly deprecatedTypes: Readonly<Record<string, string>>;
}

export interface ReadOrder {
  readonly order: Order;
  /** The job that it came as; null for every other order. */
  readonly job: JobData | null;
  readonly warnings: Warning[];
  /** The shape it was written in, and the same order in canonical form. */
  readonly shape: ShapeName;
  readonly canonical: OrderDocument;
}

/** A refusal, and the id the input declares as far as one could be read. */
export interface RefusedOrder {
  readonly error: WaybillError;
  readonly declaredId: string | null;
  readonly title: string | null;
}

/** Bytes to an order, or to a refusal with line, column and a hint that mends it. Pure; also what `waybill lint` does. */
export function readOrder(input: Input, limits: Limits): ReadOrder | RefusedOrder {
  const { bytes, file } = input;
  const format = /\.json$/i.test(file) ? 'json' : 'yaml';
  const read = tryToRead(input, format, limits);
  if (!('thrown' in read)) return read;
  const error = asWaybillError(read.thrown).at({ file });
  const check = (text: string) => {
    const again = tryToRead({ ...input, bytes: Buffer.from(text, 'utf8') }, format, limits);
    return 'thrown' in again ? asWaybillError(again.thrown) : null;
  };
  const hint =
    bytes.length > limits.maxOrderBytes || error.code === 'NOT_UTF8'
      ? null
      : mendingHint(bytes.toString('utf8').replace(/^\ufeff/, ''), format, file, error, check);
  // A document that does not parse still tells its id to somebody who looks for the answer under it.
  const value = isMapping(read.value) ? read.value : {};
  const id = read.value === undefined ? guessedId(bytes) : idIn(value);
  const title = value['title'];
  return {
    error:
      hint === null
        ? error
        : new WaybillError(error.code, error.message, { hint, place: error.place, cause: error.cause }),
    declaredId: typeof id === 'string' && isGoodId(id) ? id : null,
    title: typeof title === 'string' ? title.slice(0, 200) : null,
  };
}

function tryToRead(
  input: Input,
  format: 'yaml' | 'json',
  limits: Limits,
): ReadOrder | { thrown: unknown; value: unknown } {
  let document: ReadDocument | undefined;
  try {
    document = readDocument(input.bytes, format, { maxBytes: limits.maxOrderBytes, maxDepth: limits.maxDepth });
    document = inner(document, limits);
    return toOrder(document, input, limits);
  } catch (thrown) {
    return { thrown, value: document?.value };
  }
}

function toOrder(document: ReadDocument, input: Input, limits: Limits): ReadOrder {
  const { value, locate } = document;
  const strange = (input.attachments ?? []).find(({ path }) => path.split('/').some(isGitName));
  if (strange !== undefined)
    throw new WaybillError('BUNDLE_INVALID', `${strange.path} is a name of git's own`, {
      hint: 'Leave that file out.',
    });
  const total = (input.attachments ?? []).reduce((sum, { bytes }) => sum + bytes.length, input.bytes.length);
  if (total > limits.maxOrderBytes)
    throw new WaybillError(
      'TOO_LARGE',
      `${input.file} has ${total} bytes in all its files, the limit is ${limits.maxOrderBytes}`,
    );
  if (!isMapping(value)) {
    const what = Array.isArray(value) ? 'a list' : `a ${typeof value}`;
    throw new WaybillError('NOT_AN_ORDER', `the document is ${what}, not a mapping`, { place: locate([]) });
  }
  const keys = Object.keys(value).length;
  if (keys > MAX_KEYS)
    throw new WaybillError(
      'NOT_AN_ORDER',
      `the mapping has ${keys} keys at the top; no order has more than ${MAX_KEYS}`,
      {
        place: locate([]),
      },
    );
  const job = isJob(value) ? readJob(value, locate) : null;
  for (const key of ['v', 'schema_version'] as const) {
    const version = value[key];
    if (job === null && typeof version === 'number' && version > 1)
      throw new WaybillError('NEWER_VERSION', `the order has version ${version}`, { place: locate([key]) });
  }
  if (input.attachments === null && typeof value['body_file'] === 'string')
    throw new WaybillError('BUNDLE_INVALID', 'body_file: names a file beside the order, but the order came alone', {
      place: locate(['body_file']),
      hint: 'Drop the folder with both in it, or write the text under `task`.',
    });
  if (input.attachments !== null) verifyManifest(input.bytes, value, input.attachments, locate);
  const { sheet, shape } = toCanonical(
    { value, locate },
    {
      deprecatedTypes: limits.deprecatedTypes,
      body: input.attachments === null ? null : readBody(value, input.attachments, locate),
    },
  );
  assertId(sheet.document['wo_id'], () => sheet.locate(['wo_id']), input.file);
  const canonical = conform('order', sheet.document, 'SCHEMA_INVALID', {
    locate: (path) => sheet.locate(path),
    name: (path) => sheet.originOf(path),
  });
  const order = fromCanonical(canonical, (path) => sheet.locate(path));
  const warnings = [...sheet.warnings, ...notesOn(order, input)];
  return { order, job: job === null ? null : jobData(job), warnings, shape, canonical };
}

/** A document, or the job that stands in the answer of an agent: its places are all where that answer has it. */
function inner(document: ReadDocument, { maxOrderBytes: maxBytes, maxDepth }: Limits): ReadDocument {
  const wrapped = wrappedJob(document, { maxBytes, maxDepth });
  return wrapped === null ? document : { value: wrapped.job, locate: () => document.locate([...wrapped.at]) };
}

/** Throws NEWER_VERSION, BAD_ID, SCHEMA_INVALID, with the place. */
function readJob(value: Readonly<Record<string, unknown>>, locate: ReadDocument['locate']): JobDocument {
  if (value['kind'] !== JOB_KIND)
    throw new WaybillError('NEWER_VERSION', `kind: ${String(value['kind'])} is another version than ${JOB_KIND}`, {
      place: locate(['kind']),
    });
  const id = value['job_id'];
  if (typeof id === 'string' && jobIdFault(id) !== null)
    throw new WaybillError('BAD_ID', `job_id ${JSON.stringify(id)} ${jobIdFault(id) ?? ''}`, {
      place: locate(['job_id']),
      hint: `Write \`"job_id": ${JSON.stringify(mendedId(id) ?? 'JOB-1')}\`; letters, digits, dot, colon, dash, underscore, at most 200.`,
    });
  return conform('job', value, 'SCHEMA_INVALID', { locate });
}

/** Each key that is not known is looked up, located and told. */
const MAX_KEYS = 200;

function assertId(id: unknown, locate: () => ReturnType<ReadDocument['locate']>, file: string): void {
  if (id === undefined || id === '')
    throw new WaybillError('NO_ID', 'the order has no wo_id', {
      place: locate(),
      hint: `Add the line \`wo_id: ${mendedId(file.replace(/\.(ya?ml|json)$/i, '')) ?? 'WO-1'}\`.`,
    });
  if (typeof id === 'string' && isGoodId(id)) return;
  const strange = typeof id === 'string' ? strangeCharacter(id) : null;
  const mended = mendedId(String(id));
  throw new WaybillError(
    'BAD_ID',
    `wo_id ${JSON.stringify(id)} cannot be the name of a file and a ref${typeof id === 'string' ? (strange === null ? '' : `: it holds ${strange}`) : ': it is a number, not text'}`,
    {
      place: locate(),
      ...(mended === null
        ? {}
        : { hint: `Write \`wo_id: ${JSON.stringify(mended)}\`; letters, digits, dot, dash, underscore, at most 128.` }),
    },
  );
}

function notesOn(order: Order, { file, attachments }: Input): Warning[] {
  const notes: Warning[] = [];
  const stem = file.replace(/\.(ya?ml|json)$/i, '');
  if (stem === file && attachments === null)
    notes.push({ code: 'note', message: `${file}: read as YAML, though its name says nothing of it` });
  for (const [a, b] of oneFileElsewhere(targetsOf(order)))
    notes.push({
      code: 'note',
      message: `${a} and ${b} are one file where a disk ignores capitals or accents' spelling`,
    });
  if (order.type === 'ping') notes.push({ code: 'no_operations', message: 'the order has nothing to do' });
  return notes;
}

/** Targets that differ only in capitals, or in how an accented letter is put together. */
function oneFileElsewhere(targets: readonly string[]): [string, string][] {
  const seen = new Map<string, string>();
  return targets.flatMap((target): [string, string][] => {
    const folded = target.normalize('NFC').toLowerCase();
    const twin = seen.get(folded);
    seen.set(folded, target);
    return twin === undefined ? [] : [[twin, target]];
  });
}

function idIn(value: Readonly<Record<string, unknown>>): unknown {
  if (!isJob(value)) return value['wo_id'] ?? value['id'] ?? value['work_order_id'];
  const id = value['job_id'];
  return typeof id === 'string' && jobIdFault(id) === null ? orderIdOf(id) : null;
}

function guessedId(bytes: Buffer): string | undefined {
  return /^\s*"?(?:wo_id|id|work_order_id)"?\s*:\s*["']?([A-Za-z0-9._-]+)["']?\s*,?\s*(#.*)?$/m.exec(
    bytes.subarray(0, 65_536).toString('utf8'),
  )?.[1];
}
