import type { CheckBox } from './box.ts';
import { changed } from './changed.ts';
import type { Item } from './item.ts';
import { plainKey } from './key.ts';
import { listedIn } from './read-markdown.ts';

/** What an order wrote when it began. */
const BEGUN = / — Started: \d{4}-\d{2}-\d{2}, BL-[\w.-]+(?=[ \t]*$)/;

/** The text with another sign in the item's box, and a mark behind its words. Throws BACKLOG_CHANGED. */
export function markInMarkdown(text: string, item: Item, sign: 'x' | '/', mark: string): string {
  const { lines, listed } = listedIn(item.place.file, text);
  const found = listed.find((candidate) => plainKey(candidate.item.key) === plainKey(item.key));
  if (found === undefined || found.item.text !== item.text) throw changed(item, found?.item);
  const raws = lines.map(({ raw }) => raw);
  // a sign that says it already stays as its author wrote it
  if (sign !== 'x' || item.status !== 'done') raws[found.at] = boxed(raws[found.at] ?? '', found.box, sign);
  // behind the words of the item itself: not between two lines of one sentence, and not on a line of its list of fields
  let end = found.at;
  for (let at = end + 1; at <= found.last; at++) {
    const raw = raws[at] ?? '';
    if (isGoingOn(raw)) end = at;
    else if (raw.trim() !== '') break;
  }
  const words = (raws[end] ?? '').replace(BEGUN, '');
  const body = words.trimEnd();
  raws[end] = `${body} — ${mark}${words.slice(body.length)}`;
  const bom = text.startsWith('\ufeff') ? '\ufeff' : '';
  return bom + raws.map((raw, n) => raw + (lines[n]?.eol ?? '')).join('');
}

function boxed(raw: string, { from, to }: CheckBox, sign: string): string {
  return `${raw.slice(0, from)}[${sign}]${raw.slice(to)}`;
}

/** A line that goes on with the sentence before it: no bullet, no field, no check box. */
function isGoingOn(raw: string): boolean {
  return (
    /^\s+[^\s]/.test(raw) &&
    !/^\s+(?:[-*+]\s|\d{1,9}[.)]\s|\[|`{3}|~{3}|[*_]*[A-Za-z][A-Za-z ]{0,30}[*_]*[:：]|<!--|[>|#])/.test(raw)
  );
}
