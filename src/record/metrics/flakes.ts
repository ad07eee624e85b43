import { diffHash } from '../../order/change.ts';
import type { Recorded } from '../../order/event.ts';
import type { OrderLife } from '../../order/life.ts';
import type { SteppedData } from '../../order/mission.ts';
import type { Flakes } from './tally.ts';

/** What was tried: the changes, by their name, and the commit that they were made to; null where the ledger does not say. */
interface Tried {
  readonly base: string | null;
  readonly diff: string | null;
}

/**
 * Flakes of one order: what failed, and passed later with the very same changes. Where that was on the same commit too, nothing at all had changed;
 * on another one somebody may have mended what it stumbled on.
 */
export class FlakeCount {
  readonly #counts = {
    checks: { failed: 0, flaky: 0, sameCommit: 0 },
    steps: { failed: 0, flaky: 0, sameCommit: 0 },
  };
  /** The commits on which each failed and has not passed since. */
  readonly #open = new Map<string, { kind: 'checks' | 'steps'; bases: (string | null)[] }>();

  get counts(): Readonly<Record<'checks' | 'steps', Flakes>> {
    return this.#counts;
  }

  /** One more record of the order; `life` is as it was before it, so that the attempt which it ends is still told of. */
  take(life: OrderLife | null, record: Recorded): void {
    // other bytes under the same id: what passes from now on is another thing
    if (record.event === 'revised') this.#open.clear();
    if (record.event === 'stepped') this.#step(life?.mission?.base ?? null, record.data);
    // what a mission's checks said is told by its steps
    if (life === null || life.mission !== null) return;
    if (record.event === 'executed') {
      const { isolation, changes, checks } = record.data;
      const tried = { base: isolation?.base ?? life.started?.head ?? null, diff: diffHash(changes) };
      for (const [n, { name, ok }] of checks.entries()) if (ok) this.#passed(`${n} ${name}`, tried);
    }
    if (record.event === 'failed') {
      const { checks } = record.data;
      const tried = failedWork(life, checks.length);
      for (const [n, { name, ok }] of checks.entries()) if (!ok) this.#failed('checks', `${n} ${name}`, tried);
    }
  }

  #step(base: string | null, { step, ok, failure, diff_sha256: diff }: SteppedData): void {
    if (ok) this.#passed(step, { base, diff });
    // cut short, it did not fail
    else if (failure !== null)
      this.#failed(failure === 'test_failure' || failure === 'test_timeout' ? 'checks' : 'steps', step, { base, diff });
  }

  #failed(kind: 'checks' | 'steps', what: string, tried: Tried | null): void {
    this.#counts[kind].failed++;
    if (tried === null) return;
    const key = keyOf(what, tried);
    const open = this.#open.get(key) ?? { kind, bases: [] };
    open.bases.push(tried.base);
    this.#open.set(key, open);
  }

  #passed(what: string, tried: Tried): void {
    const key = keyOf(what, tried);
    const open = this.#open.get(key);
    if (open === undefined) return;
    const counts = this.#counts[open.kind];
    counts.flaky += open.bases.length;
    counts.sameCommit += open.bases.filter((base) => base !== null && base === tried.base).length;
    this.#open.delete(key);
  }
}

function keyOf(what: string, { diff }: Tried): string {
  return `${diff ?? 'none'} ${what}`;
}

/**
 * What an order's checks failed on; null where the ledger does not say: what commands made in a worktree is measured, and on record only where it
 * passed.
 */
function failedWork(life: OrderLife, checks: number): Tried | null {
  const { started, executed, restored, commandsBegun, left } = life;
  if (started === null) return null;
  // it passed before, and was put on another commit since
  if (executed !== null) return { base: null, diff: diffHash(executed.changes) };
  const base = started.isolation?.base ?? started.head;
  if (started.isolation !== undefined)
    return commandsBegun <= checks ? { base, diff: diffHash(started.changes) } : null;
  if (!restored) return null;
  const outputs = new Map(started.outputs.map(({ path, before }) => [path, before]));
  const made = left.map(({ path, after }) => ({ path, before: outputs.get(path) ?? null, after }));
  const files = started.changes.filter(({ path }) => !outputs.has(path));
  return { base, diff: diffHash([...files, ...made]) };
}
