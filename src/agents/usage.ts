import type { Usage } from '../order/mission.ts';

/** Figures as an agent told them; what it did not tell is null. */
export interface ToldTokens {
  readonly input: number | null;
  readonly output: number | null;
  readonly thought: number | null;
  readonly cacheRead: number | null;
  readonly cacheWrite: number | null;
  /** All together, by its own count. */
  readonly total: number | null;
}

/**
 * One form for figures that agents count differently: some have what a cache held in `input`, some have what was thought in `output`. The total
 * tells which, where there is one; else everything counts by itself, so that a limit is never passed unseen. null for nothing, or all zero.
 */
export function usageOf(told: ToldTokens, usd: number | null): Usage | null {
  const known = Object.values(told) as (number | null)[];
  if (known.some((n) => n !== null && !(Number.isSafeInteger(n) && n >= 0))) return null;
  const [cacheRead, cacheWrite] = [told.cacheRead ?? 0, told.cacheWrite ?? 0];
  const cached = cacheRead + cacheWrite;
  const thought = told.thought ?? 0;
  let [input, output] = [told.input ?? 0, told.output ?? 0];
  if (told.total === input + output + thought && cached > 0 && cached <= input) {
    input -= cached;
    output += thought;
  } else if (told.total === input + output && (cached > 0 || thought > 0) && cached <= input) input -= cached;
  else if (told.total !== input + output + cached) output += thought;
  const counted = input + cached + output;
  const tokens = Math.max(counted, told.total ?? 0);
  if (tokens === 0) return null;
  // what the parts don't explain is somewhere: as input, it is at least counted
  input += tokens - counted;
  return { input, cache_read: cacheRead, cache_write: cacheWrite, output, tokens, usd };
}

/** All parts together; null where there is none, or one is unknown; money is null where that of one is unknown. */
export function sumOf(parts: readonly (Usage | null)[]): Usage | null {
  const known = parts.filter((part) => part !== null);
  if (known.length === 0 || known.length < parts.length) return null;
  return known.reduce((sum, part) => ({
    input: sum.input + part.input,
    cache_read: sum.cache_read + part.cache_read,
    cache_write: sum.cache_write + part.cache_write,
    output: sum.output + part.output,
    tokens: sum.tokens + part.tokens,
    usd: sum.usd === null || part.usd === null ? null : sum.usd + part.usd,
  }));
}

/** Money as an agent told it; null where it is none. */
export function dollars(amount: unknown): number | null {
  return typeof amount === 'number' && Number.isFinite(amount) && amount >= 0 ? amount : null;
}
