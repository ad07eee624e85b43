import type { HistoryEntry, Reserved, SteppedData, Usage } from '../../../src/order/mission.ts';
import { stepped as entryOf, type Stepped } from '../../spine/missions.ts';

/** Histories of missions, as the ledger tells them. */

let n = 0;

/** A step of an agent that came to its end, as it should have. */
export function stepped(
  step: string,
  more: Partial<Omit<SteppedData, 'step'>> & { reserved?: Reserved } = {},
): Stepped {
  n++;
  return { ...entryOf(n, step, { outputs: [], usage: null, seconds: 1, diff_sha256: null, diff_lines: 0 }), ...more };
}

export function failed(
  step: string,
  failure: SteppedData['failure'],
  diff: string | null = null,
  more: Partial<SteppedData> = {},
): Stepped {
  return stepped(step, { ok: false, failure, diff_sha256: diff, ...more });
}

export function lost(step: string, reserved: Reserved, agent: string | null = 'claude'): HistoryEntry {
  n++;
  return { kind: 'lost', n, step, role: agent === null ? null : 'builder', agent, reserved };
}

export function decided(what: 'checkpoint' | 'budget', at: string, raise = {}): HistoryEntry {
  return { kind: 'decided', what, at, raise };
}

export function used(tokens: number, usd: number | null = null): Usage {
  return { input: tokens, cache_read: 0, cache_write: 0, output: 0, tokens, usd };
}
