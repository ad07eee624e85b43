import type { ImageChange } from '../../src/order/change.ts';
import type { HistoryEntry, MissionLife, StepData, SteppedData, Usage } from '../../src/order/mission.ts';

/** Missions for tests: each entry with a shape that its record really has. */

export const hash = (of: string): string => `sha256:${of.repeat(64).slice(0, 64)}`;
export const BASE = '3f2a91c0de'.repeat(4);
export const USAGE: Usage = { input: 100, cache_read: 10, cache_write: 5, output: 20, tokens: 135, usd: 0.1 };
export const CHANGE: ImageChange = {
  path: 'src/a.js',
  before: null,
  after: { mode: '100644', blob: 'b'.repeat(40), disk: 'b'.repeat(40) },
};

export type Stepped = Extract<HistoryEntry, { kind: 'stepped' }>;

export function stepped(n: number, step: string, more: Partial<SteppedData> = {}): Stepped {
  return {
    kind: 'stepped',
    n,
    step,
    role: 'builder',
    agent: 'claude',
    ok: true,
    code: null,
    why: null,
    failure: null,
    verdict: null,
    outputs: [{ name: 'build_report', sha256: hash('a') }],
    usage: USAGE,
    seconds: 1.5,
    diff_sha256: hash('d'),
    diff_lines: 3,
    session: null,
    checkpoint: null,
    ...more,
  };
}

export function begun(n: number, step: string): StepData {
  return { n, step, role: 'builder', agent: 'claude', reserved: { tokens: 5000, usd: 1.25, seconds: 60 } };
}

export function missionOf(history: readonly HistoryEntry[], open: StepData | null = null): MissionLife {
  return {
    begun: { chain: 'short', chain_sha256: hash('c'), reviewers: 1, policy_sha256: hash('e') },
    from: 1,
    base: BASE,
    history,
    open,
  };
}

/** Built, and approved after that. */
export const REVIEWED: readonly HistoryEntry[] = [
  stepped(1, 'build', { changes: [CHANGE] }),
  stepped(2, 'review', { role: 'reviewer', verdict: 'approved' }),
];
