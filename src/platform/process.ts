import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { execa } from 'execa';
import type { ByteFilter } from '../order/secrets/redactor.ts';
import { type CappedOutput, capped, type OnKept } from './capped-output.ts';
import { listenTo } from './listen.ts';
import { programName, startTimeOf, withEnvironment } from './processes.ts';

/** Starting programs. The only file that does. Nothing here goes through a shell unless the caller names one in argv. */

export type Environment = Readonly<Record<string, string>>;

export interface ToolResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
  /** The signal that ended it, or null. */
  readonly killedBy: string | null;
  /** Why it was ended before its time, with everything that it had started. */
  readonly cut?: 'time' | 'signal';
}

/** Bounds on a tool that talks to a network. Where one is given the tool has a process group of its own, and no terminal to ask at. */
export interface ToolLimits {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Between TERM and KILL for a tool that took too long. */
const TOOL_GRACE_MS = 1000;

/** Runs one of our own tools (git) to its end, with exactly this environment, and returns all it said. Never throws for an exit code. */
export async function runTool(
  argv: readonly string[],
  options: { cwd: string; env: Environment; input?: string | Uint8Array } & ToolLimits,
): Promise<ToolResult> {
  const [file = '', ...args] = argv;
  const limited = options.timeoutMs !== undefined || options.signal !== undefined;
  const child = execa(file, args, {
    cwd: options.cwd,
    env: { ...options.env },
    extendEnv: false,
    reject: false,
    encoding: 'buffer',
    stripFinalNewline: false,
    maxBuffer: 1024 * 1024 * 1024,
    ...(limited ? { detached: true } : {}),
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
  });
  const bounds = limited ? bounded(child.pid, options) : null;
  const result = await child;
  const cut = bounds?.end() ?? null;
  return {
    ...(cut === null ? {} : { cut }),
    exitCode: result.exitCode ?? 127,
    stdout: Buffer.from(result.stdout as Uint8Array),
    stderr:
      Buffer.from((result.stderr as Uint8Array | undefined) ?? []).toString('utf8') ||
      (result.exitCode === undefined ? (result.shortMessage ?? '') : ''),
    killedBy: result.signal ?? null,
  };
}

/** Ends a tool's whole group when its time is over or the signal comes: git's own helpers (ssh, curl) would hold its pipes open. */
function bounded(pid: number | undefined, limits: ToolLimits): { end(): 'time' | 'signal' | null } {
  let cut: 'time' | 'signal' | null = null;
  let killing: NodeJS.Timeout | undefined;
  const stop = (why: 'time' | 'signal') => {
    if (pid === undefined || cut !== null) return;
    cut = why;
    signalGroup(pid, 'SIGTERM');
    killing = setTimeout(() => signalGroup(pid, 'SIGKILL'), TOOL_GRACE_MS);
  };
  const abort = () => stop('signal');
  const timer = limits.timeoutMs === undefined ? undefined : setTimeout(() => stop('time'), limits.timeoutMs);
  limits.signal?.addEventListener('abort', abort, { once: true });
  if (limits.signal?.aborted === true) abort();
  return {
    end: () => {
      clearTimeout(timer);
      clearTimeout(killing);
      limits.signal?.removeEventListener('abort', abort);
      return cut;
    },
  };
}

/** A tool that stays: we say something, it answers. It must end by itself when its input ends (also when we are killed). */
export interface Conversation {
  say(text: string | Uint8Array): void;
  /** What it says up to the next `end`, a newline unless told; null at the end of its output. */
  hear(end?: string): Promise<string | null>;
  /** So many bytes; null where its output ends before. */
  hearBytes(count: number): Promise<Buffer | null>;
  /** Ends its input and waits for it; what it still says is not heard. */
  end(): Promise<{ exitCode: number; stderr: string }>;
}

/** Starts one. While nobody listens it does not keep this process alive. */
export function startConversation(argv: readonly string[], options: { cwd: string; env: Environment }): Conversation {
  const [file = '', ...args] = argv;
  const child = execa(file, args, {
    cwd: options.cwd,
    env: { ...options.env },
    extendEnv: false,
    reject: false,
    stdin: 'pipe',
    stdout: 'pipe',
    buffer: { stdout: false, stderr: true },
  });
  // A tool that died early breaks the pipe; its exit code and words tell why.
  child.stdin.on('error', () => {});
  const heard = listenTo(child.stdout);
  // what stands in for a pipe where the program could not be started is no socket
  const pipes = [child.stdin, child.stdout, child.stderr].filter((pipe) => pipe instanceof Socket);
  child.unref();
  for (const pipe of pipes) pipe.unref();
  return {
    say: (text) => void child.stdin.write(text),
    hear: (end = '\n') => heard.upTo(end),
    hearBytes: (count) => heard.bytes(count),
    end: async () => {
      child.ref();
      for (const pipe of pipes) pipe.ref();
      child.stdin.end();
      heard.stop();
      const result = await child;
      return { exitCode: result.exitCode ?? 127, stderr: String(result.stderr ?? '') };
    },
  };
}

/** A program of somebody else in a process group of its own, and its bounds. */
export interface GroupOptions {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Environment;
  readonly timeoutMs: number;
  /** A variable of its environment that finds what left the process group. */
  readonly mark?: { readonly name: string; readonly value: string };
  /** The program is a sandbox, which takes all that is in it along when it ends: TERM is for what carries the mark inside. */
  readonly isSandbox?: boolean;
  /** Between TERM and KILL. */
  readonly graceMs: number;
  /** Called before the program may do anything, with what is needed to find it again after a crash of ours. */
  readonly onStarted: (child: { pgid: number; startTime: string | null }) => void;
  readonly signal?: AbortSignal;
}

export interface CommandOptions extends GroupOptions {
  /** Kept of each stream; the rest is counted and dropped. */
  readonly maxOutputBytes: number;
  /** One for each stream: what is kept has gone through it, while it came, so that the limit leaves no half of what it takes out. */
  readonly filter?: () => ByteFilter;
  /** Hears what is kept of each stream, filtered, while it comes. */
  readonly onKept?: (name: 'stdout' | 'stderr') => OnKept;
  /** What it reads on standard input; nothing unless given. */
  readonly input?: string;
}

/** How a program in its group ended. */
export interface GroupEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  readonly aborted: boolean;
  readonly durationMs: number;
}

