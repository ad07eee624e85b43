import { randomBytes } from 'node:crypto';
import { decodeTime, monotonicFactory } from 'ulid';

const next = monotonicFactory();

/** A new ULID: unique, sortable by time, the same on case-insensitive disks. */
export function newUlid(): string {
  return next();
}

/** When a ULID was made, in milliseconds since 1970. */
export function ulidTime(id: string): number {
  return decodeTime(id);
}

/** A trace id as W3C Trace Context has it. */
export function newTraceId(): string {
  return randomBytes(16).toString('hex');
}

/** A short random word for station ids: letters and digits that cannot be misread. */
export function shortRandom(length: number): string {
  const alphabet = 'abcdefghjkmnpqrstvwxyz23456789';
  return [...randomBytes(length)].map((b) => alphabet[b % alphabet.length]).join('');
}
