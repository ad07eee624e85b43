/** The names of orders. */

/** Fit for a file name and a ref: letters, digits, dot, dash, underscore; nothing git or a file system gives a meaning of its own. */
export function isGoodId(id: string): boolean {
  return (
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(id) &&
    !id.includes('..') &&
    !/\.(lock|json|\.)?$/i.test(id) &&
    !/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(id)
  );
}

/** The id that an author most likely meant: look-alikes and accents made plain, everything else a dash. Null where nothing is left. */
export function mendedId(id: string): string | null {
  const plain = [...id.normalize('NFKD')].map((c) => LOOK_ALIKES[c] ?? c).join('');
  const mended = plain
    .replace(/\p{Mark}|\p{Default_Ignorable_Code_Point}/gu, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '')
    .slice(0, 100)
    .replace(/[^A-Za-z0-9]+$/, '');
  if (mended === '') return null;
  return isGoodId(mended) ? mended : isGoodId(`WO-${mended}`) ? `WO-${mended}` : null;
}

/** The characters of other scripts that are taken for Latin capitals and small letters most often. */
const LOOK_ALIKES: Readonly<Record<string, string>> = Object.fromEntries(
  [...'АВЕКМНОРСТХІЅЈаеорсухіѕјΑΒΕΖΗΙΚΜΝΟΡΤΥΧο–—−‐‑'].map((c, i) => [
    c,
    [...'ABEKMHOPCTXISJaeopcyxisjABEZHIKMNOPTYXo-----'][i] ?? c,
  ]),
);

/** Names the first character of an id that cannot stand in one, so that a look-alike is seen. */
export function strangeCharacter(id: string): string | null {
  const strange = [...id].find((c) => !/[A-Za-z0-9._-]/.test(c));
  if (strange === undefined) return null;
  const code = (strange.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  const like = LOOK_ALIKES[strange];
  return `${JSON.stringify(strange)} (U+${code})${like === undefined ? '' : `, which looks like ${like} and is not`}`;
}
