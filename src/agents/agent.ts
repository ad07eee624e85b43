import type { Usage } from '../order/mission.ts';
import type { Environment } from '../platform/process.ts';

/**
 * One small interface to every coding agent. An adapter starts the agent's program, says what is to be done, keeps what comes back, and ends
 * everything that it started. What an agent says of its work counts for nothing: the packet file and the runner's own measure do.
 */

/** What an agent may do, as its tools are called in the Agent Client Protocol. */
export type ToolKind = 'read' | 'edit' | 'delete' | 'move' | 'search' | 'execute' | 'think' | 'fetch' | 'other';

/** One thing that is asked of an agent. */
export interface AgentRequest {
  /** What is to be done, in full. Never goes onto a command line. */
  readonly prompt: string;
  /** Said in the place of `prompt` where `session` cannot be gone on with and another one begins, which knows nothing of what went before. */
  readonly promptAnew?: string;
  /** Where it works: an absolute path. */
  readonly cwd: string;
  /** What it may do without a question. Everything else is refused: nobody is there to be asked. */
  readonly tools: readonly ToolKind[];
  readonly output: PacketRequest;
  /** Bounds of this one step; null for none. */
  readonly limits: { readonly tokens: number | null; readonly usd: number | null; readonly seconds: number };
  /** The session to go on with, where the adapter can; null begins anew. */
  readonly session: string | null;
  /** Ends the agent and all that it started. */
  readonly signal: AbortSignal;
}

/** The document that is to come back. */
export interface PacketRequest {
  readonly name: string;
  /** JSON Schema 2020-12. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** Absolute path of the file that the agent writes; its folder is there, and is not part of the work. */
  readonly file: string;
}

/** What surrounds a run: who is told, and what programs are started in. */
export interface AgentContext {
  /** Exactly what the program gets as its environment. */
  readonly env: Environment;
  /** A variable of that environment by which everything that it starts is found again. */
  readonly mark: { readonly name: string; readonly value: string };
  /** The program in its sandbox, where there is one. */
  wrap(argv: readonly string[], cwd: string): readonly string[];
  /** The sandbox takes all that is in it along when it ends (bwrap): TERM is for what runs inside. */
  readonly isSandbox?: boolean;
  /** Ends the program, whatever it is at: also one that is only looked at. */
  readonly signal?: AbortSignal;
  /** Between TERM and KILL. */
  readonly graceMs: number;
  /** Before the program may do anything: its group goes on record, so that recovery finds it. */
  onStarted(child: { readonly pgid: number; readonly startTime: string | null }): void;
  /** Each piece of the raw stream, as it comes; it is evidence. */
  onRaw(source: 'in' | 'out' | 'err', bytes: Uint8Array): void;
  /** What happens, for people to follow. Never decides anything. */
  onEvent(event: AgentEvent): void;
}

export type AgentEvent =
  | { readonly kind: 'session'; readonly id: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'tool'; readonly title: string; readonly tool: string }
  /** A question that the adapter answered from `tools`; `why` not, where the kind of tool is allowed and where it leads is not. */
  | { readonly kind: 'permission'; readonly title: string; readonly allowed: boolean; readonly why?: string }
  | { readonly kind: 'usage'; readonly usage: Usage }
  /** Kept in the raw stream, and not understood: never fatal. */
  | { readonly kind: 'unknown'; readonly name: string };

/** How a run ended. */
export interface AgentResult {
  /** `ended`: it says that it is done. Everything else says why it is not. */
  readonly outcome: 'ended' | 'timeout' | 'aborted' | 'over_budget' | 'refused' | 'failed';
  /** Why, where it did not end by itself; where it ended without a packet, why there is none. */
  readonly why: string | null;
  /** The packet's bytes as they were handed in: the file, else structured output; null for none. Nobody has validated them yet. */
  readonly packet: Buffer | null;
  /** What this run used, and nothing of what went before in the session; null where nobody told. */
  readonly usage: Usage | null;
  readonly session: string | null;
}

/** What a look at an agent told, before any work is given to it. */
export interface Probe {
  readonly ok: boolean;
  /** Name and version as the program tells them. */
  readonly version: string | null;
  /** Why it cannot be used. */
  readonly why: string | null;
  /** What it can: modes, continuing a session, structured output, telling usage. */
  readonly modes: readonly string[];
  readonly resumes: boolean;
  readonly structured: boolean;
  readonly tellsUsage: boolean | null;
}

/** A coding agent that can be given work. */
export interface Agent {
  /** Rejects only with what a function of `context` threw; whatever the agent does is in the result, and nothing of it lives then. */
  run(request: AgentRequest, context: AgentContext): Promise<AgentResult>;
  /** Never throws, and costs no model call. */
  probe(context: AgentContext, cwd: string): Promise<Probe>;
}
