import { moveRefs } from '../ref-transaction.ts';
import { committerIdent, type Repository } from '../repository.ts';
import { type FileEntry, PackWriter } from './pack-writer.ts';

/**
 * One commit on a ref of the station's own, with files added to those of `parent`. Commit and ref are on disk when it returns, with the
 * commit's id. Throws GIT_FAILED where the ref does not stand at `from`, the parent unless told. `scratch` is a folder for half-written files.
 */
export async function commitTo(
  repo: Repository,
  scratch: string,
  ref: string,
  commit: { parent: string | null; from?: string | null; message: string; files: readonly FileEntry[] },
): Promise<string> {
  const { parent, from = parent, message, files } = commit;
  const pack = new PackWriter(repo, scratch);
  const to = await pack.commit({ parent, ident: await committerIdent(repo), message, files });
  await pack.write();
  try {
    await moveRefs(repo, [{ ref, from, to }]);
  } finally {
    pack.release();
  }
  return to;
}
