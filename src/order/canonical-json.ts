import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { WaybillError } from './error.ts';

/** RFC 8785 canonical JSON: one byte sequence for one value, so that a hash means the same everywhere. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
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
