import type { Decision } from '../../order/approval.ts';
import { errorBody, WaybillError } from '../../order/error.ts';
import type { AskData, EventData, OutcomeData } from '../../order/event.ts';
import type { DecideCommand, DistrustCommand } from '../../order/generated.ts';
import type { OrderLife } from '../../order/life.ts';
import { asksPeople } from '../../order/transition.ts';
import { now } from '../../platform/clock.ts';
import { ensureDir, writeDurable } from '../../platform/durable.ts';
import { outcome, sealJob, showEvidence, storeSealed } from '../finish.ts';
import { letGoOfWork } from '../isolation/keep-work.ts';
import type { Runtime } from '../runtime.ts';
import { askedFolder } from './ask.ts';
import { proveDecision, type Sender } from './proof.ts';
import type { Pattern } from './trust.ts';

/**
 * Carries out a decision: once for each asking, about exactly what was shown, by somebody who may, with a proof that is enough (rule 13). Throws
 * APPROVAL_STALE, APPROVAL_REFUSED, POLICY_INVALID; then nothing has changed.
 */
export async function decideOrder(rt: Runtime, life: OrderLife, command: DecideCommand, sender: Sender): Promise<void> {
  const { ask, admitted } = life;
  const policy = rt.policyFile.require();
  if (ask === null || ask.id !== command.ask || ask.sha256 !== command.sha256)
    throw new WaybillError(
      'APPROVAL_STALE',
      `${life.woId} asks for something else than this ${command.decision} is about`,
    );
  if (life.status !== 'parked' || !asksPeople(life.waitingFor))
    throw new WaybillError(
      'APPROVAL_STALE',
      `${life.woId} was decided before this ${command.decision} came: ${whatBecame(life)}`,
      {
        hint: 'The first decision counts. `waybill log ID` shows who decided.',
      },
    );
  const decision: Decision = {
    station: rt.station.id,
    woId: life.woId,
    ask: ask.id,
    sha256: ask.sha256,
    decision: command.decision,
    always: command.always ?? false,
    reason: command.reason ?? '',
  };
  const proved = await proveDecision(decision, command.proof, sender, {
    approvers: policy.approvers,
    allowed: ask.approvers,
    needed: ask.proof,
    tmp: rt.station.layout.tmp,
    openedAt: rt.openedAt,
  });
  // while the proof was checked somebody else may have decided, or cancelled
  const current = rt.life(life.woId);
  if (current.lastSeq !== life.lastSeq) return decideOrder(rt, current, command, sender);
  keepDecision(rt, life, decision, proved);
  const decided = { by: proved.by, ask: ask.id, sha256: ask.sha256, proof: proved.proof };
  const patterns = patternsOf(ask);
  const [uid, lane] = [admitted?.requester.uid ?? -1, admitted?.lane ?? ''];
  if (command.decision === 'deny') {
    const resets = patterns.map(({ pattern }) => pattern);
    await deny(rt, life, { ...decided, reason: decision.reason, resets, uid, lane });
    rt.trust.denied(patterns, uid, lane);
    return;
  }
  const promoted = rt.trust.promotedBy(ask.id, patterns, uid, lane, policy.approvals.trustAfter, decision.always);
  const [record] = rt.record([
    {
      event: 'approved',
      woId: life.woId,
      attempt: life.attempt,
      from: 'parked',
      to: 'ready',
      data: { ...decided, promoted, uid, lane, ...(ask.raise === undefined ? {} : { raise: ask.raise }) },
    },
  ]);
  if (record?.event !== 'approved') return;
  rt.trust.approved(record, patterns, uid, lane);
  for (const { pattern, text } of patterns) if (promoted.includes(pattern)) rt.notices.promoted(life, pattern, text);
}

function whatBecame({ approved, lastError, status }: OrderLife): string {
  if (approved) return `it was approved, and is ${status}`;
  return lastError === null ? `it is ${status}` : `${lastError.code}: ${lastError.message}`;
}

export function patternsOf(ask: Pick<AskData, 'rulings'>): Pattern[] {
  const found = new Map<string, Pattern>();
  for (const { pattern, subject: text, kind } of ask.rulings)
    if (pattern !== null) found.set(pattern, { pattern, text, isCounted: kind === 'command' });
  return [...found.values()];
}

/** The decision with its proof, beside what was asked, until the evidence takes it. */
function keepDecision(rt: Runtime, life: OrderLife, decision: Decision, proved: { by: string; proof: unknown }): void {
  const folder = askedFolder(rt.claimFolder(life));
  ensureDir(folder);
  const { woId, sha256: subject, ...said } = decision;
  const document = { v: 1, at: now(), wo_id: woId, subject, ...said, ...proved };
  writeDurable(`${folder}/${decision.ask}.decision.json`, `${JSON.stringify(document, null, 2)}\n`);
}

type DeniedData = Omit<EventData['denied'], keyof OutcomeData>;

async function deny(rt: Runtime, life: OrderLife, decided: DeniedData): Promise<void> {
  const why = decided.reason === '' ? '' : `: ${decided.reason}`;
  const ended = await endAsking(rt, life, new WaybillError('DENIED', `denied by ${decided.by}${why}`));
  rt.record([
    {
      event: 'denied',
      woId: life.woId,
      attempt: life.attempt,
      from: 'parked',
      to: 'failed',
      data: { ...ended.data, ...decided },
    },
  ]);
  showEvidence(rt, rt.life(life.woId), ended.sealed);
}

/** Ends an order for which nobody decided in the time that it set. Never a denial: it counts for no trust. */
export async function expire(rt: Runtime, life: OrderLife): Promise<void> {
  const { ask } = life;
  if (ask === null || ask.expires_at === null) return;
  const error = new WaybillError('EXPIRED', `nobody decided until ${ask.expires_at}`);
  const ended = await endAsking(rt, life, error);
  rt.record([
    {
      event: 'expired',
      woId: life.woId,
      attempt: life.attempt,
      from: 'parked',
      to: 'failed',
      data: { ...ended.data, ask: ask.id, at: ask.expires_at },
    },
  ]);
  showEvidence(rt, rt.life(life.woId), ended.sealed);
}

/** What an order ends with that asked, and is not to go on. */
async function endAsking(rt: Runtime, life: OrderLife, error: WaybillError) {
  const unrestored = await letGoOfWork(rt, life, error.message);
  const sealed = sealJob(rt, life, null, life.executed?.checks ?? []);
  storeSealed(rt, life, sealed);
  const at = now();
  const data = {
    ...outcome(life, null, at),
    summary: error.message,
    unrestored,
    error: errorBody(error, at),
    evidence: { manifest_sha256: sealed.manifestSha256 },
  };
  return { sealed, data };
}

/** Takes back what approvals made safe. Throws APPROVAL_STALE where nothing was. */
export function distrust(rt: Runtime, command: DistrustCommand, by: string): void {
  const entry = rt.trust.distrust(command.pattern);
  if (entry === null)
    throw new WaybillError('APPROVAL_STALE', `nothing is trusted or counted under ${command.pattern.slice(7, 19)}`, {
      hint: '`waybill policy trust` lists what is.',
    });
  const reason = command.reason ?? '';
  const data = { pattern: command.pattern, text: entry.text, by, reason };
  rt.record([{ event: 'distrusted', woId: null, attempt: 0, from: null, to: null, data }]);
}
