import { hashOf } from '../order/canonical-json.ts';
import { WaybillError } from '../order/error.ts';
import type { Agent, AgentContext, Probe } from './agent.ts';
import type { Role, RoleAgent } from './role-file.ts';
import { candidates } from './roles.ts';

/** An agent that was looked at, and what the look told. */
export interface LookedAt {
  readonly use: RoleAgent;
  readonly probe: Probe;
}

/** Who does the work, and why those before it do not. */
export interface Chosen extends LookedAt {
  readonly passedOver: readonly LookedAt[];
}

/** Where a look at an agent is made, and what surrounds its program there. */
export interface Surroundings {
  readonly cwd: string;
  contextOf(use: RoleAgent): AgentContext;
}

/** What was seen of an agent counts for so long: installing one is noticed soon, and a mission does not start ten programs for ten steps. */
const FRESH_MS = 60_000;

/** Looks at agents before work is given to them. One look serves all who ask within a minute for an agent that is set up in the same way. */
export class Probes {
  readonly #agentOf: (use: RoleAgent) => Agent;
  readonly #now: () => number;
  readonly #seen = new Map<string, { readonly at: number; readonly probe: Promise<Probe> }>();

  /** `now` tells milliseconds. */
  constructor(agentOf: (use: RoleAgent) => Agent, now: () => number) {
    this.#agentOf = agentOf;
    this.#now = now;
  }

  /** Never throws, and costs no model call. */
  probe(use: RoleAgent, { cwd, contextOf }: Surroundings): Promise<Probe> {
    const key = hashOf({ ...use });
    const at = this.#now();
    const seen = this.#seen.get(key);
    if (seen !== undefined && at >= seen.at && at - seen.at < FRESH_MS) return seen.probe;
    for (const [old, { at: then }] of this.#seen) if (at - then >= FRESH_MS || at < then) this.#seen.delete(old);
    const probe = this.#look(use, cwd, contextOf);
    this.#seen.set(key, { at, probe });
    return probe;
  }

  async #look(use: RoleAgent, cwd: string, contextOf: Surroundings['contextOf']): Promise<Probe> {
    try {
      return await this.#agentOf(use).probe(contextOf(use), cwd);
    } catch (thrown) {
      return { ...UNUSABLE, why: thrown instanceof Error ? thrown.message : String(thrown) };
    }
  }
}

const UNUSABLE: Probe = {
  ok: false,
  version: null,
  why: null,
  modes: [],
  resumes: false,
  structured: false,
  tellsUsage: null,
};

/**
 * The first agent that may do a role's work and can be used: of those that the mission names, as it orders them, else in the order of the role's
 * file. Throws AGENT_UNAVAILABLE, which says of each why not.
 */
export async function chooseAgent(
  probes: Probes,
  role: Role,
  wanted: readonly string[],
  surroundings: Surroundings,
): Promise<Chosen> {
  const possible = candidates(role, wanted);
  if (possible.length === 0)
    throw new WaybillError('AGENT_UNAVAILABLE', `the role ${role.name} has no agent named ${wanted.join(' or ')}`, {
      hint: `It has ${role.use.map(({ name }) => name).join(', ')}: name one of these in \`agents\` of the mission, or add it to ${role.file}.`,
    });
  const passedOver: LookedAt[] = [];
  for (const use of possible) {
    const probe = await probes.probe(use, surroundings);
    if (probe.ok) return { use, probe, passedOver };
    passedOver.push({ use, probe });
  }
  const reasons = passedOver.map(({ use, probe }) => `${use.name}: ${probe.why ?? 'it cannot be used'}`);
  throw new WaybillError('AGENT_UNAVAILABLE', `no agent of the role ${role.name} can be used: ${reasons.join('; ')}`);
}
