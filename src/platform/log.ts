import pino from 'pino';

export type Log = pino.Logger;

/**
 * The station process's own log, on standard error: for people and service managers, never the record of what happened.
 * Synchronous, so that the last lines before a crash are there. `clean` takes out of each line what a log may not hold.
 */
export function openLog(level: string, clean?: (line: string) => string): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      ...(clean === undefined ? {} : { hooks: { streamWrite: clean } }),
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
