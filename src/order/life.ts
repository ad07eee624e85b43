import { type ErrorBody, WaybillError } from './error.ts';
import {
  type AdmittedData,
  type AskData,
  type ExecutedData,
  isTransition,
  type LandedData,
  type LandingData,
  type OutcomeData,
  type Recorded,
  type RejectedData,
  type RestoredData,
  type StartedData,
} from './event.ts';
import type { HistoryEntry, MissionLife, Raise, StepData } from './mission.ts';
import { withoutWords } from './tombstone.ts';
import { assertLegal, type Status, type WaitingFor } from './transition.ts';

/**
 * One order as its ledger records tell it. The fold of all of them; state file, result and recovery read nothing else.
 */
export interface OrderLife {
  readonly woId: string;
  /** Sequence number of its first record: its place in the journal, and its age. */
  readonly born: number;
  readonly lastSeq: number;
  readonly status: Status;
  readonly waitingFor: WaitingFor | null;
  readonly until: string | null;
  readonly why: string | null;
  readonly attempt: number;
  /** How often it was tried again by itself since a person last asked. */
  readonly retriesUsed: number;
  readonly revision: number;
  /** What a person was asked last in this attempt. */
  readonly ask: AskData | null;
  readonly askedAt: string | null;
  /** When people were told again that they are asked. */
  readonly remindedAt: string | null;
  /** A person agreed to that. */
  readonly approved: boolean;
  /** Attempts up to this one were purged: their evidence is gone on purpose. 0 for none. */
  readonly purgedAttempts: number;
  /** Other lanes in which the same order was dropped: they get the answer too. */
  readonly alsoIn: readonly string[];
  readonly admitted: AdmittedData | null;
  readonly rejected: RejectedData | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly updatedAt: string;
  /** What happened in this attempt so far. */
  readonly started: StartedData | null;
  readonly commandsBegun: number;
  readonly unsafeCommandBegun: boolean;
  /** An earlier run of its commands was cut short or failed, so what it left in its outputs is its own, not somebody's work. */
  readonly rerun: boolean;
  readonly executed: ExecutedData | null;
  /** Since when no agent can be used for the step that is next; null where one can, or nobody looked. Absent in lives of before this was told. */
  readonly agentlessSince?: string | null;
  /** How far a mission got in this attempt; null for other orders, and before its start. */
  readonly mission: MissionLife | null;
  readonly restored: boolean;
  /** What failed attempts left in their outputs. */
  readonly left: RestoredData['left'];
  readonly landing: LandingData | null;
  readonly landed: LandedData | null;
  readonly outcome: OutcomeData | null;
  readonly lastError: ErrorBody | null;
}

