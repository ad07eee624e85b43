/** What can go wrong with taking items of a backlog: rows of the one table in error.ts. */
export const CLAIM_ERRORS = {
  BACKLOG_MISSING: {
    what: 'None of the files in which the backlog stands is there.',
    hint: 'Write BACKLOG.md at the root, or name your files under backlog.files in waybill.yaml; docs/backlog.md shows one.',
  },
  BACKLOG_NO_ITEM: {
    what: 'The backlog has no item that can be begun now.',
    hint: '`waybill backlog ls` shows each with its reason; `waybill backlog run ITEM` takes one by name.',
  },
  BACKLOG_UNKNOWN_ITEM: {
    what: 'No item of the backlog has this key or id.',
    hint: '`waybill backlog ls --all` shows all of them with their keys.',
  },
  BACKLOG_ITEM_TAKEN: {
    what: 'The item is done, or somebody has it: another station claimed it, or an order of it is there already.',
    hint: '`waybill backlog ls --all` shows who has which item.',
  },
  BACKLOG_CLAIMS_UNREACHABLE: {
    what: 'The repository in which stations claim items cannot be asked, or refused; so it is not known who has which item, and none is taken.',
    hint: 'Mend the way to it, or its address under backlog.claims in waybill.yaml; `git ls-remote` tries it.',
    retryable: true,
  },
} as const;
