import { join } from 'node:path';
import { FastImport, type FileEntry } from '../git/fast-import.ts';
import { committerIdent } from '../git/ident.ts';
import type { Content } from '../order/change.ts';
import type { Runtime } from './runtime.ts';

/**
 * Keeps contents under refs/waybill/<station>/keep/<wo_id> before anything touches them, so that neither a crash nor a `git gc` can
 * take what we replace (rule 1), and a later start can go on from them.
 */
export async function keepContents(
  rt: Runtime,
  woId: string,
  before: Iterable<[string, Content | null]>,
  after: Iterable<[string, Content | null]>,
): Promise<void> {
  const entries = (side: string, contents: Iterable<[string, Content | null]>): FileEntry[] =>
    [...contents].flatMap(([path, c]) =>
      c === null ? [] : [{ path: `${side}/${path.replace(/^\/+/, '')}`, mode: c.mode, bytes: c.bytes }],
    );
  const files = [...entries('before', before), ...entries('after', after)];
  if (files.length === 0) return;
  const git = new FastImport(rt.station.repo);
  const ref = `${rt.refs.keep}/${woId}`;
  git.commit({
    ref,
    parent: rt.station.repo.refs.read(ref),
    ident: await committerIdent(rt.station.repo.git),
    message: `keep: ${woId}\n`,
    files,
  });
  await git.run(join(rt.station.layout.tmp, `keep-${woId}.marks`));
}
