import type { Contradiction } from '../../documents/contradiction.ts';
import type { RuntimeFacts } from '../../order/generated.ts';
import type { Station } from '../../station/station.ts';
import { Absent } from './fact.ts';

/** What backlog and documents say. */
export interface Stated {
  readonly contradictions: readonly Contradiction[];
  /** What could not be read, and why. */
  readonly notRead: readonly string[];
  /** Throws where it could not be read. */
  backlog(): NonNullable<RuntimeFacts['backlog']['value']> | Absent;
  /** Throws where it could not be read. */
  plan(): string | Absent;
}

/** Reads them. Never throws. */
export async function statedIn(_station: Station, _claims: RuntimeFacts['claims']['value']): Promise<Stated> {
  return {
    contradictions: [],
    notRead: [],
    backlog: () => new Absent('not read'),
    plan: () => new Absent('not read'),
  };
}
