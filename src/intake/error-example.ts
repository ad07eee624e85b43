import { type ErrorCode, errorBody, WaybillError } from '../order/error.ts';
import { ERROR_EXAMPLES } from '../order/error-examples.ts';
import type { ErrorDocument } from '../order/generated.ts';
import { parseSettings } from '../station/settings.ts';
import { readOrder } from './read-order.ts';

const SOME_TIME = '2026-11-20T10:00:00.000Z';

/** The example of a code, with the error file that its order really gets: the order is read for it. */
export function exampleOf(code: ErrorCode): { file: string | null; order: string | null; error: ErrorDocument } {
  const example = ERROR_EXAMPLES[code];
  if (example.file === undefined) {
    const { message, place } = example;
    const error = new WaybillError(code, message, place === undefined ? {} : { place });
    return { file: null, order: null, error: { v: 1, ...errorBody(error, SOME_TIME) } };
  }
  const { file, order } = example;
  const read = readOrder({ bytes: Buffer.from(order), file, attachments: null }, parseSettings(Buffer.alloc(0)).intake);
  if (!('error' in read)) throw new WaybillError('INTERNAL', `the example of ${code} is not refused`);
  return { file, order, error: { v: 1, ...errorBody(read.error, SOME_TIME) } };
}
