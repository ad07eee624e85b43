import { diffHash } from '../../order/change.ts';
import type { Recorded } from '../../order/event.ts';
import type { OrderLife } from '../../order/life.ts';
import type { SteppedData } from '../../order/mission.ts';
import type { Flakes } from './tally.ts';

/**
 * Flakes of one order: what failed, and passed later with the same changes on the same commit. What failed and passed on another commit, or with
 * other changes, was mended by somebody.
 */
export class FlakeCount {
  readonly #counts = { checks: { failed: 0, flaky: 0 }, steps: { failed: 0, flaky: 0 } };
  /** How often each failed and has not passed since, by what was tried. */
  readonly #open = new Map<string, { kind: 'checks' | 'steps'; times: number }>();

  get counts(): Readonly<Record<'checks' | 'steps', Flakes>> {
    return this.#counts;
  }

  /** One more record of the order; `life` is as it was before it, so that the attempt which it ends is still told of. */
  take(life: OrderLife | null, record: Recorded): void {
    if (record.event === 'stepped') this.#step(life?.mission?.base ?? null, record.data);
    // what a mission's checks said is told by its steps
    if (life === null || life.mission !== null) return;
    if (record.event === 'executed') {
      const { isolation, changes, checks } = record.data;
      const tried = key(isolation?.base ?? life.started?.head, diffHash(changes));
      for (const [n, { name, ok }] of checks.entries()) if (ok) this.#passed(`${tried}|${n}|${name}`);
    }
    if (record.event === 'failed') {
      const tried = failedWork(life, record.data.checks.length);
      for (const [n, { name, ok }] of record.data.checks.entries())
        if (!ok) this.#failed('checks', tried === null ? null : `${tried}|${n}|${name}`);
    }
  }

  #step(base: string | null, { step, ok, failure, diff_sha256: diff }: SteppedData): void {
    const tried = `${key(base, diff)}|${step}`;
    if (ok) this.#passed(tried);
    // cut short, it did not fail
    else if (failure !== null)
      this.#failed(failure === 'test_failure' || failure === 'test_timeout' ? 'checks' : 'steps', tried);
  }

  #failed(kind: 'checks' | 'steps', tried: string | null): void {
    this.#counts[kind].failed++;
    if (tried === null) return;
    this.#open.set(tried, { kind, times: (this.#open.get(tried)?.times ?? 0) + 1 });
  }

  #passed(tried: string): void {
    const open = this.#open.get(tried);
    if (open === undefined) return;
    this.#counts[open.kind].flaky += open.times;
    this.#open.delete(tried);
  }
}

function key(base: string | null | undefined, diff: string | null): string {
  return `${base ?? ''}|${diff ?? ''}`;
}

/**
 * What an order's checks failed on; null where the ledger does not say: what commands made in a worktree is measured, and on record only where it
 * passed; and work that was put on another commit is tried there.
 */
function failedWork({ started, executed, restored, commandsBegun, left }: OrderLife, checks: number): string | null {
  if (started === null || executed !== null) return null;
  if (started.isolation !== undefined) {
    const isOnlyChecks = commandsBegun <= checks;
    return isOnlyChecks ? key(started.isolation.base, diffHash(started.changes)) : null;
  }
  if (!restored) return null;
  const outputs = new Map(started.outputs.map(({ path, before }) => [path, before]));
  const made = left.map(({ path, after }) => ({ path, before: outputs.get(path) ?? null, after }));
  const files = started.changes.filter(({ path }) => !outputs.has(path));
  return key(started.head, diffHash([...files, ...made]));
}
