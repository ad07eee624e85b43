/** What can go wrong with the dashboard: rows of the one table in error.ts. */
export const WEB_ERRORS = {
  ADDRESS_TAKEN: {
    what: 'The dashboard cannot listen on its address: another program has the port, or the address is none of this machine.',
    hint: 'Take another port: `waybill dashboard --port 0` takes a free one.',
  },
} as const;