/** An order's life after one more record. Throws ILLEGAL_TRANSITION where the table forbids it. */
export function advance(life: OrderLife | null, record: Recorded): OrderLife {
  const woId = record.wo_id ?? '';
  if (isTransition(record.event)) {
    assertLegal(woId, record.event, life?.status ?? null, record.to as Status, life?.waitingFor ?? null);
  }
  if (life === null && record.event !== 'admitted' && record.event !== 'rejected')
    throw new WaybillError(
      'ILLEGAL_TRANSITION',
      `${woId}: ${record.event} is not possible for an order that never began`,
    );
  const base: OrderLife = life ?? newborn(woId, record.seq, record.ts);
  const next: OrderLife = {
    ...base,
    lastSeq: record.seq,
    updatedAt: record.ts,
    attempt: record.attempt,
    status: (record.to as Status | null) ?? base.status,
  };
  switch (record.event) {
    case 'admitted':
      return {
        ...next,
        admitted: record.data,
        waitingFor: record.data.waiting_for,
        until: record.data.until,
        why: record.data.why,
      };
    case 'revised':
      return {
        ...fresh(next),
        admitted: record.data,
        rejected: null,
        revision: next.revision + 1,
        ask: null,
        approved: false,
        alsoIn: [],
        waitingFor: record.data.waiting_for,
        until: record.data.until,
        why: record.data.why,
        lastError: null,
        retriesUsed: 0,
        startedAt: null,
        finishedAt: null,
      };
    case 'rejected':
      return { ...next, rejected: record.data, finishedAt: record.ts, lastError: record.data.error };
    case 'released':
      return { ...next, waitingFor: null, until: null, why: null, outcome: null };
    case 'approved':
      return {
        ...next,
        approved: true,
        waitingFor: null,
        until: null,
        why: null,
        outcome: null,
        mission: withDecision(next, record.data.raise),
      };
    case 'started':
      // released from a wait in the middle of an attempt, what is already executed stays
      return {
        ...next,
        started: record.data,
        startedAt: next.startedAt ?? record.ts,
        waitingFor: null,
        mission: next.mission ?? begunMission(record.seq, record.data),
      };
    case 'step':
      return { ...next, agentlessSince: null, mission: stepLost(next.mission, record.data) };
    case 'stepped':
      return {
        ...next,
        mission: withEntry(next.mission, {
          kind: 'stepped',
          ...record.data,
          ...(next.mission?.open?.n === record.data.n ? { reserved: next.mission.open.reserved } : {}),
        }),
      };
    case 'rebased':
      // its work goes on from there
      return {
        ...next,
        executed: null,
        mission: next.mission && {
          ...(withEntry(next.mission, { kind: 'rebased', ...record.data }) as MissionLife),
          base: record.data.base,
        },
      };
    case 'command':
      return {
        ...next,
        commandsBegun: next.commandsBegun + 1,
        unsafeCommandBegun: next.unsafeCommandBegun || !record.data.idempotent,
      };
    case 'reminded':
      return { ...next, remindedAt: record.ts, until: record.data.until };
    case 'executed':
      return { ...next, executed: record.data };
    case 'restored':
      return { ...next, restored: true, left: record.data.left };
    case 'landing':
      return { ...next, landing: record.data };
    case 'landed':
      return { ...next, landed: record.data };
    case 'waits':
      return {
        ...next,
        waitingFor: record.data.waiting_for,
        until: record.data.until,
        why: record.data.why,
        agentlessSince: record.data.waiting_for === 'agent' ? (base.agentlessSince ?? record.ts) : null,
        landing: null,
        ...(record.data.ask === undefined
          ? {}
          : { ask: record.data.ask, askedAt: record.ts, remindedAt: null, approved: false }),
      };
    case 'held':
      return { ...next, waitingFor: 'hold', until: null, why: record.data.reason };
    case 'succeeded':
    case 'cancelled':
      return { ...next, outcome: record.data, finishedAt: record.ts, waitingFor: null, lastError: record.data.error };
    case 'failed':
      if (record.to === 'parked') {
        return {
          ...fresh(next),
          // an approval is for one attempt
          ask: null,
          approved: false,
          waitingFor: 'time',
          until: record.data.retry_at,
          why: record.data.error?.message ?? null,
          lastError: record.data.error,
          retriesUsed: next.retriesUsed + 1,
          outcome: record.data,
        };
      }
      return { ...next, outcome: record.data, finishedAt: record.ts, waitingFor: null, lastError: record.data.error };
    case 'denied':
    case 'expired':
      return {
        ...next,
        outcome: record.data,
        finishedAt: record.ts,
        waitingFor: null,
        until: null,
        lastError: record.data.error,
      };
    case 'retried':
      return {
        ...fresh(next),
        ask: null,
        approved: false,
        admitted: next.admitted === null ? null : { ...next.admitted, claim: record.data.claim },
        waitingFor: null,
        finishedAt: null,
        startedAt: null,
        retriesUsed: 0,
      };
    case 'interrupted':
      // what is executed stays executed: its commands are never run again silently (rule 4)
      return {
        ...(next.executed === null
          ? // it goes on where it was started, not on whatever branch is checked out by then
            {
              ...fresh(next),
              started: next.started,
              rerun: next.rerun || next.commandsBegun > 0,
              mission: stepLost(next.mission, null),
            }
          : { ...next, landing: null }),
        why: record.data.why,
      };
    case 'repeated':
      // says nothing new about the order
      return { ...base, lastSeq: record.seq, alsoIn: alsoIn(base, record.data.lane) };
    case 'purged':
      return { ...(withoutWords(base) as OrderLife), lastSeq: record.seq, purgedAttempts: base.attempt };
    case 'opened':
    case 'distrusted':
    case 'gap':
      return next;
  }
}

