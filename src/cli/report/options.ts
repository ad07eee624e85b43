/** What every report takes. */
export type ReportOptions = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };
