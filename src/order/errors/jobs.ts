/** What can go wrong with jobs of OpenClaw: rows of the one table in error.ts. */
export const JOB_ERRORS = {
  NOT_A_JOB: {
    what: 'A document that was handed in as a job of OpenClaw is none.',
    hint: 'Write `"kind": "lifeos.job.v0.1"`, or hand an order in with `waybill drop`. docs/jobs.md has examples.',
  },
} as const;
