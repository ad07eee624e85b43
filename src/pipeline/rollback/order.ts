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
  const patches = await wholePatches(repo, trees);
  const actions: Record<string, unknown>[] = [];
  // what goes makes room first: a folder may stand where a file was
  const ordered = [...changes].sort((a, b) => Number(a.after !== null) - Number(b.after !== null));
  for (const change of ordered) {
    const isConverted = converted.has(change.path);
    const patch = isConverted || change.before === null ? undefined : patches.get(change.path);
    actions.push(patch === undefined ? await actionOf(repo, change, isConverted) : { action: 'patch', patch });
  }
  const { woId, title, summary, owner, tags } = head;
  const order = { wo_id: woId, title, summary, type: 'apply_patch', owner, created_at: now(), tags, actions };
  return Buffer.from(`${JSON.stringify(order, null, 2)}\n`, 'utf8');
}

async function actionOf(
  repo: Repository,
  { path, before, after }: TreeChange,
  converted: boolean,
): Promise<Record<string, unknown>> {
  if (after === null) return { action: 'delete', path };
  const bytes = await blobText(repo, path, after.id, converted);
  const text = asText(bytes);
  return {
    action: 'write',
    path,
    mode: after.mode === '100755' ? '0755' : '0644',
    must_exist: before !== null,
    ...(text === null ? { content: bytes.toString('base64'), encoding: 'base64' } : { content: text }),
  };
}

/** A patch for each path where one can say it: text, and a name that need not be quoted. */
async function wholePatches(
  repo: Repository,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<Map<string, string>> {
  // a file that becomes a link would come as two pieces
  const between = ['diff-tree', '-r', '--no-renames', '--diff-filter=AMD', from, to];
  const options = ['--no-ext-diff', '--no-textconv'];
  const names = (await repo.git.run([...between, '-z', '--name-only'])).toString('utf8').split('\0');
  const prefixes = ['--src-prefix=a/', '--dst-prefix=b/'];
  const all = await repo.git.run([...between, '-p', `-U${WHOLE}`, ...options, ...prefixes]);
  // no line of a file begins so: each has its sign before it
  const pieces = all.toString('latin1').split(/(?<=\n)(?=diff --git )/);
  if (pieces.length !== names.length - 1) return new Map();
  return new Map(
    pieces.flatMap((piece, n): [string, string][] => {
      const [path, text] = [names[n] ?? '', asText(Buffer.from(piece, 'latin1'))];
      const isPlain = text !== null && /^@@ /m.test(text) && !/[\p{Cc}"\\]/u.test(path);
      return isPlain ? [[path, text]] : [];
    }),
  );
}

/** Null for bytes that are no text. */
function asText(bytes: Buffer): string | null {
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) && !text.includes('\0') ? text : null;
}
