import { createHash } from 'node:crypto';
import type { Recorded } from '../../order/event.ts';

/**
 * Ids of spans follow from the records alone: whoever reads the same ledger again gets the same ids, and telemetry, whose lines carry them too, names
 * the very spans that are sent.
 */

/** The span of an order as a whole: the parent of all its events in telemetry. */
export function orderSpanId(traceId: string): string {
  return digest(traceId);
}

/** The span that a record begins: a command, a step, a wait, a landing, or what follows a person's retry. */
export function spanIdOf(record: Pick<Recorded, 'hash'>): string {
  return record.hash.slice(7, 23);
}

/** The agent's part of a step, known before the agent starts. */
export function agentSpanId(stepSpanId: string): string {
  return digest(`${stepSpanId} agent`);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
