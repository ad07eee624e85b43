/**
 * A path as the most forgiving file system reads it: two paths that may name one file on some disk come out the same. Capitals, compatible
 * characters (ſ for s, fullwidth), characters that show nothing, and dots and spaces at the end of a name say nothing here. For comparing only.
 */
export function plainPath(path: string): string {
  return path.split('/').map(plainPart).join('/');
}

/** The same for one part of a path. */
export function plainPart(part: string): string {
  return part
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .replace(/[. ]+$/, '')
    .toLowerCase();
}
