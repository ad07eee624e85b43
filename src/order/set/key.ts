/** What the formats of `set` share. */

/** The way to a value: names, and positions in lists. */
export type Key = readonly (string | number)[];

/** How one format is read and changed. Both throw an Error that says why, in words for the author. */
export interface SetIn {
  /** The value the text holds. */
  readonly read: (text: string) => unknown;
  /** The text with one value changed, and nothing else. */
  readonly set: (text: string, key: Key, value: unknown) => string;
}

/** A position in a list: one that is there, or the next one. */
export function indexIn(step: string | number, length: number): number {
  if (typeof step !== 'number') throw new Error(`${JSON.stringify(step)} is no position in a list`);
  if (step > length) throw new Error(`the list has ${length} entries, so ${step} is no position in it`);
  return step;
}

/** What is put where nothing is yet: the value below the keys that are missing. */
export function nested(key: Key, value: unknown): unknown {
  return key.reduceRight<unknown>((inner, step) => ({ [String(step)]: inner }), value);
}

/** Written with \n, as the rest of the text ends its lines. */
export function withEol(text: string, written: string): string {
  return text.includes('\r\n') ? written.replaceAll('\n', '\r\n') : written;
}

/** One step of indentation, as the text has it; `otherwise` where no line is indented. */
export function indentUnit(text: string, otherwise: string): string {
  return /\n([ \t]+)\S/.exec(text)?.[1] ?? otherwise;
}

/** The white space that begins the line of `at`. */
export function indentOf(text: string, at: number): string {
  return /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', at - 1) + 1, at))?.[0] ?? '';
}
