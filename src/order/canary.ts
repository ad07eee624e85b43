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

/** The document of a canary: `unique` makes its id, `at` stands in its file. */
export function canaryOrder(unique: string, at: string) {
  const content = `Pipeline test at ${at}\nIf you see this file and a state file, the pipeline is working.\n`;
  return {
    wo_id: `${CANARY_ID}${unique}`,
    title: 'Pipeline health check - canary',
    priority: 'P0',
    owner: 'canary',
    tags: [CANARY_TAG],
    files: [{ path: CANARY_FILE, content }],
  };
}
