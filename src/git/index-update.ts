import { join } from 'node:path';
import type { ImageChange } from '../order/change.ts';
import { readIfThere, syncDir, writeNew } from '../platform/durable.ts';
import { fs, ifThere } from '../platform/fs.ts';
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
