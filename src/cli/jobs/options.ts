/** What the commands of jobs take. */
export type JobOptions = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };
