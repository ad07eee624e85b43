import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { WaybillError } from '../../order/error.ts';
import { errno, fs, ifThere } from '../../platform/fs.ts';
import { ENTRY } from '../version.ts';

/** What a service runs, found at install time: a service manager knows no shell and has a short PATH, hence the exit code 127. */
export interface Programs {
  /** Absolute. */
  readonly node: string;
  /** The program that node runs, absolute. */
  readonly waybill: string;
  /** The PATH of the service: where node and git stand, then where programs stand by custom. */
  readonly path: string;
}

const CUSTOMARY = ['/opt/homebrew/bin', '/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/**
 * Finds them by this PATH. Node is the one that runs now, under the name that PATH has for it where it has one: a name with a version in it
 * (Homebrew's Cellar) is gone after the next upgrade. Throws PROGRAM_MISSING for what is not there or may not be run.
 */
export function findPrograms(
  path = process.env['PATH'] ?? '',
  running = process.execPath,
  waybill: string = ENTRY,
): Programs {
  const folders = [...path.split(delimiter).filter((folder) => isAbsolute(folder)), ...CUSTOMARY];
  const real = realPath(running);
  const node = folders
    .map((folder) => join(folder, 'node'))
    .find((file) => isExecutable(file) && realPath(file) === real);
  const git = folders.map((folder) => join(folder, 'git')).find(isExecutable);
  if (node === undefined && !isExecutable(running))
    throw missing(running, 'node is not there any more, or may not be run');
  if (git === undefined) throw missing('git', 'no folder of PATH has it');
  if (!isFile(waybill)) throw missing(waybill, 'Waybill is not built', '`npm run build` makes it.');
  const found = node ?? running;
  const own = [dirname(found), dirname(git)];
  const bad = own.find((folder) => folder.includes(delimiter));
  if (bad !== undefined) throw missing(bad, `its name has a ${delimiter} in it, which PATH cannot hold`);
  return { node: found, waybill, path: [...new Set([...own, ...CUSTOMARY])].join(delimiter) };
}

/** The same for who only looks or removes: what is missing does not stop that. `fault` says what it is. */
export function programsAsTheyAre(): { programs: Programs; fault: WaybillError | null } {
  try {
    return { programs: findPrograms(), fault: null };
  } catch (error) {
    if (!(error instanceof WaybillError)) throw error;
    return { programs: { node: process.execPath, waybill: ENTRY, path: CUSTOMARY.join(delimiter) }, fault: error };
  }
}

function missing(program: string, why: string, hint?: string): WaybillError {
  return new WaybillError('PROGRAM_MISSING', `${program}: ${why}`, hint === undefined ? {} : { hint });
}

function realPath(file: string): string | undefined {
  return ifSeen(() => fs.realpathSync(file));
}

function isFile(path: string): boolean {
  return ifSeen(() => fs.statSync(path))?.isFile() === true;
}

function isExecutable(path: string): boolean {
  const stat = ifSeen(() => fs.statSync(path));
  return stat?.isFile() === true && (stat.mode & 0o111) !== 0;
}

/** What this user may not look at is not there for it: PATH may name folders of another one. */
function ifSeen<T>(look: () => T): T | undefined {
  try {
    return ifThere(look);
  } catch (error) {
    if (errno(error) === 'EACCES' || errno(error) === 'ELOOP') return undefined;
    throw error;
  }
}
