import type { Backlog, Item, Problem } from './item.ts';
import { plainKey, titleKey } from './key.ts';

/**
 * The backlog that several files make together, in their order. An item that stands in YAML and in Markdown, by its id or its title, is the one
 * in YAML, and where the two have another status that is told. Of two in files of one format the first counts, and the other is a problem.
 */
export function combine(files: readonly Backlog[]): Backlog {
  const all = files.flatMap(({ items }) => items);
  const problems: Problem[] = files.flatMap((file) => [...file.problems]);
  const named = new Map<string, Item>();
  const isOther = new Set<Item>();
  const leave = (item: Item, counting: Item) => {
    isOther.add(item);
    if (item.format === counting.format)
      problems.push({
        code: 'SAME_KEY',
        severity: 'unread',
        message: `${item.place.file}:${item.place.line} is the item ${counting.key} of ${whereIs(counting)}: ${JSON.stringify(item.title)}`,
        hint: 'Remove one of the two, or give each an id of its own.',
        place: item.place,
      });
    else if (item.status !== counting.status)
      problems.push({
        code: 'STATUS_DIFFERS',
        severity: 'told',
        message: `${JSON.stringify(item.title)} is ${item.status} here and ${counting.status} in ${whereIs(counting)}, which counts`,
        hint: 'Make both say the same, or keep the item in one file only.',
        place: item.place,
      });
  };
  for (const format of ['yaml', 'markdown'] as const) {
    // first all keys: an id goes before what a title hashes to
    const own = all.filter((item) => item.format === format);
    for (const item of own) {
      const counting =
        named.get(plainKey(item.key)) ?? (format === 'markdown' ? named.get(titleKey(item.title)) : undefined);
      if (counting === undefined) named.set(plainKey(item.key), item);
      else leave(item, counting);
    }
    if (format === 'yaml')
      for (const item of own) {
        const byTitle = titleKey(item.title);
        if (!named.has(byTitle)) named.set(byTitle, item);
      }
  }
  return { items: all.filter((item) => !isOther.has(item)), problems };
}

function whereIs({ place }: Item): string {
  return `${place.file}:${place.line}`;
}
