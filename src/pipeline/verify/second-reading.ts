import { join } from 'node:path';
import { IndependentReader } from '../../git/objects/independent.ts';
import { sha256 } from '../../order/canonical-json.ts';
import type { OrderLife } from '../../order/life.ts';
import { readIfThere } from '../../platform/durable.ts';
import { evidenceName } from '../../record/evidence.ts';
import type { Station } from '../../station/station.ts';
import { checkedPaths } from './contents.ts';
import type { Finding } from './finding.ts';

/** The newest orders, which lie in packs that we wrote ourselves: git has not gathered those yet. */
const NEWEST = 100;

/** What git has read of the newest orders is read again by a second implementation, as far as that one can in bounded memory. */
export class SecondReading {
  readonly #station: Station;
  readonly #reader: IndependentReader;
  #lives: OrderLife[] = [];
  /** What is wrong with a pack is told once, not for each order in it. */
  readonly #faults = new Set<string>();

  constructor(station: Station) {
    this.#station = station;
    this.#reader = new IndependentReader(station.repo.gitDir);
  }

  /** Takes an order in which git found nothing. The last ones count. */
  note(life: OrderLife): void {
    this.#lives.push(life);
    if (this.#lives.length >= 2 * NEWEST) this.#lives = this.#lives.slice(-NEWEST);
  }

  async findings(): Promise<Finding[]> {
    const findings: Finding[] = [];
    for (const life of this.#lives.slice(-NEWEST))
      for (const commit of life.landed?.commits ?? []) {
        const what = await this.#look(life, commit);
        if (what !== null) findings.push({ severity: 'error', kind: 'commit', subject: life.woId, message: what });
      }
    return findings;
  }

  async #look(life: OrderLife, commit: string): Promise<string | null> {
    const short = commit.slice(0, 10);
    const folder = join(this.#station.layout.evidence, evidenceName(life.woId, life.attempt));
    const receipt = readIfThere(join(folder, 'receipt.json'));
    if (receipt === undefined) return null; // told by the manifest check
    for (const { path, wanted } of checkedPaths(life, receipt)) {
      const read = await this.#reader.file(commit, path);
      if ('fault' in read) {
        const isNew = !this.#faults.has(read.fault);
        this.#faults.add(read.fault);
        return isNew ? `commit ${short} cannot be read by a second implementation of git: ${read.fault}` : null;
      }
      if (read.isBeyond) continue;
      if ((read.bytes === null ? null : sha256(read.bytes).slice('sha256:'.length)) !== wanted)
        return `commit ${short} holds other bytes at ${path} than its evidence says, as a second implementation of git reads it`;
    }
    return null;
  }
}