export interface CommandResult extends GroupEnd {
  readonly stdout: CappedOutput;
  readonly stderr: CappedOutput;
}

/**
 * The program waits at a gate (a line on its standard input) until its group is on record, and gives up when we die before:
 * so no process of ours is ever unknown to recovery. Behind the gate its standard input is empty, or what it was given.
 */
const GATES = {
  nothing: 'IFS= read -r go || exit 125; exec "$@" </dev/null',
  input: 'IFS= read -r go || exit 125; exec "$@"',
};

/** A program behind its gate. Whoever starts one listens to both outputs at once, or it is held up when they are full. */
export interface Group {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** TERM for the whole group, then KILL. */
  stop(): void;
  /** When it ended, nothing of it lives, and all it said was heard. Rejects only with what `onStarted` threw; the program never ran then. */
  readonly ended: Promise<GroupEnd>;
}

/**
 * Starts somebody else's program in a process group of its own, bounded: at the timeout the whole group gets TERM, then KILL, and
 * whatever is left of the group when the program ends is ended too. A grandchild that holds the output open delays nothing.
 * `gate`: what its standard input is behind the gate.
 */
export function startGroup(options: GroupOptions, gate: keyof typeof GATES): Group {
  const begun = Date.now();
  const child = execa('/bin/sh', ['-c', GATES[gate], 'waybill-gate', ...options.argv], {
    cwd: options.cwd,
    env: { ...options.env },
    extendEnv: false,
    reject: false,
    shell: false,
    detached: true,
    cleanup: false,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: false,
  });
  child.stdin.on('error', () => {});
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: 127, signal: null }));
  });
  child.catch(() => {});
  const pgid = child.pid;
  let [timedOut, aborted, over] = [false, false, false];
  let killing: NodeJS.Timeout | undefined;
  const stop = () => {
    if (pgid === undefined || over) return; // the group's number may be somebody else's by then
    askToEnd(pgid, options);
    killing ??= setTimeout(() => signalGroup(pgid, 'SIGKILL'), options.graceMs);
  };
  const live = async (leader: number) => {
    const timer = setTimeout(() => {
      timedOut = true;
      stop();
    }, options.timeoutMs);
    const abort = () => {
      aborted = true;
      stop();
    };
    options.signal?.addEventListener('abort', abort, { once: true });
    try {
      options.onStarted({ pgid: leader, startTime: startTimeOf(leader) });
      if (options.signal?.aborted) {
        abort();
        child.stdin.destroy(); // or the first line of its input would open the gate
      } else child.stdin.write('go\n');
      await exited;
    } finally {
      over = true;
      clearTimeout(timer);
      clearTimeout(killing);
      options.signal?.removeEventListener('abort', abort);
      signalGroup(leader, 'SIGKILL');
      child.stdin.destroy();
      if (options.mark !== undefined) await endMarked(options.mark);
    }
  };
  const run = async (): Promise<GroupEnd> => {
    if (pgid !== undefined) await live(pgid);
    const { code, signal } = await exited;
    await Promise.all([heardOut(child.stdout), heardOut(child.stderr)]);
    return { exitCode: code, signal, timedOut, aborted, durationMs: Date.now() - begun };
  };
  const ended = run();
  ended.catch(() => {}); // for whoever waits for it
  return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, stop, ended };
}

