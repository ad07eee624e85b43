/** What every `waybill policy …` takes. */
export type PolicyOptions = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };
