import type { Item } from './item.ts';
import { markInMarkdown } from './mark-markdown.ts';
import { markInYaml } from './mark-yaml.ts';

/** The end of an item: the day (YYYY-MM-DD, UTC), the order, and the commits that it landed. */
export interface Done {
  readonly date: string;
  readonly order: string;
  /** Full ids; none where the order changed nothing. */
  readonly commits: readonly string[];
}

/** The begin of an item: the day (YYYY-MM-DD, UTC) and the order. */
export interface Started {
  readonly date: string;
  readonly order: string;
}

/**
 * The text of the item's file with the item done: read again, it has the same key. Nothing else of the text changes; of one that reads done
 * already only the proof is added. Throws BACKLOG_CHANGED
 * where the item is not there any more as it was read, SET_FAILED for YAML that cannot be changed safely.
 */
export function markDone(text: string, item: Item, { date, order, commits }: Done): string {
  const shown = proof(order, commits);
  return item.format === 'yaml'
    ? markInYaml(text, item, { status: 'done', date, proof: shown })
    : markInMarkdown(text, item, 'x', `Done: ${date}, ${shown}`);
}

/** The same with the item in progress. */
export function markStarted(text: string, item: Item, { date, order }: Started): string {
  return item.format === 'yaml'
    ? markInYaml(text, item, { status: 'in progress' })
    : markInMarkdown(text, item, '/', `Started: ${date}, ${order}`);
}

/** Whether what the file has of an item names this order already: who marked it, and with what. */
export function namesOrder({ text }: Item, woId: string): boolean {
  const plain = text.toLowerCase();
  const name = woId.toLowerCase();
  for (let at = plain.indexOf(name); at !== -1; at = plain.indexOf(name, at + 1))
    if (!/[\w.-]$/.test(plain.slice(0, at)) && !/^(?:[\w-]|\.\w)/.test(plain.slice(at + name.length))) return true;
  return false;
}

/** As much of a commit's id as names it among those of one repository. */
const SHOWN = 12;

/** What landed and by whom, in one line. */
function proof(order: string, commits: readonly string[]): string {
  const names = commits.map((id) => id.slice(0, SHOWN));
  return names.length === 0 ? order : `commit${names.length === 1 ? '' : 's'} ${names.join(' ')}, ${order}`;
}
