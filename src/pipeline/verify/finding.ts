/** One thing that does not hold. Warnings are things a person may do (a rebase); errors are not. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly kind:
    | 'ledger'
    | 'anchor'
    | 'evidence'
    | 'commit'
    | 'rewritten'
    | 'lost'
    | 'purged'
    | 'gap'
    | 'packet'
    | 'bundle';
  readonly subject: string;
  readonly message: string;
}
