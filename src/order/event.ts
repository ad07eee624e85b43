import type { Image, ImageChange } from './change.ts';
import type { ErrorBody } from './error.ts';
import type { CheckResult, LedgerRecord, Requester } from './generated.ts';
import type { JobData } from './job.ts';
import type { MissionBegun, Raise, RebasedGiven, StepData, SteppedData } from './mission.ts';
import type { Warning } from './order.ts';
import type { Transition, WaitingFor } from './transition.ts';

/** What the ledger's `data` holds, event by event. Transitions move an order; the others are facts about it. */
export interface EventData {
  /** `demo`: the station only shows things, as its settings say; absent otherwise. `backlog`: its files, where settings name others. */
  opened: { station: string; pid: number; version: string; demo?: true; backlog?: readonly string[] };
  admitted: AdmittedData & FirstWait;
  rejected: RejectedData;
  released: { why: string };
  started: StartedData;
  /** About to run: written and synced before the process may do anything. */
  command: { n: number; name: string; idempotent: boolean };
  executed: ExecutedData;
  /** A step of a mission is about to be done: written and synced before its agent may do anything. */
  step: StepData;
  /** A step of a mission came to its end. */
  stepped: SteppedData;
  /** What a mission made is now made to another commit, because the branch moved on. */
  rebased: { base: string; changes: ImageChange[]; review: boolean } & RebasedGiven;
  restored: RestoredData;
  landing: LandingData;
  landed: LandedData;
  /** `ask`: what a person is asked, where it waits for one. */
  waits: { waiting_for: WaitingFor; until: string | null; why: string; ask?: AskData };
  succeeded: OutcomeData;
  failed: OutcomeData & { retry_at: string | null };
  cancelled: OutcomeData & { by: string };
  held: { by: string; reason: string };
  /** `claim`: where the request lies now, when the one it came with is gone. */
  retried: { by: string; claim: string };
  revised: AdmittedData & FirstWait;
  interrupted: { why: string };
  /** The same bytes were dropped again, and answered with what is known. */
  repeated: RepeatedData;
  /** What the order told was taken out of ledger, journal and evidence, because it must not stay. */
  purged: PurgedData;
  /** `promoted`: patterns that are safe from now on, for this user's orders in this lane. */
  /** `raise`: limits of a mission's budget from now on. */
  approved: DecidedData & { promoted: string[]; uid: number; lane: string; raise?: Raise };
  /** `resets`: patterns that begin anew, for this user's orders in this lane. */
  denied: OutcomeData & DecidedData & { reason: string; resets: string[]; uid: number; lane: string };
  expired: OutcomeData & { ask: string; at: string };
  /** People were told again that it waits for them. */
  reminded: { ask: string; until: string | null };
  /** A person took back what approvals had made safe. */
  distrusted: { pattern: string; text: string; by: string; reason: string };
  /** Records were lost: the git folder was replaced by an older copy. */
  gap: GapData;
}

/** Why an order is not ready at once; all null when it is. */
export interface FirstWait {
  waiting_for: WaitingFor | null;
  until: string | null;
  why: string | null;
}

export interface AdmittedData {
  /** Name of the claim folder: unique, sortable, never used again. */
  claim: string;
  file: string;
  lane: string;
  requester: Requester;
  trace_id: string;
  received_at: string;
  /** `order_file`: the order's own file in a folder bundle, or the order that a rule made; absent for an order that came as one file. */
  request: { name: string; sha256: string; size: number; order_file?: string };
  title: string;
  summary: string;
  type: string;
  owner: string | null;
  priority: number;
  created_at: string | null;
  tags: string[];
  depends_on: string[];
  not_before: string | null;
  hold: boolean;
  retries: number;
  dry_run: boolean;
  /** Has commands or checks: needs a slot of its lane and works before it lands. */
  works: boolean;
  warnings: Warning[];
  /** Asks a person before anything is done. */
  approval?: { by: string[]; why: string; expires?: string };
  /** A mission: which agents may do it; none means any. */
  agents?: string[];
  /** An order that came as a job of OpenClaw. */
  job?: JobData;
  /** Secrets that the request holds: what kind, and where, never the value. */
  secrets?: SecretPlace[];
}

/** `where`: line and column in the request, below the path of the file for one that came with it; or the field that holds it in another form. */
export interface SecretPlace {
  kind: string;
  where: string;
}

/** What a person is asked. The approval subject itself lies beside the claim, and in the evidence. */
export interface AskData {
  /** Names this asking: it can be answered once. */
  id: string;
  /** Hash of the approval subject. */
  sha256: string;
  /** checkpoint and budget: a mission stops in the middle. */
  stage: 'start' | 'landing' | 'checkpoint' | 'budget';
  /** Of a mission: the step before or after which it stops. */
  at?: string;
  /** What a yes raises. */
  raise?: Raise;
  /** The policy under which a mission goes on. */
  policy_sha256?: string;
  /** What a decision must carry at least. */
  proof: 'terminal' | 'ssh';
  /** Who may decide; null: every approver. */
  approvers: string[] | null;
  /** Why it asks: what each is about, and the rule. */
  rulings: {
    kind: 'path' | 'command' | 'order' | 'mission';
    subject: string;
    rule: string;
    why: string;
    pattern: string | null;
  }[];
  expires_at: string | null;
  /** What is other than when it was approved before. */
  changed: string[];
}

