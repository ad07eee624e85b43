import { type CappedOutput, capped } from './capped-output.ts';
import { type GroupEnd, type GroupOptions, startGroup } from './process.ts';

/**
 * A program of somebody else that we talk with while it runs: a coding agent. Bounded and put on record as a command is (`startGroup`), with its
 * input left open and its output heard as it comes.
 */

export interface DialogueOptions extends GroupOptions {
  /** Each piece that it says, as it comes. */
  readonly onOutput: (bytes: Buffer) => void;
  /** Each piece of its standard error. */
  readonly onErrorOutput?: (bytes: Buffer) => void;
  /** Kept of its standard error; the rest is counted and dropped. */
  readonly maxErrorBytes: number;
}

export interface Dialogue {
  /** To its standard input. What it does not take any more is lost without an error. */
  say(bytes: string | Uint8Array): void;
  /** Ends its input. A program that goes on for longer than `patienceMs` is ended; the grace unless given, null for never. */
  finish(patienceMs?: number | null): void;
  /** TERM for the whole group, then KILL. */
  stop(): void;
  /** When nothing of it lives and all it said was heard. Rejects only with what a function of `options` threw; the program is ended then. */
  readonly ended: Promise<DialogueEnd>;
}

export interface DialogueEnd extends GroupEnd {
  readonly stderr: CappedOutput;
}

/** Starts one. Never throws: what goes wrong is in `ended`; a program that is not there ends with 127. */
export function startDialogue(options: DialogueOptions): Dialogue {
  const group = startGroup(options, 'input');
  let fault: { readonly error: unknown } | null = null;
  let finishing: NodeJS.Timeout | undefined;
  // Whoever listens writes evidence, and a disk may be full: that is told where somebody waits, not as a crash.
  const heard = (listen: ((bytes: Buffer) => void) | undefined) => (bytes: Buffer) => {
    if (fault !== null) return;
    try {
      listen?.(bytes);
    } catch (error) {
      fault = { error };
      group.stop();
    }
  };
  group.stdout.on('data', heard(options.onOutput));
  group.stdout.on('error', () => {});
  group.stderr.on('data', heard(options.onErrorOutput));
  const stderr = capped(group.stderr, options.maxErrorBytes);
  const run = async (): Promise<DialogueEnd> => {
    try {
      const end = await group.ended;
      if (fault !== null) throw fault.error;
      return { ...end, stderr: stderr.take() };
    } finally {
      clearTimeout(finishing);
    }
  };
  const ended = run();
  ended.catch(() => {}); // for whoever waits for it
  return {
    say: (bytes) => void group.stdin.write(bytes),
    finish: (patienceMs = options.graceMs) => {
      group.stdin.end();
      if (patienceMs !== null) finishing ??= setTimeout(() => group.stop(), patienceMs);
    },
    stop: () => group.stop(),
    ended,
  };
}
