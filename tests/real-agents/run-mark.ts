/** A variable that everything started here has, so that nothing of it outlives its run. */
export const RUN = { name: 'WAYBILL_REAL_AGENTS', value: `${process.pid}.${Date.now()}` } as const;
