import { dirname } from 'node:path';
import pc from 'picocolors';
import { fs, ifThere } from '../platform/fs.ts';
import { lastLines, readLines } from '../platform/jsonl.ts';
import { watchFolders } from '../platform/watch.ts';
import { plain, print, usage } from './output.ts';
import { stationToRead } from './station.ts';

/** The last telemetry events; with --follow those to come, also across a rotation. With --json the lines as they are. */
export async function tail(
  options: Record<string, unknown> & { readonly station?: string; readonly json?: boolean },
): Promise<void> {
  const { layout } = await stationToRead(options);
  const count = Number(options['lines'] ?? 20);
  if (!Number.isInteger(count) || count < 0) throw usage('-n takes a whole number');
  const show = (line: string) => print(options.json ? line : pretty(line));
  let { size: position, ino } = statOf(layout.telemetry);
  if (count > 0) for (const line of lastLines(layout.telemetry, count)) show(line);
  if (options['follow'] !== true) return;
  const look = () => {
    const now = statOf(layout.telemetry);
    if (now.ino !== ino || now.size < position) [position, ino] = [0, now.ino];
    for (const line of readLines(layout.telemetry, position)) {
      if (!line.whole) break;
      show(line.text);
      position = line.end;
    }
  };
  const watch = watchFolders([dirname(layout.telemetry)], look);
  const timer = setInterval(look, 500);
  await new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  clearInterval(timer);
  await watch.close();
}

function statOf(path: string): { size: number; ino: number } {
  return ifThere(() => fs.statSync(path)) ?? { size: 0, ino: 0 };
}

function pretty(line: string): string {
  try {
    const e = JSON.parse(line) as Record<string, unknown>;
    const mark = e['ok'] === false ? pc.red('!') : pc.green('·');
    const rest = ['code', 'waiting_for', 'why', 'duration_ms']
      .flatMap((k) => (e[k] === undefined ? [] : [`${k}=${String(e[k])}`]))
      .join(' ');
    return `${pc.dim(String(e['ts']))} ${mark} ${String(e['event']).padEnd(16)} ${plain(String(e['wo_id'] ?? ''))} ${pc.dim(plain(rest))}`.trimEnd();
  } catch {
    return plain(line);
  }
}
