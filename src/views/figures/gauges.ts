import { laneOf, type OrderLife } from '../../order/life.ts';
import { namesIn } from '../../platform/durable.ts';
import { JournalReader } from '../../record/journal.ts';
import { refsOf } from '../../station/layout.ts';
import type { Station } from '../../station/station.ts';
import type { Records } from '../records.ts';
import { type StationStatus, stationStatus } from '../station-status.ts';
import { LabelValues } from './count.ts';

/** Orders alive that stand alike. */
export interface AliveCount {
  readonly lane: string;
  readonly state: string;
  /** Empty unless it is parked. */
  readonly waitingFor: string;
  readonly count: number;
  /** Since the oldest of them was received. */
  readonly oldestSeconds: number;
}

/** A station measured now. Ages in seconds; null where there is nothing to measure. */
export interface Gauges {
  readonly status: StationStatus;
  readonly alive: readonly AliveCount[];
  readonly inbox: readonly { readonly lane: string; readonly files: number }[];
  /** Folders of drops that were claimed and whose work is not over. */
  readonly claims: number;
  readonly commands: number;
  readonly ledgerSeq: number;
  readonly isReadable: boolean;
  readonly headAge: number | null;
  /** Records that the journal does not hold yet. */
  readonly journalLag: number | null;
  readonly heartbeatAge: number | null;
  readonly lookAge: number | null;
  readonly drift: number | null;
  readonly backupAge: number | null;
}

/** Lanes that are told apart, as in the figures of the past. */
const LANES = 32;

/** Measures a station from its records and files. */
export class Gauge {
  readonly #station: Station;
  readonly #records: Records;
  readonly #journal: JournalReader;
  #anchored: { readonly tip: string; readonly upTo: number } | null = null;

  constructor(station: Station, records: Records) {
    this.#station = station;
    this.#records = records;
    this.#journal = new JournalReader(station.repo, refsOf(station.id).journal);
  }

  async measure(): Promise<Gauges> {
    const { layout } = this.#station;
    const { board, figures } = this.#records;
    // before the head is read: what is appended meanwhile is not behind by more than it is
    const upTo = await this.#upTo();
    const status = await stationStatus(this.#station);
    const at = Date.now();
    const lanes = new LabelValues(LANES);
    return {
      status,
      alive: countAlive(board.alive(), lanes, at),
      inbox: inboxOf(status, lanes),
      claims: namesIn(layout.claimed).filter((name) => !name.startsWith('.')).length,
      commands: namesIn(layout.commands).filter((name) => !name.startsWith('.')).length,
      ledgerSeq: board.seq,
      isReadable: this.#records.fault() === null,
      headAge: ageOf(board.movedAt ?? figures.lastAt, at),
      journalLag: upTo === null ? null : Math.max(0, board.seq - upTo),
      heartbeatAge: ageOf(status.heartbeat?.at ?? null, at),
      lookAge: ageOf(status.guardrail?.at ?? null, at),
      drift: status.guardrail === null ? null : new Set(status.guardrail.faults.map((f) => f.component)).size,
      backupAge: ageOf(status.backup?.last?.at ?? null, at),
    };
  }

  /** The last record that the journal's tree holds. Git is only asked when the journal moved. */
  async #upTo(): Promise<number | null> {
    const tip = this.#journal.tip();
    if (tip === null) return null;
    if (this.#anchored?.tip !== tip) {
      const upTo = (await this.#journal.newestAnchor())?.upTo;
      if (upTo === undefined) return null;
      this.#anchored = { tip, upTo };
    }
    return this.#anchored?.upTo ?? null;
  }
}

function countAlive(alive: readonly OrderLife[], lanes: LabelValues, at: number): AliveCount[] {
  const rows = new Map<string, { -readonly [K in keyof AliveCount]: AliveCount[K] }>();
  for (const life of alive) {
    const [lane, state, waitingFor] = [lanes.of(laneOf(life)), life.status, life.waitingFor ?? ''];
    const key = `${lane}\0${state}\0${waitingFor}`;
    const row = rows.get(key) ?? { lane, state, waitingFor, count: 0, oldestSeconds: 0 };
    rows.set(key, row);
    row.count++;
    row.oldestSeconds = Math.max(row.oldestSeconds, ageOf(life.admitted?.received_at ?? null, at) ?? 0);
  }
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

function inboxOf(status: StationStatus, lanes: LabelValues): Gauges['inbox'] {
  const files = new Map<string, number>();
  for (const row of status.lanes) {
    const lane = lanes.of(row.lane);
    files.set(lane, (files.get(lane) ?? 0) + row.inbox);
  }
  return [...files].map(([lane, n]) => ({ lane, files: n }));
}

function ageOf(iso: string | null, at: number): number | null {
  const ms = Date.parse(iso ?? '');
  return Number.isNaN(ms) ? null : Math.max(0, (at - ms) / 1000);
}
