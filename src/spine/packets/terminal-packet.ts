import { stringify } from 'yaml';
import { hashOf } from '../../order/canonical-json.ts';
import type { OutcomeData } from '../../order/event.ts';
import type { GateResult, TerminalPacket, TerminalStep, TerminalUsage } from '../../order/generated.ts';
import { isGoodId } from '../../order/id.ts';
import type { OrderLife } from '../../order/life.ts';
import type { MissionLife, SteppedData } from '../../order/mission.ts';
import { spentOf } from '../../policy/missions/budget.ts';

/** All that a terminal packet is computed from: what the ledger tells, and nothing of the moment. */
export interface TerminalSource {
  readonly life: Pick<OrderLife, 'woId' | 'attempt' | 'revision' | 'admitted' | 'startedAt'>;
  /** null for a mission that ended before its chain began. */
  readonly mission: MissionLife | null;
  readonly status: 'done' | 'failed' | 'cancelled';
  /** ISO 8601 UTC, milliseconds: the time of the record that ended it. */
  readonly endedAt: string;
  readonly outcome: Pick<OutcomeData, 'commits' | 'error' | 'evidence'>;
  /** Every gate that was asked, before the work and after it. */
  readonly gates: readonly GateResult[];
  readonly ledger: TerminalPacket['ledger'];
  readonly reviewPacket: TerminalPacket['review_packet'];
}

/** `TP_<run>.yaml`; the second attempt and later ones have their number behind an @, which no id can hold. */
export function terminalPacketName(woId: string, attempt: number): string {
  const safe = isGoodId(woId) ? woId : hashOf(woId).slice(7, 47);
  return `TP_${safe}${attempt <= 1 ? '' : `@${attempt}`}.yaml`;
}

/**
 * How a mission ended. Pure: the same records give the same packet, so that it can be written again. It says PASS only where `whyNoPass` has
 * nothing to say; an order that is done and lacks something of it is BLOCKED here, with what is missing.
 */
export function terminalPacket(source: TerminalSource): TerminalPacket {
  const { life, mission, outcome } = source;
  const steps = stepsOf(mission);
  const whole: Omit<TerminalPacket, 'packet_hash'> = {
    v: 1,
    run: { wo_id: life.woId, attempt: life.attempt, revision: life.revision },
    title: life.admitted?.title ?? '',
    ...judged(source),
    started: life.startedAt,
    ended: source.endedAt,
    base: mission === null ? null : baseOf(mission),
    chain:
      mission === null
        ? null
        : {
            name: mission.begun.chain,
            sha256: mission.begun.chain_sha256,
            reviewers: mission.begun.reviewers,
            ...(mission.begun.reads_only === true ? { reads_only: true as const } : {}),
          },
    policy_sha256: mission?.begun.policy_sha256 ?? null,
    steps,
    commits: [...outcome.commits],
    usage: usageOf(mission),
    gates: source.gates.map(({ name, phase, ok, why }) => ({ name, phase, ok, why })),
    evidence_sha256: outcome.evidence?.manifest_sha256 ?? null,
    ledger: { seq: source.ledger.seq, hash: source.ledger.hash },
    review_packet:
      source.reviewPacket === null ? null : { path: source.reviewPacket.path, sha256: source.reviewPacket.sha256 },
  };
  return { ...whole, packet_hash: hashOf(whole) };
}

/** The packet as its file holds it. Its hash is of the values, so that another way to write the YAML changes nothing. */
export function terminalPacketText(packet: TerminalPacket): string {
  return stringify(packet, { version: '1.2', lineWidth: 0, aliasDuplicateObjects: false });
}

/** Everything for which a mission that is done does not pass; empty where it passes. To be asked before the record that ends it is written. */
export function whyNoPass({ mission, outcome, gates, reviewPacket }: TerminalSource): { code: string; why: string }[] {
  const missing: { code: string; why: string }[] = [];
  for (const { name, ok, why } of gates)
    if (!ok) missing.push({ code: 'GATE_FAILED', why: `${name}: ${why ?? 'not passed'}` });
  for (const phase of ['pre', 'post'] as const)
    if (!gates.some((gate) => gate.phase === phase))
      missing.push({ code: 'GATE_FAILED', why: `no gate was asked ${phase === 'pre' ? 'before' : 'after'} the work` });
  // of what wrote nothing there is nothing to commit, and nothing to review
  const isReadOnly = mission?.begun.reads_only === true;
  if (!isReadOnly && outcome.commits.length === 0) missing.push({ code: 'NO_COMMIT', why: 'no commit holds the work' });
  if (outcome.evidence === null) missing.push({ code: 'NO_EVIDENCE', why: 'no evidence was sealed' });
  if (!isReadOnly && reviewPacket === null) missing.push({ code: 'NO_REVIEW', why: 'there is no review packet' });
  if (mission === null || !mission.history.some((e) => e.kind === 'stepped' && e.ok))
    missing.push({ code: 'NO_STEPS', why: 'no step came to its end' });
  if (mission?.open) missing.push({ code: 'NO_STEPS', why: `the step ${mission.open.step} is not at its end` });
  return missing;
}

