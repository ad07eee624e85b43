/** How bad it is that a component is at fault. */
export type Severity = 'critical' | 'warning';

/** Something that people are told: a fault that began, lasts or is over, or a decision that is theirs. */
export interface Alert {
  /** ISO 8601, UTC, milliseconds. */
  readonly at: string;
  readonly what:
    | 'drift'
    | 'reminder'
    | 'recovered'
    | 'repaired'
    | 'escalated'
    | 'dropped'
    | 'asked'
    | 'still_asked'
    | 'expired'
    | 'trusted';
  readonly severity: Severity;
  /** The component's name: a path, or a kind and what it is about, as in `processor:executor` or `approval:WO-1`. */
  readonly component: string;
  /** One line in the words of the alerts file, without its time: `ALERT: Missing directory: bridge/inbox/CLC`. */
  readonly text: string;
  /** When the fault began. */
  readonly since: string;
}
