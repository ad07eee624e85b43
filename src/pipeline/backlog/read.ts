import { join } from 'node:path';
import type { Item, Problem } from '../../backlog/item.ts';
import { readMarkdown } from '../../backlog/read-markdown.ts';
import { readIfThere } from '../../platform/durable.ts';
import type { Station } from '../../station/station.ts';

/** The backlog as its files have it now, whether that is committed or not. */
export interface BacklogFiles {
  readonly items: readonly Item[];
  readonly problems: readonly Problem[];
  /** The text of each file that is there, by its name in settings. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Reads the files that settings name, those that are there. Throws IO_ERROR for one that cannot be read. */
export function readBacklog({ layout, settings }: Pick<Station, 'layout' | 'settings'>): BacklogFiles {
  const found = settings.backlog.files.flatMap((file) => {
    const bytes = readIfThere(join(layout.root, file));
    return bytes === undefined ? [] : [{ file, bytes, backlog: readMarkdown(file, bytes) }];
  });
  return {
    items: found.flatMap(({ backlog }) => backlog.items),
    problems: found.flatMap(({ backlog }) => backlog.problems),
    texts: new Map(found.map(({ file, bytes }) => [file, bytes.toString('utf8')])),
  };
}
