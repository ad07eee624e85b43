import { type DocumentLimits, type ReadDocument, readDocument } from '../document.ts';
import { asWaybillError, WaybillError } from '../error.ts';
import { isJob } from '../job.ts';
import { jsonFault } from '../json/json-fault.ts';

/** A job in the answer of an agent that was asked for one, and where the text is that it stands in. */
export interface WrappedJob {
  readonly job: Record<string, unknown>;
  readonly at: readonly (string | number)[];
}

/**
 * The job in the answer of an agent that was asked for one, as `openclaw agent --json` prints it: `payloads`, each with a text, in one of which the job
 * stands, perhaps between other words. It is read as strictly as a document of its own. Null where there is none. Throws, with the place of the text:
 * AMBIGUOUS_FIELD where there are more jobs than one, and what `readDocument` throws.
 */
export function wrappedJob({ value, locate }: ReadDocument, limits: DocumentLimits): WrappedJob | null {
  const texts = textsIn(value);
  if (texts.length === 0) return null;
  const jobs = texts.flatMap(({ text, at }) =>
    objectsIn(text).flatMap((raw): WrappedJob[] => {
      if (!raw.includes(KIND)) return [];
      const job = strictly(raw, at, locate, limits);
      return isJob(job) ? [{ job: job as Record<string, unknown>, at }] : [];
    }),
  );
  const [first, second] = jobs;
  if (second !== undefined)
    throw new WaybillError('AMBIGUOUS_FIELD', `${second.at.join('.')}: the answer holds ${jobs.length} jobs`, {
      place: locate([...second.at]),
      hint: 'Hand each job in by itself.',
    });
  return first ?? null;
}

/** Without the version: another one is told as such. */
const KIND = 'lifeos.job.v';

/** Whether a document is the answer of an agent, with texts in which a job may stand. */
export function isWrapped(value: unknown): boolean {
  return textsIn(value).length > 0;
}

function textsIn(value: unknown): { readonly text: string; readonly at: readonly (string | number)[] }[] {
  const payloads: unknown = typeof value === 'object' && value !== null && 'payloads' in value ? value.payloads : null;
  if (!Array.isArray(payloads)) return [];
  return (payloads as unknown[]).flatMap((payload, n) => {
    const text: unknown = typeof payload === 'object' && payload !== null && 'text' in payload ? payload.text : null;
    return typeof text === 'string' ? [{ text, at: ['payloads', n, 'text'] }] : [];
  });
}

/** The JSON objects that stand in a text, one after the other, whatever stands between them. */
function objectsIn(text: string): string[] {
  const found: string[] = [];
  // a brace may begin nothing; text that is full of those is not looked through again for each
  let spent = 0;
  for (let from = text.indexOf('{'); from >= 0; ) {
    const rest = text.slice(from);
    const raw = rest.slice(0, jsonFault(rest).offset).trimEnd();
    const isOne = isObject(raw);
    if (isOne) found.push(raw);
    else spent += raw.length;
    if (spent > 4 * text.length) return [];
    from = text.indexOf('{', from + (isOne ? raw.length : 1));
  }
  return found;
}

function isObject(raw: string): boolean {
  if (!raw.endsWith('}')) return false;
  try {
    JSON.parse(raw);
    return true;
  } catch {
    return false;
  }
}

function strictly(raw: string, at: WrappedJob['at'], locate: ReadDocument['locate'], limits: DocumentLimits): unknown {
  try {
    return readDocument(Buffer.from(raw), 'json', limits).value;
  } catch (thrown) {
    const error = asWaybillError(thrown);
    throw new WaybillError(error.code, `${at.join('.')}: ${error.message}`, {
      hint: error.hint,
      place: locate([...at]),
      cause: error,
    });
  }
}
