/** What a text says of a scope: paths, and the words that are none. */
export function scopeOf(text: string): { readonly paths: readonly string[]; readonly words: string | null } {
  const pieces = text
    .split(/[,;]/)
    .map((piece) => piece.replaceAll('`', '').trim())
    .filter((piece) => piece !== '');
  // a part that is no path makes prose of it: half a scope would be a bound that nobody set
  return pieces.every(isScopePath) ? { paths: pieces, words: null } : { paths: [], words: pieces.join(', ') };
}

/** Looks like a path or a pattern below the root: "tests only" does not. */
export function isScopePath(text: string): boolean {
  return (
    !/[\s\p{Cc}\\]/u.test(text) &&
    !/^[/~!]/.test(text) &&
    !text.split('/').includes('..') &&
    text.length <= 1000 &&
    (text.includes('/') || text.includes('*') || /^\.?[^.]+\.[^.]+$|^\.[\w-]+$/.test(text)) &&
    !/^[\w+.-]+:\/\//.test(text)
  );
}

/** The first of two scopes' paths that meet: the same, or one below the other; null where none do. */
export function overlapOf(a: readonly string[], b: readonly string[]): string | null {
  const fixed = b.map(fixedPart);
  return (
    a.find((path) => {
      const own = fixedPart(path);
      return fixed.some((other) => isBelow(own, other) || isBelow(other, own));
    }) ?? null
  );
}

/** The folders of a pattern up to its first wildcard: all that it can match is below them. */
function fixedPart(path: string): string {
  const parts = path
    .normalize('NFC')
    .toLowerCase()
    .split('/')
    .filter((part) => part !== '' && part !== '.');
  const wild = parts.findIndex((part) => /[*?[\]{}()!+@]/.test(part));
  return (wild === -1 ? parts : parts.slice(0, wild)).join('/');
}

function isBelow(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`);
}
