import pino from 'pino';

export type Log = pino.Logger;

/**
 * The station process's own log, on standard error: for people and service managers, never the record of what happened.
 * Synchronous, so that the last lines before a crash are there.
 */
export function openLog(level: string): Log {
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  );
}
