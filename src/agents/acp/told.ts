import { dollars, type ToldTokens } from '../usage.ts';

/**
 * What agents say, read leniently: parts that are not what the protocol says are as if they were not there. What is decided by them is decided
 * closed: a mode or a kind of tool that cannot be read is none.
 */

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function part(value: unknown, ...keys: readonly string[]): unknown {
  let at = value;
  for (const key of keys) at = isRecord(at) ? at[key] : undefined;
  return at;
}

function text(value: unknown, ...keys: readonly string[]): string | null {
  const found = part(value, ...keys);
  return typeof found === 'string' ? found : null;
}

function list(value: unknown, ...keys: readonly string[]): readonly unknown[] {
  const found = part(value, ...keys);
  return Array.isArray(found) ? (found as unknown[]) : [];
}

const texts = (values: readonly (string | null)[]) => values.filter((value) => value !== null);

/** What an agent says of itself at the beginning. */
export interface Hello {
  readonly protocolVersion: unknown;
  readonly name: string | null;
  readonly version: string | null;
  /** The way in which it goes on with a session. */
  readonly resume: 'resume' | 'load' | null;
}

export function helloOf(answer: unknown): Hello {
  const can = part(answer, 'agentCapabilities');
  const resumes = isRecord(part(can, 'sessionCapabilities', 'resume'));
  return {
    protocolVersion: part(answer, 'protocolVersion'),
    name: text(answer, 'agentInfo', 'name'),
    version: text(answer, 'agentInfo', 'version'),
    resume: resumes ? 'resume' : part(can, 'loadSession') === true ? 'load' : null,
  };
}

/** A choice that a session offers: its mode, its model. */
export interface Choice {
  readonly current: string | null;
  readonly offered: readonly string[];
  /** The configuration option that it is set by; null where it has a method of its own. */
  readonly option: string | null;
}

/** The modes that the answer to a new session, or to a setting, tells of; null for none. */
export function modesOf(answer: unknown): Choice | null {
  const modes = part(answer, 'modes');
  if (isRecord(modes))
    return {
      current: text(modes, 'currentModeId'),
      offered: texts(list(modes, 'availableModes').map((mode) => text(mode, 'id'))),
      option: null,
    };
  return optionOf(answer, 'mode');
}

/** The configuration option of a category that `told` holds; null for none. */
export function optionOf(told: unknown, category: 'mode' | 'model'): Choice | null {
  const option = list(told, 'configOptions').find((each) => text(each, 'category') === category);
  const id = text(option, 'id');
  if (id === null) return null;
  // values stand alone, or in groups
  const values = list(option, 'options').flatMap((each) => [each, ...list(each, 'options')]);
  return {
    current: text(option, 'currentValue'),
    offered: texts(values.map((each) => text(each, 'value'))),
    option: id,
  };
}

export const sessionIdOf = (answer: unknown) => text(answer, 'sessionId');
export const stopReasonOf = (answer: unknown) => text(answer, 'stopReason');

/** What an update is of, whatever it is. */
export interface Update {
  readonly session: string | null;
  readonly kind: string | null;
  readonly body: unknown;
}

export function updateOf(params: unknown): Update {
  const body = part(params, 'update');
  return { session: text(params, 'sessionId'), kind: text(body, 'sessionUpdate'), body };
}

export const saidIn = (body: unknown) => text(body, 'content', 'text');
export const modeIn = (body: unknown) => text(body, 'currentModeId');

/** A tool that is used, or is asked for. */
export interface ToolCall {
  readonly id: string | null;
  readonly title: string | null;
  readonly kind: string | null;
}

export function toolIn(body: unknown): ToolCall {
  return { id: text(body, 'toolCallId'), title: text(body, 'title'), kind: text(body, 'kind') };
}

/** A question whether a tool may be used. */
export interface Question {
  readonly tool: ToolCall;
  /** The tool's kind is there, and is no text: it cannot be known what it is. */
  readonly odd: boolean;
  option(kind: 'allow_once' | 'reject_once'): string | null;
}

export function questionOf(params: unknown): Question {
  const call = part(params, 'toolCall');
  const kind = part(call, 'kind');
  return {
    tool: toolIn(call),
    odd: kind !== undefined && kind !== null && typeof kind !== 'string',
    option: (wanted) =>
      text(
        list(params, 'options').find((each) => text(each, 'kind') === wanted),
        'optionId',
      ),
  };
}

/** How full a session is, and what it cost so far. */
export function meterIn(body: unknown): { readonly used: number | null; readonly usd: number | null } {
  const used = part(body, 'used');
  const inDollars = text(body, 'cost', 'currency') === 'USD';
  return {
    used: typeof used === 'number' && Number.isFinite(used) ? used : null,
    usd: inDollars ? dollars(part(body, 'cost', 'amount')) : null,
  };
}

/** Names of the same figures with different agents; the first that is there counts. */
const NAMES: Readonly<Record<keyof ToldTokens, readonly string[]>> = {
  input: ['inputTokens', 'input_tokens'],
  output: ['outputTokens', 'output_tokens'],
  thought: ['thoughtTokens', 'reasoningOutputTokens'],
  cacheRead: ['cachedReadTokens', 'cachedInputTokens'],
  cacheWrite: ['cachedWriteTokens', 'cacheWriteInputTokens'],
  total: ['totalTokens', 'total_tokens'],
};

/** The figures of an answered prompt, in each form in which agents tell them. */
export function tokensOf(answer: unknown): {
  readonly turn: readonly ToldTokens[];
  /** By model, to be summed: with the calls that an agent makes beside the turn. Of a session that was resumed, of all of it. */
  readonly models: readonly ToldTokens[];
} {
  const quota = part(answer, '_meta', 'quota');
  const turn = [part(answer, 'usage'), part(quota, 'token_count')].filter(isRecord).map(figuresIn);
  const models = list(quota, 'model_usage').map((model) => figuresIn(part(model, 'token_count')));
  return { turn, models };
}

function figuresIn(told: unknown): ToldTokens {
  const figure = (names: readonly string[]) => {
    const value = names.map((name) => part(told, name)).find((each) => each !== undefined && each !== null);
    return value === undefined ? null : typeof value === 'number' ? value : Number.NaN;
  };
  return {
    input: figure(NAMES.input),
    output: figure(NAMES.output),
    thought: figure(NAMES.thought),
    cacheRead: figure(NAMES.cacheRead),
    cacheWrite: figure(NAMES.cacheWrite),
    total: figure(NAMES.total),
  };
}
