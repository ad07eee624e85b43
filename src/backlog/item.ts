import type { Place } from '../order/error.ts';

/** One thing to do, as a backlog has it. */
export interface Item {
  /** Names it, whatever becomes of its box, owner or words around it: its own id, or a hash of its title. */
  readonly key: string;
  /** The id that its author gave it. */
  readonly id: string | null;
  readonly title: string;
  readonly description: string | null;
  /** 0 is P0, the most urgent. */
  readonly priority: 0 | 1 | 2 | 3;
  readonly status: ItemStatus;
  /** What in it says that it is blocked, in its own words; null where it is not. */
  readonly blockedBy: string | null;
  /** How somebody sees that it is done. */
  readonly dod: string | null;
  readonly owner: string | null;
  readonly context: string | null;
  /** Keys, ids or titles of items that must be done before. */
  readonly dependsOn: readonly string[];
  /** What it may change, where it says so. */
  readonly scopePaths: readonly string[];
  readonly requiresApproval: boolean;
  /** A person must decide something before anybody can begin. */
  readonly needsDecision: boolean;
  readonly tags: readonly string[];
  readonly format: 'markdown' | 'yaml';
  readonly place: Required<Place>;
  /** Exactly what the file has of it, in Markdown; in YAML its value as JSON. Where it is not that any more, nothing is marked. */
  readonly text: string;
}

/** blocked: by its own words; dropped: deferred, rejected, a duplicate, superseded. */
export type ItemStatus = 'open' | 'in progress' | 'blocked' | 'done' | 'dropped';

/** What could not be read as an item, or only in part. Nothing is left out silently. */
export interface Problem {
  readonly code: ProblemCode;
  /** unread: what stands there is no item. told: it was read, and somebody should look at it. */
  readonly severity: 'unread' | 'told';
  readonly message: string;
  readonly hint: string;
  readonly place: Required<Place>;
}

export type ProblemCode =
  /** A check box with a mark that can mean several things. */
  | 'BOX_UNCLEAR'
  /** A check box where none can stand: without a bullet, in a table, in a quotation. */
  | 'BOX_MISPLACED'
  /** A check box in a form that not everybody reads, with a clear meaning. */
  | 'BOX_ODD'
  /** A check box in a block of code or in a comment: an example, or taken out. */
  | 'NOT_READ'
  | 'NO_TITLE'
  | 'LINE_TOO_LONG'
  | 'NOT_UTF8'
  /** Characters that show nothing, or turn the direction of what is read. */
  | 'HIDDEN_CHARACTERS'
  | 'SAME_KEY'
  | 'BAD_ID'
  | 'PRIORITY_UNKNOWN'
  /** A scope in words, which bounds nothing. */
  | 'SCOPE_UNCLEAR'
  /** A title that speaks of a DoD, without one that is read. */
  | 'DOD_UNCLEAR'
  /** Two things that an item says of itself, or two files of it, do not agree. */
  | 'STATUS_DIFFERS'
  | 'ENTRY_INVALID'
  | 'KEY_UNKNOWN'
  /** The whole file cannot be read. */
  | 'FILE_UNREADABLE';

/** What the files of a backlog hold. */
export interface Backlog {
  readonly items: readonly Item[];
  readonly problems: readonly Problem[];
}
