export type AgentsOptions = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };
