import type { GateResult } from '../../order/generated.ts';

/** One question to a mission. `why` says what is wrong, or null where nothing is. */
export interface Gate<Source> {
  readonly name: string;
  why(source: Source): string | null;
}

/**
 * Asks every gate, also when one before it was not passed: a mission is told all that is wrong at once. A gate that throws was not passed.
 */
export function ask<Source>(phase: GateResult['phase'], gates: readonly Gate<Source>[], source: Source): GateResult[] {
  return gates.map((gate) => {
    const why = answerOf(gate, source);
    return { name: gate.name, phase, ok: why === null, why };
  });
}

function answerOf<Source>(gate: Gate<Source>, source: Source): string | null {
  try {
    const why: unknown = gate.why(source);
    // whatever else comes out is no answer, and no answer is no pass
    if (why === null) return null;
    return typeof why === 'string' && why !== '' ? why : 'the gate gave no answer';
  } catch (thrown) {
    return `the gate broke: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  }
}

const HASH = /^sha256:[0-9a-f]{64}$/;
const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

export function isHash(text: string | null): text is string {
  return text !== null && HASH.test(text);
}

export function isCommit(text: string | null): text is string {
  return text !== null && COMMIT.test(text);
}

/** The first few of what is wrong, and how many more. */
export function several(words: string, list: readonly string[]): string {
  const shown = list.slice(0, MOST_SHOWN).join(', ');
  return `${words}: ${shown}${list.length > MOST_SHOWN ? ` and ${list.length - MOST_SHOWN} more` : ''}`;
}

const MOST_SHOWN = 10;
