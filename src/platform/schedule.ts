import { createTask, schedule } from 'node-cron';

/** Stops a schedule. */
export type Stop = () => Promise<void>;

/**
 * UTC, so that daylight saving cannot skip or double a call, and never two at once. A call missed by a busy loop is no news: the loop looks at
 * everything anyway.
 */
const OPTIONS = { timezone: 'Etc/UTC', noOverlap: true, suppressMissedWarning: true };

/**
 * Calls `wake` every `seconds`: 1 to 59, or whole minutes that divide an hour, at the full minute.
 * The callback only wakes a loop; the loop does the work.
 */
export function every(seconds: number, wake: () => void): Stop {
  const minutes = Math.min(60, Math.floor(seconds / 60));
  const expression =
    minutes === 0 ? `*/${seconds} * * * * *` : minutes === 60 ? '0 0 * * * *' : `0 */${minutes} * * * *`;
  return atTimesOf(expression, wake);
}

/** Calls `wake` at each time that a cron line names, in UTC. Throws for a line that is none. */
export function atTimesOf(line: string, wake: () => void): Stop {
  const task = schedule(line, wake, OPTIONS);
  return async () => {
    await task.destroy();
  };
}

/** The next time, from now on, that a cron line names, in UTC; null for none. Throws for a line that is none. */
export function nextTimeOf(line: string): Date | null {
  const task = createTask(line, () => {}, OPTIONS);
  try {
    return task.getNextRuns(1)[0] ?? null;
  } finally {
    void task.destroy();
  }
}
