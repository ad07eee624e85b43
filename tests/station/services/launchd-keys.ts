import type { Parsed } from '../../support/property-list.ts';

/** What a value may be. */
type Kind = 'string' | 'integer' | 'boolean' | 'strings' | 'string dict' | 'integer dict' | 'dict' | 'any';

/** The keys of launchd.plist(5) of macOS 14, with their types. */
const KEYS: Readonly<Record<string, readonly Kind[]>> = {
  Label: ['string'],
  Disabled: ['boolean'],
  UserName: ['string'],
  GroupName: ['string'],
  inetdCompatibility: ['dict'],
  LimitLoadToHosts: ['strings'],
  LimitLoadFromHosts: ['strings'],
  LimitLoadToSessionType: ['string', 'strings'],
  LimitLoadToHardware: ['dict'],
  LimitLoadFromHardware: ['dict'],
  Program: ['string'],
  BundleProgram: ['string'],
  ProgramArguments: ['strings'],
  EnableGlobbing: ['boolean'],
  EnableTransactions: ['boolean'],
  EnablePressuredExit: ['boolean'],
  OnDemand: ['boolean'],
  ServiceIPC: ['boolean'],
  KeepAlive: ['boolean', 'dict'],
  RunAtLoad: ['boolean'],
  RootDirectory: ['string'],
  WorkingDirectory: ['string'],
  EnvironmentVariables: ['string dict'],
  Umask: ['integer', 'string'],
  TimeOut: ['integer'],
  ExitTimeOut: ['integer'],
  ThrottleInterval: ['integer'],
  InitGroups: ['boolean'],
  WatchPaths: ['strings'],
  QueueDirectories: ['strings'],
  StartOnMount: ['boolean'],
  StartInterval: ['integer'],
  StartCalendarInterval: ['integer dict', 'any'],
  StandardInPath: ['string'],
  StandardOutPath: ['string'],
  StandardErrorPath: ['string'],
  Debug: ['boolean'],
  WaitForDebugger: ['boolean'],
  SoftResourceLimits: ['integer dict'],
  HardResourceLimits: ['integer dict'],
  Nice: ['integer'],
  ProcessType: ['string'],
  AbandonProcessGroup: ['boolean'],
  LowPriorityIO: ['boolean'],
  LowPriorityBackgroundIO: ['boolean'],
  MaterializeDatalessFiles: ['boolean'],
  LaunchOnlyOnce: ['boolean'],
  MachServices: ['dict'],
  Sockets: ['dict'],
  LaunchEvents: ['dict'],
  HopefullyExitsLast: ['boolean'],
  HopefullyExitsFirst: ['boolean'],
  SessionCreate: ['boolean'],
  LegacyTimers: ['boolean'],
  AssociatedBundleIdentifiers: ['string', 'strings'],
};

/** The keys of KeepAlive, where it is a dictionary. */
const KEEP_ALIVE: Readonly<Record<string, readonly Kind[]>> = {
  SuccessfulExit: ['boolean'],
  NetworkState: ['boolean'],
  PathState: ['dict'],
  OtherJobEnabled: ['dict'],
  Crashed: ['boolean'],
  AfterInitialDemand: ['boolean'],
};

/** What launchd.plist(5) has against a property list: unknown keys, wrong types, no Label, no program, paths that are not absolute. */
export function launchdFaults(value: Parsed): string[] {
  if (!isDict(value)) return ['not a dictionary'];
  const faults = [...keyFaults(value, KEYS, '')];
  const keepAlive = value['KeepAlive'];
  if (keepAlive !== undefined && isDict(keepAlive)) faults.push(...keyFaults(keepAlive, KEEP_ALIVE, 'KeepAlive.'));
  if (typeof value['Label'] !== 'string') faults.push('no Label');
  const argv = value['ProgramArguments'];
  if (!Array.isArray(argv) || argv.length === 0) faults.push('no ProgramArguments');
  else if (!isAbsolute(argv[0])) faults.push('the program is no absolute path');
  for (const key of ['WorkingDirectory', 'StandardOutPath', 'StandardErrorPath'])
    if (value[key] !== undefined && !isAbsolute(value[key])) faults.push(`${key} is no absolute path`);
  return faults;
}

function keyFaults(dict: { [key: string]: Parsed }, known: typeof KEYS, prefix: string): string[] {
  return Object.entries(dict).flatMap(([key, value]) => {
    const kinds = known[key];
    if (kinds === undefined) return [`unknown key ${prefix}${key}`];
    return kinds.some((kind) => isKind(value, kind)) ? [] : [`${prefix}${key} is no ${kinds.join(' or ')}`];
  });
}

function isKind(value: Parsed, kind: Kind): boolean {
  if (kind === 'any') return true;
  if (kind === 'string' || kind === 'boolean') return typeof value === kind;
  if (kind === 'integer') return typeof value === 'number' && Number.isInteger(value);
  if (kind === 'strings') return Array.isArray(value) && value.every((v) => typeof v === 'string');
  if (!isDict(value)) return false;
  if (kind === 'dict') return true;
  return Object.values(value).every((v) => isKind(v, kind === 'string dict' ? 'string' : 'integer'));
}

function isDict(value: Parsed): value is { [key: string]: Parsed } {
  return typeof value === 'object' && !Array.isArray(value);
}

function isAbsolute(value: Parsed | undefined): boolean {
  return typeof value === 'string' && value.startsWith('/');
}
