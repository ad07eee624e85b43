import type { RestoreEntry } from '../order/generated.ts';
import type { Component } from './component.ts';

/** What can be wrong with a component. */
export type FaultKind =
  | 'missing'
  | 'not_executable'
  | 'truncated'
  | 'altered'
  /** An older version than was recorded: the checked-out commit was moved to one that lacks it. */
  | 'moved_back'
  | 'not_a_file'
  | 'too_few'
  | 'not_alive'
  | 'not_running'
  | 'not_found'
  | 'low_disk'
  | 'waits_long'
  | 'broken'
  | 'too_old'
  | 'unreadable'
  | 'check_failed';

/** A component that is at fault, as one look found it. */
export interface Finding {
  /** The component's name; for a file of a glob its path. */
  readonly component: string;
  readonly kind: FaultKind;
  readonly severity: Component['severity'];
  /** For people: what is wrong, in one line, without the name. */
  readonly message: string;
  /** The file or folder that a repair would bring back, where that could be done. */
  readonly path: string | null;
  readonly repair: Component['repair'];
  /** What a repair would do; null where nothing would. */
  readonly mend: string | null;
  /** The actions of that repair. */
  readonly actions?: readonly RestoreEntry[];
}

export function finding(
  component: Pick<Component, 'name' | 'severity' | 'repair'>,
  kind: FaultKind,
  message: string,
  path: string | null = null,
): Finding {
  return {
    component: component.name,
    kind,
    severity: component.severity,
    message,
    path,
    repair: component.repair,
    mend: null,
  };
}
