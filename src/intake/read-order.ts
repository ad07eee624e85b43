import { fromCanonical } from '../order/canonical.ts';
import { type ReadDocument, readDocument } from '../order/document.ts';
import { asWaybillError, WaybillError } from '../order/error.ts';
import type { Order, Warning } from '../order/order.ts';
import { conform } from '../platform/schema.ts';

/** What intake needs to know of an input before anything else. */
export interface ReadOrder {
  readonly order: Order;
  readonly warnings: Warning[];
}

/** A refusal, and the id the input declares as far as one could be read. */
export interface RefusedOrder {
  readonly error: WaybillError;
  readonly declaredId: string | null;
  readonly title: string | null;
}

const KNOWN_TYPES = ['apply_patch', 'command'];

/** Bytes to an order, or to a refusal with line and column. Pure; also what `waybill lint` does. */
export function readOrder(
  bytes: Buffer,
  file: string,
  limits: { maxOrderBytes: number; maxDepth: number },
): ReadOrder | RefusedOrder {
  let document: ReadDocument | undefined;
  try {
    const format = /\.json$/i.test(file) ? 'json' : 'yaml';
    document = readDocument(bytes, format, { maxBytes: limits.maxOrderBytes, maxDepth: limits.maxDepth });
    return toOrder(document, file);
  } catch (thrown) {
    const value = asMapping(document?.value);
    // A document that does not parse still tells its id to somebody who looks for the answer under it.
    const id = value === null && document === undefined ? guessedId(bytes) : value?.['wo_id'];
    const title = value?.['title'];
    return {
      error: asWaybillError(thrown).at({ file }),
      declaredId: typeof id === 'string' && isGoodId(id) ? id : null,
      title: typeof title === 'string' ? title.slice(0, 200) : null,
    };
  }
}

function toOrder(document: ReadDocument, file: string): ReadOrder {
  const value = asMapping(document.value);
  if (value === null) {
    const what = Array.isArray(document.value) ? 'a list' : `a ${typeof document.value}`;
    throw new WaybillError('NOT_AN_ORDER', `the document is ${what}, not a mapping`, { place: document.locate([]) });
  }
  if (typeof value['v'] === 'number' && value['v'] > 1)
    throw new WaybillError('NEWER_VERSION', `the order has version ${value['v']}`, { place: document.locate(['v']) });
  const id = value['wo_id'];
  if (id === undefined || id === null || id === '') {
    const near =
      Object.keys(value).length > 0 && !('files' in value) && !('actions' in value) ? 'NOT_AN_ORDER' : 'NO_ID';
    throw new WaybillError(
      near,
      near === 'NO_ID'
        ? 'the order has no wo_id'
        : `the mapping has none of wo_id, files, actions (it has ${Object.keys(value).slice(0, 5).join(', ')})`,
      { place: document.locate([]) },
    );
  }
  if (typeof id !== 'string' || !isGoodId(id)) {
    throw new WaybillError('BAD_ID', `wo_id ${JSON.stringify(id)} cannot be the name of a file and a ref`, {
      place: document.locate(['wo_id']),
    });
  }
  const type = value['type'];
  if (typeof type === 'string' && !KNOWN_TYPES.includes(type)) {
    throw new WaybillError('UNKNOWN_TYPE', `type ${JSON.stringify(type)} is not known`, {
      place: document.locate(['type']),
    });
  }
  const doc = conform('order', value, 'SCHEMA_INVALID', document.locate);
  try {
    const { order, warnings } = fromCanonical(doc);
    if (!/\.(ya?ml|json)$/i.test(file))
      warnings.push({ code: 'note', message: `${file}: read as YAML, though its name says nothing of it` });
    return { order, warnings: warnings.map((w) => placed(w, document)) };
  } catch (thrown) {
    const error = asWaybillError(thrown);
    const key = /unknown key "([^"]+)"/.exec(error.message)?.[1];
    throw error.at(document.locate(key === undefined ? [] : [key]));
  }
}

function placed(warning: Warning, document: ReadDocument): Warning {
  const key = /^([\w-]+): /.exec(warning.message)?.[1];
  const { line, column } = key === undefined ? {} : document.locate([key]);
  return line === undefined || column === undefined ? warning : { ...warning, line, column };
}

/** Fit for a file name and a ref: letters, digits, dot, dash, underscore; nothing git or a file system gives a meaning of its own. */
export function isGoodId(id: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(id) && !id.includes('..') && !/\.(lock|json|\.)?$/i.test(id);
}

function guessedId(bytes: Buffer): string | undefined {
  return /^\s*"?wo_id"?\s*:\s*["']?([A-Za-z0-9._-]+)["']?\s*,?\s*(#.*)?$/m.exec(
    bytes.subarray(0, 65_536).toString('utf8'),
  )?.[1];
}

function asMapping(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}