function begunMission(from: number, { mission, isolation }: StartedData): MissionLife | null {
  return mission === undefined || isolation === undefined
    ? null
    : { begun: mission, from, base: isolation.base, history: [], open: null };
}

/** A step that is begun while another one is open: nobody ever told of the end of that one. */
function stepLost(mission: MissionLife | null, step: StepData | null): MissionLife | null {
  if (mission === null) return null;
  const { open, history } = mission;
  return { ...mission, open: step, history: open === null ? history : [...history, { kind: 'lost', ...open }] };
}

function withEntry(mission: MissionLife | null, entry: HistoryEntry): MissionLife | null {
  return mission && { ...mission, open: null, history: [...mission.history, entry] };
}

function withDecision({ mission, ask }: OrderLife, raise: Raise = {}): MissionLife | null {
  if (mission === null || ask === null || (ask.stage !== 'checkpoint' && ask.stage !== 'budget')) return mission;
  const begun = { ...mission.begun, policy_sha256: ask.policy_sha256 ?? mission.begun.policy_sha256 };
  return withEntry({ ...mission, begun }, { kind: 'decided', what: ask.stage, at: ask.at ?? '', raise });
}

/** What is kept of a life by those who only ask whether what follows is legal, and of which attempt it tells. */
export type Remnant = Pick<OrderLife, 'woId' | 'born' | 'status' | 'attempt' | 'purgedAttempts'>;

export function remnantOf({ woId, born, status, attempt, purgedAttempts }: OrderLife): Remnant {
  return { woId, born, status, attempt, purgedAttempts };
}

/** A life to go on with, for an order that ended; what happened in it is not told any more. */
export function lifeOf(remnant: Remnant): OrderLife {
  return { ...newborn(remnant.woId, remnant.born, ''), ...remnant };
}

function newborn(woId: string, seq: number, ts: string): OrderLife {
  return {
    woId,
    born: seq,
    lastSeq: seq,
    status: 'ready',
    waitingFor: null,
    until: null,
    why: null,
    attempt: 0,
    retriesUsed: 0,
    revision: 1,
    purgedAttempts: 0,
    ask: null,
    askedAt: null,
    remindedAt: null,
    approved: false,
    alsoIn: [],
    admitted: null,
    rejected: null,
    startedAt: null,
    finishedAt: null,
    updatedAt: ts,
    outcome: null,
    left: [],
    lastError: null,
    ...NOT_STARTED,
  };
}

/** Lives written before this was told have no such list. */
function alsoIn(life: OrderLife, lane: string): string[] {
  const known: readonly string[] | undefined = life.alsoIn;
  return lane === laneOf(life) ? [...(known ?? [])] : [...new Set([...(known ?? []), lane])];
}

const NOT_STARTED = {
  agentlessSince: null,
  started: null,
  commandsBegun: 0,
  unsafeCommandBegun: false,
  rerun: false,
  executed: null,
  mission: null,
  restored: false,
  landing: null,
  landed: null,
} as const;

/** A new attempt has done nothing yet. */
function fresh(life: OrderLife): OrderLife {
  return { ...life, ...NOT_STARTED, until: null, why: null, outcome: null };
}

/** The claim folder that holds the order's request. */
export function claimOf(life: OrderLife): string {
  return life.admitted?.claim ?? life.rejected?.claim ?? '';
}

export function laneOf(life: OrderLife): string {
  return life.admitted?.lane ?? life.rejected?.lane ?? '';
}
