import { stringify } from 'yaml';
import { hashOf } from '../../order/canonical-json.ts';
import type { Recorded } from '../../order/event.ts';
import type { CheckpointPacket } from '../../order/generated.ts';
import type { OrderLife } from '../../order/life.ts';

/** `CP_<checkpoint>.yaml`: its id is the ask's, so each has one of its own. */
export function checkpointPacketName(checkpointId: string): string {
  return `CP_${checkpointId}.yaml`;
}

/**
 * What an order waits for a person with; `life` is that of its order just after the record. Null for a record by which it waits for nobody. Pure: the
 * same records give the same packet.
 */
export function checkpointPacket(
  life: Pick<OrderLife, 'woId' | 'attempt' | 'revision' | 'admitted'>,
  record: Recorded<'waits'>,
): CheckpointPacket | null {
  const { ask, why } = record.data;
  if (ask === undefined) return null;
  const job = life.admitted?.job;
  const whole: Omit<CheckpointPacket, 'packet_hash'> = {
    v: 1,
    checkpoint_id: ask.id,
    wo_id: life.woId,
    attempt: life.attempt,
    revision: life.revision,
    job: job === undefined ? null : { job_id: job.id, run_id: job.run_id },
    title: life.admitted?.title ?? '',
    trigger: ask.stage,
    step: ask.at ?? null,
    why,
    asked: ask.rulings.map(({ subject, rule, why: because }) => ({ subject, rule, why: because })),
    subject_sha256: ask.sha256,
    asked_at: record.ts,
    approvers: ask.approvers === null ? null : [...ask.approvers],
    proof: ask.proof,
    expires_at: ask.expires_at,
    ledger: { seq: record.seq, hash: record.hash },
  };
  return { ...whole, packet_hash: hashOf(whole) };
}

/** The packet as its file holds it. Its hash is of the values, so that another way to write the YAML changes nothing. */
export function checkpointPacketText(packet: CheckpointPacket): string {
  return stringify(packet, { version: '1.2', lineWidth: 0, aliasDuplicateObjects: false });
}
