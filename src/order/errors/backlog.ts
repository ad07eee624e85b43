/** What can go wrong with the files of a backlog: rows of the one table in error.ts. */
export const BACKLOG_ERRORS = {
  BACKLOG_CHANGED: {
    what: 'An item of the backlog is not there any more as it was read, so nothing is written into its place.',
    hint: 'Look at it again: `waybill backlog ls --all`.',
  },
} as const;
