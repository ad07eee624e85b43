/** What marks an order as a canary: sent through to see that the pipeline works, and cleaned up later. */
export const CANARY_TAG = 'waybill-canary';
