/** Who keeps a service running. */
export type ServiceManagerName = 'launchd' | 'systemd';
/** Of one user, or of the whole machine. */
export type ServiceScope = 'user' | 'system';
/** The two services of a station. */
export const SERVICE_PARTS = ['station', 'guardrail'] as const;
export type ServicePart = (typeof SERVICE_PARTS)[number];

/** One service: what it is called, and the file that a service manager reads. */
export interface Service {
  readonly part: ServicePart;
  /** The label under launchd, the unit under systemd. */
  readonly name: string;
  readonly scope: ServiceScope;
  readonly manager: ServiceManagerName;
  readonly description: string;
  /** Absolute program paths, then arguments. */
  readonly argv: readonly string[];
  readonly workingFolder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly user: string | null;
  /** From SIGTERM to SIGKILL, in seconds. */
  readonly stopSeconds: number;
  /** Where its output goes; null where the service manager keeps it itself (systemd's journal). */
  readonly log: string | null;
  /** Where its file belongs. */
  readonly file: string;
  readonly text: string;
}

/** What a service of a station is called: `com.waybill.<id>.station` or `waybill-<id>-station.service`. */
export function serviceName(stationId: string, part: ServicePart, manager: ServiceManagerName): string {
  return manager === 'launchd' ? `com.waybill.${stationId}.${part}` : `waybill-${stationId}-${part}.service`;
}
