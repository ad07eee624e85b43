/**
 * Where and why a text is no JSON. The engine's own parser names the place for some faults only, and in words that differ
 * between its versions; an author who is to mend line and column needs them always.
 */
export function jsonFault(text: string): { offset: number; what: string } {
  const open: string[] = [];
  let expected: Expected = 'a value';
  for (let at = 0; ; ) {
    const start = pastSpace(text, at);
    const end = text[start] === '"' ? endOfString(text, start) : endOfToken(text, start);
    if (end === null) return { offset: start, what: wording(text, start, expected) };
    const sign = /[{}[\],:"]/.test(text[start] ?? '') ? text[start] : 'scalar';
    const next = after(sign === '"' ? 'string' : (sign ?? 'scalar'), expected, open);
    if (next === null) return { offset: start, what: wording(text, start, expected) };
    expected = next;
    at = end;
  }
}

function pastSpace(text: string, from: number): number {
  let at = from;
  while (/[\t\n\r ]/.test(text.charAt(at))) at++;
  return at;
}

/** The end of a sign, a number or a word that begins here; null where none does. */
function endOfToken(text: string, start: number): number | null {
  const token = /[{}[\],:]|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])|(?:true|false|null)(?!\w)/y;
  token.lastIndex = start;
  return token.test(text) ? token.lastIndex : null;
}

/** The end of a string that begins here, piece by piece: one expression for all of it has no stack left for megabytes of escapes. */
function endOfString(text: string, start: number): number | null {
  const piece = /[^"\\\u0000-\u001f]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
  for (let at = start + 1; ; at = piece.lastIndex) {
    if (text[at] === '"') return at + 1;
    piece.lastIndex = at;
    if (!piece.test(text)) return null;
  }
}

type Expected =
  | 'a value'
  | 'a value or ]'
  | 'a key in double quotes'
  | 'a key in double quotes or }'
  | 'a colon'
  | 'a comma or the end';

/** What may follow this token, or null where it may not stand. */
function after(token: string, expected: Expected, open: string[]): Expected | null {
  const value = expected.startsWith('a value');
  const key = expected.startsWith('a key');
  switch (token) {
    case '{':
    case '[':
      if (!value) return null;
      open.push(token);
      return token === '{' ? 'a key in double quotes or }' : 'a value or ]';
    case '}':
    case ']':
      if (expected !== 'a comma or the end' && !expected.endsWith(token)) return null;
      return open.pop() === (token === '}' ? '{' : '[') ? 'a comma or the end' : null;
    case ',':
      if (expected !== 'a comma or the end' || open.length === 0) return null;
      return open.at(-1) === '{' ? 'a key in double quotes' : 'a value';
    case ':':
      return expected === 'a colon' ? 'a value' : null;
    case 'string':
      return key ? 'a colon' : value ? 'a comma or the end' : null;
    default:
      return value ? 'a comma or the end' : null;
  }
}

function wording(text: string, at: number, expected: Expected): string {
  if (at >= text.length) return `the JSON ends where ${expected} should come`;
  if (text[at] === '"' && expected !== 'a comma or the end' && expected !== 'a colon')
    return 'the text that begins here never ends, or holds a raw control character or a wrong escape';
  const word = /^[\w.+-]{1,20}/.exec(text.slice(at, at + 20))?.[0] ?? String.fromCodePoint(text.codePointAt(at) ?? 0);
  return `${JSON.stringify(word)} stands where ${expected} should come`;
}
