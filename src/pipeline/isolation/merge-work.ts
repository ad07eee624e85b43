import { committedContent } from '../../execute/look.ts';
import { convertedPaths, imageOf } from '../../git/conversion.ts';
import { blobBytes } from '../../git/history.ts';
import { mergeOnto } from '../../git/merge.ts';
import { PackWriter } from '../../git/objects/pack-writer.ts';
import type { TreeEntry } from '../../git/objects/tree.ts';
import { committerIdent } from '../../git/repository.ts';
import { type Change, type Content, type ImageChange, isOutside } from '../../order/change.ts';
import { WaybillError } from '../../order/error.ts';
import type { Draft } from '../../record/ledger.ts';
import { fileEntries } from '../build-batch.ts';
import type { Isolated, Job } from '../job.ts';
import { waits } from '../park.ts';
import type { Runtime } from '../runtime.ts';
import { keepJob } from './keep-work.ts';

/** Work as changes to another commit than the one that it was made on. */

interface Work {
  readonly changes: readonly Change[];
  readonly images: readonly ImageChange[];
}

/** The work of a job as changes to another tip, or the paths that do not fit. */
export async function mergeWork(
  rt: Runtime,
  job: Job,
  isolation: Isolated,
  tip: string,
): Promise<Work | { conflict: readonly string[] }> {
  return withCommit(rt, job, isolation.base, async (work) => {
    const merged = await mergeOnto(rt.station.repo, isolation.base, work, tip);
    if (merged.kind === 'conflict') return { conflict: merged.paths };
    return workOn(rt, job, tip, merged.changed);
  });
}

/** Writes the work of a job as a commit on its base, which is held while `use` looks at it, and no longer. */
export async function withCommit<T>(
  rt: Runtime,
  job: Job,
  base: string,
  use: (commit: string) => Promise<T>,
): Promise<T> {
  const { repo, layout } = rt.station;
  const pack = new PackWriter(repo, layout.tmp);
  try {
    const ident = await committerIdent(repo);
    const files = fileEntries(job, pack);
    const commit = await pack.commit({ parent: base, ident, message: `work: ${job.woId}\n`, files });
    await pack.write();
    return await use(commit);
  } finally {
    pack.release();
  }
}

/** The same work as changes to another tip. */
async function workOn(
  rt: Runtime,
  job: Job,
  tip: string,
  changed: ReadonlyMap<string, TreeEntry | null>,
): Promise<Work> {
  const { repo } = rt.station;
  const paths = [...changed.keys()];
  const tree = await repo.trees.entries(tip, paths);
  const converted = await convertedPaths(repo, paths);
  const changes = job.changes.filter(({ path }) => isOutside(path));
  const images = job.images.filter(({ path }) => isOutside(path));
  for (const [path, entry] of changed) {
    const there = tree.get(path);
    const isConverted = converted.has(path);
    const before = there?.type === 'blob' ? await committedContent(repo, path, there, tip, isConverted) : null;
    const after = entry === null ? null : await mergedContent(rt, path, entry, isConverted);
    changes.push({ path, before, after });
    images.push({
      path,
      before: await imageOf(repo, path, before, isConverted),
      after: await imageOf(repo, path, after, isConverted),
    });
  }
  return { changes, images };
}

async function mergedContent(rt: Runtime, path: string, entry: TreeEntry, isConverted: boolean): Promise<Content> {
  const { git } = rt.station.repo;
  if (entry.mode !== '100644' && entry.mode !== '100755')
    throw new WaybillError('PATH_DENIED', `${path} has mode ${entry.mode} in git`);
  const bytes = isConverted
    ? await git.run(['cat-file', '--filters', `--path=${path}`, entry.id])
    : await blobBytes(git, entry.id);
  if (bytes === null) throw new WaybillError('GIT_FAILED', `the merged content of ${path} is gone`);
  return { mode: entry.mode, bytes };
}

/** Whether the same files are changed as before, from what they were before: then it is the same diff. */
export function sameBefore(was: readonly ImageChange[], is: readonly ImageChange[]): boolean {
  const before = new Map(was.map((image) => [image.path, image.before?.disk ?? null]));
  return was.length === is.length && is.every(({ path, before: now }) => before.get(path) === (now?.disk ?? null));
}

/** The record that parks it; by then its work is kept. */
export async function conflictDraft(rt: Runtime, job: Job, what: string): Promise<Draft> {
  await keepJob(rt, job, `it could not land: ${what}`);
  const why = `its work does not fit as it is: ${what}. It is kept: waybill keep show ${job.woId}. Then waybill release ${job.woId} tries again, waybill cancel ${job.woId} ends it`;
  return waits(rt.life(job.woId), { waiting_for: 'hold', until: null, why });
}
