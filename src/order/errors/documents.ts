/** What can go wrong with documents: rows of the one table in error.ts. */
export const DOCUMENT_ERRORS = {
  REGISTER_INVALID: {
    what: 'The register of plans does not read: it is no YAML, or has an unknown key or a wrong value.',
    hint: 'Mend the line named; docs/documents.md shows both forms of a register.',
  },
  STATUS_FILE_INVALID: {
    what: 'The status file is no JSON, or has not the shape of one.',
    hint: 'Write it again: `waybill report status`.',
  },
  NOT_GENERATED: {
    what: 'What stands where the index or the corpus is to be written was not made by `waybill docs build`. It was left alone.',
    hint: 'Choose another path under documents in waybill.yaml, or give --replace; git keeps what was there.',
  },
} as const;
