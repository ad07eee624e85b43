import type { ImageChange } from './change.ts';
import type { OrderLife } from './life.ts';

/** Orders by which Waybill keeps the books of work: they change the files of the backlog, and nothing else. */

/** Marks an item of the backlog as done. */
export const MARK_TAG = 'backlog-done';
/** Adds what a drift report found to the backlog. */
export const DRIFT_TAG = 'waybill-drift';

/** The files of the backlog where settings name none. */
export const BACKLOG_FILES: readonly string[] = ['BACKLOG.md', 'backlog.yaml'];

const KINDS = [
  { id: /^BL-.+-done$/i, tag: MARK_TAG },
  { id: /^DRIFT-/i, tag: DRIFT_TAG },
];

/**
 * Whether an order only kept the books: called and tagged so, handed in as the station does, and known to change nothing but `backlog`, the files
 * of the backlog. Id and tag alone hide no work, and what nobody knows the changes of is work.
 */
export function isBookkeeping(life: OrderLife, backlog: readonly string[]): boolean {
  const { admitted, woId } = life;
  const changes = plannedChanges(life);
  return (
    admitted !== null &&
    KINDS.some(({ id, tag }) => id.test(woId) && admitted.tags.includes(tag)) &&
    admitted.requester.via === 'command' &&
    admitted.type === 'apply_patch' &&
    !admitted.works &&
    changes.length > 0 &&
    changes.every(({ path }) => backlog.includes(path))
  );
}

/** What an order was to change, and changed, as far as its records tell; empty for one that failed before it had a plan. */
export function plannedChanges({ started, landing }: OrderLife): readonly ImageChange[] {
  return [...(started?.changes ?? []), ...(landing?.changes ?? [])];
}
