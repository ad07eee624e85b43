import { readIfThere, writeProjection } from '../platform/durable.ts';
import type { Repository } from './repository.ts';

/**
 * How much the keeps hold. To tell it git has to walk through all of them, so the figure is written down with the tips that it is true of:
 * another keep, or one that is gone, makes it worth nothing.
 */

export interface KeptSize {
  readonly count: number;
  /** The same content counts once. */
  readonly bytes: number;
}

/** What lies under `ref`, a prefix without a slash at its end. Asks git where the file `figure` does not tell of these very keeps. */
export async function keptSize(repo: Repository, ref: string, figure: string): Promise<KeptSize> {
  const tips = repo.refs.below(ref);
  if (tips.size === 0) return { count: 0, bytes: 0 };
  return { count: tips.size, bytes: figureOf(figure, tips) ?? (await countBytes(repo, tips.values())) };
}

/** The bytes, counted, and written down. */
export async function measureKept(repo: Repository, ref: string, figure: string): Promise<number> {
  const tips = repo.refs.below(ref);
  const bytes = await countBytes(repo, tips.values());
  writeProjection(figure, `${JSON.stringify({ v: 1, bytes, tips: Object.fromEntries(tips) })}\n`);
  return bytes;
}

async function countBytes({ git }: Repository, tips: Iterable<string>): Promise<number> {
  const all = [...tips].map((id) => `${id}\n`).join('');
  if (all === '') return 0;
  const ids = await git.run(['rev-list', '--objects', '--no-object-names', '--stdin'], { input: all });
  const out = await git.run(['cat-file', '--batch-check=%(objecttype) %(objectsize)'], { input: ids });
  return out
    .toString('latin1')
    .split('\n')
    .reduce((sum, line) => sum + (line.startsWith('blob ') ? Number(line.slice(5)) : 0), 0);
}

function figureOf(path: string, tips: ReadonlyMap<string, string>): number | null {
  try {
    const value: unknown = JSON.parse(readIfThere(path)?.toString('utf8') ?? 'null');
    if (typeof value !== 'object' || value === null || !('bytes' in value) || !('tips' in value)) return null;
    const known = Object.entries(value.tips ?? {});
    const isSame = known.length === tips.size && known.every(([name, id]) => tips.get(name) === id);
    return isSame && typeof value.bytes === 'number' ? value.bytes : null;
  } catch {
    return null; // half of it, or somebody's own
  }
}

/** Whether keeps of so many bytes are more than settings allow without a word. */
export function isOverLimit(bytes: number, maxMb: number): boolean {
  return bytes > maxMb * 1024 * 1024;
}
