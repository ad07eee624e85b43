import { dirname, join } from 'node:path';
import { ensureDir, moveDurable, removeTree, syncDir, writeNew } from '../platform/durable.ts';
import type { Attachment } from './bundle.ts';
import { type ClaimedRequest, insideClaim, MADE_ORDER } from './claim.ts';

/** Claims of bytes that are ours already: from the journal, or from an order of long ago. */

/**
 * Makes a claim of bytes that are already ours (a retry long after the claim folder went). Put together in `scratch` and then moved, so
 * that a kill leaves no half of it. Durable when it returns.
 */
export function reclaim(
  claimed: string,
  scratch: string,
  request: Pick<ClaimedRequest, 'claim' | 'lane' | 'file' | 'bytes' | 'orderFile' | 'attachments'>,
): void {
  const { claim, lane, file, orderFile, attachments } = request;
  const isBundle = orderFile !== null && orderFile !== MADE_ORDER;
  const place = (path: string) =>
    join(scratch, claim, isBundle ? join(insideClaim(lane, file), path) : insideClaim(lane, path));
  for (const { path, bytes } of [{ path: orderFile ?? file, bytes: request.bytes }, ...(attachments ?? [])]) {
    const to = place(path);
    ensureDir(dirname(to));
    writeNew(to, bytes);
    syncDir(dirname(to));
  }
  ensureDir(claimed);
  moveDurable(join(scratch, claim), join(claimed, claim));
}

/** Puts a claim folder back as it was, from the files that the journal kept of it. A kill leaves no half of it; durable when it returns. */
export function returnClaim(claimed: string, scratch: string, claim: string, files: readonly Attachment[]): void {
  const folder = join(scratch, claim);
  removeTree(folder);
  for (const { path, bytes } of files) {
    ensureDir(dirname(join(folder, path)));
    writeNew(join(folder, path), bytes);
  }
  for (const sub of new Set(files.map(({ path }) => dirname(join(folder, path))))) syncDir(sub);
  ensureDir(claimed);
  moveDurable(folder, join(claimed, claim));
}
