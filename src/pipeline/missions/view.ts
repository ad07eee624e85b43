import { basename, join } from 'node:path';
import { readClaim } from '../../intake/claim.ts';
import { type Input, readOrder } from '../../intake/read-order.ts';
import type { StateDocument } from '../../order/generated.ts';
import { claimOf, type OrderLife } from '../../order/life.ts';
import type { Order } from '../../order/order.ts';
import { exists, readIfThere } from '../../platform/durable.ts';
import { limitsOf, raisesOf, type Spent, spentOf } from '../../policy/missions/budget.ts';
import type { BudgetLimits } from '../../policy/missions/missions.ts';
import type { MissionRules } from '../../policy/missions/rules.ts';
import { loadPolicy } from '../../policy/policy.ts';
import { evidenceName } from '../../record/evidence.ts';
import { readLives } from '../../record/lives-read.ts';
import { type Chain, parseChain } from '../../spine/chain.ts';
import { terminalPacketName } from '../../spine/packets/terminal-packet.ts';
import type { Station } from '../../station/station.ts';
import { rulesOf } from './begin.ts';
import { CHAIN_FILE, EVIDENCE_FOLDER, MISSION_FOLDER, stepFolder } from './documents.ts';

/** A mission as the files of its station tell it, for those who only look. */
export interface MissionView {
  readonly life: OrderLife;
  /** As it was handed in; null where that is not on disk any more, or has more than one file. */
  readonly order: Order | null;
  /** The one that it began with; null before its start. */
  readonly chain: Chain | null;
  /** As policy has them now; null where policy cannot be read, or refuses it. */
  readonly rules: MissionRules | null;
  /** With what people raised; null with `rules`. */
  readonly limits: BudgetLimits | null;
  readonly spent: Spent;
  /** How its attempt ended, relative to the root; null while it lives. */
  readonly terminalPacket: string | null;
}

/** Looks at the missions of these state files; one of which the ledger on disk has no record is left out. Throws LEDGER_BROKEN. */
export function missionViews(station: Station, states: readonly StateDocument[]): MissionView[] {
  const wanted = states.map(({ wo_id: woId, meta }) => ({ woId, born: Number(meta['born'] ?? 1) }));
  return [...readLives(station.layout.ledger, wanted).values()].map((life) => missionView(station, life));
}

/** Looks at the mission of this life. */
export function missionView(station: Station, life: OrderLife): MissionView {
  const order = orderOf(station, life);
  const rules = whereItCan(() =>
    order === null || order.mission === null
      ? null
      : rulesOf(station.layout.root, loadPolicy(station.layout.root), life, order.mission),
  );
  const history = life.mission?.history ?? [];
  const packet = join(station.settings.paths.artifacts, 'terminal', terminalPacketName(life.woId, life.attempt));
  return {
    life,
    order,
    chain: whereItCan(() => chainOf(station, life)),
    rules,
    limits: rules === null ? null : limitsOf(rules, order?.mission?.budget ?? null, raisesOf(history)),
    spent: spentOf(history),
    terminalPacket: life.finishedAt !== null && exists(join(station.layout.root, packet)) ? packet : null,
  };
}

/** The folder of a step's documents: beside the claim while the mission lives, later in its evidence. Null where it has none. */
export function folderOfStep(station: Station, life: OrderLife, n: number, step: string): string | null {
  const name = basename(stepFolder('', n, step));
  return (
    foldersOf(station, life)
      .map((folder) => join(folder, name))
      .find(exists) ?? null
  );
}

function foldersOf(station: Station, life: OrderLife): string[] {
  const { claimed, evidence } = station.layout;
  return [
    join(claimed, claimOf(life), MISSION_FOLDER),
    join(evidence, evidenceName(life.woId, life.attempt), EVIDENCE_FOLDER),
  ];
}

function chainOf(station: Station, life: OrderLife): Chain | null {
  if (life.mission === null) return null;
  for (const folder of foldersOf(station, life)) {
    const bytes = readIfThere(join(folder, CHAIN_FILE));
    if (bytes !== undefined) return parseChain(life.mission.begun.chain, bytes);
  }
  return null;
}

function orderOf(station: Station, life: OrderLife): Order | null {
  const input = whereItCan(() => readClaim(station.layout.claimed, claimOf(life))) ?? inEvidence(station, life);
  const read = input === null ? null : readOrder(input, { ...station.settings.intake, deprecatedTypes: {} });
  return read === null || 'error' in read ? null : read.order;
}

function inEvidence({ layout }: Station, { woId, attempt, admitted }: OrderLife): Input | null {
  if (admitted === null || admitted.request.order_file !== undefined) return null;
  const bytes = readIfThere(join(layout.evidence, evidenceName(woId, attempt), admitted.request.name));
  return bytes === undefined ? null : { bytes, file: admitted.file, attachments: null };
}

/** A look shows what can be read, and passes over the rest: `waybill verify` says what is wrong with it. */
function whereItCan<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
