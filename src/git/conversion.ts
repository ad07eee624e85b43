import type { Content, Image } from '../order/change.ts';
import { blobId } from './objects/object-id.ts';
import { configOf, type Repository } from './repository.ts';

/** The paths whose bytes git converts between disk and object (clean filters, end-of-line rules, LFS). */
export async function convertedPaths(repo: Repository, paths: readonly string[]): Promise<Set<string>> {
  if (paths.length === 0) return new Set();
  const config = await configOf(repo);
  const autocrlf = config.get('core.autocrlf')?.trim().toLowerCase();
  if (autocrlf !== undefined && !['false', 'no', 'off', '0'].includes(autocrlf)) return new Set(paths);
  return repo.attributes.converting(paths, config.get('core.attributesfile'));
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
