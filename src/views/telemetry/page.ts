import { isThere, type Place, telemetryFiles } from './files.ts';
import { type FoundLines, searchTelemetry, type WantedLines } from './search.ts';

/**
 * A page of telemetry that somebody has open. Asked again, it reads what was written since and nothing twice; one that begins at a place stays as
 * it is. It holds one page of lines.
 */
export class TelemetryPage {
  readonly #path: string;
  readonly #wanted: WantedLines;
  readonly #from: Place | null;
  readonly #most: number;
  #found: FoundLines | null = null;
  /** The newest file, as it was. */
  #newest = '';

  constructor(path: string, wanted: WantedLines, from: Place | null, most: number) {
    this.#path = path;
    this.#wanted = wanted;
    this.#from = from;
    this.#most = most;
  }

  /** Whether the place that it begins at is gone, with the file it was in. */
  get isGone(): boolean {
    return this.#from !== null && !isThere(this.#path, this.#from);
  }

  look(): FoundLines {
    const before = this.#found;
    if (before !== null && this.#from !== null) return before;
    const [file] = telemetryFiles(this.#path);
    const newest = file === undefined ? '' : `${file.ino} ${file.size}`;
    if (before !== null && newest === this.#newest) return before;
    this.#newest = newest;
    this.#found = (before === null ? null : this.#moved(before)) ?? this.#search(null);
    return this.#found;
  }

  #search(stop: Place | null): FoundLines {
    return searchTelemetry(this.#path, this.#wanted, this.#from, this.#most, stop);
  }

  /** What was found before, behind what is new; null where too much is new, or what was there is not any more. */
  #moved(before: FoundLines): FoundLines | null {
    const { head } = before;
    if (head === null || !isThere(this.#path, head)) return null;
    const fresh = this.#search(head);
    if (fresh.next !== null) return null;
    const all = [...fresh.lines, ...before.lines];
    if (all.length <= this.#most) return { ...before, lines: all, head: fresh.head ?? head };
    const lines = all.slice(0, this.#most);
    const last = lines.at(-1);
    return {
      lines,
      next: last?.place ?? null,
      isCut: false,
      back: last?.line?.ts ?? before.back,
      head: fresh.head ?? head,
    };
  }
}
