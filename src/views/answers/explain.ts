import { exampleOf } from '../../intake/error-example.ts';
import { ERROR_CODES, type ErrorCode, WaybillError } from '../../order/error.ts';
import { errorPage, findCode } from '../../order/errors/causes/page.ts';
import { exitCodeOf } from '../exit-codes.ts';

/** Every error code with what it means: what `waybill explain --json` prints. */
export function codesAnswer(): { ok: true; codes: { code: string; what: string }[] } {
  return { ok: true, codes: Object.entries(ERROR_CODES).map(([code, { what }]) => ({ code, what })) };
}

/** One code with its causes, cure and example. */
type ExplainAnswer = { readonly ok: true } & ReturnType<typeof errorPage> & {
    readonly exit_code: number;
    readonly example: ReturnType<typeof exampleOf>;
  };

/** What `waybill explain CODE --json` prints. Throws USAGE. */
export function explainAnswer(text: string): ExplainAnswer {
  const code = codeOf(text);
  return { ok: true, ...errorPage(code), exit_code: exitCodeOf(new WaybillError(code, '')), example: exampleOf(code) };
}

function codeOf(text: string): ErrorCode {
  const { code, nearest } = findCode(text);
  if (code !== null) return code;
  throw new WaybillError(
    'USAGE',
    `there is no code ${JSON.stringify(text)}${nearest === null ? '; `waybill explain` lists them' : `; did you mean ${nearest}?`}`,
  );
}
