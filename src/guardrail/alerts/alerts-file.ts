import { dirname } from 'node:path';
import { WaybillError } from '../../order/error.ts';
import { ensureDir, writeAll } from '../../platform/durable.ts';
import { fs, O_APPEND, O_CREAT, O_NONBLOCK, O_RDWR } from '../../platform/fs.ts';
import type { Alert } from '../alert.ts';
import { oneLine } from './batch.ts';

/**
 * Appends the alerts to the alerts file, one line each in the seed's form: `[2025-11-13T23:45:00Z] ALERT: ...`. Its folders are made. One
 * write for all of them, so that several processes may append; synced. Throws what the file system says, and ALERT_FAILED where the path
 * is no file.
 */
export function appendAlerts(path: string, alerts: readonly Alert[]): void {
  ensureDir(dirname(path));
  // a pipe that nobody reads would hold the guardrail up for ever
  const fd = fs.openSync(path, O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK, 0o644);
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile())
      throw new WaybillError('ALERT_FAILED', `the alerts file ${path} is no regular file`, {
        hint: 'Move it away, or name another one as paths.alerts in waybill.yaml.',
      });
    const lines = alerts.map((alert) => `[${alert.at.slice(0, 19)}Z] ${oneLine(alert.text)}\n`).join('');
    writeAll(fd, Buffer.from(`${isTorn(fd, stat.size) ? '\n' : ''}${lines}`, 'utf8'));
    fs.fdatasyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Whether somebody was cut off in the middle of the last line: ours would go on with it. */
function isTorn(fd: number, size: number): boolean {
  const last = Buffer.alloc(1);
  return size > 0 && fs.readSync(fd, last, 0, 1, size - 1) === 1 && last[0] !== 10;
}
