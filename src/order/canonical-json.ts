import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { WaybillError } from './error.ts';

/** RFC 8785 canonical JSON: one byte sequence for one value, so that a hash means the same everywhere. */
export function canonicalJson(value: unknown): string {
  const text = plainForm(value) ?? canonicalize(value);
  if (text === undefined) throw new WaybillError('INTERNAL', 'a value without a JSON form cannot be hashed');
  return text;
}

/** `sha256:` and 64 hex digits, the form in which hashes stand in every document. */
export function sha256(bytes: string | Uint8Array): string {
  return `sha256:${hash('sha256', bytes, 'hex')}`;
}

/** The hash of a value's canonical JSON. */
export function hashOf(value: unknown): string {
  return sha256(canonicalJson(value));
}

/** What JSON has to escape, and what is half of a character: that needs a look at its other half. */
const UNPLAIN = /["\\\u0000-\u001f\ud800-\udfff]/;
const HALF = /[\ud800-\udfff]/;

/**
 * The same for what records are made of, at a fifth of the time: a ledger's hashes are checked by the hundred thousand. Undefined where
 * anything is in it that takes more care; then the library says what comes of it.
 */
function plainForm(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      if (!UNPLAIN.test(value)) return `"${value}"`;
      return HALF.test(value) ? undefined : JSON.stringify(value);
    case 'number':
      return Number.isFinite(value) ? JSON.stringify(value) : undefined;
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      return value === null ? 'null' : Array.isArray(value) ? listForm(value) : objectForm(value);
    default:
      return undefined;
  }
}

function listForm(list: readonly unknown[]): string | undefined {
  let text = '[';
  for (let i = 0; i < list.length; i++) {
    const form = plainForm(list[i]);
    if (form === undefined) return undefined;
    text += i === 0 ? form : `,${form}`;
  }
  return `${text}]`;
}

function objectForm(value: object): string | undefined {
  if ('toJSON' in value) return undefined;
  let text = '{';
  for (const key of Object.keys(value).sort()) {
    const name = plainForm(key);
    const form = plainForm((value as Record<string, unknown>)[key]);
    if (name === undefined || form === undefined) return undefined;
    text += text.length === 1 ? `${name}:${form}` : `,${name}:${form}`;
  }
  return `${text}}`;
}
