import type { Git } from '../../git/git.ts';
import { commitsTouching, EVERYWHERE, renamedTo, type TouchingCommit } from '../../git/past.ts';
import type { Reach, Trace } from './trace.ts';

/** What commits tell of a path. */
export interface Committed {
  readonly traces: readonly Trace[];
  readonly notRead: readonly string[];
  /** The commit of HEAD's history that touched it last. */
  readonly lastOnHead: TouchingCommit | null;
  /** The newest commit anywhere that left something there: where it can be had back from. */
  readonly source: string | null;
  /** Where `lastOnHead` moved it to. */
  readonly renamedTo: string | null;
}

const MOST_COMMITS = 60;

/** Asks all refs and what only reflogs know, whatever its age. Oldest first. */
export async function commits(git: Git, path: string, reach: Reach): Promise<Committed> {
  const { limits } = reach.budget;
  const [all, onHead] = await Promise.all([
    commitsTouching(git, path, EVERYWHERE, MOST_COMMITS, limits),
    commitsTouching(git, path, ['HEAD'], 1, limits),
  ]);
  const notRead: string[] = [];
  if (all === null || onHead === null) notRead.push('git log: no time was left');
  else if (all.length === MOST_COMMITS) notRead.push(`git log: only the last ${MOST_COMMITS} commits that touch it`);
  const last = onHead?.[0] ?? null;
  const isDeleted = last?.changes.some((change) => change.status === 'D') === true;
  const source = (all ?? []).find(({ changes }) => changes.some(({ status }) => status !== 'D'))?.id ?? null;
  return {
    traces: (all ?? []).map(traceOf).reverse(),
    notRead,
    lastOnHead: last,
    source,
    renamedTo: isDeleted && last !== null ? await renamedTo(git, last.id, path, reach.budget.limits) : null,
  };
}

/** What a commit did says what the path was on its branch; whether that is the one checked out, the moves of HEAD tell. */
function traceOf(commit: TouchingCommit): Trace {
  return {
    at: commit.at,
    source: 'git log',
    kind: commit.order === null ? 'commit' : 'order',
    effect: null,
    text: `${whatItDid(commit)}: ${commit.subject} (${commit.by.replace(/ <.*/, '')})`,
    where: `commit ${commit.id.slice(0, 10)}`,
    to: commit.id,
    ...(commit.order === null ? {} : { order: commit.order }),
  };
}

function whatItDid({ changes }: TouchingCommit): string {
  const of = (status: string) => changes.filter((change) => change.status === status).length;
  if (changes.length > 1) return `added ${of('A')}, changed ${of('M') + of('T')}, deleted ${of('D')} files`;
  const [change] = changes;
  if (change?.status === 'A') return 'added it';
  if (change?.status === 'D') return 'deleted it';
  if (change?.modeBefore === '100755' && change.modeAfter === '100644') return 'made it not executable';
  return change === undefined ? 'merged it' : 'changed it';
}
