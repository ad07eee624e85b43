/**
 * The one model of a work order. Every dialect is mapped onto the canonical form (dialects/) and that onto this (canonical.ts); every later stage reads only this.
 */

/** What a file is to become. Git keeps no other modes. */
export type FileMode = '100644' | '100755';

export type FileAction =
  | {
      readonly action: 'write';
      readonly path: string;
      readonly mode: FileMode | null;
      readonly content: Buffer;
      readonly mustExist: boolean | null;
    }
  | { readonly action: 'append' | 'prepend'; readonly path: string; readonly content: Buffer }
  | {
      readonly action: 'edit';
      readonly path: string;
      readonly find: string;
      readonly place: 'replace' | 'after' | 'before';
      readonly text: string;
      /** Beside the whole line in which `find` stands, not right beside it. */
      readonly wholeLine: boolean;
    }
  | {
      readonly action: 'set';
      readonly path: string;
      readonly key: readonly (string | number)[];
      readonly value: unknown;
      readonly format: SetFormat;
    }
  | { readonly action: 'patch'; readonly patch: string; readonly path: string | null }
  | { readonly action: 'delete'; readonly path: string }
  | {
      /** Puts back what is missing or damaged on disk, and what no commit has changed. */
      readonly action: 'restore';
      readonly path: string;
      readonly mode: FileMode | null;
      readonly content: Buffer;
      /** The hash of the bytes that stand there now; null where nothing does. */
      readonly found: string | null;
    }
  | { readonly action: 'move'; readonly path: string; readonly to: string };

/** What kinds of files `set` understands. */
export type SetFormat = 'json' | 'yaml' | 'plist';

/** How a program is named: a line for /bin/sh, or a program with its arguments and no shell. */
export type Invocation = { readonly shell: string } | { readonly argv: readonly string[] };

export interface Command {
  readonly name: string;
  readonly run: Invocation;
  readonly cwd: string | null;
  readonly timeoutSeconds: number | null;
  /** Safe to run again after a crash (rule 4). */
  readonly idempotent: boolean;
  /** Files it makes that belong into the order's commit. */
  readonly outputs: readonly string[];
}

/** A command whose outcome decides. */
export interface Check {
  readonly name: string;
  readonly kind: 'post_verify' | 'test';
  readonly run: Invocation;
  readonly cwd: string | null;
  readonly timeoutSeconds: number | null;
  readonly expected: string | null;
  readonly exitCode: number;
}

/** 0 is first. */
export type Priority = 0 | 1 | 2 | 3;

export type OrderType = 'apply_patch' | 'command' | 'mission' | 'ping';

/** What a mission may use up. seconds: at work, without the time in which it waits for people. attempts: steps that were begun. */
export type BudgetKey = 'tokens' | 'usd' | 'seconds' | 'attempts' | 'diff_lines';

/** Work for an agent: what it is told, and the bounds it works in. */
export interface Mission {
  readonly kind: string | null;
  /** What is to be done, in words. */
  readonly brief: string;
  readonly input: unknown;
  readonly contextRefs: readonly string[];
  /** Which agents may do it, the preferred first; none means any. */
  readonly agents: readonly string[];
  readonly expectedOutputs: readonly string[];
  /** Paths it may change; null means all that policy allows. */
  readonly paths: readonly string[] | null;
  /** Paths it may not change, also where `paths` names them. */
  readonly deniedPaths: readonly string[];
  /** False: it hands in patch files and changes nothing itself. */
  readonly allowWrite: boolean;
  readonly protectedPaths: boolean;
  /** The chain it asks for; null leaves it to policy. */
  readonly chain: string | null;
  /** What it may use up; null where it does not say. */
  readonly budget: Readonly<Record<BudgetKey, number | null>>;
}

/** What an order says of the decision that it asks for. `expires`: when it fails if nobody decided, ISO 8601 UTC. */
export interface ApprovalRequest {
  readonly by: readonly string[];
  readonly why: string;
  readonly expires: string | null;
}

/** Where the work of an order is done: at the root, in a worktree, or in a worktree and landed on a branch of its own. */
export type Isolation = 'in_place' | 'worktree' | 'branch';

export interface Order {
  readonly woId: string;
  readonly title: string;
  readonly type: OrderType;
  readonly summary: string;
  readonly owner: string | null;
  readonly declaredBy: string | null;
  readonly priority: Priority;
  readonly createdAt: string | null;
  readonly tags: readonly string[];
  readonly dependsOn: readonly string[];
  readonly notBefore: string | null;
  readonly hold: boolean;
  readonly retries: number;
  /** What it asks for; null leaves it to policy. */
  readonly isolation: Isolation | null;
  readonly dryRun: boolean;
  /** Asks a person before anything is done. */
  readonly approval: ApprovalRequest | null;
  readonly mission: Mission | null;
  readonly fileActions: readonly FileAction[];
  readonly commands: readonly Command[];
  readonly checks: readonly Check[];
}

/** A guess or a leftover that the author should know of. */
export interface Warning {
  readonly code: 'alias' | 'defaulted' | 'ignored' | 'leftover' | 'no_operations' | 'note' | 'secret';
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
}

/** Whether an order can be computed in memory and touches nothing before it lands. */
export function isPure(order: Order): boolean {
  return order.mission === null && order.commands.length === 0 && order.checks.length === 0;
}

/** A command as people read it. */
export function invocationText(run: Invocation): string {
  return 'shell' in run
    ? run.shell
    : run.argv.map((part) => (/^[\w./:=@%+,-]+$/.test(part) ? part : JSON.stringify(part))).join(' ');
}
