import { schedule } from 'node-cron';

/** Stops a schedule. */
export type Stop = () => Promise<void>;

/**
 * Calls `wake` every `seconds` (1 to 59), or every full minute from 60 on. UTC, so that daylight saving cannot skip or double a call,
 * and never two at once. The callback only wakes a loop; the loop does the work.
 */
export function every(seconds: number, wake: () => void): Stop {
  const expression = seconds >= 60 ? '0 * * * * *' : `*/${seconds} * * * * *`;
  // a call missed by a busy loop is no news: the loop looks at everything anyway
  const task = schedule(expression, wake, { timezone: 'Etc/UTC', noOverlap: true, suppressMissedWarning: true });
  return async () => {
    await task.destroy();
  };
}
