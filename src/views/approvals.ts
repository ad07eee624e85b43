import { join } from 'node:path';
import { subjectHash } from '../order/approval.ts';
import { sha256 } from '../order/canonical-json.ts';
import { WaybillError } from '../order/error.ts';
import type { ApprovalSubject, StateDocument } from '../order/generated.ts';
import { asksPeople } from '../order/transition.ts';
import { askedFolder, readSubject } from '../pipeline/approvals/ask.ts';
import { readIfThere } from '../platform/durable.ts';
import { readFollowup } from '../record/followup.ts';
import type { Station } from '../station/station.ts';
import { readState, stateOf } from './order-state.ts';

/** What an order asks, as its state file has it. */
export interface Asked {
  readonly ask: string;
  readonly sha256: string;
  readonly claim: string;
  readonly stage: ApprovalSubject['stage'];
  readonly asked_at: string;
  readonly expires_at: string | null;
  readonly proof: 'terminal' | 'ssh';
  readonly approvers: readonly string[] | null;
  readonly rulings: readonly { readonly subject: string; readonly rule: string; readonly why: string }[];
  readonly changed: readonly string[];
}

/** An order that asks, with all that is to be looked at. */
export interface Request {
  readonly state: StateDocument;
  readonly asked: Asked;
  readonly subject: ApprovalSubject;
  readonly diff: string;
}

/** Every order that waits for a person, the one that waits longest first. */
export function waitingForApproval(station: Station): { state: StateDocument; asked: Asked }[] {
  const alive = readFollowup(station)?.alive ?? [];
  return alive
    .flatMap(({ wo_id: woId }) => {
      const state = readState(station, woId);
      const asked = state === null ? null : askedOf(state);
      return state === null || asked === null ? [] : [{ state, asked }];
    })
    .sort((a, b) => (a.asked.asked_at < b.asked.asked_at ? -1 : 1));
}

/** What an order asks now; null where it asks nothing. */
export function askedOf(state: StateDocument): Asked | null {
  return state.status === 'parked' && asksPeople(state.waiting_for)
    ? ((state.meta['approval'] as Asked | undefined) ?? null)
    : null;
}

/** Throws APPROVAL_STALE where the order asks for nothing (now), UNKNOWN_ORDER. */
export async function requestOf(station: Station, woId: string): Promise<Request> {
  const state = await stateOf(station, woId);
  const asked = askedOf(state);
  if (asked === null)
    throw new WaybillError('APPROVAL_STALE', `${state.wo_id} asks for no approval: it is ${state.status}`, {
      hint: `\`waybill why ${state.wo_id}\` says what it waits for; \`waybill log ${state.wo_id}\` who decided.`,
    });
  const folder = askedFolder(join(station.layout.claimed, asked.claim));
  const subject = readSubject(folder, asked.ask);
  if (subject === null) throw new WaybillError('IO_ERROR', `what ${state.wo_id} asks is not in ${folder}`);
  // shown and signed is only what the ledger has the hash of
  if (subjectHash(subject) !== asked.sha256)
    throw new WaybillError(
      'APPROVAL_REFUSED',
      `what lies in ${folder} is not what ${state.wo_id} asked: somebody changed it`,
      {
        hint: `Cancel the order and drop it again: \`waybill cancel ${state.wo_id}\`.`,
      },
    );
  const diff = readIfThere(join(folder, `${asked.ask}.diff`)) ?? Buffer.alloc(0);
  return { state, asked, subject, diff: diffOf(diff, subject, state.wo_id) };
}

function diffOf(bytes: Buffer, subject: ApprovalSubject, woId: string): string {
  if (sha256(bytes) === subject.diff_sha256) return bytes.toString('utf8');
  throw new WaybillError(
    'APPROVAL_REFUSED',
    `the diff of ${woId} is not the one that was asked about: somebody changed it`,
    {
      hint: `Cancel the order and drop it again: \`waybill cancel ${woId}\`.`,
    },
  );
}
