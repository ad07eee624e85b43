import type { OrderLife } from './life.ts';

/** What marks an order as a canary: sent through to see that the pipeline works, and cleaned up later. */
export const CANARY_TAG = 'waybill-canary';
export const CANARY_ID = 'WO-CANARY-';
/** The one file that a canary writes. */
export const CANARY_FILE = 'tmp/waybill-canary.txt';

/** Whether an order was a canary: it came by the command line and touched nothing but its file, so that the tag hides no real work. */
export function isCanary(life: OrderLife): boolean {
  const { admitted } = life;
  const changes = [...(life.started?.changes ?? []), ...(life.landing?.changes ?? [])];
  return (
    admitted?.tags.includes(CANARY_TAG) === true &&
    life.woId.startsWith(CANARY_ID) &&
    admitted.requester.via === 'command' &&
    !admitted.works &&
    changes.every(({ path }) => path === CANARY_FILE)
  );
}
