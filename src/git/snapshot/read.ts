import { WaybillError } from '../../order/error.ts';
import type { Git } from '../git.ts';
import { EMPTY_TREE } from '../objects/trees.ts';

/** What is known of a snapshot from its commit alone. */
export interface Snapshot {
  readonly name: string;
  readonly id: string;
  /** ISO-8601. */
  readonly at: string;
  /** The branch that was checked out, or `detached`. */
  readonly branch: string;
  /** The commit that was checked out; null before the first one. */
  readonly head: string | null;
  /** A commit whose tree is the index; null where the index had conflicts. */
  readonly index: string | null;
  readonly why: string;
}

/** All snapshots, newest first. `folder` is the folder of refs, without a slash at its end. */
export async function listSnapshots(git: Git, folder: string): Promise<Snapshot[]> {
  const fields = ['%(refname)', '%(objectname)', '%(committerdate:unix)', '%(contents)'];
  const out = await git.text(['for-each-ref', `--format=${fields.map((f) => `${f}%00`).join('')}`, `${folder}/`]);
  const parts = out.split('\0');
  const found: Snapshot[] = [];
  for (let n = 0; n + fields.length <= parts.length; n += fields.length) {
    const [ref = '', id = '', seconds = '', message = ''] = parts.slice(n, n + fields.length);
    const said = (key: string) => new RegExp(`^${key}: (.*)$`, 'm').exec(message)?.[1] ?? '';
    const commit = (key: string) => (/^[0-9a-f]{40}$/.test(said(key)) ? said(key) : null);
    found.push({
      name: ref.trim().slice(folder.length + 1),
      id,
      at: new Date(Number(seconds) * 1000).toISOString(),
      branch: said('Branch'),
      head: commit('Head'),
      index: commit('Index'),
      why: said('Why'),
    });
  }
  return found.sort((a, b) => (a.at === b.at ? (a.name < b.name ? 1 : -1) : a.at < b.at ? 1 : -1));
}

/** The snapshot of this name. Throws UNKNOWN_SNAPSHOT. */
export async function snapshotNamed(git: Git, folder: string, name: string): Promise<Snapshot> {
  const found = (await listSnapshots(git, folder)).find((s) => s.name === name);
  if (found === undefined) throw new WaybillError('UNKNOWN_SNAPSHOT', `no snapshot ${JSON.stringify(name)} is here`);
  return found;
}

/** One path in which two trees differ; a mode of 000000 is absence. */
export interface TreeChange {
  readonly path: string;
  readonly before: { readonly mode: string; readonly id: string } | null;
  readonly after: { readonly mode: string; readonly id: string } | null;
}

/** What lies between two trees or commits, file by file, without renames. Null stands for a tree without files. */
export async function changesBetween(git: Git, from: string | null, to: string | null): Promise<TreeChange[]> {
  const trees = [from ?? EMPTY_TREE, to ?? EMPTY_TREE];
  const args = ['diff-tree', '-r', '-z', '--no-renames', '--no-abbrev', ...trees];
  const tokens = (await git.run(args)).toString('utf8').split('\0');
  const found: TreeChange[] = [];
  for (let n = 0; n + 1 < tokens.length; n += 2) {
    const [was = '', is = '', before = '', after = ''] = (tokens[n] ?? '').slice(1).split(' ');
    const side = (mode: string, id: string) => (mode === '000000' ? null : { mode, id });
    found.push({ path: tokens[n + 1] ?? '', before: side(was, before), after: side(is, after) });
  }
  return found;
}

/** How many files a snapshot holds that differ from the commit it was taken on, staged or not, and their bytes. */
export async function measure(git: Git, { id, head, index }: Snapshot): Promise<{ files: number; bytes: number }> {
  const changes = await changesBetween(git, head, id);
  const staged = index === null ? [] : await changesBetween(git, head, index);
  const blobs = new Set(
    [...changes, ...staged].flatMap(({ after }) => (after === null || after.mode === '160000' ? [] : [after.id])),
  );
  return {
    files: new Set([...changes, ...staged].map((c) => c.path)).size,
    bytes: [...(await sizesOf(git, [...blobs])).values()].reduce((sum, size) => sum + size, 0),
  };
}

async function sizesOf(git: Git, ids: readonly string[]): Promise<Map<string, number>> {
  if (ids.length === 0) return new Map();
  const input = ids.map((id) => `${id}\n`).join('');
  const out = await git.run(['cat-file', '--batch-check=%(objectname) %(objectsize)'], { input });
  return new Map(
    out
      .toString('latin1')
      .split('\n')
      .flatMap((line): [string, number][] =>
        /^[0-9a-f]{40} \d+$/.test(line) ? [[line.slice(0, 40), Number(line.slice(41))]] : [],
      ),
  );
}

/** Which snapshots hold one of these blobs, in files or in the index, and where. */
export async function snapshotsWith(
  git: Git,
  folder: string,
  blobs: ReadonlySet<string>,
): Promise<{ name: string; paths: string[] }[]> {
  const found: { name: string; paths: string[] }[] = [];
  if (blobs.size === 0) return found;
  for (const { name, id, index } of await listSnapshots(git, folder)) {
    const paths = new Set<string>();
    for (const tree of index === null ? [id] : [id, index])
      for await (const line of git.pieces(['ls-tree', '-r', '-z', '--full-tree', tree], '\0'))
        if (blobs.has(line.slice(12, 52))) paths.add(line.slice(53));
    if (paths.size > 0) found.push({ name, paths: [...paths] });
  }
  return found;
}

/** Deletes a snapshot's ref, where it still is what was shown. Throws GIT_FAILED. */
export async function removeSnapshot(git: Git, folder: string, { name, id }: Snapshot): Promise<void> {
  await git.run(['update-ref', '--no-deref', '-d', `${folder}/${name}`, id]);
}
