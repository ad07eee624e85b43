import { type DialectContext, toCanonical } from '../../../src/order/dialects/to-canonical.ts';
import { readDocument } from '../../../src/order/document.ts';
import { WaybillError } from '../../../src/order/error.ts';
import { assert } from '../../support/suite.ts';

/** What became of an order of any shape: canonical form, shape, and each guess as `code line:column name`. */
export interface Mapped {
  readonly shape: string;
  readonly document: Record<string, unknown>;
  readonly warnings: string[];
  readonly messages: string[];
}

/** Maps YAML, or a value as if it had been dropped as JSON. */
export function mapped(order: string | object, context: Partial<DialectContext> = {}): Mapped {
  const text = typeof order === 'string' ? order : JSON.stringify(order);
  const { value, locate } = readDocument(Buffer.from(text), 'yaml', { maxBytes: 99_999, maxDepth: 32 });
  const source = { value: value as Record<string, unknown>, locate };
  const { sheet, shape } = toCanonical(source, { deprecatedTypes: {}, body: null, ...context });
  const warnings = sheet.warnings.map((w) => `${w.code} ${w.line}:${w.column} ${w.message.split(':')[0]}`);
  return { shape, document: sheet.document, warnings, messages: sheet.warnings.map((w) => w.message) };
}

/** Expects a refusal with this code at this `line:column`, about this key of the author, and a hint. */
export function refused(
  order: string,
  code: string,
  place: string,
  name: string,
  context?: Partial<DialectContext>,
): WaybillError {
  try {
    mapped(order, context);
  } catch (error) {
    assert.ok(error instanceof WaybillError, String(error));
    assert.equal(error.code, code, error.message);
    assert.deepEqual(
      [`${error.place.line}:${error.place.column}`, error.message.split(':')[0]],
      [place, name],
      error.message,
    );
    assert.ok(error.hint.length > 5);
    return error;
  }
  throw new Error(`accepted: ${order}`);
}
