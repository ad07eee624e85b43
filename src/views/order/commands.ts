import { join } from 'node:path';
import { liveOutputs, OUTPUT_FOLDER, type OutputName } from '../../execute/live-output.ts';
import { namesIn } from '../../platform/durable.ts';
import { type Part, partOf } from './part.ts';

/** A command or a check of an order, as it was kept when it had ended. */
export interface CommandRun {
  readonly n: number;
  /** The name of its files, without ending. */
  readonly file: string;
  readonly name: string;
  readonly run: string;
  readonly sandbox: string | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  readonly durationMs: number | null;
  /** The end of each; null where the file is gone, or was not read because there are too many. */
  readonly stdout: Part | null;
  readonly stderr: Part | null;
}

/** Output that is written at this moment. */
export interface RunningOutput {
  readonly n: number;
  readonly name: string;
  readonly output: OutputName | string;
  readonly tail: Part;
}

/** What is shown of one stream. */
const TAIL_BYTES = 32 * 1024;
/** Of so many commands the output is read: the last ones. */
const MOST_READ = 30;
const MOST_ABOUT_BYTES = 64 * 1024;

/** The commands that ended, of a folder of outputs: of a claim, or of evidence. */
export function commandRuns(folder: string): CommandRun[] {
  const files = safeNames(folder)
    .flatMap((name) => /^(\d+-[A-Za-z0-9._-]+)\.json$/.exec(name)?.[1] ?? [])
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  return files.map((file, i) => commandRun(folder, file, files.length - i <= MOST_READ));
}

function commandRun(folder: string, file: string, isRead: boolean): CommandRun {
  const about = objectOf(partOf(join(folder, `${file}.json`), MOST_ABOUT_BYTES)?.text ?? '');
  const text = (key: string) => (typeof about[key] === 'string' ? about[key] : null);
  const number = (key: string) => (typeof about[key] === 'number' ? about[key] : null);
  return {
    n: Number.parseInt(file, 10),
    file,
    name: text('name') ?? file,
    run: text('run') ?? '',
    sandbox: text('sandbox'),
    exitCode: number('exit_code'),
    signal: text('signal'),
    timedOut: about['timed_out'] === true,
    durationMs: number('duration_ms'),
    stdout: isRead ? partOf(join(folder, `${file}.stdout`), TAIL_BYTES, 'tail') : null,
    stderr: isRead ? partOf(join(folder, `${file}.stderr`), TAIL_BYTES, 'tail') : null,
  };
}

/** What commands of a claim say at this moment, without secrets. */
export function commandsNow(claim: string): RunningOutput[] {
  return liveOutputs(join(claim, OUTPUT_FOLDER)).flatMap(({ n, name, output, path }) => {
    const tail = partOf(path, TAIL_BYTES, 'tail');
    return tail === null ? [] : [{ n, name, output, tail }];
  });
}

/** What the agent of a step says at this moment: its raw streams, without secrets. */
export function agentNow(folder: string, n: number, step: string): RunningOutput[] {
  return safeNames(folder)
    .filter((name) => /^stream\.\w{1,20}$/.test(name))
    .sort()
    .flatMap((name) => {
      const tail = partOf(join(folder, name), TAIL_BYTES, 'tail');
      return tail === null || tail.size === 0 ? [] : [{ n, name: step, output: name.slice(7), tail }];
    });
}

/** A folder that is not there, or may not be read, holds nothing to show. */
function safeNames(folder: string): string[] {
  try {
    return namesIn(folder);
  } catch {
    return [];
  }
}

function objectOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
