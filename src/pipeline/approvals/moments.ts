import type { AskData } from '../../order/event.ts';

/** When people are told again of what waits for them, and when it is over. Times in milliseconds since 1970. */

/** The last reminder comes so long before the end, or after nine tenths of the time where that is less. */
const LAST_REMINDER_MS = 3_600_000;

/** How long before its end an asking is told the last time. */
export function lastCall(askedAt: number, expiresAt: number): number {
  return Math.min(LAST_REMINDER_MS, Math.max(0, expiresAt - askedAt) / 10);
}

/** The next moment at which an asking needs a look after `now`: a reminder, or its end. Null where neither comes. */
export function nextMoment(
  ask: Pick<AskData, 'expires_at'>,
  askedAt: string,
  remindHours: number,
  now: number,
): string | null {
  const asked = Date.parse(askedAt);
  const moments: number[] = [];
  const every = remindHours * 3_600_000;
  if (every > 0) moments.push(asked + (Math.floor(Math.max(0, now - asked) / every) + 1) * every);
  if (ask.expires_at !== null) {
    const end = Date.parse(ask.expires_at);
    moments.push(end - lastCall(asked, end), end);
  }
  const coming = moments.filter((moment) => moment > now);
  if (coming.length === 0) return ask.expires_at;
  return new Date(Math.min(...coming)).toISOString();
}
