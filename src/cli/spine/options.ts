/** What the commands of the spine take. */
export type SpineOptions = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };
