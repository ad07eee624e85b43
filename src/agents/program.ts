import { type Dialogue, type DialogueEnd, startDialogue } from '../platform/dialogue.ts';
import type { AgentContext, AgentResult } from './agent.ts';

/** Kept of an agent's standard error, to say why it failed. The whole of it goes to `onRaw`. */
const MOST_ERROR_BYTES = 64 * 1024;

export interface Program extends Dialogue {
  /** A context whose functions never throw: the first that does ends the program, and is told by `ended`. */
  readonly context: AgentContext;
}

export interface ProgramStart {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Beside the environment of the context. */
  readonly env?: Readonly<Record<string, string>>;
  readonly onOutput: (bytes: Buffer) => void;
}

/** Starts an agent's program: in its sandbox, its group on record before it may do anything, all that is said either way kept as evidence. */
export function startProgram(start: ProgramStart, given: AgentContext): Program {
  let fault: { readonly error: unknown } | null = null;
  const safely =
    <A extends readonly unknown[]>(call: (...args: A) => void) =>
    (...args: A) => {
      if (fault !== null) return;
      try {
        call(...args);
      } catch (error) {
        fault = { error };
        dialogue.stop();
      }
    };
  const context: AgentContext = {
    ...given,
    wrap: (argv, cwd) => given.wrap(argv, cwd),
    onRaw: safely((source, bytes) => given.onRaw(source, bytes)),
    onEvent: safely((event) => given.onEvent(event)),
  };
  const dialogue = startDialogue({
    argv: given.wrap(start.argv, start.cwd),
    cwd: start.cwd,
    env: { ...given.env, ...start.env, [given.mark.name]: given.mark.value },
    mark: given.mark,
    isSandbox: given.isSandbox === true,
    timeoutMs: start.timeoutMs,
    signal: AbortSignal.any([start.signal, given.signal].filter((signal) => signal !== undefined)),
    graceMs: given.graceMs,
    maxErrorBytes: MOST_ERROR_BYTES,
    onStarted: (child) => given.onStarted(child),
    onOutput: (bytes) => {
      context.onRaw('out', bytes);
      start.onOutput(bytes);
    },
    onErrorOutput: (bytes) => context.onRaw('err', bytes),
  });
  const ended = dialogue.ended.then((end) => {
    if (fault !== null) throw fault.error;
    return end;
  });
  ended.catch(() => {}); // for whoever waits for it
  return {
    ...dialogue,
    context,
    say: (bytes) => {
      context.onRaw('in', typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
      dialogue.say(bytes);
    },
    ended,
  };
}

/** How a program ended, and the last that it said about it. */
export function endingOf(program: string, end: DialogueEnd): string {
  if (end.exitCode === 127) return `${program}: the program was not found (exit code 127)`;
  const last = end.stderr.bytes.toString('utf8').trim().slice(-500);
  return `${program} ended with ${end.exitCode ?? end.signal}${last === '' ? '' : `: ${last}`}`;
}

/** The result of a run that came to nothing. */
export function without(outcome: AgentResult['outcome'], why: string): AgentResult {
  return { outcome, why, packet: null, usage: null, session: null };
}
