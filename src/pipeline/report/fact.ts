import { homedir, tmpdir } from 'node:os';
import { asWaybillError } from '../../order/error.ts';
import type { RuntimeFacts } from '../../order/generated.ts';

/** One thing that was measured, and how; null, with the reason, where there is nothing to tell. */
export interface Fact<T> {
  value: T | null;
  how: string;
  why?: string;
}

/** What a measurement may say when there is nothing to measure: no fault. */
export class Absent {
  readonly why: string;

  constructor(why: string) {
    this.why = why;
  }
}

/** Facts that could not be measured, by name, with the reason. */
export type Unmeasured = Map<keyof RuntimeFacts, string>;

/** Measures. Never throws: what could not be measured is null with the reason, never guessed, and stands in `unmeasured`. */
export async function measured<T>(
  name: keyof RuntimeFacts,
  how: string,
  unmeasured: Unmeasured,
  measure: () => T | Absent | Promise<T | Absent>,
): Promise<Fact<T>> {
  try {
    const value = await measure();
    return value instanceof Absent ? { value: null, how, why: value.why } : { value, how };
  } catch (thrown) {
    const why = asWaybillError(thrown).message || 'it failed without a word';
    unmeasured.set(name, why);
    return { value: null, how, why };
  }
}

/** An absolute path of two folders or more, and not a part of a URL or of another path. */
const ABSOLUTE = /(?<![\w.~…:/\\-])(?:\/[\w.@+~%-]+)+\/([\w.@+~%-]*)/g;

/** The value with no absolute path in any of its texts: they tell of somebody's machine, and mean nothing on another. */
export function withoutPlaces<T>(value: T, root: string): T {
  const places = [
    [root, '.'],
    [homedir(), '~'],
    [tmpdir(), '…'],
  ] as const;
  const clean = (text: string): string => {
    let short = text;
    for (const [place, word] of places) if (place.length > 1) short = short.replaceAll(place, word);
    return short.replace(ABSOLUTE, '…/$1');
  };
  const walk = (inner: unknown): unknown => {
    if (typeof inner === 'string') return clean(inner);
    if (Array.isArray(inner)) return inner.map(walk);
    if (typeof inner !== 'object' || inner === null) return inner;
    return Object.fromEntries(Object.entries(inner).map(([key, next]) => [key, walk(next)]));
  };
  return walk(value) as T;
}
