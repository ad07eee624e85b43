import type { Change } from '../order/change.ts';
import { renderDiff } from '../order/diff.ts';
import { WaybillError } from '../order/error.ts';
import type { Limits } from './policy.ts';

/** Throws LIMIT_EXCEEDED where changes come to more than one order may: files, bytes after them, lines of their diff. */
export function assertWithinLimits(limits: Limits, changes: readonly Change[]): void {
  const exceeded = (what: string, found: number, limit: number) => {
    if (found > limit)
      throw new WaybillError('LIMIT_EXCEEDED', `changes ${found} ${what}, and policy lets an order change ${limit}`);
  };
  exceeded('files', changes.length, limits.files);
  exceeded(
    'bytes',
    changes.reduce((sum, { after }) => sum + (after?.bytes.length ?? 0), 0),
    limits.bytes,
  );
  // a diff has no more lines than both sides together, and is not made where that says enough
  const most = changes.reduce((sum, { before, after }) => sum + linesIn(before?.bytes) + linesIn(after?.bytes), 0);
  if (most > limits.diffLines) exceeded('lines', changedLines(changes), limits.diffLines);
}

function linesIn(bytes: Buffer | undefined): number {
  if (bytes === undefined) return 0;
  let lines = 1;
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) lines++;
  return lines;
}

/** Lines added and removed, as the diff shows them. */
export function changedLines(changes: readonly Change[]): number {
  const lines = renderDiff(changes).toString('latin1').split('\n');
  return lines.filter((line) => /^[+-]/.test(line) && !/^(\+\+\+|---) /.test(line)).length;
}

/** No line diff is shown of what is no text, or very large: for a mission it counts as lines of so many bytes. */
const LINE_BYTES = 80;

/**
 * Lines as missions are held to them, by budgets and by risk: what the diff shows, and where it shows none, all of the old content and the new. A
 * mission is not bounded in bytes, so a large file must not count as nothing.
 */
export function weightInLines(changes: readonly Change[]): number {
  return changes.reduce((sum, change) => {
    const [before, after] = [change.before?.bytes ?? EMPTY, change.after?.bytes ?? EMPTY];
    const shown = changedLines([change]);
    if (shown > 0 || before.equals(after)) return sum + shown;
    return sum + Math.ceil(before.length / LINE_BYTES) + Math.ceil(after.length / LINE_BYTES);
  }, 0);
}

const EMPTY = Buffer.alloc(0);