function judged(source: TerminalSource): Pick<TerminalPacket, 'outcome' | 'reason' | 'why'> {
  const { status, outcome } = source;
  if (status === 'cancelled')
    return { outcome: 'CANCELLED', reason: outcome.error?.code ?? 'CANCELLED', why: outcome.error?.message ?? null };
  if (status === 'failed' || outcome.error !== null)
    return { outcome: 'BLOCKED', reason: outcome.error?.code ?? 'UNKNOWN', why: outcome.error?.message ?? null };
  const missing = whyNoPass(source);
  const [first] = missing;
  return first === undefined
    ? { outcome: 'PASS', reason: 'PASS', why: null }
    : { outcome: 'BLOCKED', reason: first.code, why: missing.map(({ why }) => why).join('; ') };
}

/** What the work was made to last. */
function baseOf({ base, history }: MissionLife): string {
  return history.reduce((newest, entry) => (entry.kind === 'rebased' ? entry.base : newest), base);
}

/** Every step that was begun, by its number; the one that is open at the end is lost. */
function stepsOf(mission: MissionLife | null): TerminalStep[] {
  if (mission === null) return [];
  const steps = mission.history.flatMap((entry) => {
    if (entry.kind === 'stepped') return [steppedStep(entry)];
    return entry.kind === 'lost' ? [lostStep(entry)] : [];
  });
  return mission.open === null ? steps : [...steps, lostStep(mission.open)];
}

function steppedStep(step: SteppedData): TerminalStep {
  const { n, role, agent, code, why, verdict, seconds, usage, outputs, diff_sha256, diff_lines } = step;
  return {
    n,
    step: step.step,
    role,
    agent,
    outcome: step.ok ? 'ok' : 'failed',
    code,
    why,
    verdict,
    seconds,
    usage: usage === null ? null : { ...usage },
    outputs: outputs.map(({ name, sha256 }) => ({ name, sha256 })),
    diff_sha256,
    diff_lines,
  };
}

function lostStep({ n, step, role, agent }: Pick<SteppedData, 'n' | 'step' | 'role' | 'agent'>): TerminalStep {
  return {
    n,
    step,
    role,
    agent,
    outcome: 'lost',
    code: null,
    why: 'it never came to its end',
    verdict: null,
    seconds: null,
    usage: null,
    outputs: [],
    diff_sha256: null,
    diff_lines: 0,
  };
}

/** The sums, as the budget counts them: what an agent did not tell makes them incomplete, and so does a zero, for no model answers for nothing. */
function usageOf(mission: MissionLife | null): TerminalUsage {
  const history = mission?.history ?? [];
  const spent = spentOf(mission?.open ? [...history, { kind: 'lost', ...mission.open }] : history);
  const told = history.flatMap((entry) => (entry.kind === 'stepped' && entry.usage !== null ? [entry.usage] : []));
  const part = (key: 'input' | 'cache_read' | 'cache_write' | 'output') =>
    told.reduce((sum, usage) => sum + usage[key], 0);
  const isPriced = told.some(({ usd }) => usd !== null);
  return {
    input: part('input'),
    cache_read: part('cache_read'),
    cache_write: part('cache_write'),
    output: part('output'),
    tokens: spent.tokens - spent.reserved.tokens,
    usd: isPriced ? rounded(spent.usd - spent.reserved.usd) : null,
    seconds: rounded(spent.seconds - spent.reserved.seconds),
    reserved_tokens: spent.reserved.tokens,
    reserved_usd: rounded(spent.reserved.usd),
    complete: !spent.unknown.includes('tokens'),
    usd_complete: !spent.unknown.includes('usd'),
  };
}

/** Sums of fractions without the dust of their binary form. */
function rounded(value: number): number {
  return Math.round(value * 1e9) / 1e9;
}
