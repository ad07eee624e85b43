import { join } from 'node:path';
import type { Recorded } from '../../order/event.ts';
import type { GateResult } from '../../order/generated.ts';
import type { OrderLife } from '../../order/life.ts';
import type { HistoryEntry, Output } from '../../order/mission.ts';
import { isTerminal } from '../../order/transition.ts';
import { readIfThere, writeProjection } from '../../platform/durable.ts';
import { evidenceName } from '../../record/evidence.ts';
import {
  type TerminalSource,
  terminalPacket,
  terminalPacketName,
  terminalPacketText,
} from '../../spine/packets/terminal-packet.ts';
import type { Runtime } from '../runtime.ts';
import { stepFolder } from './documents.ts';

/** What missions end with, where people look: projections of the ledger, which can be written again. */

type Stepped = Extract<HistoryEntry, { kind: 'stepped' }>;
type Ending = Recorded<'succeeded' | 'failed' | 'cancelled' | 'denied' | 'expired'>;

/** Shows the terminal packet of a mission that has just ended, and its review packet beside it; nothing for other orders. */
export function showPackets(rt: Runtime, life: OrderLife): void {
  if (life.admitted?.type !== 'mission' || !isTerminal(life.status)) return;
  const [record] = rt.ledger.read(life.lastSeq);
  if (record !== undefined && record.wo_id === life.woId && isEnding(record)) showThose(rt, life, record);
}

function isEnding(record: Recorded): record is Ending {
  return ['succeeded', 'failed', 'cancelled', 'denied', 'expired'].includes(record.event);
}

function showThose(rt: Runtime, life: OrderLife, record: Ending): void {
  const folder = join(rt.station.layout.root, rt.station.settings.missions.artifacts);
  const review = reviewOf(rt, life);
  const source: TerminalSource = {
    life,
    mission: life.mission,
    status: record.to as TerminalSource['status'],
    endedAt: record.ts,
    outcome: record.data,
    gates: gatesOf(life.mission?.history ?? []),
    ledger: { seq: record.seq, hash: record.hash },
    reviewPacket: review === null ? null : { path: `review_packets/${review.name}.md`, sha256: review.sha256 },
  };
  const name = terminalPacketName(life.woId, life.attempt);
  rt.show(life.woId, () => {
    if (review !== null) writeProjection(join(folder, 'review_packets', `${review.name}.md`), review.bytes);
    writeProjection(join(folder, 'terminal', name), terminalPacketText(terminalPacket(source)));
  });
}

/** The gates that were asked last, before the work and after it. */
function gatesOf(history: readonly HistoryEntry[]): GateResult[] {
  const last = (phase: GateResult['phase']) =>
    history.findLast((entry): entry is Stepped => entry.kind === 'stepped' && entry.gates?.[0]?.phase === phase)
      ?.gates ?? [];
  return [...last('pre'), ...last('post')];
}

/** The newest review packet that people can read: beside the claim, and later in the evidence. */
function reviewOf(rt: Runtime, life: OrderLife): (Output & { readonly bytes: Buffer }) | null {
  for (const entry of (life.mission?.history ?? []).toReversed()) {
    const output =
      entry.kind === 'stepped' ? entry.outputs.find(({ name }) => name.startsWith('Review_Packet_')) : undefined;
    if (output === undefined || entry.kind !== 'stepped') continue;
    const beside = stepFolder(rt.claimFolder(life), entry.n, entry.step);
    const evidence = stepFolder(
      join(rt.station.layout.evidence, evidenceName(life.woId, life.attempt)),
      entry.n,
      entry.step,
    );
    const bytes =
      readIfThere(join(beside, `${output.name}.md`)) ??
      readIfThere(join(evidence.replace('/.mission/', '/mission/'), `${output.name}.md`));
    return bytes === undefined ? null : { ...output, bytes };
  }
  return null;
}
