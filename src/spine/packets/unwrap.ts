/**
 * Takes a Markdown fence off that is the whole file: many models cannot write JSON without one. Between its two lines stands the document, whole
 * and untouched, so nothing is picked out of anything; with a word before or after the fence it stays as it is, and is no JSON. The first line
 * is emptied and not removed, so that lines are counted as the agent wrote them.
 */
export function unwrapped(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1');
  // no more than a short line is looked at: a long one of blanks would cost the square of its length
  const opening = /^(?:\xef\xbb\xbf)?[ \t\r\n]{0,100}(`{3,20}|~{3,20})[ \t]{0,20}(?:json|JSON)?[ \t\r]{0,20}\n/.exec(
    text.slice(0, 300),
  );
  const fence = opening?.[1];
  if (opening === null || fence === undefined) return bytes;
  const end = /\r?\n([`~]{3,20})[ \t\r\n]{0,100}$/.exec(text.slice(-1000));
  const closing = end?.[1];
  if (end === null || closing === undefined || !isSameFence(closing, fence)) return bytes;
  const tail = Math.min(text.length, 1000) - end.index;
  const body = text.slice(opening[0].length, text.length - tail);
  const blank = '\n'.repeat(opening[0].split('\n').length - 1);
  return Buffer.from(blank + body, 'latin1');
}

/** As Markdown has it: of the same sign, and at least as long. */
function isSameFence(closing: string, fence: string): boolean {
  return closing[0] === fence[0] && closing.length >= fence.length && new Set(closing).size === 1;
}
