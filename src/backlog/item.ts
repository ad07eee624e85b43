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
  /** Exactly what the file has of it: what is replaced when it is marked. */
  readonly text: string;
}

/** blocked: by its own words; dropped: deferred, rejected, a duplicate, superseded. */
export type ItemStatus = 'open' | 'in progress' | 'blocked' | 'done' | 'dropped';

/** What could not be read as an item, or only in part. Nothing is left out silently. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly place: Required<Place>;
}

/** What the files of a backlog hold. */
export interface Backlog {
  readonly items: readonly Item[];
  readonly problems: readonly Problem[];
}
