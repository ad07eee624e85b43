/**
 * Whether an object of this text, which is valid JSON, has a key twice: JSON.parse takes the last of them and says nothing. A scan, because a
 * parser that remembers places costs a hundred times as much, and is only needed where something is wrong.
 */
export function hasDuplicateKeys(text: string): boolean {
  /** The keys of each object that is open, null for a list. */
  const open: (Set<string> | null)[] = [];
  /** Whether a string that comes now is a key. */
  let isKey = false;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x7b: // {
        open.push(new Set());
        isKey = true;
        break;
      case 0x5b: // [
        open.push(null);
        isKey = false;
        break;
      case 0x7d: // }
      case 0x5d: // ]
        open.pop();
        isKey = false;
        break;
      case 0x2c: // ,
        isKey = open.at(-1) !== null;
        break;
      case 0x22: {
        const end = stringEnd(text, at + 1);
        const keys = open.at(-1);
        if (isKey && keys !== null && keys !== undefined) {
          const raw = text.slice(at, end + 1);
          const key = raw.includes('\\') ? String(JSON.parse(raw)) : raw.slice(1, -1);
          if (keys.has(key)) return true;
          keys.add(key);
        }
        isKey = false;
        at = end;
      }
    }
  }
  return false;
}

/** Where the quote is that ends a string. */
function stringEnd(text: string, from: number): number {
  for (let at = from; ; at++) {
    const quote = text.indexOf('"', at);
    let escapes = 0;
    while (text.charCodeAt(quote - 1 - escapes) === 0x5c) escapes++;
    if (escapes % 2 === 0 || quote === -1) return quote === -1 ? text.length : quote;
    at = quote;
  }
}
