/** One text of a file that is replaced by another. */
export interface TextEdit {
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

/**
 * What makes one text of another, as the least that has to stand there for it: the lines that differ, and as many of their neighbours as tell
 * them from the same lines elsewhere. So an edit of one item leaves room for that of another. Null where nothing differs.
 */
export function editOf(before: string, after: string): TextEdit | null {
  if (before === after) return null;
  const [old, made] = [linesOf(before), linesOf(after)];
  const same = (a: number, b: number) => old[a] === made[b];
  let from = 0;
  while (from < Math.min(old.length, made.length) && same(from, from)) from++;
  let below = 0;
  while (below < Math.min(old.length, made.length) - from && same(old.length - 1 - below, made.length - 1 - below))
    below++;
  while (!isOnce(old.slice(from, old.length - below).join(''), before) && (from > 0 || below > 0)) {
    if (from > 0) from--;
    else below--;
  }
  return {
    find: old.slice(from, old.length - below).join(''),
    replace: made.slice(from, made.length - below).join(''),
  };
}

/** Each with its end. */
function linesOf(text: string): string[] {
  return text.split(/(?<=\n)/);
}

function isOnce(part: string, text: string): boolean {
  const at = text.indexOf(part);
  return part !== '' && at !== -1 && text.indexOf(part, at + 1) === -1;
}
