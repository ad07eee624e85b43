import pc from 'picocolors';
import { readOrder } from '../intake/read-order.ts';
import { ERROR_CODES, type ErrorCode, errorBody, WaybillError } from '../order/error.ts';
import { ERROR_EXAMPLES } from '../order/error-examples.ts';
import type { ErrorDocument } from '../order/generated.ts';
import { nearest } from '../order/nearest.ts';
import { parseSettings } from '../station/settings.ts';
import { exitCodeOf, plain, print, printJson, usage } from './output.ts';

const SOME_TIME = '2026-11-20T10:00:00.000Z';

/** What a code means, what to do, and an example: the order that is refused with it, and the error file its author reads. */
export async function explain(code: string | undefined, options: { readonly json?: boolean }): Promise<void> {
  if (code === undefined) {
    if (options.json)
      return printJson({
        ok: true,
        codes: Object.entries(ERROR_CODES).map(([name, { what }]) => ({ code: name, what })),
      });
    const width = Math.max(...Object.keys(ERROR_CODES).map((name) => name.length));
    for (const [name, { what }] of Object.entries(ERROR_CODES)) print(`${name.padEnd(width)}  ${what}`);
    return;
  }
  const known = codeOf(code);
  const { what, hint } = ERROR_CODES[known];
  const error = new WaybillError(known, '');
  const example = exampleOf(known);
  if (options.json)
    return printJson({
      ok: true,
      code: known,
      what,
      hint,
      retryable: error.retryable,
      exit_code: exitCodeOf(error),
      example,
    });
  print(`${pc.red(known)}  ${what}`);
  print(`${pc.dim('what to do')}  ${hint}`);
  print(`${pc.dim('retryable')}   ${error.retryable ? 'yes, as often as the order’s retries say' : 'no'}`);
  print(`${pc.dim('exit code')}   ${exitCodeOf(error)}`);
  if (example.order !== null) {
    print(`\n${pc.dim(`example, ${example.file}`)}`);
    for (const [i, line] of example.order.trimEnd().split('\n').entries())
      print(`${String(i + 1).padStart(4)}  ${plain(line)}`);
  }
  print(`\n${pc.dim('the error file')}\n${JSON.stringify(example.error, null, 2)}`);
}

function codeOf(text: string): ErrorCode {
  const upper = text.toUpperCase().replaceAll('-', '_');
  const codes = Object.keys(ERROR_CODES);
  if (codes.includes(upper)) return upper as ErrorCode;
  const near = nearest(
    text,
    codes.map((code) => code.toLowerCase()),
  );
  throw usage(
    `there is no code ${JSON.stringify(text)}${near === null ? '; `waybill explain` lists them' : `; did you mean ${near.toUpperCase()}?`}`,
  );
}

/** The example of a code, with the error file that its order really gets. */
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
