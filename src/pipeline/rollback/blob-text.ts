import type { Repository } from '../../git/repository.ts';

/** A blob's bytes as they are to stand on disk at a path: where git converts there, converted. Throws GIT_FAILED. */
export async function blobText(repo: Repository, path: string, id: string, converted: boolean): Promise<Buffer> {
  return converted
    ? repo.git.run(['cat-file', '--filters', `--path=${path}`, id])
    : repo.git.run(['cat-file', 'blob', id]);
}
