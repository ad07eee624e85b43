import { applySet } from '../order/set/set.ts';
import { changed } from './changed.ts';
import type { Item } from './item.ts';
import { plainKey } from './key.ts';
import { entriesIn } from './read-yaml.ts';

/** What becomes of an entry; `proof` says by whom and what landed. */
export type YamlMark =
  | { readonly status: 'done'; readonly date: string; readonly proof: string }
  | { readonly status: 'in progress' };

/** The text with status, completed_at and evidence of one entry set in place. Throws BACKLOG_CHANGED, SET_FAILED. */
export function markInYaml(text: string, item: Item, mark: YamlMark): string {
  const found = entriesIn(item.place.file, text).entries.find(
    (entry) => plainKey(entry.item.key) === plainKey(item.key),
  );
  if (found === undefined || found.item.text !== item.text) throw changed(item, found?.item);
  const { path } = found;
  const entry = JSON.parse(item.text) as {
    status?: string | null;
    completed_at?: unknown;
    evidence?: string | string[] | null;
  };
  // each vocabulary has words of its own, and one of them is in capitals
  const status = entry.status ?? '';
  const inCapitals = status !== '' && status === status.toUpperCase();
  let bytes: Buffer = Buffer.from(text);
  const set = (key: string, value: unknown) => {
    bytes = applySet(bytes, { action: 'set', path: item.place.file, key: [...path, key], value, format: 'yaml' });
  };
  if (mark.status === 'in progress') set('status', inCapitals ? 'DISPATCHED' : 'in_progress');
  else {
    // what says it already stays as its author wrote it
    const isDone = item.status === 'done';
    if (!isDone) set('status', inCapitals ? 'CLOSED' : 'completed');
    if (!isDone || (entry.completed_at ?? null) === null) set('completed_at', mark.date);
    const { evidence } = entry;
    if (Array.isArray(evidence)) set('evidence', [...evidence, mark.proof]);
    else
      set(
        'evidence',
        typeof evidence === 'string' && evidence.trim() !== '' ? `${evidence}; ${mark.proof}` : mark.proof,
      );
  }
  return bytes.toString('utf8');
}
