import { join } from 'node:path';
import type { Recorded } from '../../order/event.ts';
import type { OrderLife } from '../../order/life.ts';
import { exists, namesIn } from '../../platform/durable.ts';
import { checkEvidence, evidenceName } from '../../record/evidence.ts';
import { isOldCanary } from '../../record/retention.ts';
import type { Station } from '../../station/station.ts';
import type { Finding } from './finding.ts';
import type { Lives } from './lives.ts';

/** Evidence that did not hold when its record passed. */
interface Open {
  readonly manifest: string;
  /** The tracker takes it away. */
  readonly isOld: boolean;
}

/**
 * Holds evidence against its manifests while the records that name them pass. What does not hold is looked at again at the end: a later
 * record may say that it was purged, and a running station may just have been about to show it.
 */
export class EvidenceCheck {
  readonly #station: Station;
  readonly #only: string | null;
  /** Every attempt that ended and was not purged. */
  readonly #known = new Set<string>();
  readonly #open = new Map<string, Open>();
  /** Folders that were there before the first record was read: what a running station adds meanwhile is not stray. */
  readonly #there: readonly string[];
  #looked = 0;

  /** `only`: the one order that is asked for, or null. */
  constructor(station: Station, only: string | null) {
    this.#station = station;
    this.#only = only;
    this.#there = only === null ? namesIn(station.layout.evidence) : [];
  }

  /** Folders that were held against their manifests. */
  get looked(): number {
    return this.#looked;
  }

  /** Takes a record of the ledger, and its order's life after it. */
  take(record: Recorded, life: OrderLife | null): void {
    if (life === null) return;
    if (record.event === 'purged') this.#forget(life);
    const manifest = (record.data as { evidence?: { manifest_sha256: string } | null }).evidence?.manifest_sha256;
    if (manifest === undefined || record.event === 'landing') return;
    const name = evidenceName(life.woId, record.attempt);
    const isNew = !this.#known.has(name);
    this.#known.add(name);
    if (this.#only !== null && this.#only !== life.woId) return;
    if (isNew) this.#looked++;
    if (checkEvidence(this.#folder(name), manifest).length === 0) this.#open.delete(name);
    else this.#open.set(name, { manifest, isOld: isOldCanary(this.#station, life, Date.now()) });
  }

  #forget(life: OrderLife): void {
    for (let attempt = 1; attempt <= life.purgedAttempts; attempt++) {
      const name = evidenceName(life.woId, attempt);
      if (this.#known.delete(name) && (this.#only === null || this.#only === life.woId)) this.#looked--;
      this.#open.delete(name);
    }
  }

  /** What does not hold. */
  findings(): Finding[] {
    const findings: Finding[] = [];
    for (const [name, { manifest, isOld }] of this.#open) {
      if (isOld && !exists(this.#folder(name))) this.#looked--;
      else
        for (const { path, kind } of checkEvidence(this.#folder(name), manifest))
          findings.push(error(name, `evidence ${path} is ${kind}`));
    }
    this.#open.clear();
    return findings;
  }

  /** Folders that no order has. Only a ledger that was read to its end can tell. */
  strays(lives: Lives): Finding[] {
    return this.#there
      .filter((name) => !name.startsWith('.') && !this.#known.has(name) && !lives.isCurrent(name))
      .filter((name) => exists(this.#folder(name)))
      .map((name) => error(name, 'the evidence folder is stray: the ledger knows no such order'));
  }

  #folder(name: string): string {
    return join(this.#station.layout.evidence, name);
  }
}

function error(subject: string, message: string): Finding {
  return { severity: 'error', kind: 'evidence', subject, message };
}
