import { join } from 'node:path';
import { sha256 } from '../../order/canonical-json.ts';
import type { Recorded } from '../../order/event.ts';
import type { OrderLife } from '../../order/life.ts';
import { namesIn, readIfThere } from '../../platform/durable.ts';
import { checkTerminalPacket } from '../../spine/packets/check-terminal-packet.ts';
import type { Station } from '../../station/station.ts';
import { linkOn } from '../missions/artifact.ts';
import { type MissionEnd, missionEnd } from '../missions/ending.ts';
import { artifactsFolder } from '../missions/show-packets.ts';
import type { Finding } from './finding.ts';

/** What a packet is held against: as the ledger tells it, computed anew. */
type Expected = Pick<MissionEnd, 'packet' | 'path' | 'review'>;

/**
 * Holds terminal packets and review packets of missions against the ledger while its records pass. What does not hold is looked at again at the
 * end: a later record may say that it was purged, and a running station may just have been about to show it.
 */
export class PacketCheck {
  readonly #station: Station;
  readonly #folder: string;
  readonly #only: string | null;
  readonly #known = new Set<string>();
  readonly #open = new Map<string, { readonly woId: string; readonly expected: Expected }>();
  /** What was there before the first record was read. */
  readonly #there: readonly string[];

  /** `only`: the one order that is asked for, or null. */
  constructor(station: Station, only: string | null) {
    this.#station = station;
    this.#folder = artifactsFolder(station);
    this.#only = only;
    this.#there = only === null ? namesIn(join(this.#folder, 'terminal')).filter(isPacketName) : [];
  }

  /** Takes a record of the ledger, and its order's life after it. */
  take(record: Recorded, life: OrderLife | null): void {
    if (record.event === 'purged' && life !== null)
      for (const [path, { woId }] of this.#open) if (woId === life.woId) this.#open.delete(path);
    const end = missionEnd(life, record);
    if (end === null || (this.#only !== null && this.#only !== end.life.woId)) return;
    this.#known.add(end.path);
    const { packet, path, review } = end;
    const expected = { packet, path, review };
    if (this.#look(expected).length > 0) this.#open.set(path, { woId: end.life.woId, expected });
    else this.#open.delete(path);
  }

  /** What does not hold. `isWhole`: the ledger was read to its end, so that it can tell of strays. */
  findings(isWhole: boolean): Finding[] {
    const found = [...this.#open.values()].flatMap(({ woId, expected }) =>
      this.#look(expected).map((finding) => ({ ...finding, subject: woId })),
    );
    this.#open.clear();
    const strays = isWhole ? this.#there.filter((name) => !this.#known.has(`terminal/${name}`)) : [];
    return [
      ...found,
      ...strays
        .filter((name) => readIfThere(join(this.#folder, 'terminal', name)) !== undefined)
        .map((name) => finding('error', name, 'the terminal packet is stray: the ledger knows of no such end')),
    ];
  }

  #look({ packet, path, review }: Expected): Finding[] {
    const about = (what: string) => finding('error', '', `${path}: ${what}`);
    for (const name of [path, ...(review === null ? [] : [review.path])]) {
      const link = linkOn(this.#station, `${this.#station.settings.paths.artifacts}/${name}`);
      if (link !== null) return [finding('error', '', `${name}: ${link} is a link`)];
    }
    const text = readIfThere(join(this.#folder, path));
    const found = text === undefined ? [missing(path)] : checkTerminalPacket(text, packet).map(about);
    if (review === null) return found;
    const bytes = readIfThere(join(this.#folder, review.path));
    if (bytes === undefined) return [...found, missing(review.path)];
    return sha256(bytes) === review.sha256
      ? found
      : [...found, finding('error', '', `${review.path}: it is not what the ledger has the hash of`)];
  }
}

function isPacketName(name: string): boolean {
  return /^TP_.*\.yaml$/.test(name);
}

/** It repeats what is on record, and can be written again. */
function missing(path: string): Finding {
  return finding('warning', '', `${path} is missing: \`waybill restore\` writes it again`);
}

function finding(severity: Finding['severity'], subject: string, message: string): Finding {
  return { severity, kind: 'packet', subject, message };
}
