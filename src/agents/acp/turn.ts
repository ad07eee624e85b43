import type { Usage } from '../../order/mission.ts';
import { VERSION } from '../../station/version.ts';
import type { AgentEvent, AgentRequest, AgentResult, ToolKind } from '../agent.ts';
import type { AgentConfig, UsageBasis } from '../config.ts';
import { sumOf, usageOf } from '../usage.ts';
import type { AcpConnection, PermissionAnswer } from './connection.ts';
import { ModeWatch, setModel } from './mode.ts';
import {
  type Hello,
  helloOf,
  meterIn,
  questionOf,
  saidIn,
  sessionIdOf,
  stopReasonOf,
  tokensOf,
  toolIn,
  updateOf,
} from './told.ts';

/** Why and how a turn is over. */
export interface Ending {
  readonly outcome: AgentResult['outcome'];
  readonly why: string | null;
}

/** The version of the protocol that is spoken here. */
const PROTOCOL = 1;

/** Kinds of updates that decide nothing here. */
const PASSED_OVER = [
  'user_message_chunk',
  'agent_thought_chunk',
  'plan',
  'available_commands_update',
  'session_info_update',
  'notice',
  'compaction_update',
  'compaction_summary_chunk',
];

/** What a turn is given; of a request only what concerns the talk. */
export interface TurnOptions {
  readonly config: AgentConfig;
  readonly request: Pick<AgentRequest, 'prompt' | 'cwd' | 'tools' | 'session' | 'limits'>;
  readonly tell: (event: AgentEvent) => void;
  /** The turn cannot go on: the agent is to be ended. */
  readonly breakOff: (ending: Ending) => void;
}

/** One prompt to an agent of the Agent Client Protocol, from the first word to its answer. Knows no processes. */
export class Turn {
  readonly #options: TurnOptions;
  readonly #modes: ModeWatch;
  /** All kinds that a call of a tool was said to be of. */
  readonly #calls = new Map<string, Set<string>>();
  #hello: Hello | null = null;
  #session: string | null = null;
  #resumed = false;
  #prompted = false;
  #over = false;
  #answer: unknown = null;
  /** What the session had cost when this turn began; null where nobody knows. */
  #usdBefore: number | null = 0;
  #usd: number | null = null;

  constructor(options: TurnOptions) {
    this.#options = options;
    this.#modes = new ModeWatch(options.config.mode);
  }

  get session(): string | null {
    return this.#session;
  }

  get hello(): Hello | null {
    return this.#hello;
  }

  get modes(): readonly string[] {
    return this.#modes.offered;
  }

