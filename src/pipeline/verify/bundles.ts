import { dirname, join } from 'node:path';
import type { Recorded } from '../../order/event.ts';
import type { OrderLife } from '../../order/life.ts';
import { isTerminal } from '../../order/transition.ts';
import { pause } from '../../platform/clock.ts';
import { exists, namesIn } from '../../platform/durable.ts';
import type { Station } from '../../station/station.ts';
import {
  type Bundle,
  bundleFolder,
  bundlePath,
  bundlesFolder,
  JobFold,
  MANIFEST_FILE,
  readBundle,
} from '../jobs/bundle.ts';
import { type BundleFault, checkBundle } from '../jobs/check-bundle.ts';
import { linkOn } from '../missions/artifact.ts';
import type { Finding } from './finding.ts';

/** A running station shows a bundle within this after the record that it tells of. */
const SHOWN_WITHIN_MS = 500;

/** What is known of one job while the ledger passes. */
interface Seen {
  readonly born: number;
  /** null for one that ended: what it was held against is not kept. */
  fold: JobFold | null;
  /** Its bundle held when it ended, and nothing moved it since. */
  holds: boolean;
}

/**
 * Holds the bundles of jobs against ledger and evidence while the records pass. What does not hold is looked at again at the end: a later record may say
 * that it was purged, and a running station may just have been about to show it.
 */
export class BundleCheck {
  readonly #station: Station;
  readonly #only: string | null;
  readonly #jobs = new Map<string, Seen>();
  /** What was there before the first record was read. */
  readonly #there: readonly string[];
  #looked = 0;

  /** `only`: the one order that is asked for, or null. */
  constructor(station: Station, only: string | null) {
    this.#station = station;
    this.#only = only;
    // what lies where a link leads is not ours
    const isLinked = linkOn(station, dirname(bundlePath(station, 'x'))) !== null;
    this.#there = (isLinked ? [] : namesIn(bundlesFolder(station))).filter(
      (name) => !name.startsWith('.') && (only ?? name) === name,
    );
  }

  /** Orders that do jobs. */
  get jobs(): number {
    return this.#jobs.size;
  }

  /** Bundles that were held against the ledger. */
  get looked(): number {
    return this.#looked;
  }

  /** Takes a record of the ledger, and its order's life after it. */
  take(record: Recorded, life: OrderLife | null): void {
    if (life === null || (this.#only !== null && this.#only !== life.woId)) return;
    const known = this.#jobs.get(life.woId);
    if (known === undefined && life.admitted?.job === undefined) return;
    const seen = known ?? { born: life.born, fold: new JobFold(), holds: false };
    this.#jobs.set(life.woId, seen);
    // it says nothing new, and its order's life may not be told any more
    if (record.event === 'repeated') return;
    seen.holds = false;
    seen.fold?.take(record, life);
    if (!isTerminal(life.status)) return;
    const bundle = seen.fold?.bundle(this.#station) ?? null;
    seen.holds = bundle !== null && checkBundle(this.#station, bundle).length === 0;
    seen.fold = null;
  }

  /** What does not hold. `upTo`: the last record that holds; `isWhole`: the ledger was read to its end, so that it can tell of strays. */
  async findings(upTo: number, isWhole: boolean): Promise<Finding[]> {
    const expected = new Set<string>();
    const open: string[] = [];
    for (const [woId, { born, fold, holds }] of this.#jobs) {
      const computed = () =>
        fold === null ? readBundle(this.#station, { woId, born }, upTo) : fold.bundle(this.#station);
      const bundle = holds ? null : computed();
      if (holds || bundle !== null) expected.add(woId);
      if (bundle !== null && checkBundle(this.#station, bundle).length > 0) open.push(woId);
    }
    this.#looked = expected.size;
    if (open.length > 0) await pause(SHOWN_WITHIN_MS);
    const found = open.flatMap((woId) => this.#lookAgain(woId, this.#jobs.get(woId)?.born ?? 1));
    const strays = isWhole ? this.#there.filter((name) => !expected.has(name)) : [];
    return [
      ...found,
      ...strays.filter((name) => exists(bundleFolder(this.#station, name))).map((name) => this.#stray(name)),
    ];
  }

  /** Others may have their own evidence beside our bundles; one that looks like a bundle claims to be one. */
  #stray(name: string): Finding {
    const here = bundlePath(this.#station, name);
    return exists(join(bundleFolder(this.#station, name), MANIFEST_FILE))
      ? finding('error', name, `${here} is stray: no job stopped there`)
      : finding('warning', name, `${here} is of no job of this station, and no bundle: it is left alone`);
  }

  #lookAgain(woId: string, born: number): Finding[] {
    const bundle: Bundle | null = readBundle(this.#station, { woId, born });
    if (bundle === null) return [];
    const here = bundlePath(this.#station, woId);
    return checkBundle(this.#station, bundle).map((fault) =>
      finding(isGone(fault) ? 'warning' : 'error', woId, inWords(here, fault)),
    );
  }
}

/** It repeats what is on record, and can be written again. */
function isGone({ kind, path }: BundleFault): boolean {
  return kind === 'missing' && path === '';
}

function inWords(here: string, fault: BundleFault): string {
  return isGone(fault) ? `${here} is missing: \`waybill restore\` writes it again` : `${here}: ${fault.what}`;
}

function finding(severity: Finding['severity'], subject: string, message: string): Finding {
  return { severity, kind: 'bundle', subject, message };
}
