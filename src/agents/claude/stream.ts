import type { Usage } from '../../order/mission.ts';
import type { AgentEvent } from '../agent.ts';
import { dollars, usageOf } from '../usage.ts';

/**
 * What Claude Code says with `--output-format stream-json`: one JSON document a line. Read leniently: what is not known is told as such, and what
 * has another form than it had is as if it were not there.
 */

type Document = Readonly<Record<string, unknown>>;

/** What the last word of a run was. */
export interface Told {
  readonly outcome: 'ended' | 'over_budget' | 'failed';
  readonly why: string | null;
  /** It is to exit with 0. */
  readonly clean: boolean;
  /** The structured output; undefined for none. */
  readonly structured: unknown;
}

/** Kinds of documents that decide nothing here. */
const PASSED_OVER = ['user', 'stream_event', 'tool_progress', 'tool_use_summary', 'rate_limit_event'];

/** One run's stream, folded line by line. Knows no processes. */
export class ClaudeStream {
  readonly #resumed: boolean;
  /** By message: each of its parts comes with the same figures. */
  readonly #spent = new Map<string, number>();
  #usage: Usage | null = null;
  #unclear = false;
  #told: Told | null = null;
  #session: string | null = null;
  #mode: string | null = null;

  /** `resumed`: the run goes on with a session that has figures of its own. */
  constructor(resumed: boolean) {
    this.#resumed = resumed;
  }

  /** The mode that it says it is in; null before it said so. */
  get mode(): string | null {
    return this.#mode;
  }

  get session(): string | null {
    return this.#session;
  }

  /** The last word; null where it broke off before. */
  get told(): Told | null {
    return this.#told;
  }

  /** What this run used, and nothing of what the session did before; null where it was not told. */
  get usage(): Usage | null {
    return this.#unclear ? null : this.#usage;
  }

  /** What it used at least so far: an answer's output is counted only when the run is over. */
  get spent(): number {
    return [...this.#spent.values()].reduce((sum, tokens) => sum + tokens, 0);
  }

  /** Takes one line, and says what it tells. */
  take(line: string): AgentEvent[] {
    const document = parsed(line);
    switch (document?.['type']) {
      case 'system':
        return this.#system(document);
      case 'assistant':
        return this.#assistant(record(document['message']));
      case 'result':
        return this.#result(document);
      default: {
        const type = text(document?.['type']);
        return type !== null && PASSED_OVER.includes(type) ? [] : [{ kind: 'unknown', name: type ?? 'no document' }];
      }
    }
  }

  #system(document: Document): AgentEvent[] {
    const subtype = text(document['subtype']);
    if (subtype === 'permission_denied')
      return [{ kind: 'permission', title: text(document['tool_name']) ?? 'a tool', allowed: false }];
    if (subtype !== 'init') return [{ kind: 'unknown', name: `system ${subtype ?? ''}`.trim() }];
    this.#mode = text(document['permissionMode']) ?? '';
    this.#session = text(document['session_id']) ?? this.#session;
    return this.#session === null ? [] : [{ kind: 'session', id: this.#session }];
  }

  #assistant(message: Document): AgentEvent[] {
    const usage = this.#figures(record(message['usage']), {
      input: 'input_tokens',
      output: 'output_tokens',
      cacheRead: 'cache_read_input_tokens',
      cacheWrite: 'cache_creation_input_tokens',
    });
    const id = text(message['id']);
    if (id !== null && usage !== null) this.#spent.set(id, usage.tokens);
    return records(message['content']).flatMap((part): AgentEvent[] => {
      const [said, tool] = [text(part['text']), text(part['name'])];
      if (part['type'] === 'text' && said !== null) return [{ kind: 'text', text: said }];
      return part['type'] === 'tool_use' && tool !== null ? [{ kind: 'tool', title: titleOf(tool, part), tool }] : [];
    });
  }

  #result(document: Document): AgentEvent[] {
    this.#session = text(document['session_id']) ?? this.#session;
    this.#told = toldIn(document);
    // with work in the background there is more than one, and each has the figures since the one before
    const since = document['model_usage_since_last_result'];
    // an older one tells only sums over the whole session, which are ours where the session is new
    const models = since ?? (this.#resumed ? undefined : document['modelUsage']);
    if (typeof models !== 'object' || models === null) {
      this.#unclear = true;
      return [];
    }
    const before = since === undefined ? null : this.#usage;
    const each = Object.values(models).map((model) =>
      this.#figures(
        record(model),
        {
          input: 'inputTokens',
          output: 'outputTokens',
          cacheRead: 'cacheReadInputTokens',
          cacheWrite: 'cacheCreationInputTokens',
        },
        record(model)['costUSD'],
      ),
    );
    this.#usage = each.reduce(added, before);
    return this.#usage === null ? [] : [{ kind: 'usage', usage: this.#usage }];
  }

  /** Nothing is in two of its figures, so the total is their sum. */
  #figures(
    from: Document,
    names: Readonly<Record<'input' | 'output' | 'cacheRead' | 'cacheWrite', string>>,
    usd?: unknown,
  ) {
    const count = (name: string) => (typeof from[name] === 'number' ? from[name] : null);
    const [input, output] = [count(names.input), count(names.output)];
    const [cacheRead, cacheWrite] = [count(names.cacheRead), count(names.cacheWrite)];
    if ([input, output, cacheRead, cacheWrite].some((n) => n !== null && n < 0)) this.#unclear = true;
    const total = (input ?? 0) + (output ?? 0) + (cacheRead ?? 0) + (cacheWrite ?? 0);
    return usageOf({ input, output, thought: null, cacheRead, cacheWrite, total }, dollars(usd));
  }
}

function toldIn(document: Document): Told {
  const structured = document['structured_output'];
  const subtype = text(document['subtype']) ?? 'no subtype';
  const errors = Array.isArray(document['errors']) ? document['errors'].filter((each) => typeof each === 'string') : [];
  const why = [subtype === 'success' ? null : subtype, ...errors, text(document['result'])].filter((each) => each);
  const failed = (outcome: 'over_budget' | 'failed'): Told => {
    return { outcome, why: why.join(': ').slice(0, 500), clean: false, structured };
  };
  const ended = (clean: boolean): Told => ({ outcome: 'ended', why: null, clean, structured });
  if (subtype === 'error_max_budget_usd') return failed('over_budget');
  // it did all it was asked, and did not bring its packet into form: that is for the repair
  if (subtype === 'error_max_structured_output_retries') return ended(false);
  return subtype === 'success' && document['is_error'] !== true ? ended(true) : failed('failed');
}

function added(sum: Usage | null, more: Usage | null): Usage | null {
  if (sum === null || more === null) return sum ?? more;
  return {
    input: sum.input + more.input,
    cache_read: sum.cache_read + more.cache_read,
    cache_write: sum.cache_write + more.cache_write,
    output: sum.output + more.output,
    tokens: sum.tokens + more.tokens,
    usd: sum.usd === null || more.usd === null ? null : sum.usd + more.usd,
  };
}

/** What a tool is used on, as far as one word tells. */
function titleOf(tool: string, part: Document): string {
  const input = record(part['input']);
  const on = text(input['file_path']) ?? text(input['command']) ?? text(input['pattern']) ?? text(input['url']);
  return on === null ? tool : `${tool} ${on}`.slice(0, 200);
}

function parsed(line: string): Document | null {
  try {
    return record(JSON.parse(line));
  } catch {
    return null;
  }
}

function record(value: unknown): Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Document) : {};
}

function records(value: unknown): readonly Document[] {
  return Array.isArray(value) ? value.map(record) : [];
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
