import type { Content, Image } from '../order/change.ts';
import { blobId } from './object-id.ts';
import type { Repository } from './repository.ts';

/** Attributes under which git stores other bytes than stand on disk. */
const CONVERTING = ['filter', 'text', 'eol', 'crlf', 'ident', 'working-tree-encoding'];

/** The paths whose bytes git converts between disk and object (clean filters, end-of-line rules, LFS). */
export async function convertedPaths(repo: Repository, paths: readonly string[]): Promise<Set<string>> {
  const converted = new Set<string>();
  if (paths.length === 0) return converted;
  const autocrlf = (await repo.git.try(['config', '--get', 'core.autocrlf'])).stdout.toString('utf8').trim();
  if (autocrlf === 'true' || autocrlf === 'input') return new Set(paths);
  const out = await repo.git.run(['check-attr', '-z', '--stdin', ...CONVERTING], {
    input: paths.map((p) => `${p}\0`).join(''),
  });
  const fields = out.toString('utf8').split('\0');
  for (let i = 0; i + 2 < fields.length; i += 3) {
    const value = fields[i + 2];
    if (value !== 'unspecified' && value !== 'unset') converted.add(fields[i] ?? '');
  }
  return converted;
}

/** The image of a content at a path: through git's own clean filters where they apply, otherwise computed here. */
export async function imageOf(
  repo: Repository,
  path: string,
  content: Content | null,
  converted: boolean,
): Promise<Image | null> {
  if (content === null) return null;
  const disk = blobId(content.bytes);
  if (!converted) return { mode: content.mode, blob: disk, disk };
  const out = await repo.git.run(['hash-object', '-w', '--stdin', `--path=${path}`], { input: content.bytes });
  return { mode: content.mode, blob: out.toString('utf8').trim(), disk };
}
