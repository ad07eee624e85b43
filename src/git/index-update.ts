import { join } from 'node:path';
import type { ImageChange } from '../order/change.ts';
import { readIfThere, syncDir, writeNew } from '../platform/durable.ts';
import { fs, ifThere } from '../platform/fs.ts';
import { readIndex } from './index-file.ts';
import { NO_OBJECT } from './object-id.ts';
import type { Repository } from './repository.ts';

/**
 * Puts our entries into the index, and nothing else: staged and unstaged edits of a person stay what they are. Works on a private
 * copy that is renamed over the index; the caller holds index.lock. `copy` is a scratch path on the git dir's file system.
 */
export async function updateIndex(repo: Repository, copy: string, changes: readonly ImageChange[]): Promise<void> {
  if (changes.length === 0) return;
  ifThere(() => fs.unlinkSync(copy));
  const index = join(repo.gitDir, 'index');
  const bytes = readIfThere(index);
  if (bytes !== undefined) writeNew(copy, bytes);
  const env = { GIT_INDEX_FILE: copy };
  const lines = changes.map(({ path, after }) =>
    after === null ? `0 ${NO_OBJECT}\t${path}\0` : `${after.mode} ${after.blob}\t${path}\0`,
  );
  await repo.git.run(['update-index', '-z', '--index-info'], { input: lines.join(''), env });
  // Fills in times and sizes, so that git need not read our files again; exits 1 where a person has edits of their own.
  await repo.git.try(['update-index', '-q', '--refresh'], { env });
  fs.renameSync(copy, index);
  syncDir(repo.gitDir);
}

/** Takes entries of ours back that a cut-short landing left in the index; entries that are not ours stay. The caller holds index.lock. */
export async function revertIndex(repo: Repository, copy: string, changes: readonly ImageChange[]): Promise<void> {
  const { entries } = readIndex(
    repo.gitDir,
    changes.map((c) => c.path),
  );
  const ours = changes.filter(({ path, before, after }) => {
    const entry = entries.get(path)?.[0];
    const isAfter =
      entry === undefined ? after === null : after !== null && entry.blob === after.blob && entry.mode === after.mode;
    return isAfter && (before?.blob !== after?.blob || before?.mode !== after?.mode);
  });
  await updateIndex(
    repo,
    copy,
    ours.map(({ path, before, after }) => ({ path, before: after, after: before })),
  );
}
