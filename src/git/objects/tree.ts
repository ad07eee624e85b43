import type { Image } from '../../order/change.ts';

/** What a commit holds at a path. */
export interface TreeEntry {
  readonly mode: string;
  readonly type: 'blob' | 'tree' | 'commit';
  readonly id: string;
}

/** Whether a commit holds exactly this image at a path. */
export function isEntry(entry: TreeEntry | undefined, image: Image | null): boolean {
  if (entry === undefined || image === null) return entry === undefined && image === null;
  return entry.type === 'blob' && entry.id === image.blob && entry.mode === image.mode;
}
