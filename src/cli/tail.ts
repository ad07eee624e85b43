import { readLinesBackwards } from '../platform/jsonl.ts';
import { turnedFiles } from '../platform/turned-files.ts';
import { timeOption } from '../views/time-option.ts';
import { note, print, usage } from './output.ts';
import { stationToRead } from './station.ts';
import { stopSignal } from './stop-signal.ts';
import { cutStyled, terminalColumns } from './terminal/columns.ts';
import { readTelemetry, telemetryText } from './terminal/telemetry-line.ts';

const LINES = 20;

type Options = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };
type Wanted = (line: string) => boolean;

/** The last telemetry events; with --follow those to come, also across a rotation. With --json the lines as they are. */
export async function tail(options: Options): Promise<void> {
  const since = timeOption('--since', options['since']);
  if (since?.guess != null) note(`--since: ${since.guess}`);
  const count = Number(options['lines'] ?? (since === null ? LINES : Number.POSITIVE_INFINITY));
  if (!(Number.isInteger(count) || count === Number.POSITIVE_INFINITY) || count < 0)
    throw usage('-n takes a whole number');
  const wanted = wantedOf(options);
  const { telemetry } = (await stationToRead(options)).layout;
  const show = (line: string) => {
    if (!wanted(line)) return;
    const columns = options.json ? null : terminalColumns();
    print(options.json ? line : cutStyled(telemetryText(line, columns !== null), columns));
  };
  if (options['follow'] !== true) {
    const found = lastWanted(telemetry, count, since?.ms ?? null, wanted);
    for (const line of found) show(line);
    // silence would be taken for "nothing happened"
    if (found.length === 0 && count > 0) note(nothingText(telemetry));
    return;
  }
  // only what follows needs a watcher
  const { FollowedFile } = await import('./watch/followed-file.ts');
  const signal = stopSignal();
  const followed = new FollowedFile(telemetry, show);
  for (const line of lastWanted(telemetry, count, since?.ms ?? null, wanted, followed.position)) show(line);
  await followed.follow(signal);
}

/** Why nothing was found. */
function nothingText(telemetry: string): string {
  for (const file of [telemetry, ...turnedFiles(telemetry)])
    for (const line of readLinesBackwards(file)) if (line !== '') return 'no line of telemetry is like that';
  return 'there is no telemetry yet: a station writes it as it works; `waybill up` starts one';
}

/** Throws USAGE. */
function wantedOf(options: Options): Wanted {
  const events = namesIn(options['event'])?.map((name) => name.replace(/^wo_/, ''));
  const [lanes, orders] = [namesIn(options['lane']), namesIn(options['order'])?.map((id) => id.toLowerCase())];
  const failures = options['failures'] === true;
  if (events === undefined && lanes === undefined && orders === undefined && !failures) return () => true;
  return (line) => {
    const told = readTelemetry(line);
    if (told === null) return false;
    return (
      (events === undefined || events.includes(String(told['event']).replace(/^wo_/, ''))) &&
      (lanes === undefined || lanes.includes(String(told['lane']))) &&
      (orders === undefined || orders.includes(String(told['wo_id']).toLowerCase())) &&
      (!failures || told['ok'] === false)
    );
  };
}

function namesIn(given: unknown): string[] | undefined {
  return given === undefined
    ? undefined
    : String(given)
        .split(',')
        .map((name) => name.trim());
}

/** The last lines that are wanted, oldest first, from the files of before a turn too, and not from before `sinceMs`. */
function lastWanted(path: string, count: number, sinceMs: number | null, wanted: Wanted, upTo?: number): string[] {
  const found: string[] = [];
  for (const file of [path, ...turnedFiles(path)]) {
    for (const line of readLinesBackwards(file, file === path ? upTo : undefined)) {
      if (found.length >= count) return found.reverse();
      if (sinceMs !== null && Date.parse(String(readTelemetry(line)?.['ts'])) < sinceMs) return found.reverse();
      if (wanted(line)) found.push(line);
    }
  }
  return found.reverse();
}
