import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { HistoryDocument } from '../../src/order/generated.ts';
import { type TestStation, testStation } from './station.ts';
import { assert, type TestContext } from './suite.ts';

/** A component that vanishes or breaks behind the station's back, between two scans of the guardrail. */

export const COMPONENT = 'agents/wo_executor/wo_executor.zsh';
const CONTENT = '#!/usr/bin/env zsh\necho carries orders out\n';

export const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** A station with a component that is executable and committed, and neighbours; `untracked` leaves the component to no one. */
export function withComponent(t: TestContext, untracked = false): TestStation {
  const s = testStation(t, { files: { 'agents/README.md': 'agents\n', 'notes.md': 'notes\n' } });
  s.write('agents/json_wo/json_wo.zsh', '#!/bin/sh\n', 0o755);
  s.write('agents/wo_executor/other.txt', 'beside it\n');
  if (!untracked) s.write(COMPONENT, CONTENT, 0o755);
  s.commitAll('Add the agents');
  if (untracked) s.write(COMPONENT, CONTENT, 0o755);
  return s;
}

/** One scan of the guardrail, as its telemetry tells it; `missing` null for one that found all in order. Returns its time. */
export function scan(s: TestStation, missing: string | null, more: Record<string, unknown> = {}): string {
  const ts = new Date().toISOString();
  const line =
    missing === null
      ? { v: 1, ts, agent: 'guardrail', event: 'wo_pipeline_healthy', ok: true, components: 3 }
      : { v: 1, ts, agent: 'guardrail', event: 'wo_pipeline_drift', ok: false, missing, ...more };
  const file = s.path('state/telemetry/unified.jsonl');
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify(line)}\n`);
  return ts;
}

export interface Bracket {
  readonly t1: string;
  readonly t2: string;
}

/** A scan that finds all in order, the damage, and the scan that misses it: each in a second of its own, because git knows whole seconds. */
export async function between(
  s: TestStation,
  damage: () => unknown,
  drift: Record<string, unknown> = {},
): Promise<Bracket> {
  await pause(1100);
  const t1 = scan(s, null);
  await pause(1100);
  await damage();
  await pause(1100);
  return { t1, t2: scan(s, COMPONENT, drift) };
}

export function historyOf(s: TestStation, path = COMPONENT, ...more: string[]): HistoryDocument {
  const { code, stdout, stderr } = s.waybill('history', path, '--json', ...more);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as HistoryDocument;
}

/** The seed's sentence: was working at T1, vanished between T1 and T2, because. */
export function assertVanished(h: HistoryDocument, { t1, t2 }: Bracket, kind: string, confidence: string): void {
  assert.equal(h.answer, 'vanished', h.summary);
  assert.deepEqual([h.last_good?.at, h.first_bad?.at], [t1, t2], JSON.stringify(h, null, 1));
  assert.match(h.summary, new RegExp(`was working at ${t1}, vanished between ${t1} and ${t2}, (most likely )?because`));
  assertCause(h, kind, confidence);
}

export function assertCause(h: HistoryDocument, kind: string, confidence: string): void {
  assert.deepEqual([h.cause?.kind, h.cause?.confidence], [kind, confidence], JSON.stringify(h.cause, null, 1));
  assert.ok((h.cause?.evidence.length ?? 0) > 0, 'a cause has evidence');
}

export function run(s: TestStation, ...argv: string[]): string {
  const [file = '', ...args] = argv;
  return execFileSync(file, args, { cwd: s.root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
