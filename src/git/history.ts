import type { Git } from './git.ts';
import { IdSet } from './objects/id-set.ts';

/** Whether `commit` is in the history of `tip`. A commit that is gone is in nobody's. */
export async function isInHistory(git: Git, commit: string, tip: string): Promise<boolean> {
  return (await git.try(['merge-base', '--is-ancestor', commit, tip])).exitCode === 0;
}

/** Every commit of a tip's history: for those who ask of many. */
export async function historyOf(git: Git, tip: string): Promise<IdSet> {
  const ids = new IdSet();
  for await (const id of git.pieces(['rev-list', tip])) ids.add(id);
  return ids;
}

/** The newest commit that touched any of these paths, seen from `tip`. */
export async function lastCommitOf(git: Git, tip: string, paths: readonly string[]): Promise<string | null> {
  const out = await git.try(['--literal-pathspecs', 'log', '-1', '--format=%H', tip, '--', ...paths]);
  return out.stdout.toString('utf8').trim() || null;
}

/** The newest commit of each order in a tip's history, by the trailer that names it. */
export async function commitsByOrder(git: Git, tip: string): Promise<Map<string, string>> {
  const newest = new Map<string, string>();
  const format = '--format=%H %(trailers:key=Work-Order,valueonly,separator=%x20)';
  for await (const line of git.pieces(['log', '--fixed-strings', '--grep=Work-Order: ', format, tip])) {
    const space = line.indexOf(' ');
    const woId = line.slice(space + 1);
    if (!newest.has(woId)) newest.set(woId, line.slice(0, space));
  }
  return newest;
}

/** The files that a commit has below a folder, '' for the root; none where the path is no folder in it. Throws GIT_FAILED. */
export async function namesBelow(git: Git, commit: string, folder: string): Promise<string[]> {
  const where = folder === '' ? [] : ['--', `${folder}/`];
  const out = await git.run(['--literal-pathspecs', 'ls-tree', '-r', '-z', '--name-only', commit, ...where]);
  return out
    .toString('utf8')
    .split('\0')
    .filter((name) => name !== '');
}

/** The plain files that a commit has below a folder, '' for the root, each with its blob; links and submodules are none. Throws GIT_FAILED. */
export async function filesBelow(git: Git, commit: string, folder: string): Promise<{ path: string; id: string }[]> {
  const where = folder === '' ? [] : ['--', `${folder}/`];
  const out = await git.run(['--literal-pathspecs', 'ls-tree', '-r', '-z', '--full-tree', commit, ...where]);
  return out
    .toString('utf8')
    .split('\0')
    .flatMap((entry) => {
      const match = /^100\d{3} blob ([0-9a-f]{40})\t([\s\S]*)$/.exec(entry);
      return match === null ? [] : [{ path: match[2] ?? '', id: match[1] ?? '' }];
    });
}

/** A blob's bytes, or null when the object is gone. */
export async function blobBytes(git: Git, id: string): Promise<Buffer | null> {
  const result = await git.try(['cat-file', 'blob', id]);
  return result.exitCode === 0 ? result.stdout : null;
}

/** Several blobs' bytes by id, in one process; those that are gone are missing. */
export async function blobs(git: Git, ids: readonly string[]): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  if (ids.length === 0) return found;
  const out = await git.run(['cat-file', '--batch'], { input: ids.map((id) => `${id}\n`).join('') });
  for (let at = 0; at < out.length; ) {
    const end = out.indexOf(10, at);
    const match = /^([0-9a-f]{40}) blob (\d+)$/.exec(out.toString('latin1', at, end));
    at = end + 1;
    if (match === null) continue;
    const size = Number(match[2]);
    found.set(match[1] ?? '', out.subarray(at, at + size));
    at += size + 1;
  }
  return found;
}
