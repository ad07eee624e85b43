import { WaybillError } from '../../order/error.ts';
import type { Alert } from '../alert.ts';
import { oneLine, summaryOf } from './batch.ts';
import { ownEnvironment, runSink } from './run-sink.ts';

const TIMEOUT_MS = 10_000;

/** A notification shows a few words; what is longer stands in the alerts file. */
const MOST_CHARACTERS = 400;

/** The texts are arguments of the script, never a part of it (rule 8). */
const APPLE_SCRIPT = ['on run argv', 'display notification (item 2 of argv) with title (item 1 of argv)', 'end run'];

/** The program that shows one notification for all these alerts, and its arguments. Throws ALERT_FAILED where a platform has none. */
export function notificationArgv(platform: string, stationId: string, alerts: readonly Alert[]): string[] {
  const title = `Waybill ${stationId}`;
  const text = shortened(oneLine(summaryOf(alerts)));
  if (platform === 'darwin')
    return ['/usr/bin/osascript', ...APPLE_SCRIPT.flatMap((line) => ['-e', line]), title, text];
  if (platform !== 'linux') throw new WaybillError('ALERT_FAILED', `no notification is known for ${platform}`);
  const isUrgent = alerts.some(({ severity, what }) => severity === 'critical' && !isGoodNews(what));
  // the body is read as markup, and notify-send undoes backslashes in it
  const body = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\\', '\\\\');
  return ['notify-send', '--app-name=Waybill', `--urgency=${isUrgent ? 'critical' : 'normal'}`, '--', title, body];
}

function isGoodNews(what: Alert['what']): boolean {
  return what === 'recovered' || what === 'repaired';
}

function shortened(text: string): string {
  const characters = [...text];
  return characters.length <= MOST_CHARACTERS ? text : `${characters.slice(0, MOST_CHARACTERS).join('')}…`;
}

/** Shows the alerts on the desktop of the user who runs this process. Throws ALERT_FAILED: a service may have no desktop. */
export async function notifyDesktop(
  stationId: string,
  alerts: readonly Alert[],
  root: string,
  signal?: AbortSignal,
): Promise<void> {
  await runSink({
    argv: notificationArgv(process.platform, stationId, alerts),
    cwd: root,
    env: ownEnvironment(),
    timeoutMs: TIMEOUT_MS,
    ...(signal === undefined ? {} : { signal }),
  });
}
