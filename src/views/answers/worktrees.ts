import { ownershipOf } from '../../git/worktrees/identity.ts';
import { type Worktree, WorktreeRecords } from '../../git/worktrees/record.ts';
import { sizeOf } from '../../pipeline/isolation/tidy.ts';
import { namesIn } from '../../platform/durable.ts';
import type { Station } from '../../station/station.ts';
import { worktreesFolder } from '../../station/worktrees-folder.ts';

/** The folders in which isolated orders work: what `waybill worktrees --json` prints. */
export interface WorktreesAnswer {
  readonly ok: true;
  readonly folder: string;
  readonly worktrees: readonly (Omit<Worktree, 'state'> & { readonly state: string; readonly bytes: number })[];
  /** Folders that no record speaks of: of a station that was set back, perhaps. */
  readonly unknown: readonly string[];
}

/** The folders in which isolated orders work: what `waybill worktrees --json` prints. */
export function worktreesAnswer(station: Station): WorktreesAnswer {
  const records = new WorktreeRecords(station.layout.live).all();
  const worktrees = records.map((worktree) => ({
    ...worktree,
    state: stateOf(station, worktree),
    bytes: sizeOf(worktree.path),
  }));
  const folder = worktreesFolder(station);
  const unknown = namesIn(folder).filter((name) => !records.some((worktree) => worktree.name === name));
  return { ok: true, folder, worktrees, unknown };
}

function stateOf(station: Station, worktree: Worktree): string {
  if (worktree.state === 'making') return worktree.state;
  const ownership = ownershipOf(station.repo, worktree);
  return ownership === 'changed' ? 'broken' : ownership === 'gone' ? 'gone' : worktree.state.replace('_', ' ');
}
