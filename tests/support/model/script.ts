/**
 * What a fake model says. An agent's prompt names its role (a line `Role: designer`) and where its packet goes (`Packet file: PATH`); a script
 * has the answers of each role, in the order in which it is asked.
 */

/** What a turn cost, as a model's provider counts it: nothing is in two of these. */
export interface ModelUsage {
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly output: number;
}

/** What happens to a request in the place of an answer. The request that comes next for the same turn meets the next fault, or the answer. */
export type Fault =
  | { readonly status: number; readonly retryAfter?: number }
  /** Takes the request and never says a word. */
  | { readonly hang: true }
  /** Breaks off in the middle of its answer. */
  | { readonly cut: true };

interface Common {
  readonly usage?: Partial<ModelUsage>;
  readonly faults?: readonly Fault[];
}

/** One answer of the model: words, or one call of a tool. */
export type Turn = Common &
  (
    | { readonly say: string }
    /** A file below the folder of work, with the agent's own tool for files, or by its shell. */
    | { readonly write: string; readonly content: string; readonly by?: 'shell' }
    /** A command for the agent's own shell. */
    | { readonly run: string }
    /** The packet: a value written as JSON into the packet file; a string goes there as it is. */
    | { readonly packet: unknown; readonly by?: 'shell' }
    /** The packet, by the tool for structured output. */
    | { readonly structured: unknown }
  );

/** All turns with which one prompt is answered; after them the model only says that it is done. */
export type Answer = readonly Turn[];

/** The n-th prompt of a role gets its n-th answer; the last answer is for all that follow. */
export type ModelScript = { readonly roles: Readonly<Record<string, readonly Answer[]>> };

export const USAGE: ModelUsage = { input: 80, cacheRead: 20, cacheWrite: 0, output: 7 };

export const DONE = 'Nothing is left to do.';

/** Throws where a document is no script, so that a misspelt turn is no silent one. */
export function checkScript(value: unknown): ModelScript {
  const { roles } = record(value, 'the script', ['roles']);
  for (const [role, answers] of Object.entries(record(roles, 'roles')))
    for (const [n, answer] of list(answers, role).entries())
      for (const turn of list(answer, `${role}[${n}]`)) checkTurn(turn, `${role}[${n}]`);
  return value as ModelScript;
}

const TURNS: Readonly<Record<string, readonly string[]>> = {
  say: [],
  write: ['content', 'by'],
  run: [],
  packet: ['by'],
  structured: [],
};

function checkTurn(value: unknown, where: string): void {
  const turn = record(value, where);
  const kind = Object.keys(TURNS).find((name) => Object.hasOwn(turn, name));
  if (kind === undefined) throw new Error(`${where}: a turn is one of ${Object.keys(TURNS).join(', ')}`);
  record(turn, where, [kind, ...(TURNS[kind] ?? []), 'usage', 'faults']);
}

function record(value: unknown, where: string, keys?: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${where} is no object`);
  const unknown = keys === undefined ? undefined : Object.keys(value).find((key) => !keys.includes(key));
  if (unknown !== undefined) throw new Error(`${where}: unknown key "${unknown}"`);
  return value as Record<string, unknown>;
}

function list(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`${where} is no list`);
  return value;
}
