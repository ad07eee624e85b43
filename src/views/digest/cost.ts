import type { Recorded } from '../../order/event.ts';
import type { DigestAgent, DigestMission } from '../../order/generated.ts';
import type { Usage } from '../../order/mission.ts';

/** What steps of agents used. Of `unknown_steps` nobody knows. */
export interface Cost {
  steps: number;
  tokens: number;
  usd: number;
  unknown_steps: number;
}

/** Nothing used yet. A new one each time: it is added to. */
export const noCost = (): Cost => ({ steps: 0, tokens: 0, usd: 0, unknown_steps: 0 });

/** What agents used in a time: all together, by agent and by mission. A step that nobody told the end of counts as unknown, never as nothing. */
export class CostCount {
  readonly total = noCost();
  readonly #agents = new Map<string, Cost>();
  readonly #missions = new Map<string, Cost>();

  add(woId: string, agent: string, usage: Usage | null): void {
    for (const cost of [this.total, of(this.#agents, agent), of(this.#missions, woId)]) {
      cost.steps++;
      cost.tokens += usage?.tokens ?? 0;
      cost.usd += usage?.usd ?? 0;
      // tokens without a price are known; a step of which nothing was told is not
      if (usage === null) cost.unknown_steps++;
    }
  }

  agents(most: number): DigestAgent[] {
    return ranked(this.#agents, most).map(([agent, cost]) => ({ agent, ...cost }));
  }

  missions(most: number, about: (woId: string) => Pick<DigestMission, 'title' | 'status'>): DigestMission[] {
    return ranked(this.#missions, most).map(([woId, cost]) => ({ wo_id: woId, ...about(woId), ...cost }));
  }

  /** The missions that used anything. */
  has(woId: string): boolean {
    return this.#missions.has(woId);
  }
}

function of(map: Map<string, Cost>, key: string): Cost {
  const cost = map.get(key) ?? noCost();
  map.set(key, cost);
  return cost;
}

function ranked(map: ReadonlyMap<string, Cost>, most: number): [string, Cost][] {
  const by = ([a, x]: [string, Cost], [b, y]: [string, Cost]) =>
    y.tokens - x.tokens || y.unknown_steps - x.unknown_steps || (a < b ? -1 : 1);
  return [...map]
    .sort(by)
    .slice(0, most)
    .map(([key, cost]) => [key, { ...cost, usd: rounded(cost.usd) }]);
}

/** No digits that only the order of adding up has made. */
export function rounded(usd: number): number {
  return Math.round(usd * 1e6) / 1e6;
}

/** The agent that an order's open step is done by, as its records go on. */
export class OpenStep {
  #agent: string | null = null;

  /** Who used what by this record; null for one that tells of no use. */
  take(record: Recorded): { readonly agent: string; readonly usage: Usage | null } | null {
    const lost = this.#agent;
    switch (record.event) {
      case 'step':
        this.#agent = record.data.agent;
        return lost === null ? null : { agent: lost, usage: null };
      case 'stepped':
        this.#agent = null;
        return record.data.agent === null ? null : { agent: record.data.agent, usage: record.data.usage };
      case 'interrupted':
      case 'failed':
      case 'cancelled':
      case 'retried':
      case 'revised':
        this.#agent = null;
        return lost === null ? null : { agent: lost, usage: null };
      default:
        return null;
    }
  }
}
