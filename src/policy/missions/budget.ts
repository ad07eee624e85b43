import type { HistoryEntry, Raise, Reserved, SteppedData, Usage } from '../../order/mission.ts';
import type { BudgetKey } from '../../order/order.ts';
import type { BudgetLimits } from './missions.ts';
import type { MissionRules } from './rules.ts';

/** What a mission used up to now. Tokens, money and seconds only grow; `diff_lines` is what it changes as it is now. */
export interface Spent {
  readonly tokens: number;
  readonly usd: number;
  /** At work: the time in which it waits for people is not among them. */
  readonly seconds: number;
  readonly attempts: number;
  readonly diff_lines: number;
  /** False where a step used nobody knows how much: what was set aside for it counts, if anything was. */
  readonly complete: boolean;
  /** Of what nobody knows all. */
  readonly unknown: readonly ('tokens' | 'usd' | 'seconds')[];
  /** What of the sums was only set aside, because nobody knows what was used. */
  readonly reserved: Readonly<Record<'tokens' | 'usd' | 'seconds', number>>;
}

/** A limit, and what stands against it. */
export interface Exhausted {
  readonly key: BudgetKey;
  readonly limit: number;
  readonly spent: number;
}

/** What the next step wants at most. */
export interface StepWants {
  /** False for what the runner does itself: it uses neither tokens nor money. */
  readonly agent: boolean;
  readonly tokens: number | null;
  readonly usd: number | null;
  readonly seconds: number | null;
}

export type Reservation =
  | { readonly ok: true; readonly reserved: Reserved }
  | { readonly ok: false; readonly exhausted: readonly Exhausted[] };

export const BUDGET_KEYS: readonly BudgetKey[] = ['tokens', 'usd', 'seconds', 'attempts', 'diff_lines'];

/**
 * What a mission may use up: what it says itself (policy has judged that at its start), else what policy gives; then what a person raised. A raise
 * never lowers a limit, and one that is no number from 0 is none.
 */
export function limitsOf(
  rules: Pick<MissionRules, 'budget'>,
  own: BudgetLimits | null,
  raises: readonly Raise[],
): BudgetLimits {
  const limitOf = (key: BudgetKey): number | null => {
    const first = own?.[key] ?? rules.budget[key];
    if (first === null) return null;
    return raises.reduce((most, raise) => Math.max(most, amount(raise[key]) ?? most), first);
  };
  return {
    tokens: limitOf('tokens'),
    usd: limitOf('usd'),
    seconds: limitOf('seconds'),
    attempts: limitOf('attempts'),
    diff_lines: limitOf('diff_lines'),
  };
}

/** The raises in a mission's history, in their order. */
export function raisesOf(history: readonly HistoryEntry[]): Raise[] {
  return history.flatMap((entry) => (entry.kind === 'decided' ? [entry.raise] : []));
}

/**
 * What a mission used, from its history alone: every step counts, also one that failed, was done again, or was lost. Where nobody knows what a step
 * used, what was set aside for it counts, and `complete` is false: unknown is never zero.
 */
export function spentOf(history: readonly HistoryEntry[]): Spent {
  const sum = { tokens: 0, usd: 0, seconds: 0, attempts: 0 };
  const aside = { tokens: 0, usd: 0, seconds: 0 };
  const unknown = new Set<'tokens' | 'usd' | 'seconds'>();
  const add = (key: 'tokens' | 'usd' | 'seconds', used: number | null, reserved: number | null | undefined) => {
    sum[key] += used ?? amount(reserved) ?? 0;
    if (used !== null) return;
    unknown.add(key);
    aside[key] += amount(reserved) ?? 0;
  };
  let diffLines = 0;
  for (const entry of history) {
    if (entry.kind !== 'stepped' && entry.kind !== 'lost') continue;
    sum.attempts++;
    const used = entry.kind === 'lost' ? { tokens: null, usd: null, seconds: null } : usedBy(entry);
    // what the runner does itself uses neither
    if (entry.agent !== null) {
      add('tokens', used.tokens, entry.reserved?.tokens);
      add('usd', used.usd, entry.reserved?.usd);
    }
    add('seconds', used.seconds, entry.reserved?.seconds);
    if (entry.kind === 'stepped') diffLines = amount(entry.diff_lines) ?? diffLines;
  }
  return { ...sum, diff_lines: diffLines, complete: unknown.size === 0, unknown: [...unknown], reserved: aside };
}

