import type { Item, Problem } from '../../backlog/item.ts';
import { readMarkdown } from '../../backlog/read-markdown.ts';
import type { Station } from '../../station/station.ts';
import { readFileBelow } from '../documents/read-documents.ts';

/** The backlog as its files have it. */
export interface BacklogRead {
  /** Those that are there. */
  readonly files: readonly string[];
  readonly items: readonly Item[];
  readonly problems: readonly Problem[];
  readonly notRead: readonly string[];
}

/** Never throws. */
export function readBacklog({ layout, settings }: Station): BacklogRead {
  const files: string[] = [];
  const items: Item[] = [];
  const problems: Problem[] = [];
  const notRead: string[] = [];
  for (const file of settings.backlog.files) {
    const read = readFileBelow(layout.root, file);
    if ('why' in read) {
      if (read.isThere) notRead.push(`${file}: ${read.why}`);
      continue;
    }
    const backlog = readMarkdown(file, read.bytes);
    files.push(file);
    items.push(...backlog.items);
    problems.push(...backlog.problems);
  }
  return { files, items, problems, notRead };
}
