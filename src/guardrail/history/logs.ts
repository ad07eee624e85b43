import { basename, isAbsolute, join } from 'node:path';
import { namesIn } from '../../platform/durable.ts';
import { fs, ifThere, statIfThere } from '../../platform/fs.ts';
import { readLinesBackwards } from '../../platform/jsonl.ts';
import { expandHome } from '../../platform/user.ts';
import { namesIt, type Reach, shortened, type Told, type Trace, timeIn } from './trace.ts';

/** Logs in plain text: of rollbacks, and of services. Read from the end, and only so much of each. */

const MOST_BYTES = 16 * 1024 * 1024;
const MOST_LINES = 20;

interface Found {
  readonly at: string;
  readonly text: string;
  readonly where: string;
}

/** Lines of `rollback_*.log` in these folders that name the path: a rollback ran, and spoke of it. Oldest first. */
export function rollbackLogs(folders: readonly string[], path: string, reach: Reach): Told {
  const files = [...new Set(folders)].flatMap((folder) =>
    namesIn(folder)
      .filter((name) => /^rollback_.*\.log$/.test(name))
      .map((name) => join(folder, name)),
  );
  const read = linesIn(files, (line) => namesIt(line, path), reach);
  const traces = read.found.map(
    ({ at, text, where }): Trace => ({ at, source: 'rollback log', kind: 'rollback', effect: null, text, where }),
  );
  return { traces, notRead: read.notRead };
}

const FAILURE = /exit(?:ed)?(?: with)?(?: code| status)?:? 127\b|command not found|no such file/i;

/** Lines of services that could not start or find a program: `path` null for all of them. Oldest first. */
export function serviceLogs(root: string, places: readonly string[], path: string | null, reach: Reach): Told {
  const files = places.flatMap((place) => {
    const at = isAbsolute(expandHome(place)) ? expandHome(place) : join(root, place);
    if (statIfThere(at)?.isDirectory() !== true) return [at];
    return (unlessRefused(() => namesIn(at)) ?? [])
      .filter((name) => /\.(log|err|out)$/.test(name) && !/^(rollback_|guardrail_alerts)/.test(name))
      .map((name) => join(at, name));
  });
  const wanted = (line: string) => FAILURE.test(line) && (path === null || namesIt(line, path, true));
  const read = linesIn(files, wanted, reach);
  const traces = read.found.map(
    ({ at, text, where }): Trace => ({ at, source: 'service log', kind: 'failure', effect: null, text, where }),
  );
  return { traces, notRead: read.notRead };
}

function linesIn(
  files: readonly string[],
  wanted: (line: string) => boolean,
  reach: Reach,
): { found: Found[]; notRead: string[] } {
  const found: Found[] = [];
  const notRead: string[] = [];
  for (const file of files) {
    const stat = unlessRefused(() => statIfThere(file));
    // what was not written to since cannot tell of it
    if (stat === undefined || stat === null || !stat.isFile() || stat.mtimeMs < reach.sinceMs) continue;
    if (reach.budget.isOver) {
      notRead.push(`${file}: no time was left`);
      continue;
    }
    const read = unlessRefused(() => inFile(file, stat.mtime.toISOString(), wanted, reach));
    if (read === null) notRead.push(`${file}: cannot be read`);
    else {
      found.push(...read.found);
      if (read.isCut) notRead.push(`${file}: only its last ${MOST_BYTES / 1024 / 1024} MB, or ${MOST_LINES} lines`);
    }
  }
  return { found: found.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)), notRead };
}

/** A line without a time has that of the next line with one: it was written before that. */
function inFile(file: string, written: string, wanted: (line: string) => boolean, reach: Reach) {
  const found: Found[] = [];
  let at = written;
  let bytes = 0;
  let fromEnd = 0;
  for (const line of readLinesBackwards(file)) {
    fromEnd++;
    bytes += line.length + 1;
    at = timeIn(line) ?? at;
    if (Date.parse(at) < reach.sinceMs) break;
    const isCut = bytes > MOST_BYTES || found.length === MOST_LINES;
    if (isCut) return { found, isCut };
    if (Date.parse(at) > reach.untilMs || !wanted(line)) continue;
    const isOwn = timeIn(line) !== null;
    const text = `${shortened(line)}${isOwn ? '' : ' (a line without a time: not later than this)'}`;
    found.push({ at, text, where: `${basename(file)}, line ${fromEnd} from its end` });
  }
  return { found, isCut: false };
}

function unlessRefused<T>(call: () => T): T | null {
  try {
    return ifThere(call) ?? null;
  } catch {
    return null; // not ours to read
  }
}

/** The file's first bytes as text, for scripts. Null where it cannot be read or is larger than a script. */
export function scriptText(file: string): string | null {
  return unlessRefused(() => (fs.statSync(file).size > 1024 * 1024 ? null : fs.readFileSync(file, 'utf8')));
}
