import type { Place, Reach } from './needs.ts';

/** Devices that programs write to without harm. */
const DEVICES = ['/dev/null', '/dev/zero', '/dev/tty', '/dev/stdout', '/dev/stderr', '/dev/ptmx'];

/** The command line that runs a program under a profile of macOS. `temporary`: folders for temporary files, which are not its own there. */
export function seatbeltArgv(
  program: string,
  argv: readonly string[],
  reach: Reach,
  temporary: readonly string[],
): string[] {
  return [program, '-p', seatbeltProfile(reach, temporary), ...argv];
}

/** The profile. Of the rules that match, the last decides. */
export function seatbeltProfile({ places, network }: Reach, temporary: readonly string[]): string {
  const devices = DEVICES.map((path) => `(literal ${quoted(path)})`).join(' ');
  return [
    '(version 1)',
    '(allow default)',
    // these would have somebody outside start programs for it
    ...['(deny appleevent-send)', '(deny lsopen)', '(deny job-creation)'],
    ...['(deny signal)', '(allow signal (target same-sandbox))'],
    '(deny file-write*)',
    `(allow file-write* ${devices} (subpath "/dev/fd"))`,
    ...temporary.map((path) => `(allow file-write* (subpath ${quoted(path)}))`),
    ...places.flatMap(rules),
    ...(network ? [] : ['(deny network*)']),
    '',
  ].join('\n');
}

function rules({ path, access }: Place): string[] {
  const within = `(subpath ${quoted(path)})`;
  if (access === 'hidden') return [`(deny file-read* file-write* ${within})`];
  if (access === 'writable') return [`(allow file-read* file-write* ${within})`];
  return [`(allow file-read* ${within})`, `(deny file-write* ${within})`];
}

/** As a string of the profile's language, a Scheme: there only quote and backslash mean something. */
function quoted(path: string): string {
  return `"${path.replace(/["\\]/g, '\\$&')}"`;
}
