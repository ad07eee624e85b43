import type { ServiceManagerName } from './service.ts';

/** What a service manager says of one service. Not loaded; loaded and not running, with how it ended; or running. */
export interface ServiceLook {
  readonly manager: ServiceManagerName;
  readonly loaded: boolean;
  readonly running: boolean;
  readonly pid: number | null;
  /** The exit code of its last run, 128 and the signal's number where a signal ended it; null where none ended yet. */
  readonly lastExit: number | null;
  /** Why it is not running, in words; null where it is. Names 127 as "program not found". */
  readonly why: string | null;
}

export const NOT_LOADED = 'not loaded: no service of that name is known';

/** One look's `why` for a service that is loaded and does not run. */
export function whyStopped(lastExit: number | null): string {
  return lastExit === null ? 'it was never started' : `ended with ${exitMeaning(lastExit)}`;
}

const MEANINGS: Readonly<Record<number, string>> = {
  0: 'a clean stop',
  64: 'wrong usage',
  65: 'bad data: settings or ledger',
  66: 'no such input or station',
  69: 'unavailable, as when another process holds the station',
  70: 'an internal error',
  78: 'a wrong configuration of the service',
  126: 'program cannot be executed',
  127: 'program not found',
};

/** An exit code in words: `127: program not found`. Over 128 it is a signal's. */
export function exitMeaning(code: number): string {
  if (code > 128 && code < 128 + 65) return `${code}: killed by signal ${code - 128}`;
  const meaning = MEANINGS[code];
  return meaning === undefined ? String(code) : `${code}: ${meaning}`;
}
