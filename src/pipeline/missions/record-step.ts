import { diffHash } from '../../order/change.ts';
import type { GateResult } from '../../order/generated.ts';
import type { FailureClass, Output, Reserved, StepData, SteppedData, Usage, Verdict } from '../../order/mission.ts';
import { weightInLines } from '../../policy/limits.ts';
import { spanIdOf } from '../../record/spans/ids.ts';
import { fact } from '../fact.ts';
import type { Job } from '../job.ts';
import type { Runtime } from '../runtime.ts';

/** How a step came to its end. */
export interface StepEnd {
  readonly outputs: readonly Output[];
  /** null where it went well. */
  readonly fault: StepFault | null;
  readonly verdict?: Verdict | null;
  readonly usage?: Usage | null;
  readonly session?: string | null;
  readonly checkpoint?: string | null;
  readonly gates?: readonly GateResult[];
  /** How long its agent took; absent where none took part. */
  readonly agentSeconds?: number;
  /** It may have changed what the mission changes. */
  readonly changed?: boolean;
}

export interface StepFault {
  readonly code: string;
  readonly why: string;
  /** null: it was only cut short, and is done again. */
  readonly failure: FailureClass | null;
}

/** It was cut short by the stop file. */
export function stoppedBy(stop: AbortSignal): StepFault {
  return { code: 'MISSION_STOPPED', why: String(stop.reason), failure: null };
}

/** A step under way: its number, and when it began. */
export interface OpenStep {
  readonly n: number;
  readonly step: string;
  readonly role: string | null;
  readonly agent: string | null;
  /** In milliseconds since 1970. */
  readonly begunAt: number;
  /** The step's span in its order's trace. */
  readonly spanId: string | undefined;
}

/** Puts on the ledger that a step is about to be done, and what is reserved for it. */
export function beginStep(
  rt: Runtime,
  job: Job,
  about: Pick<StepData, 'step' | 'role' | 'agent' | 'model'>,
  reserved: Reserved,
): OpenStep {
  const life = rt.life(job.woId);
  const n = nextNumber(rt, job.woId);
  const records = rt.record([fact(life, 'step', { n, ...about, reserved })]);
  rt.step('mission: step recorded', [job.woId]);
  const { step, role, agent } = about;
  return { n, step, role, agent, begunAt: Date.now(), spanId: records.map(spanIdOf)[0] };
}

/** The number that the next step gets. */
export function nextNumber(rt: Runtime, woId: string): number {
  const { mission } = rt.life(woId);
  const numbers = (mission?.history ?? []).map((entry) => ('n' in entry ? (entry.n ?? 0) : 0));
  return Math.max(0, mission?.open?.n ?? 0, ...numbers) + 1;
}

/** Puts on the ledger how a step came to its end; by then what it gave is durable. */
export function endStep(rt: Runtime, job: Job, open: OpenStep, end: StepEnd): void {
  const { n, step, role, agent, begunAt } = open;
  const { fault } = end;
  const data: SteppedData = {
    n,
    step,
    role,
    agent,
    ok: fault === null,
    code: fault?.code ?? null,
    why: fault?.why ?? null,
    failure: fault?.failure ?? null,
    verdict: end.verdict ?? null,
    outputs: [...end.outputs],
    usage: end.usage ?? null,
    seconds: (Date.now() - begunAt) / 1000,
    ...(end.agentSeconds === undefined ? {} : { agent_seconds: end.agentSeconds }),
    ...(end.changed === true ? { changes: [...job.images] } : {}),
    ...(end.gates === undefined ? {} : { gates: [...end.gates] }),
    diff_sha256: diffHash(job.images),
    diff_lines: weightInLines(job.changes),
    session: end.session ?? null,
    checkpoint: end.checkpoint ?? null,
  };
  rt.record([fact(rt.life(job.woId), 'stepped', data)]);
  rt.step('mission: step ended', [job.woId]);
}