/** Kills what left the group (setsid) and still carries our mark. What is being killed may fork once more: looked at until none is found. */
async function endMarked(mark: { readonly name: string; readonly value: string }): Promise<void> {
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const left = withEnvironment(mark.name, mark.value);
    if (left.length === 0) return;
    for (const pid of left) signalProcess(pid, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const MOST_ROUNDS = 100;
const STILL_MS = 250;
const MOST_STILL_MS = 5000;

/** Everything in the group is dead, so its pipes close at once; only a process that left the group could hold them, and is not waited for. */
async function heardOut(stream: Readable): Promise<void> {
  if (!stream.closed)
    await new Promise<void>((resolve) => {
      const still = setTimeout(resolve, STILL_MS).unref();
      const most = setTimeout(resolve, MOST_STILL_MS).unref();
      stream.on('data', () => still.refresh());
      stream.once('close', () => {
        clearTimeout(still);
        clearTimeout(most);
        resolve();
      });
    });
  stream.destroy();
}

/** Runs somebody else's command in a group of its own to its end. Throws only what `onStarted` threw. */
export async function runCommand(options: CommandOptions): Promise<CommandResult> {
  const group = startGroup(options, options.input === undefined ? 'nothing' : 'input');
  const gather = (name: 'stdout' | 'stderr') =>
    capped(group[name], options.maxOutputBytes, options.filter?.(), options.onKept?.(name));
  const [stdout, stderr] = [gather('stdout'), gather('stderr')];
  group.stdin.end(options.input ?? '');
  const end = await group.ended;
  return { ...end, stdout: stdout.take(), stderr: stderr.take() };
}

/** TERM for a group; for what runs in a sandbox without the sandbox, or nobody would have the time until KILL. */
function askToEnd(pgid: number, { mark, isSandbox = false }: GroupOptions): void {
  const marked = isSandbox && mark !== undefined ? withEnvironment(mark.name, mark.value) : [];
  const inside = marked.filter((pid) => programName(pid) !== programName(pgid));
  for (const pid of inside) signalProcess(pid, 'SIGTERM');
  if (inside.length === 0) signalGroup(pgid, 'SIGTERM');
}

/** Sends a signal to a whole process group; one that is gone is no error. */
export function signalGroup(pgid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pgid, signal);
  } catch {
    // ESRCH: nobody left. EPERM: what is left is not ours.
  }
}

/** Sends a signal to one process; one that is gone is no error. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // as above
  }
}
