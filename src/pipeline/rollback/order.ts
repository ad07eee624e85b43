import { convertedPaths } from '../../git/conversion.ts';
import type { Repository } from '../../git/repository.ts';
import type { TreeChange } from '../../git/snapshot/read.ts';
import { now } from '../../platform/clock.ts';
import { blobText } from './blob-text.ts';

/** Lines of context that no file has: the patch then holds the whole file, and applies to nothing but what was planned on. */
const WHOLE = 1_000_000_000;

/** What the order is called, and why it is there. */
export interface OrderHead {
  readonly woId: string;
  readonly title: string;
  readonly summary: string;
  readonly owner: string;
  readonly tags: readonly string[];
}

/**
 * An order, as JSON, that turns each path from what `from` holds into what `to` holds. Text is changed by a patch with the whole file as its context, so
 * that a change which is committed between plan and start makes the order fail (PATCH_FAILED) and not vanish. Bytes that are no text, and files that git
 * converts, are written whole.
 */
export async function orderOf(
  repo: Repository,
  trees: { readonly from: string; readonly to: string },
  changes: readonly TreeChange[],
  head: OrderHead,
): Promise<Buffer> {
  const converted = await convertedPaths(
    repo,
    changes.map((c) => c.path),
  );
  const actions: Record<string, unknown>[] = [];
  // what goes makes room first: a folder may stand where a file was
  const ordered = [...changes].sort((a, b) => Number(a.after !== null) - Number(b.after !== null));
  for (const change of ordered) actions.push(await actionOf(repo, trees, change, converted.has(change.path)));
  const { woId, title, summary, owner, tags } = head;
  const order = { wo_id: woId, title, summary, type: 'apply_patch', owner, created_at: now(), tags, actions };
  return Buffer.from(`${JSON.stringify(order, null, 2)}\n`, 'utf8');
}

async function actionOf(
  repo: Repository,
  trees: { readonly from: string; readonly to: string },
  { path, before, after }: TreeChange,
  converted: boolean,
): Promise<Record<string, unknown>> {
  const patch = converted || before === null ? null : await wholePatch(repo, trees, path);
  if (patch !== null) return { action: 'patch', patch };
  if (after === null) return { action: 'delete', path };
  const bytes = await blobText(repo, path, after.id, converted);
  const text = bytes.toString('utf8');
  const isText = Buffer.from(text, 'utf8').equals(bytes) && !text.includes('\0');
  return {
    action: 'write',
    path,
    mode: after.mode === '100755' ? '0755' : '0644',
    must_exist: before !== null,
    ...(isText ? { content: text } : { content: bytes.toString('base64'), encoding: 'base64' }),
  };
}

/** Null where a patch cannot say it: no text, or a name that has to be quoted. */
async function wholePatch(
  repo: Repository,
  { from, to }: { readonly from: string; readonly to: string },
  path: string,
): Promise<string | null> {
  if (/[\p{Cc}"\\]/u.test(path)) return null;
  const args = ['--literal-pathspecs', 'diff-tree', '-p', '--no-renames', '--no-ext-diff', '--no-textconv'];
  const bytes = await repo.git.run([...args, `-U${WHOLE}`, '--src-prefix=a/', '--dst-prefix=b/', from, to, '--', path]);
  const text = bytes.toString('utf8');
  const isText = Buffer.from(text, 'utf8').equals(bytes) && !text.includes('\0');
  return isText && /^@@ /m.test(text) && !/^Binary files /m.test(text) ? text : null;
}
