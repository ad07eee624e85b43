import { fs, ifThere } from '../../platform/fs.ts';
import { readLines } from '../../platform/jsonl.ts';
import { parseRecord, segmentPath, segments } from '../../record/ledger.ts';
import type { Station } from '../../station/station.ts';
import { stepText } from '../../views/gist.ts';
import { note, plain } from '../output.ts';

/** The steps of one mission as they come onto the ledger, told on standard error. Begins with what comes after it was made. */
export class Steps {
  readonly #folder: string;
  readonly #woId: string;
  #segment: number;
  #position: number;

  constructor(station: Station, woId: string) {
    this.#folder = station.layout.ledger;
    this.#woId = woId;
    this.#segment = segments(this.#folder).at(-1) ?? 1;
    this.#position = ifThere(() => fs.statSync(segmentPath(this.#folder, this.#segment)).size) ?? 0;
  }

  /** Tells what is new. */
  look(): void {
    for (const first of segments(this.#folder)) {
      if (first < this.#segment) continue;
      if (first > this.#segment) [this.#segment, this.#position] = [first, 0];
      const path = segmentPath(this.#folder, first);
      for (const { text, whole, end } of readLines(path, this.#position)) {
        if (!whole) break;
        this.#position = end;
        if (!text.includes(`"wo_id":${JSON.stringify(this.#woId)},`)) continue;
        const record = parseRecord(text, path);
        // what the runner does itself is over in a moment
        const told = record.event === 'step' && record.data.agent === null ? null : stepText(record);
        if (told !== null) note(plain(`${this.#woId}  ${told}`));
      }
    }
  }
}
