import { join } from 'node:path';
import { sha256 } from '../../order/canonical-json.ts';
import type { Recorded } from '../../order/event.ts';
import type { GateResult, TerminalPacket } from '../../order/generated.ts';
import { claimOf, type OrderLife } from '../../order/life.ts';
import type { HistoryEntry, Output } from '../../order/mission.ts';
import { readIfThere } from '../../platform/durable.ts';
import { evidenceName } from '../../record/evidence.ts';
import { terminalPacket, terminalPacketName, terminalPacketText } from '../../spine/packets/terminal-packet.ts';
import type { Station } from '../../station/station.ts';
import { evidenceFolderOf, stepFolder } from './documents.ts';

/** How an attempt of a mission ended, as its records tell it: what is shown of it can be computed again at any time. */
export interface MissionEnd {
  readonly life: OrderLife;
  readonly packet: TerminalPacket;
  /** Relative to the folder of artifacts. */
  readonly path: string;
  readonly text: string;
  readonly review: Review | null;
}

/** The newest review packet that people can read. */
interface Review extends Output {
  readonly path: string;
  readonly n: number;
  readonly step: string;
}

type Stepped = Extract<HistoryEntry, { kind: 'stepped' }>;
const ENDINGS = ['succeeded', 'failed', 'cancelled', 'denied', 'expired'] as const;
type Ending = Recorded<(typeof ENDINGS)[number]>;

/**
 * What a record ends, where it ends a mission; `life` is that of its order just after it. Null for every other record, for an attempt that is tried
 * again by itself, for a dry run, and for what was purged.
 */
export function missionEnd(life: OrderLife | null, record: Recorded): MissionEnd | null {
  if (life?.admitted?.type !== 'mission' || !isEnding(record) || record.purged === true) return null;
  // a plan was shown, and no mission done
  if (life.admitted.dry_run) return null;
  if (record.to !== 'done' && record.to !== 'failed' && record.to !== 'cancelled') return null;
  const review = reviewOf(life.mission?.history ?? []);
  const packet = terminalPacket({
    life,
    mission: life.mission,
    status: record.to,
    endedAt: record.ts,
    outcome: record.data,
    gates: gatesOf(life.mission?.history ?? []),
    ledger: { seq: record.seq, hash: record.hash },
    reviewPacket: review === null ? null : { path: review.path, sha256: review.sha256 },
  });
  const path = `terminal/${terminalPacketName(life.woId, life.attempt)}`;
  return { life, packet, path, text: terminalPacketText(packet), review };
}

/** How the attempt of a life that is at its end is judged in its terminal packet; null for one that has none. */
export function judgedEnd(life: OrderLife): Pick<TerminalPacket, 'outcome' | 'reason' | 'why'> | null {
  const { status, outcome, mission, admitted, finishedAt, purgedAttempts, attempt } = life;
  if (status !== 'done' && status !== 'failed' && status !== 'cancelled') return null;
  if (outcome === null || admitted?.dry_run === true || purgedAttempts >= attempt) return null;
  const review = reviewOf(mission?.history ?? []);
  return terminalPacket({
    ...{ life, mission, status, outcome },
    endedAt: finishedAt ?? '',
    gates: gatesOf(mission?.history ?? []),
    ledger: { seq: life.lastSeq, hash: '' },
    reviewPacket: review === null ? null : { path: review.path, sha256: review.sha256 },
  });
}

function isEnding(record: Recorded): record is Ending {
  return (ENDINGS as readonly string[]).includes(record.event);
}

/** The gates that were asked last, before the work and after it. */
function gatesOf(history: readonly HistoryEntry[]): GateResult[] {
  const last = (phase: GateResult['phase']) =>
    history.findLast((entry): entry is Stepped => entry.kind === 'stepped' && entry.gates?.[0]?.phase === phase)
      ?.gates ?? [];
  return [...last('pre'), ...last('post')];
}

function reviewOf(history: readonly HistoryEntry[]): Review | null {
  for (const entry of history.toReversed()) {
    if (entry.kind !== 'stepped') continue;
    const output = entry.outputs.find(({ name }) => name.startsWith('Review_Packet_'));
    if (output === undefined) continue;
    return { ...output, path: `review_packets/${output.name}.md`, n: entry.n, step: entry.step };
  }
  return null;
}

/** The bytes of its review packet, beside the claim or in the evidence; null where neither has what the ledger has the hash of (any more). */
export function reviewBytes(station: Station, { life, review }: MissionEnd): Buffer | null {
  if (review === null) return null;
  const evidence = join(station.layout.evidence, evidenceName(life.woId, life.attempt));
  for (const folder of [
    stepFolder(join(station.layout.claimed, claimOf(life)), review.n, review.step),
    evidenceFolderOf(evidence, review.n, review.step),
  ]) {
    const bytes = readIfThere(join(folder, `${review.name}.md`));
    if (bytes !== undefined && sha256(bytes) === review.sha256) return bytes;
  }
  return null;
}
