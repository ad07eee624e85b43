import type { ReadDocument } from '../document.ts';
import { type ErrorCode, WaybillError } from '../error.ts';
import type { Warning } from '../order.ts';

/** Where a value stands in a document: keys and list positions from the top. */
export type Path = readonly (string | number)[];

/** What was read, as every dialect sees it: the top of the document, and a way to say where things stand. */
export interface Source {
  readonly value: Readonly<Record<string, unknown>>;
  readonly locate: ReadDocument['locate'];
}

/**
 * The canonical document as a dialect writes it, value by value. It remembers from where each value came, so that what is wrong with
 * it is told in the author's words and at the author's line.
 */
export class Sheet {
  readonly source: Source;
  readonly document: Record<string, unknown> = {};
  readonly warnings: Warning[] = [];
  readonly #origins = new Map<string, Path>();
  readonly #used = new Set<string>();

  constructor(source: Source) {
    this.source = source;
  }

  /** The value of a key at the top; undefined also for null, which authors write for "nothing". */
  get(key: string): unknown {
    const value = this.source.value[key];
    return value === null ? undefined : value;
  }

  /** Marks a key at the top as understood. */
  use(key: string): void {
    this.#used.add(key);
  }

  isUsed(key: string): boolean {
    return this.#used.has(key);
  }

  /** Puts a value under a canonical key, unless there is none. */
  put(key: string, value: unknown, from: Path): void {
    if (typeof from[0] === 'string') this.use(from[0]);
    if (value === undefined) return;
    this.document[key] = value;
    this.#origins.set(JSON.stringify([key]), from);
  }

  /** Puts a value that must not push another one aside: two places that say different things are an error. */
  putOnce(key: string, value: unknown, from: Path): void {
    const known = this.document[key];
    if (value !== undefined && known !== undefined && JSON.stringify(known) !== JSON.stringify(value))
      throw this.fault(
        'AMBIGUOUS_FIELD',
        from,
        `says something else than ${nameOf(this.originOf([key]))}, and both mean ${key}`,
        `Remove one of the two.`,
      );
    this.put(key, value, from);
  }

  /** Takes a key over as it stands. */
  copy(key: string): void {
    this.put(key, this.get(key), [key]);
  }

  /** Adds a value of any kind to a canonical list. */
  addValue(list: string, value: unknown, from: Path): void {
    if (typeof from[0] === 'string') this.use(from[0]);
    const entries = (this.document[list] ?? []) as unknown[];
    this.document[list] = entries;
    this.#origins.set(JSON.stringify([list, entries.push(value) - 1]), from);
  }

  /** Adds an entry to a canonical list; `places` says from where its single fields came. */
  add(list: string, entry: Record<string, unknown>, from: Path, places: Readonly<Record<string, Path>> = {}): void {
    this.addValue(list, entry, from);
    const index = (this.document[list] as unknown[]).length - 1;
    for (const [field, path] of Object.entries(places)) this.#origins.set(JSON.stringify([list, index, field]), path);
  }

  /** The author's path for a canonical one. */
  originOf(path: Path): Path {
    for (let depth = path.length; depth > 0; depth--) {
      const origin = this.#origins.get(JSON.stringify(path.slice(0, depth)));
      if (origin !== undefined) return [...origin, ...path.slice(depth)];
    }
    return path;
  }

  /** Where a value of the canonical document stands in the author's text. */
  locate(path: Path): ReturnType<Source['locate']> {
    return this.source.locate(this.originOf(path));
  }

  /** Reports a guess. `path` is the author's. */
  warn(code: Warning['code'], path: Path, message: string): void {
    if (this.warnings.length >= MAX_WARNINGS) return;
    const { line, column } = this.source.locate(path);
    const name = nameOf(path);
    const text = name === '' ? message : `${name}: ${message}`;
    this.warnings.push({
      code,
      message: text,
      ...(line === undefined || column === undefined ? {} : { line, column }),
    });
  }

  /** The error for something in the author's document. `path` is the author's. */
  fault(code: ErrorCode, path: Path, message: string, hint?: string): WaybillError {
    return new WaybillError(code, path.length === 0 ? message : `${nameOf(path)}: ${message}`, {
      place: this.source.locate(path),
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/** More of them nobody reads, and each place costs a search. */
const MAX_WARNINGS = 100;

/** A path as people write it: `payload.file_path`, `tasks.0.operations.1`. */
export function nameOf(path: Path): string {
  return path.join('.');
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
