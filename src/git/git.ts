import { homedir } from 'node:os';
import { WaybillError } from '../order/error.ts';
import type {
  Conversation,
  Environment,
  runTool,
  startConversation,
  ToolLimits,
  ToolResult,
} from '../platform/process.ts';

/**
 * Every call of git goes through here: no hooks, no file system monitor, everything that is written is synced, and nothing of
 * the caller's environment that could point git elsewhere (GIT_DIR, GIT_INDEX_FILE, GIT_CONFIG_…) reaches it.
 */
const CONFIG = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.fsync=committed,reference,index',
  'core.quotePath=false',
  'gc.auto=0',
  'advice.detachedHead=false',
];

const HANDED_ON = ['PATH', 'HOME', 'XDG_CONFIG_HOME', 'TMPDIR', 'SSH_AUTH_SOCK', 'USER', 'LOGNAME'];

/** How git is started: to its end, or to talk with. */
export interface GitPrograms {
  run: typeof runTool;
  converse: typeof startConversation;
}

// what starts programs is loaded when git is asked the first time: most looks at a station never ask it
let programs: () => Promise<GitPrograms> = once(async () => {
  const { runTool: run, startConversation: converse } = await import('../platform/process.ts');
  return { run, converse };
});

/** Puts other programs in place, built from the present ones: the torture's kills and faults. */
export function decorateGit(decorate: (inner: GitPrograms) => GitPrograms): void {
  const inner = programs;
  programs = once(async () => decorate(await inner()));
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    made ??= make();
    return made;
  };
}

/** The git command line, run at one work tree's root. */
export class Git {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** Runs git to its end; the exit code is the caller's to judge. */
  async try(
    args: readonly string[],
    more: { input?: string | Uint8Array; env?: Environment } & ToolLimits = {},
  ): Promise<ToolResult> {
    const { run } = await programs();
    return run(command(args), { ...more, cwd: this.root, env: environment(more.env) });
  }

  /** Runs git and returns its standard output. Throws GIT_FAILED with what git said. */
  async run(
    args: readonly string[],
    more: { input?: string | Uint8Array; env?: Environment } & ToolLimits = {},
  ): Promise<Buffer> {
    const result = await this.try(args, more);
    if (result.exitCode !== 0) throw gitFailed(args, result);
    return result.stdout;
  }

  /** The same as text, without the last newline. */
  async text(args: readonly string[]): Promise<string> {
    return (await this.run(args)).toString('utf8').replace(/\n$/, '');
  }

  /**
   * What git says, piece by piece up to each `end`, in constant memory. Throws GIT_FAILED after the last piece where git failed.
   */
  async *pieces(args: readonly string[], end = '\n'): AsyncGenerator<string> {
    const talk = await this.converse(args);
    let result: { exitCode: number; stderr: string } | null = null;
    try {
      for (let piece = await talk.hear(end); piece !== null; piece = await talk.hear(end)) yield piece;
    } finally {
      result = await talk.end();
    }
    if (result.exitCode !== 0) throw gitFailed(args, result);
  }

  /** Starts a git that stays. */
  async converse(args: readonly string[]): Promise<Conversation> {
    const { converse } = await programs();
    return converse(command(args), { cwd: this.root, env: environment() });
  }
}

export function gitFailed(args: readonly string[], result: { exitCode: number; stderr: string }): WaybillError {
  const said = whatGitSaid(result.stderr).join(' | ');
  const settings = args.lastIndexOf('-c');
  return new WaybillError(
    'GIT_FAILED',
    `git ${args[settings === -1 ? 0 : settings + 2] ?? ''} ended with ${result.exitCode}: ${said || 'it said nothing'}`,
  );
}

/** The lines that matter of what git complains about: what failed, before its advice. */
export function whatGitSaid(stderr: string): string[] {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const telling = lines.filter((line) => /^(fatal|error):/.test(line));
  return (telling.length > 0 ? telling : lines).slice(-3);
}

function command(args: readonly string[]): string[] {
  return ['git', ...CONFIG.flatMap((setting) => ['-c', setting]), ...args];
}

function environment(more: Environment = {}): Record<string, string> {
  const env: Record<string, string> = {
    HOME: homedir(),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    // tells a git of ours from a person's, also for another process of ours (processesIn)
    WAYBILL_GIT: String(process.pid),
  };
  for (const name of HANDED_ON) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return { ...env, ...more };
}