/** Who decided, and what shows it. */
export interface DecidedData {
  by: string;
  ask: string;
  sha256: string;
  proof: ProofData;
}

export type ProofData =
  | { kind: 'ssh'; key: string; signature: string }
  /** Weaker: a program of the same user can fake it. */
  | { kind: 'terminal'; user: string; tty: string; pid: number }
  /** As weak; the process is the dashboard, and the terminal at which it was started. */
  | { kind: 'browser'; user: string; tty: string; pid: number };

/** One record that was emptied. */
export interface Tombstone {
  readonly seq: number;
  /** Hash of the record as it was written. */
  readonly hash: string;
  /** Hash of what is left of it. */
  readonly left: string;
}

export interface PurgedData {
  by: string;
  reason: string;
  records: Tombstone[];
  /** Claims of rejected input that was purged with it. */
  claims: string[];
}

/** What the ledger lost, as far as anything outside of it tells. */
export interface GapData {
  /** The last record that is not lost. */
  after: number;
  /** The newest of the lost records that somebody tells of, and where. */
  seen_seq: number;
  seen_hash: string;
  where: 'state' | 'outbox' | 'evidence' | 'quarantine' | 'commit';
  /** Everything that told of lost records when this one was written. */
  all: { where: GapData['where']; seq: number; hash: string }[];
  /** Records that the backup brought back before; they are not lost. */
  brought_back: number;
}

export interface RepeatedData {
  claim: string;
  file: string;
  lane: string;
  requester: Requester;
}

export interface RejectedData {
  claim: string;
  file: string;
  lane: string;
  requester: Requester;
  trace_id: string;
  received_at: string;
  request: { name: string; sha256: string; size: number } | null;
  /** The id in the file, also where it belongs to another order and so stands not in wo_id. */
  declared_id: string | null;
  title: string | null;
  quarantine: string | null;
  error: ErrorBody;
  /** As of an order that is admitted. */
  secrets?: SecretPlace[];
}

export interface StartedData {
  plan_sha256: string;
  branch: string;
  head: string | null;
  /** What file actions will do, with every pre-image. */
  changes: ImageChange[];
  /** Files that commands are to make, with their pre-images. */
  outputs: { path: string; before: Image | null }[];
  /** Absent where the work is done at the root. */
  isolation?: IsolatedAt;
  /** How a mission begins. */
  mission?: MissionBegun;
}

/** Work that is done apart from the root, on a pinned commit. */
export interface IsolatedAt {
  kind: 'worktree' | 'branch';
  /** The commit whose files it works on. */
  base: string;
}

export interface ExecutedData {
  changes: ImageChange[];
  checks: CheckResult[];
  leftover: string[];
  /** Absent where the work was done at the root. Its `base` is the commit that `changes` are made to, and that checks ran on. */
  isolation?: IsolatedAt;
}

export interface RestoredData {
  paths: string[];
  unrestored: string[];
  /** What commands left in their outputs: a retry may make those again while they are still as they were left. */
  left: { path: string; after: Image | null }[];
}

export interface LandingData {
  batch: string;
  branch: string;
  /** Tip before the batch; null on an unborn branch. */
  old_head: string | null;
  /** Tip after the batch. */
  new_head: string | null;
  /** This order's own commit; null where it changes nothing in the repository. */
  commit: string | null;
  journal: string;
  changes: ImageChange[];
  evidence: { manifest_sha256: string };
}

export interface LandedData {
  commits: string[];
  /** ours, or the commit of somebody else that already holds our post-image. */
  how: 'landed' | 'landed_by' | 'nothing_to_commit';
}

export interface OutcomeData {
  summary: string;
  files_touched: string[];
  commits: string[];
  /** The order's own branch, where it landed on one. */
  branch?: string;
  checks: CheckResult[];
  warnings: Warning[];
  unrestored: string[];
  error: ErrorBody | null;
  evidence: { manifest_sha256: string } | null;
  duration_ms: number | null;
  diff?: string;
}

export type EventName = keyof EventData;

/** A ledger record whose data has the shape of its event. */
export type Recorded<E extends EventName = EventName> = {
  [K in E]: Omit<LedgerRecord, 'event' | 'data'> & { event: K; data: EventData[K] };
}[E];

const TRANSITION_NAMES: ReadonlySet<string> = new Set<Transition>([
  'admitted',
  'rejected',
  'released',
  'approved',
  'denied',
  'expired',
  'started',
  'waits',
  'succeeded',
  'failed',
  'held',
  'cancelled',
  'retried',
  'revised',
  'interrupted',
]);

/** A record whose compiler knows them all: none can be forgotten. */
const FACTS: Readonly<Record<Exclude<EventName, Transition>, true>> = {
  opened: true,
  command: true,
  executed: true,
  step: true,
  stepped: true,
  rebased: true,
  restored: true,
  landing: true,
  landed: true,
  repeated: true,
  purged: true,
  reminded: true,
  distrusted: true,
  gap: true,
};

/** What records of the ledger are called. */
export const EVENT_NAMES: readonly string[] = [...TRANSITION_NAMES, ...Object.keys(FACTS)];

export function isTransition(event: EventName): event is Transition {
  return TRANSITION_NAMES.has(event);
}
