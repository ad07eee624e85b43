import type { ObjectReader } from '../../git/objects/object-reader.ts';
import { entryNamed } from '../../git/objects/tree-bytes.ts';
import { isOutside } from '../../order/change.ts';
import type { OrderLife } from '../../order/life.ts';

/** What an order's commit must hold at a path: a digest in hex digits, or nothing. */
export interface CheckedPath {
  readonly path: string;
  readonly wanted: string | null;
}

/** What must be in the commit of an order, by its receipt. Converted files have other bytes in git, and files outside have none there. */
export function checkedPaths(life: OrderLife, receipt: Buffer): CheckedPath[] {
  const subjects = subjectsOf(receipt);
  return (life.landing?.changes ?? []).flatMap(({ path, after }) =>
    isOutside(path) || (after !== null && after.blob !== after.disk)
      ? []
      : [{ path, wanted: after === null ? null : (subjects.get(path) ?? 'no subject of the receipt') }],
  );
}

function subjectsOf(receipt: Buffer): Map<string, string> {
  try {
    const value = JSON.parse(receipt.toString('utf8')) as {
      subject?: { name?: string; digest?: { sha256?: string } }[];
    };
    return new Map((value.subject ?? []).map((s) => [s.name ?? '', s.digest?.sha256 ?? '']));
  } catch {
    return new Map();
  }
}

/** The digest of the file at a path below a tree, null where there is none, and words where it cannot be told. */
export async function digestAt(reader: ObjectReader, tree: string, path: string): Promise<string | null> {
  let id = tree;
  for (const name of path.split('/')) {
    const found = await reader.read(id);
    if (found.kind === 'blob') return null;
    if (found.kind !== 'tree') return found.kind;
    const entry = entryNamed(found.bytes, name);
    if (entry === null) return null;
    // a folder or another repository is no file
    id = entry.id;
    if (entry.type === 'commit') return null;
  }
  const found = await reader.read(id);
  return found.kind === 'blob' ? found.sha256 : found.kind === 'tree' ? null : found.kind;
}
