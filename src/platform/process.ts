import { Socket } from 'node:net';
import { execa } from 'execa';
import type { ByteFilter } from '../order/secrets/redactor.ts';
import { type CappedOutput, capped } from './capped-output.ts';
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

/** So much is read before anybody asks for it: a tool that says more waits, and its words don't fill our memory. */
const MOST_UNHEARD = 256 * 1024;

/** Takes a stream in pieces as they are asked for. */
function listenTo(stream: NodeJS.ReadableStream): {
  upTo(end: string): Promise<string | null>;
  bytes(n: number): Promise<Buffer | null>;
  /** Lets the rest pass unheard, or a tool that has much to say would never end. */
  stop(): void;
} {
  let chunks: Buffer[] = [];
  let length = 0;
  let ended = false;
  let stopped = false;
  let more: () => void = () => {};
  stream.on('data', (chunk: Buffer) => {
    if (stopped) return;
    chunks.push(chunk);
    length += chunk.length;
    if (length >= MOST_UNHEARD) stream.pause();
    more();
  });
  const over = () => {
    ended = true;
    more();
  };
  for (const event of ['end', 'close', 'error']) stream.once(event, over);
  const wait = async () => {
    if (stream instanceof Socket) stream.ref();
    stream.resume();
    await new Promise<void>((resolve) => {
      more = resolve;
    });
    if (stream instanceof Socket) stream.unref();
  };
  const take = (count: number, skip: number): Buffer => {
    // in general it lies in one chunk, and the others need not be copied
    let [reached, n] = [0, 0];
    while (reached < count + skip && n < chunks.length) reached += chunks[n++]?.length ?? 0;
    const [first] = chunks;
    const bytes = n === 1 && first !== undefined ? first : Buffer.concat(chunks.slice(0, n), reached);
    const rest = bytes.subarray(count + skip);
    chunks.splice(0, n, ...(rest.length > 0 ? [rest] : []));
    length = Math.max(0, length - count - skip);
    return bytes.subarray(0, count);
  };
  return {
    upTo: async (end) => {
      for (let [searched, before] = [0, 0]; ; ) {
        for (; searched < chunks.length; searched++) {
          const at = chunks[searched]?.indexOf(end) ?? -1;
          if (at >= 0) return take(before + at, end.length).toString('utf8');
          before += chunks[searched]?.length ?? 0;
        }
        if (ended) return length === 0 ? null : take(length, 0).toString('utf8');
        await wait();
      }
    },
    bytes: async (count) => {
      while (length < count && !ended) await wait();
      return length < count ? null : take(count, 0);
    },
    stop: () => {
      stopped = true;
      chunks = [];
      length = 0;
      stream.resume();
    },
  };
}

export interface CommandOptions {
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
  /** Kept of each stream; the rest is counted and dropped. */
  readonly maxOutputBytes: number;
  /** One for each stream: what is kept has gone through it, while it came, so that the limit leaves no half of what it takes out. */
  readonly filter?: () => ByteFilter;
  /** What it reads on standard input; nothing unless given. */
  readonly input?: string;
  /** Called before the program may do anything, with what is needed to find it again after a crash of ours. */
  readonly onStarted: (child: { pgid: number; startTime: string | null }) => void;
  readonly signal?: AbortSignal;
}

export interface CommandResult {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  readonly aborted: boolean;
  readonly stdout: CappedOutput;
  readonly stderr: CappedOutput;
  readonly durationMs: number;
}

/**
 * The program waits at a gate (a line on its standard input) until its group is on record, and gives up when we die before:
 * so no process of ours is ever unknown to recovery. Behind the gate its standard input is empty, or what it was given.
 */
const GATE = 'IFS= read -r go || exit 125; exec "$@" </dev/null';
const GATE_TO_INPUT = 'IFS= read -r go || exit 125; exec "$@"';

/**
 * Runs somebody else's command in a process group of its own, bounded: at the timeout the whole group gets TERM, then KILL, and
 * whatever is left of the group when the command ends is ended too. A grandchild that holds the output open delays nothing.
 */
export async function runCommand(options: CommandOptions): Promise<CommandResult> {
  const begun = Date.now();
  const child = execa(
    '/bin/sh',
    ['-c', options.input === undefined ? GATE : GATE_TO_INPUT, 'waybill-gate', ...options.argv],
    {
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
    },
  );
  const stdout = capped(child.stdout, options.maxOutputBytes, options.filter?.());
  const stderr = capped(child.stderr, options.maxOutputBytes, options.filter?.());
  child.stdin.on('error', () => {});
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: 127, signal: null }));
  });
  child.catch(() => {});
  const pgid = child.pid;
  let timedOut = false;
  let aborted = false;
  if (pgid !== undefined) {
    let killing: NodeJS.Timeout | undefined;
    const end = () => {
      askToEnd(pgid, options);
      killing ??= setTimeout(() => signalGroup(pgid, 'SIGKILL'), options.graceMs);
    };
    const timer = setTimeout(() => {
      timedOut = true;
      end();
    }, options.timeoutMs);
    const abort = () => {
      aborted = true;
      end();
    };
    options.signal?.addEventListener('abort', abort, { once: true });
    try {
      options.onStarted({ pgid, startTime: startTimeOf(pgid) });
      if (options.signal?.aborted) abort();
      else child.stdin.end(`go\n${options.input ?? ''}`);
      await exited;
    } finally {
      clearTimeout(timer);
      clearTimeout(killing); // the group's number may be somebody else's by then
      options.signal?.removeEventListener('abort', abort);
      signalGroup(pgid, 'SIGKILL');
      // what left the group (setsid) still carries our mark; a while of nothing new means that all of it is gone
      if (options.mark !== undefined)
        for (const pid of withEnvironment(options.mark.name, options.mark.value)) signalProcess(pid, 'SIGKILL');
    }
  }
  const { code, signal } = await exited;
  // Everything in the group is dead, so the pipes close at once; only a process that left the group could hold them.
  await Promise.race([
    Promise.all([stdout.ended, stderr.ended]),
    new Promise((resolve) => setTimeout(resolve, 250).unref()),
  ]);
  child.stdout.destroy();
  child.stderr.destroy();
  return {
    exitCode: code,
    signal,
    timedOut,
    aborted,
    stdout: stdout.take(),
    stderr: stderr.take(),
    durationMs: Date.now() - begun,
  };
}

/** TERM for a group; for what runs in a sandbox without the sandbox, or nobody would have the time until KILL. */
function askToEnd(pgid: number, { mark, isSandbox = false }: CommandOptions): void {
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
