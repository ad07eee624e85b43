import { schedule } from 'node-cron';

/** Stops a schedule. */
export type Stop = () => Promise<void>;

/**
 * Calls `wake` every `seconds`: 1 to 59, or whole minutes that divide an hour, at the full minute. UTC, so that daylight saving cannot skip or double a call,
 * and never two at once. The callback only wakes a loop; the loop does the work.
 */
export function every(seconds: number, wake: () => void): Stop {
  const minutes = Math.min(60, Math.floor(seconds / 60));
  const expression =
    minutes === 0 ? `*/${seconds} * * * * *` : minutes === 60 ? '0 0 * * * *' : `0 */${minutes} * * * *`;
  // a call missed by a busy loop is no news: the loop looks at everything anyway
  const task = schedule(expression, wake, { timezone: 'Etc/UTC', noOverlap: true, suppressMissedWarning: true });
  return async () => {
    await task.destroy();
  };
}
