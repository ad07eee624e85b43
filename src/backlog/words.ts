/** Words in which people say that something cannot go on. */
const BLOCKING = /(?<![\p{L}\p{N}_-])(blocked|depends on|waiting for)(?![\p{L}\p{N}_])/giu;
/** Right before one of them, these turn it round. */
const DENIED = /\b(?:not|no longer|never|nothing|none|formerly|previously|isn['’]t|aren['’]t|wasn['’]t) $/i;
/** What is over: "was blocked until May". */
const PAST = /\b(?:was|were|had been|has been|have been) $/i;
/** Behind one of them: it is this item that others wait for. */
const THIS = /^(?: by)? (?:this|it)(?: (?:item|one|task))?(?=\s*(?:$|[.,;:)]|[—–-] ))/i;
const SHOWN = 80;

/** The names of items, as in T-12 or W0-T04. */
const NAME = /^[A-Za-z][\w.]*-[\w.-]*\d[\w.-]*$/;

/** What a text says of what it waits for: the items that it names, and else the words that say so. */
export function waitsFor(text: string): { readonly names: readonly string[]; readonly words: string | null } {
  const names: string[] = [];
  for (const match of text.matchAll(BLOCKING)) {
    const before = text.slice(Math.max(0, match.index - 20), match.index);
    const clause = text.slice(match.index, match.index + 400).split(/[.;](?:\s|$)| [—–-]{1,2} /)[0] ?? '';
    if (DENIED.test(before) || (PAST.test(before) && /\buntil\b/i.test(clause))) continue;
    if (THIS.test(clause.slice(match[0].length))) continue;
    const named = clause
      .slice(match[0].length)
      .replace(/^ (?:by|on)(?= )/i, '')
      .split(/,| and | & /)
      .map((name) => name.replaceAll('`', '').trim());
    if (!named.every((name) => NAME.test(name))) return { names, words: cut(clause.trim()) };
    names.push(...named);
  }
  return { names, words: null };
}

function cut(text: string): string {
  const words = text.replace(/\s+/g, ' ');
  return words.length <= SHOWN ? words : `${words.slice(0, SHOWN - 1).trimEnd()}…`;
}
