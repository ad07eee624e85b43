import type { GateResult } from '../../order/generated.ts';
import { isClosed, isThere, patternFault } from './envelope.ts';
import { ask, type Gate, isCommit, isHash, several } from './gate.ts';

/** What is looked at before the work. null is what nobody could find out, and is never passed. */
export interface BeforeWork {
  /** No step of its chain writes: then what it may change is not asked. */
  readonly readsOnly?: boolean;
  readonly policySha256: string | null;
  /** What the mission may change: its own paths, or else what policy gives it. */
  readonly paths: readonly string[] | null;
  /** What no mission may change. */
  readonly protected: readonly string[] | null;
  /** Every file of the base commit, relative to the root. */
  readonly files: readonly string[] | null;
  readonly base: string | null;
  /** What the worktree holds beside the base: changed or untracked. */
  readonly dirty: readonly string[] | null;
}

/** Asked before the first step of a mission; one that is not passed ends it, with nothing done. */
export function askBeforeWork(source: BeforeWork): GateResult[] {
  return ask('pre', GATES, source);
}

const GATES: readonly Gate<BeforeWork>[] = [
  {
    name: 'policy_hash',
    why: ({ policySha256 }) => (isHash(policySha256) ? null : 'there is no hash of a policy to hold it to'),
  },
  {
    name: 'envelope',
    why({ paths, files, readsOnly }) {
      if (readsOnly === true) return null;
      if (paths === null) return 'nobody said what may be changed';
      if (files === null) return 'the files of the base are not known';
      if (paths.length === 0) return 'nothing may be changed: the list of paths is empty';
      const faults = paths.flatMap((path) => {
        const fault = patternFault(path);
        return fault === null ? [] : [`${JSON.stringify(path)} ${fault}`];
      });
      if (faults.length > 0) return several('not paths', faults);
      const missing = paths.filter((path) => !isThere(path, files));
      return missing.length === 0 ? null : several('not there', missing);
    },
  },
  {
    name: 'protected_paths',
    why({ paths, protected: closed, files, readsOnly }) {
      if (readsOnly === true) return null;
      if (paths === null || closed === null || files === null) return 'what is protected is not known';
      const both = paths.filter((path) => isClosed(path, closed, files));
      return both.length === 0 ? null : several('declared, and protected', both);
    },
  },
  {
    name: 'clean_base',
    why({ base, dirty }) {
      if (!isCommit(base)) return 'there is no commit to work on';
      if (dirty === null) return 'nobody looked whether the folder is clean';
      return dirty.length === 0 ? null : several('not as the base has it', dirty);
    },
  },
];
