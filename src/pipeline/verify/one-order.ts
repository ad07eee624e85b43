import type { Recorded } from '../../order/event.ts';
import { advance, type OrderLife } from '../../order/life.ts';
import { HashCheck } from '../../order/tombstone.ts';
import type { Station } from '../../station/station.ts';
import { checkCommits } from './commits.ts';
import { EvidenceCheck } from './evidence.ts';
import type { Finding } from './finding.ts';
import { PacketCheck } from './packets.ts';

/** What became of one order's check. */
export interface OrderVerification {
  readonly records: number;
  /** Evidence folders that were held against their manifests. */
  readonly evidence: number;
  readonly commits: number;
  readonly findings: readonly Finding[];
}

/**
 * Holds one order's own records against their hashes, its evidence and packets against those, and its commits against both. Unlike
 * `waybill verify ORDER` it reads no other record: that these stand in one chain with all others, and what anchors that, is not looked at.
 * `records`: all of the order's. Changes nothing.
 */
export async function verifyOrder(
  station: Station,
  woId: string,
  records: readonly Recorded[],
): Promise<OrderVerification> {
  const hashes = new HashCheck();
  const evidence = new EvidenceCheck(station, woId);
  const packets = new PacketCheck(station, woId);
  const findings: Finding[] = [];
  let life: OrderLife | null = null;
  const landed: OrderLife[] = [];
  for (const record of records) {
    if (!hashes.accepts(record)) findings.push(broken(record.seq, 'was changed: its hash is not that of its content'));
    life = advance(life, record);
    evidence.take(record, life);
    packets.take(record, life);
    if (record.to === 'done' && life.landed?.how === 'landed') landed.push(life);
  }
  for (const seq of hashes.unsettled()) findings.push(broken(seq, 'is marked as purged, but no record says so'));
  findings.push(...evidence.findings(), ...packets.findings(false));
  const commits = await checkCommits(station, landed, () => {});
  return {
    records: records.length,
    evidence: evidence.looked,
    commits: commits.commits,
    findings: [...findings, ...commits.findings],
  };
}

function broken(seq: number, what: string): Finding {
  return { severity: 'error', kind: 'ledger', subject: `ledger record ${seq}`, message: `the record ${what}` };
}
