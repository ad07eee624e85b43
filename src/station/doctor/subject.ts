import { join } from 'node:path';
import { locateRepository } from '../../git/repository.ts';
import { asWaybillError, WaybillError } from '../../order/error.ts';
import { fs } from '../../platform/fs.ts';
import { type Layout, layoutOf } from '../layout.ts';
import { locateStation } from '../locate.ts';
import { loadSettings, parseSettings, type Settings } from '../settings.ts';

/** What is looked at: this machine, and a station on it if there is one. */
export interface Subject {
  /** The PATH on which programs are looked for. */
  readonly path: string;
  /** Where the kernel tells of itself. */
  readonly proc: string;
  /** What policy says of a sandbox for commands. */
  readonly sandbox: SandboxWish;
  readonly station: StationSubject | null;
  /** Why there is no station, where one was named or should be here. */
  readonly stationFault: WaybillError | null;
}

/** Whether commands run in a sandbox: in none, where there is one, or not at all without one. */
export type SandboxWish = 'off' | 'prefer' | 'require';

/** A station as far as it can be read: a broken one has much to be told of, too. */
export interface StationSubject {
  readonly root: string;
  /** Null outside of any repository, or where it cannot be found. */
  readonly gitDir: string | null;
  /** The defaults where they cannot be read. */
  readonly settings: Settings;
  readonly settingsFault: WaybillError | null;
  /** With a git dir that is not there where there is none. */
  readonly layout: Layout;
}

/** Finds the station that is named, or the one around `from`; outside of any, the machine alone is the subject. Never throws. */
export async function subjectOf(
  named: string | undefined,
  from = process.cwd(),
  sandbox: SandboxWish = 'off',
): Promise<Subject> {
  const machine = { path: process.env['PATH'] ?? '', proc: '/proc', sandbox };
  const isNamed = [named, process.env['WAYBILL_STATION'], process.env['LUKA_SOT']].some((name) => name);
  try {
    return { ...machine, station: await stationAt(await locateStation(named, from)), stationFault: null };
  } catch (thrown) {
    const error = asWaybillError(thrown);
    return { ...machine, station: null, stationFault: error.code === 'NO_STATION' && !isNamed ? null : error };
  }
}

async function stationAt(root: string): Promise<StationSubject> {
  const here = fs.realpathSync(root);
  const gitDir = await locateRepository(here).then(
    (found) => found?.gitDir ?? null,
    () => null,
  );
  let settings = parseSettings(Buffer.alloc(0));
  let settingsFault: WaybillError | null = null;
  try {
    settings = loadSettings(here);
  } catch (thrown) {
    const error = asWaybillError(thrown);
    settingsFault =
      error.code === 'SETTINGS_INVALID'
        ? error
        : new WaybillError('SETTINGS_INVALID', error.message, { hint: 'Give this user read access to waybill.yaml.' });
  }
  return {
    root: here,
    gitDir,
    settings,
    settingsFault,
    layout: layoutOf(here, gitDir ?? join(here, '.git'), settings),
  };
}
