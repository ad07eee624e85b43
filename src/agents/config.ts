/** What an agent's figures mean: of the whole turn, of its last step only, of all the session so far; or that it tells none. */
export type UsageBasis = 'turn' | 'last_step' | 'cumulative' | 'none';

/** One agent, as `use` of agents/<role>/agent.yaml names it. */
export interface AgentConfig {
  readonly name: string;
  /** The program and its arguments: absolute, or found on PATH. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  /** The mode that a session must be in, by the agent's own name; null where none is named. */
  readonly mode: string | null;
  /** By the agent's own name; null for the agent's choice. */
  readonly model: string | null;
  /** null: as the adapter knows. */
  readonly usage: UsageBasis | null;
}
