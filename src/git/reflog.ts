import { join } from 'node:path';
import { readLinesBackwards } from '../platform/jsonl.ts';

/** One line of a reflog: a ref that was moved. */
export interface RefMove {
  /** ISO 8601, UTC; git knows whole seconds. */
  readonly at: string;
  /** Commit before; null where the ref did not exist. */
  readonly from: string | null;
  /** Commit after; null where the ref was deleted. */
  readonly to: string | null;
  /** `Name <mail>`, as git wrote it. */
  readonly by: string;
  readonly message: string;
  /** As git names it: `HEAD@{2}`. */
  readonly where: string;
}

const LINE = /^([0-9a-f]{40}) ([0-9a-f]{40}) (.*) (\d+) [+-]\d{4}(?:\t(.*))?$/;
const NONE = '0'.repeat(40);

/** The moves of a ref, newest first, read from its file and no further than asked for. A ref without a reflog has none. */
export function* readReflog(gitDir: string, ref: string): Generator<RefMove> {
  let n = 0;
  for (const line of readLinesBackwards(join(gitDir, 'logs', ref))) {
    const [, from = '', to = '', by = '', seconds = '', message = ''] = LINE.exec(line) ?? [];
    const where = `${ref.replace(/^refs\/(heads\/)?/, '')}@{${n++}}`;
    const at = new Date(Number(seconds) * 1000);
    if (from === '' || Number.isNaN(at.getTime())) continue;
    yield { at: at.toISOString(), from: known(from), to: known(to), by, message, where };
  }
}

function known(id: string): string | null {
  return id === NONE ? null : id;
}

/** What somebody did, by what git wrote down of it. */
export type MoveKind = 'commit' | 'checkout' | 'reset' | 'pull' | 'merge' | 'rebase' | 'order' | 'other';

const KINDS: readonly [begins: RegExp, kind: MoveKind][] = [
  [/^waybill: land/, 'order'],
  [/^(commit|cherry-pick|revert|am)\b/, 'commit'],
  [/^checkout:/, 'checkout'],
  [/^reset:/, 'reset'],
  [/^pull\b/, 'pull'],
  [/^rebase\b/, 'rebase'],
  [/^merge\b/, 'merge'],
];

export function kindOfMove(message: string): MoveKind {
  return KINDS.find(([begins]) => begins.test(message))?.[1] ?? 'other';
}
