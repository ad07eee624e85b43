import type { TreeChange } from '../../git/snapshot/read.ts';
import type { Touching } from '../../git/snapshot/reverse.ts';

/** What a rollback does with each path. Pure: what there is to know of the paths is handed in. */

/** What stands in the way of writing a path. */
export interface Hindrance {
  readonly kind: 'conflict' | 'dirty' | 'not for orders';
  readonly why: string;
}

/** One path as it was looked at. */
export interface Looked {
  readonly change: TreeChange;
  /** Later commits changed it too, and their changes stay in it. */
  readonly merged: boolean;
  readonly hindrance: Hindrance | null;
  /** The component it belongs to. */
  readonly component: string | null;
  /** The rule of policy that closes it to every order. */
  readonly closed: string | null;
}

/** One path of the plan. */
export interface RollbackItem {
  readonly path: string;
  readonly becomes: 'restored' | 'deleted' | 'restored, with later changes kept';
  readonly fate: 'change' | 'kept' | 'refused';
  /** Why it is not changed. */
  readonly why: string | null;
  /** What kind of refusal: uncommitted work and conflicts are somebody's, the rest is what no order can write. */
  readonly hindrance: Hindrance['kind'] | null;
  readonly later: readonly Pick<Touching, 'id' | 'subject' | 'woId'>[];
  readonly change: TreeChange;
}

export interface RollbackWishes {
  readonly force: boolean;
  /** Files and folders that stay as they are. */
  readonly except: readonly string[];
}

/** Decides for every path. A path that is left out or protected hinders nothing; one that is refused stops the whole. */
export function planRollback(
  looked: readonly Looked[],
  later: readonly Touching[],
  { force, except }: RollbackWishes,
): RollbackItem[] {
  const leftOut = except.map((path) => path.replace(/^\.\//, '').replace(/\/+$/, ''));
  return looked
    .map((one): RollbackItem => {
      const { change, merged, hindrance, component, closed } = one;
      const { path } = change;
      const deleted = change.after === null;
      const item = {
        path,
        becomes: deleted ? 'deleted' : merged ? 'restored, with later changes kept' : 'restored',
        later: later
          .filter(({ paths }) => paths.includes(path))
          .map(({ id, subject, woId }) => ({ id, subject, woId })),
        change,
      } as const;
      const kept = (why: string) => ({ ...item, fate: 'kept' as const, why, hindrance: null });
      if (leftOut.some((entry) => path === entry || path.startsWith(`${entry}/`))) return kept('left out');
      if (closed !== null) return kept(`protected: ${closed} closes it to every order, also a forced one`);
      if (component !== null && !force) return kept(`protected: component ${component}`);
      if (hindrance !== null) return { ...item, fate: 'refused', why: hindrance.why, hindrance: hindrance.kind };
      return { ...item, fate: 'change', why: null, hindrance: null };
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}