/**
 * What the next step may use, set aside before it begins; or the limits that leave nothing for it. Exactly a limit is allowed, more is not; a step
 * of an agent needs something that is left.
 */
export function reserve(limits: BudgetLimits, spent: Spent, wants: StepWants): Reservation {
  const exhausted = BUDGET_KEYS.flatMap((key): Exhausted[] => {
    const limit = limits[key];
    if (limit === null) return [];
    // the step itself is one more; time and an agent's tokens need some that is left
    const isUsed = key === 'seconds' || key === 'attempts' || (wants.agent && (key === 'tokens' || key === 'usd'));
    const isOver = isUsed ? !(spent[key] < limit) : spent[key] > limit;
    return isOver ? [{ key, limit, spent: spent[key] }] : [];
  });
  if (exhausted.length > 0) return { ok: false, exhausted };
  const bound = (key: 'tokens' | 'usd' | 'seconds') => {
    const limit = limits[key];
    const wanted = amount(wants[key]);
    if (limit === null) return wanted;
    return wanted === null ? limit - spent[key] : Math.min(limit - spent[key], wanted);
  };
  return {
    ok: true,
    reserved: {
      tokens: wants.agent ? bound('tokens') : null,
      usd: wants.agent ? bound('usd') : null,
      seconds: bound('seconds'),
    },
  };
}

/** A limit as people read it: `120400 of 100000 tokens`. */
export function exhaustedText({ key, limit, spent }: Exhausted): string {
  const rounded = (n: number) => (key === 'usd' ? n.toFixed(2) : String(Math.round(n)));
  return `${rounded(spent)} of ${rounded(limit)} ${key === 'attempts' ? 'steps' : key.replace('_', ' ')}`;
}

/**
 * Why the usage of a step cannot be counted, where a limit needs it: nobody told, or it is all zeros, or no number that something can be used of.
 * null where it can, where nothing that it would count against is limited, where policy does not require it, and for what the runner does itself.
 */
export function accountingFault(
  rules: Pick<MissionRules, 'requireUsage'>,
  limits: BudgetLimits,
  entry: Pick<SteppedData, 'step' | 'agent' | 'usage'>,
): { readonly code: 'TOKEN_ACCOUNTING_UNAVAILABLE'; readonly why: string } | null {
  if (!rules.requireUsage || entry.agent === null) return null;
  const fault = (what: string, told: string) => ({
    code: 'TOKEN_ACCOUNTING_UNAVAILABLE' as const,
    why: `${entry.step}: ${what} limited, and ${entry.agent} told ${told}`,
  });
  const { tokens, usd } = usedBy({ usage: entry.usage, seconds: 0 });
  if (limits.tokens !== null && tokens === null) return fault('tokens are', 'nothing of what it used');
  if (limits.usd !== null && usd === null) return fault('money is', 'nothing of what it cost');
  return null;
}

/** What a step used; null for what nobody told, or told as something that it cannot be: no agent works with no tokens at all. */
function usedBy({ usage, seconds }: { readonly usage: Usage | null; readonly seconds: number }) {
  const tokens = tokensOf(usage) || null;
  const usd = amount(usage?.usd);
  // some models cost nothing, but they use tokens
  return { tokens, usd: tokens === null && usd === 0 ? null : usd, seconds: amount(seconds) };
}

/** The parts count where they come to more than the sum that was told. */
function tokensOf(usage: Usage | null): number | null {
  if (usage === null) return null;
  const parts = [usage.input, usage.cache_read, usage.cache_write, usage.output].map(amount);
  const told = amount(usage.tokens);
  if (told === null || parts.includes(null)) return null;
  return Math.max(
    told,
    parts.reduce<number>((sum, part) => sum + (part ?? 0), 0),
  );
}

/** A number from 0, and nothing else: no truth value, no text, nothing that is not a number. */
function amount(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
}
