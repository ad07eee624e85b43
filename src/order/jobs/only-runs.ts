import type { JobDocument } from '../generated.ts';

/** Whether a job wants its command run and nothing changed. */

const RUNS = ['test', 'tests', 'e2e', 'smoke', 'check', 'checks', 'verify', 'verification', 'run', 'lint', 'probe'];
const BUILDS =
  /^(?:re)?(?:build|implement(?:ation)?|(?:bug|hot)?fix|writ(?:e|ing)|add|creat(?:e|ing|ion)|edit|chang(?:e|ing)|updat(?:e|ing)|refactor|cod(?:e|ing)|develop(?:ment)?|feature|remov(?:e|al|ing)|delet(?:e|ion|ing)|rename|migrat(?:e|ion)|generat(?:e|ion)|improve(?:ment)?|cleanup|upgrade|patch)(?:s|es|ed|ing)?$/;

/** What may change, in words; and what is no more said of all of it. */
const FILES = '(?:code|source|sources|files?|repo|repository|code ?base|workspace|worktree)';
const ALL = `(?:(?: (?:to|in|of|on))?(?: (?:the|any|this|all|our))?(?: ${FILES})| at all| whatsoever| of any kind| please| allowed| made)*`;

/** Whole entries, not parts of one: `no changes to the public API` bounds the work, and does not call it off. */
const RULE_OUT = [
  new RegExp(
    `^(?:no|without)(?: any)?(?: ${FILES})*(?: (?:edits?|changes?|modifications?|writes?|edits or changes))${ALL}$`,
  ),
  new RegExp(`^(?:do not|don'?t|never) (?:edit|change|modify|write|touch)(?: (?:to|anything))?${ALL}$`),
];
const RUN_ONLY = [
  /^(?:please )?(?:just |only )?run (?:the |all |all the )?(?:(?:unit|e2e|smoke) )?(?:tests?|checks?|command) only$/,
  /^(?:please )?(?:only|just) run (?:the |all |all the )?(?:(?:unit|e2e|smoke) )?(?:tests?|checks?|command)$/,
  /^(?:(?:this is|strictly|fully|a) )*read[- ]?only(?: (?:run|job|task|mode|access))?$/,
];

/** An entry of `scope` or `non_goals` that rules every change out. */
export interface RuledOut {
  readonly key: 'scope' | 'non_goals';
  readonly at: number;
  readonly text: string;
}

/** The entries that rule every change out; among what is no goal, only those that say it with a no. */
export function ruledOut(job: JobDocument): RuledOut[] {
  const found = (key: RuledOut['key'], phrases: readonly RegExp[]) =>
    (job[key] ?? []).flatMap((text, at): RuledOut[] => {
      const words = text
        .toLowerCase()
        .replaceAll('’', "'")
        .replace(/\s+/g, ' ')
        .replace(/^[\s*-]+|[\s.!;]+$/g, '');
      return phrases.some((phrase) => phrase.test(words)) ? [{ key, at, text: text.trim() }] : [];
    });
  return [...found('scope', [...RULE_OUT, ...RUN_ONLY]), ...found('non_goals', RULE_OUT)];
}

/**
 * Whether the command of a job is run, and nothing else. Where type or paths speak of a change, no words make it pass without one: agents are given the
 * work and the words. `hasPaths`: whether its scope names what may be changed.
 */
export function onlyRuns(job: JobDocument, hasPaths: boolean): boolean {
  const words = (job.job_type ?? '').toLowerCase().split(/[^a-z0-9]+/);
  if (words.some((word) => BUILDS.test(word))) return false;
  return words.some((word) => RUNS.includes(word)) || (!hasPaths && ruledOut(job).length > 0);
}
