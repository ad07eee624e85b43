/**
 * Text of others inside a text of ours: between two lines of backticks that are longer than any run of them in it, so that nothing in it ends it.
 */
export function fenced(text: string, language = ''): string {
  let longest = 0;
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return `${fence}${language}\n${text}${text.endsWith('\n') ? '' : '\n'}${fence}`;
}

/**
 * A value as JSON in a fence. What some programs take for the end of a line is written as its number, so that no text in it begins a line.
 */
export function fencedJson(value: unknown): string {
  const text = JSON.stringify(value, null, 2).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return fenced(text, 'json');
}
