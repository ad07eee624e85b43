import { blobs } from '../../git/history.ts';
import type { FileEntry } from '../../git/objects/pack-writer.ts';
import type { Image, ImageChange } from '../../order/change.ts';
import type { OrderLife } from '../../order/life.ts';
import { changedSoFar } from '../../order/mission.ts';
import { isTerminal } from '../../order/transition.ts';
import { journalFolder } from '../../record/journal.ts';
import type { Station } from '../../station/station.ts';

/**
 * What living orders made apart from the root and did not land yet, as entries of the journal: a ref of this machine alone holds it otherwise, and a
 * station that is continued from a backup elsewhere could not go on. With an order's end it goes from the tree again.
 */
export async function heldWork(station: Station, lives: readonly OrderLife[]): Promise<FileEntry[]> {
  const entries: FileEntry[] = [];
  for (const life of lives) {
    const work = workOf(life);
    if (work === null) continue;
    const folder = `${journalFolder(life.born, life.woId)}/work`;
    entries.push({ path: folder, remove: true });
    const sides = [
      ['before', work.map(({ path, before }) => [path, before] as const)],
      ['after', work.map(({ path, after }) => [path, after] as const)],
    ] as const;
    const ids = sides.flatMap(([, images]) => images.flatMap(([, image]) => image?.disk ?? []));
    const there = await blobs(station.repo.git, [...new Set(ids)]);
    const isThere = (image: Image | null): image is Image => image !== null && there.has(image.disk);
    for (const [side, images] of sides)
      for (const [path, image] of images)
        if (isThere(image))
          entries.push({ path: `${folder}/${side}/${path.replace(/^\/+/, '')}`, mode: image.mode, blob: image.disk });
  }
  return entries;
}

/** Null for an order that never had any: its journal needs no look. What holds a secret never gets there. */
function workOf({ status, admitted, mission, executed }: OrderLife): readonly ImageChange[] | null {
  if (admitted?.works !== true) return null;
  if (isTerminal(status) || admitted.secrets !== undefined) return [];
  return executed?.changes ?? changedSoFar(mission?.history ?? []);
}
