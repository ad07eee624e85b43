import { readIfThere } from '../platform/durable.ts';
import type { Station } from '../station/station.ts';

/** What a backup was, as `backup.json` and the command line tell it. */
export interface BackupReport {
  readonly v: 1;
  /** Without user and password. */
  readonly to: string;
  readonly at: string;
  /** The journal commit that the other side has now. */
  readonly journal: string;
  /** The newest record in it. */
  readonly seq: number;
  readonly keeps: number;
  /** Of a bundle its size, of a push the size of what was new there; null where git could not tell. */
  readonly bytes: number | null;
  /** `contents`: everything was read back, and the ledger in it checked. `refs`: the other side names the same commits. */
  readonly verified: 'contents' | 'refs';
}

/** Why a backup was not made, as `backup-failure.json` tells it. */
export interface BackupFailure {
  readonly v: 1;
  readonly to: string;
  readonly at: string;
  readonly code: string;
  readonly message: string;
}

/** The last backup that arrived; null for none, or none that can be read. */
export function lastBackup(station: Station): BackupReport | null {
  const value = read(station.layout.backup);
  return has(value, ['to', 'at', 'journal'], ['seq', 'keeps']) ? (value as unknown as BackupReport) : null;
}

/** Why the last try failed; null when it did not. */
export function lastFailure(station: Station): BackupFailure | null {
  const value = read(station.layout.backupFailure);
  return has(value, ['to', 'at', 'code', 'message'], []) ? (value as unknown as BackupFailure) : null;
}

function read(path: string): unknown {
  try {
    return JSON.parse(readIfThere(path)?.toString('utf8') ?? 'null');
  } catch {
    return null;
  }
}

function has(value: unknown, texts: string[], numbers: string[]): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Record<string, unknown>;
  return (
    texts.every((key) => typeof fields[key] === 'string') && numbers.every((key) => typeof fields[key] === 'number')
  );
}