  /** Does it all. Never rejects. */
  async run(connection: AcpConnection): Promise<Ending> {
    const { prompt } = this.#options.request;
    return (
      (await this.prepare(connection)) ??
      (await attempt('session/prompt', async () => {
        const left = this.#modes.left();
        if (left !== null) return { outcome: 'refused', why: left } as const;
        this.#prompted = true;
        const text = [{ type: 'text', text: prompt }];
        this.#answer = await connection.request('session/prompt', { sessionId: this.#session, prompt: text });
        return endingOf(stopReasonOf(this.#answer));
      }))
    );
  }

  /** All before the prompt: who is there, a session, its mode and model. null where the prompt may be given. Never rejects. */
  async prepare(connection: AcpConnection): Promise<Ending | null> {
    return (
      (await attempt('initialize', () => this.#greet(connection))) ??
      (await attempt('session/new', () => this.#open(connection)))
    );
  }

  /** From now on every question is answered as the protocol wants it of a turn that is cancelled. */
  cancel(connection: AcpConnection): void {
    this.#over = true;
    if (this.#prompted) connection.notify('session/cancel', { sessionId: this.#session });
  }

  /** What the turn used, as far as the agent told; null where it cannot be known. */
  usage(): Usage | null {
    const basis = this.#basis();
    // the last step is not the turn, and what a session used before this turn is not known here
    if (basis === 'none' || basis === 'last_step' || (basis === 'cumulative' && this.#resumed)) return null;
    const usd = this.#usd === null || this.#usdBefore === null ? null : Math.max(0, this.#usd - this.#usdBefore);
    const { turn, models } = tokensOf(this.#answer);
    const forms = [...turn.map((tokens) => [tokens]), ...(this.#resumed ? [] : [models])];
    const told = forms.flatMap((parts) => sumOf(parts.map((tokens) => usageOf(tokens, null))) ?? []);
    const most = told.sort((a, b) => b.tokens - a.tokens)[0];
    return most === undefined ? null : { ...most, usd };
  }

  #basis(): UsageBasis {
    return this.#options.config.usage ?? (/opencode/i.test(this.#hello?.name ?? '') ? 'last_step' : 'turn');
  }

  async #greet(connection: AcpConnection): Promise<Ending | null> {
    // nothing of files and terminals is offered: what an agent does it does itself, in its own process group
    const clientCapabilities = { fs: { readTextFile: false, writeTextFile: false }, terminal: false };
    const clientInfo = { name: 'waybill', version: VERSION };
    const answer = await connection.request('initialize', {
      protocolVersion: PROTOCOL,
      clientCapabilities,
      clientInfo,
    });
    this.#hello = helloOf(answer);
    const spoken = this.#hello.protocolVersion;
    if (spoken === PROTOCOL) return null;
    return {
      outcome: 'failed',
      why: `it speaks version ${JSON.stringify(spoken) ?? 'unknown'} of the protocol, not 1`,
    };
  }

  async #open(connection: AcpConnection): Promise<Ending | null> {
    const { config, tell } = this.#options;
    const answer = await this.#openSession(connection);
    if (this.#session === null) return { outcome: 'failed', why: 'it gave no session' };
    const sessionId = this.#session;
    tell({ kind: 'session', id: sessionId });
    const set = (method: string, params: object) => connection.request(method, { sessionId, ...params });
    const why = (await this.#modes.settle(answer, set)) ?? (await setModel(config.model, answer, set));
    return why === null ? null : { outcome: 'refused', why };
  }

  /** Goes on with the session that is asked for, where the agent can and still has it; else begins one. */
  async #openSession(connection: AcpConnection): Promise<unknown> {
    const { cwd, session } = this.#options.request;
    const place = { cwd, mcpServers: [] };
    const way = this.#hello?.resume ?? null;
    if (session !== null && way !== null)
      try {
        this.#session = session;
        this.#resumed = true;
        this.#usdBefore = null;
        return await connection.request(`session/${way}`, { sessionId: session, ...place });
      } catch (error) {
        this.#options.tell({ kind: 'unknown', name: `session/${way}: ${wordsOf(error)}` });
        this.#resumed = false;
        this.#usdBefore = 0;
        this.#usd = null;
      }
    const answer = await connection.request('session/new', place);
    this.#session = sessionIdOf(answer);
    return answer;
  }

  onNotification(method: string, params: unknown): void {
    const { tell } = this.#options;
    const update = updateOf(params);
    if (method !== 'session/update' || update.kind === null) tell({ kind: 'unknown', name: method });
    // of another session, such as one that it opened for a part of the work: kept, and decides nothing
    else if (update.session !== this.#session && this.#session !== null)
      tell({ kind: 'unknown', name: `${update.kind} of another session` });
    else this.#onUpdate(update.kind, update.body);
  }

  #onUpdate(kind: string, body: unknown): void {
    switch (kind) {
      case 'agent_message_chunk':
        this.#say(body);
        break;
      case 'tool_call':
      case 'tool_call_update':
        this.#useTool(kind, body);
        break;
      case 'usage_update':
        this.#meter(body);
        break;
      case 'current_mode_update':
      case 'config_option_update':
        this.#mode(body);
        break;
      default:
        if (!PASSED_OVER.includes(kind)) this.#options.tell({ kind: 'unknown', name: kind });
    }
  }

  #mode(body: unknown): void {
    this.#modes.hear(body);
    const left = this.#modes.left();
    if (this.#prompted && left !== null) this.#break({ outcome: 'refused', why: left });
  }

  #say(body: unknown): void {
    const text = saidIn(body);
    // before the prompt, a session that is loaded tells all that was said in it
    if (this.#prompted && text !== null) this.#options.tell({ kind: 'text', text });
  }

  #useTool(update: string, body: unknown): void {
    const { id, title, kind } = toolIn(body);
    if (id !== null && kind !== null) this.#calls.set(id, (this.#calls.get(id) ?? new Set()).add(kind));
    if (this.#prompted && update === 'tool_call')
      this.#options.tell({ kind: 'tool', title: title ?? '', tool: kind ?? 'other' });
  }

  /** A turn used at least what its session holds: each of its calls to the model was given all of it. */
  #meter(body: unknown): void {
    const { tokens, usd } = this.#options.request.limits;
    const told = meterIn(body);
    if (!this.#prompted) {
      if (told.usd !== null) this.#usdBefore = told.usd;
      return;
    }
    this.#usd = told.usd ?? this.#usd;
    if (tokens !== null && told.used !== null && told.used > tokens)
      this.#break({ outcome: 'over_budget', why: `it used at least ${told.used} tokens of ${tokens}` });
    if (usd === null || this.#usd === null || this.#usdBefore === null) return;
    const spent = this.#usd - this.#usdBefore;
    if (spent > usd) this.#break({ outcome: 'over_budget', why: `it used ${spent.toFixed(4)} US dollars of ${usd}` });
  }

  onPermission(params: unknown): PermissionAnswer {
    if (this.#over) return { outcome: 'cancelled' };
    const question = questionOf(params);
    const { id, title, kind } = question.tool;
    const kinds = new Set([...((id === null ? null : this.#calls.get(id)) ?? []), ...(kind === null ? [] : [kind])]);
    const tools: readonly string[] = this.#options.request.tools satisfies readonly ToolKind[];
    // it must be known what is asked, and all that it was said to be must be allowed
    const allowed = !question.odd && kinds.size > 0 && [...kinds].every((each) => tools.includes(each));
    const option = question.option(allowed ? 'allow_once' : 'reject_once');
    this.#options.tell({ kind: 'permission', title: title ?? '', allowed: allowed && option !== null });
    // never for always: this answer is for this question
    return option === null ? { outcome: 'cancelled' } : { outcome: 'selected', optionId: option };
  }

  #break(ending: Ending): void {
    if (!this.#over) this.#options.breakOff(ending);
  }
}

/** What an agent's reason to stop means for the work. */
function endingOf(reason: string | null): Ending {
  if (reason === 'end_turn') return { outcome: 'ended', why: null };
  if (reason === 'refusal') return { outcome: 'refused', why: 'it refuses' };
  if (reason === 'cancelled') return { outcome: 'aborted', why: 'it says that it was cancelled' };
  return { outcome: 'failed', why: `it stopped: ${reason ?? 'it did not say why'}` };
}

async function attempt<T extends Ending | null>(what: string, step: () => Promise<T>): Promise<T | Ending> {
  try {
    return await step();
  } catch (error) {
    return { outcome: 'failed', why: `${what}: ${wordsOf(error)}` };
  }
}

/** What an agent answers where it cannot. */
const LOGIN = -32000;

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it gave no reason';
  const code = 'code' in error ? error.code : null;
  const data = 'data' in error && error.data !== undefined ? ` ${JSON.stringify(error.data)}` : '';
  return `${code === LOGIN ? 'it wants a login first: ' : ''}${error.message}${data}`.slice(0, 500);
}
