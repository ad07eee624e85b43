import { appendShared } from '../../platform/jsonl.ts';
import type { Alert } from '../alert.ts';
import { oneLine } from './batch.ts';

/**
 * Appends the alerts to the alerts file, one line each in the seed's form: `[2025-11-13T23:45:00Z] ALERT: ...`. Its folders are made. One
 * write for all of them, so that several processes may append; synced. Throws what the file system says, and IO_ERROR where the path is no
 * file.
 */
export function appendAlerts(path: string, alerts: readonly Alert[]): void {
  const lines = alerts.map((alert) => `[${alert.at.slice(0, 19)}Z] ${oneLine(alert.text)}`);
  appendShared(path, lines, true);
}
