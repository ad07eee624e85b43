/** What `waybill docs` is given. */
export type DocumentOptions = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };
