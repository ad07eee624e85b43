import type { GitPrograms } from '../git/git.ts';
import type { FileSystem } from '../platform/fs.ts';
import { O_CREAT } from '../platform/fs.ts';
import type { Conversation, ToolResult } from '../platform/process.ts';
import { gitWrites, subcommand } from './git-words.ts';
import type { Volatile } from './power.ts';

/** Kills, cuts and faults at the N-th operation, put around the seams of `platform/` and `git/`. The code beneath knows nothing of them. */

/**
 * `kill`: SIGKILL right before the operation. `cut`: half of it happens (half a write, git just started), then SIGKILL. `power`: what was
 * not synced is lost, then SIGKILL. The others: the operation fails with this errno.
 */
export const FAULT_KINDS = ['kill', 'cut', 'power', 'EIO', 'ENOSPC', 'EMFILE', 'EACCES'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface FaultPlan {
  /** `none` only counts. */
  readonly kind: FaultKind | 'none';
  /** Number of the operation, 1 is the first. */
  readonly at: number;
  /** An error that stays: every operation from that one on fails. */
  readonly lasting: boolean;
  /** A failing git does its work first: only the answer is lost. */
  readonly late: boolean;
  /** The station goes on until SIGTERM; else it ends when nothing is runnable. */
  readonly stays: boolean;
  /** Watchers tell of nothing. */
  readonly deaf: boolean;
  /** Share of what was not synced that survives a power loss by chance; 0 loses all of it. */
  readonly survives: number;
  /** Of everything in it that happens by chance. */
  readonly seed: number;
}

export const NO_FAULT: FaultPlan = {
  kind: 'none',
  at: 0,
  lasting: false,
  late: false,
  stays: false,
  deaf: false,
  survives: 0,
  seed: 1,
};

/** Calls that change what a disk holds. `openSync` counts where it makes a file. */
const CHANGES = [
  'writeSync',
  'fsyncSync',
  'fdatasyncSync',
  'ftruncateSync',
  'fchmodSync',
  'renameSync',
  'linkSync',
  'unlinkSync',
  'rmdirSync',
  'rmSync',
  'mkdirSync',
  'utimesSync',
  'swapSync',
] as const;

/** What kill, cut and power loss need of the world around. */
export interface Ending {
  /** SIGKILL of this very process. */
  die(): never;
  readonly power: Volatile | null;
}

/** Counts operations, and strikes at those that the plan names. */
export class Faults {
  readonly #plan: FaultPlan;
  readonly #ending: Ending;
  #operations = 0;
  /** What the operation was that was struck, for people. */
  struck: string | null = null;

  constructor(plan: FaultPlan, ending: Ending) {
    this.#plan = plan;
    this.#ending = ending;
  }

  get operations(): number {
    return this.#operations;
  }

  /** Whether this is an operation to strike at; kills and power losses do not return. */
  #strikes(what: string): boolean {
    this.#operations++;
    const { kind, at, lasting } = this.#plan;
    if (kind === 'none' || this.#operations < at || (this.#operations > at && !lasting)) return false;
    this.struck ??= what;
    if (kind === 'kill') this.#ending.die();
    if (kind === 'power') {
      this.#ending.power?.lose(this.#plan.survives, this.#plan.seed);
      this.#ending.die();
    }
    return true;
  }

  get #isError(): boolean {
    return this.#plan.kind.startsWith('E');
  }

  /** Errors also meet calls that open something to read: there a process runs out of descriptors first. */
  get #meetsReads(): boolean {
    return this.#plan.kind === 'EMFILE' || this.#plan.kind === 'EACCES';
  }

  #error(call: string): Error {
    const { kind } = this.#plan;
    return Object.assign(new Error(`${kind}: injected into ${call}`), { code: kind, syscall: call });
  }

  decorateFiles(inner: FileSystem): FileSystem {
    const decorated: Record<string, unknown> = { ...inner };
    for (const name of CHANGES) {
      const call = inner[name] as (...args: unknown[]) => unknown;
      decorated[name] = (...args: unknown[]) => {
        if (!this.#strikes(`${name} ${describe(args)}`)) return call(...args);
        if (name === 'writeSync' && (this.#plan.kind === 'cut' || this.#plan.kind === 'ENOSPC')) writeHalf(inner, args);
        else if (name === 'rmSync' && this.#plan.kind === 'cut') removeHalf(inner, args);
        else if (this.#plan.kind === 'cut') call(...args);
        if (this.#isError) throw this.#error(name);
        return this.#ending.die();
      };
    }
    decorated['openSync'] = (...args: Parameters<FileSystem['openSync']>) => {
      const makes = typeof args[1] === 'number' && (args[1] & O_CREAT) !== 0;
      if ((makes || this.#meetsReads) && this.#strikes(`openSync ${describe(args)}`)) {
        if (this.#isError) throw this.#error('openSync');
        inner.openSync(...args);
        return this.#ending.die();
      }
      return inner.openSync(...args);
    };
    for (const name of ['readFileSync', 'readdirSync'] as const) {
      const call = inner[name] as (...args: unknown[]) => unknown;
      decorated[name] = (...args: unknown[]) => {
        if (this.#meetsReads && typeof args[0] === 'string' && this.#strikes(`${name} ${describe(args)}`))
          throw this.#error(name);
        return call(...args);
      };
    }
    return decorated as unknown as FileSystem;
  }

  decorateGit(inner: GitPrograms): GitPrograms {
    return {
      run: async (argv, options) => {
        const what = subcommand(argv);
        const counts = gitWrites(argv) || this.#isError;
        if (!counts || !this.#strikes(`git ${what}`)) return inner.run(argv, options);
        if (this.#plan.kind === 'cut') {
          void inner.run(argv, options).catch(() => {});
          return this.#dieSoon();
        }
        if (this.#plan.late) await inner.run(argv, options);
        return this.#failed();
      },
      converse: (argv, options) => {
        const what = `git ${subcommand(argv)}`;
        // one that only tells changes nothing: a kill there is one between two operations
        if (!gitWrites(argv) && !this.#isError) return inner.converse(argv, options);
        if (!this.#strikes(what)) return this.#talk(what, inner.converse(argv, options));
        if (this.#plan.kind !== 'cut') return SILENT;
        inner.converse(argv, options);
        return this.#ending.die();
      },
    };
  }

  /** What is said to a git that stays counts too: it commits or lets go of refs. */
  #talk(what: string, inner: Conversation): Conversation {
    let broken = false;
    return {
      say: (text) => {
        if (broken) return;
        if (!this.#strikes(`${what}: ${String(text).split('\n')[0] ?? ''}`)) return inner.say(text);
        if (this.#plan.late || this.#plan.kind === 'cut') inner.say(text);
        if (this.#plan.kind === 'cut') void this.#dieSoon();
        broken = true;
      },
      hear: async (end) => {
        if (!broken) return inner.hear(end);
        // its answer never comes, and its input ends
        await inner.end();
        return null;
      },
      hearBytes: async (count) => (broken ? null : inner.hearBytes(count)),
      end: () => inner.end(),
    };
  }

  #failed(): ToolResult {
    return {
      exitCode: 128,
      stdout: Buffer.alloc(0),
      stderr: `fatal: ${this.#plan.kind}: injected`,
      killedBy: null,
    };
  }

  /** Git goes on for some milliseconds, and may end its work without us. */
  #dieSoon(): Promise<never> {
    setTimeout(() => this.#ending.die(), (this.#plan.seed % 5) * 5);
    return new Promise(() => {});
  }
}

const SILENT: Conversation = {
  say: () => {},
  hear: async () => null,
  hearBytes: async () => null,
  end: async () => ({ exitCode: 128, stderr: 'fatal: injected' }),
};

function writeHalf(inner: FileSystem, args: unknown[]): void {
  const [fd, bytes, offset, length] = args as [number, Uint8Array, number, number];
  if (length > 1) inner.writeSync(fd, bytes, offset, Math.floor(length / 2));
}

function removeHalf(inner: FileSystem, [path]: unknown[]): void {
  if (typeof path !== 'string') return;
  let names: string[] = [];
  try {
    names = inner.readdirSync(path);
  } catch {
    // a file, or nothing
  }
  for (const name of names.slice(0, Math.ceil(names.length / 2)))
    inner.rmSync(`${path}/${name}`, { recursive: true, force: true });
}

function describe(args: readonly unknown[]): string {
  return args
    .filter((a) => typeof a === 'string')
    .map((a) => a.split('/').slice(-3).join('/'))
    .join(' -> ');
}
