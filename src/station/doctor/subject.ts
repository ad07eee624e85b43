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
  readonly station: StationSubject | null;
  /** What policy says, as far as the machine has to do with it; null where it cannot be read, or without a station. */
  readonly policy: PolicySubject | null;
  readonly policyFault: WaybillError | null;
  /** The roles of missions; null without a station. */
  readonly agents: AgentsSubject | null;
  /** Why there is no station, where one was named or should be here. */
  readonly stationFault: WaybillError | null;
}

/** A command as policy names it: a line, or a program with its first arguments. */
export type CommandPattern = string | readonly string[];

/** What policy asks of the machine. */
export interface PolicySubject {
  /** Commands that some rule lets run, or asks about. */
  readonly commands: readonly CommandPattern[];
  /** Whether commands need a sandbox. */
  readonly sandbox: 'off' | 'prefer' | 'require';
}

/** Who is to work on missions. */
export interface AgentsSubject {
  /** Each with the programs of its agents. */
  readonly roles: readonly { readonly name: string; readonly programs: readonly string[] }[];
  readonly faults: readonly WaybillError[];
}

/** What is read of a station by layers above this one. */
export interface Readers {
  /** Throws POLICY_INVALID. */
  policy(root: string): PolicySubject;
  /** Never throws. */
  agents(root: string): AgentsSubject;
}

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
export async function subjectOf(named: string | undefined, read: Readers, from = process.cwd()): Promise<Subject> {
  const machine = { path: process.env['PATH'] ?? '', proc: '/proc' };
  const isNamed = [named, process.env['WAYBILL_STATION'], process.env['LUKA_SOT']].some((name) => name);
  try {
    const station = await stationAt(await locateStation(named, from));
    const agents = read.agents(station.root);
    return { ...machine, station, stationFault: null, agents, ...policyAt(station.root, read.policy) };
  } catch (thrown) {
    const error = asWaybillError(thrown);
    const stationFault = error.code === 'NO_STATION' && !isNamed ? null : error;
    return { ...machine, station: null, stationFault, policy: null, policyFault: null, agents: null };
  }
}

function policyAt(root: string, readPolicy: (root: string) => PolicySubject): Pick<Subject, 'policy' | 'policyFault'> {
  try {
    return { policy: readPolicy(root), policyFault: null };
  } catch (thrown) {
    return { policy: null, policyFault: asWaybillError(thrown) };
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
