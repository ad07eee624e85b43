import { posix } from 'node:path';
import { readDocument } from '../order/document.ts';
import { WaybillError } from '../order/error.ts';
import { conform } from '../platform/schema.ts';
import { fromMarkdown } from './markdown-register.ts';
import type { Register } from './register.ts';

/** A register longer than this is none. */
const LIMITS = { maxBytes: 1024 * 1024, maxDepth: 20 };

/**
 * Reads a register: YAML by schemas/plan-register.schema.json, or Markdown with the headings of a plan supersession register. Throws
 * REGISTER_INVALID with the place for YAML that is none.
 */
export function readRegister(path: string, bytes: Uint8Array): Register {
  return /\.ya?ml$/i.test(path) ? fromYaml(path, bytes) : fromMarkdown(path, Buffer.from(bytes).toString('utf8'));
}

function fromYaml(path: string, bytes: Uint8Array): Register {
  const { value, locate } = read(path, bytes);
  const { plans } = conform('plan-register', value, 'REGISTER_INVALID', {
    locate: (segments) => ({ file: path, ...locate(segments) }),
  });
  return {
    path,
    unread: [],
    plans: plans.map((plan, n) => ({
      path: posix.normalize(plan.path),
      status: plan.status,
      supersedes: (plan.supersedes ?? []).map((target) => posix.normalize(target)),
      supersededBy: plan.superseded_by === undefined ? null : posix.normalize(plan.superseded_by),
      line: locate(['plans', n]).line ?? 1,
    })),
  };
}

function read(path: string, bytes: Uint8Array) {
  try {
    return readDocument(bytes, 'yaml', LIMITS);
  } catch (error) {
    if (!(error instanceof WaybillError)) throw error;
    throw new WaybillError('REGISTER_INVALID', error.message, { place: { file: path, ...error.place }, cause: error });
  }
}
