import { readJsonLine } from '../../guardrail/json-line.ts';
import type { GuardrailLook } from '../../order/generated.ts';
import { isThere, type Place, telemetryBackwards, timeIn } from '../telemetry/files.ts';
import type { Time, ToldFault } from './uptime.ts';

/** A fault with what was said of it. Times in ms. */
export interface Drift extends ToldFault {
  readonly kind: string;
  readonly severity: 'critical' | 'warning';
  readonly message: string;
  /** The order that brought it back. */
  readonly woId: string | null;
}

/** What is known of faults and looks, back to a time. */
export interface Drifts {
  readonly faults: readonly Drift[];
  readonly looks: readonly number[];
  readonly missed: readonly Time[];
  /** Before this nothing was read. */
  readonly back: number;
  /** Whether all that was asked for was read. */
  readonly isWhole: boolean;
}

/** So much is held at most; what is older is let go. */
const MOST_FAULTS = 2000;
const MOST_LOOKS = 20_000;
/** What one call reads: many short ones leave time for others between them. */
const MOST_BYTES = 16 * 1024 * 1024;
const MOST_MS = 80;
const LINES_BETWEEN_LOOKS = 512;
/** Several processes write: a line may stand so much behind younger ones. */
const DISORDER_MS = 60_000;
const TOLD = /wo_pipeline_|guardrail_missed/;

type Known = { -readonly [K in keyof Drift]: Drift[K] };

/**
 * The guardrail's telemetry of some days, folded as it is read: a piece backwards at each call until it is whole, and what is new each time. So a
 * page is there at once, whatever telemetry there is, and asked again it reads nothing twice.
 */
export class DriftRecord {
  readonly #path: string;
  readonly #keepMs: number;
  #faults = new Map<string, Known>();
  #looks = new Set<number>();
  #missed = new Map<string, Time>();
  #head: Place | null = null;
  /** Where it goes on backwards; null when it is whole. */
  #tail: Place | null | 'begin' = 'begin';
  #back = Infinity;

  /** `keepMs`: how far back it goes. */
  constructor(path: string, keepMs: number) {
    this.#path = path;
    this.#keepMs = keepMs;
  }

  /** Reads what is new and a piece of what is old. `look` adds what is remembered of the last one, where telemetry is gone. */
  read(nowMs: number, look: GuardrailLook | null): Drifts {
    const since = nowMs - this.#keepMs;
    if (this.#head === null || !isThere(this.#path, this.#head) || !this.#readNew(since)) this.#forget();
    if (this.#tail !== null) this.#readOld(since);
    this.#letGo(since);
    const faults = [...this.#faults.values()];
    const looks = [...this.#looks];
    for (const fault of look?.faults ?? []) {
      const last = Date.parse(look?.at ?? fault.since);
      const [began, good] = [Date.parse(fault.since), Date.parse(fault.good_at ?? '')];
      if (!Number.isNaN(good)) looks.push(good);
      const known = this.#faults.get(keyOf(fault.component, began));
      if (known !== undefined && known.last >= last) continue;
      const { component, kind, severity, message, good_at: goodAt } = fault;
      const isFirstLook = goodAt === null;
      const lasting = {
        component,
        kind,
        severity,
        message,
        since: began,
        last,
        end: null,
        ended: null,
        woId: null,
        isFirstLook,
      };
      faults.splice(known === undefined ? faults.length : faults.indexOf(known), known === undefined ? 0 : 1, lasting);
    }
    for (const at of [look?.at, look?.healthy_at]) if (at != null) looks.push(Date.parse(at));
    return {
      faults,
      looks,
      missed: [...this.#missed.values()],
      back: Math.max(since, this.#back),
      isWhole: this.#tail === null,
    };
  }

  #forget(): void {
    [this.#faults, this.#looks, this.#missed] = [new Map(), new Set(), new Map()];
    [this.#head, this.#tail, this.#back] = [null, 'begin', Infinity];
  }

  /** False where more is new than it reads at once: then it begins anew with the newest. */
  #readNew(since: number): boolean {
    const head = this.#head;
    const texts: string[] = [];
    let [newest, bytes]: [Place | null, number] = [null, 0];
    for (const { text, start, end, ino } of telemetryBackwards(this.#path, null)) {
      if (head !== null && ino === head.ino && end <= head.offset) break;
      newest ??= { ino, offset: end };
      bytes += end - start;
      if (bytes > MOST_BYTES) return false;
      if (TOLD.test(text)) texts.push(text);
    }
    this.#head = newest ?? head;
    for (const text of texts) this.#take(text, since);
    return true;
  }

  #readOld(since: number): void {
    const until = performance.now() + MOST_MS;
    let [bytes, n] = [0, 0];
    for (const { text, start, end, ino } of telemetryBackwards(
      this.#path,
      this.#tail === 'begin' ? null : this.#tail,
    )) {
      this.#head ??= { ino, offset: end };
      this.#tail = { ino, offset: end };
      if (bytes > MOST_BYTES || (n++ % LINES_BETWEEN_LOOKS === LINES_BETWEEN_LOOKS - 1 && performance.now() > until))
        return;
      bytes += end - start;
      const at = timeIn(text);
      if (at !== null && at < since - DISORDER_MS) break;
      if (at !== null) this.#back = Math.min(this.#back, at);
      if (TOLD.test(text)) this.#take(text, since);
    }
    [this.#tail, this.#back] = [null, -Infinity];
  }

  #take(text: string, since: number): void {
    const line = readJsonLine(text);
    const at = timeIn(text);
    if (line === null || at === null || at < since) return;
    const event = line('event');
    const name = line('missing') ?? line('component');
    const began = instantOf(line('since'));
    const goodAt = instantOf(line('good_at'));
    if (goodAt !== null) this.#looks.add(goodAt);
    if (event === 'wo_pipeline_healthy') this.#looks.add(at);
    if (event === 'guardrail_missed' && began !== null) this.#missed.set(`${began} ${at}`, { from: began, to: at });
    if (typeof name !== 'string' || name.length > LONGEST) return;
    if (event === 'wo_pipeline_drift') {
      this.#drift(name, began ?? at, at, line);
      // what is known already is told again only by a look at everything
      if (began === null || began < at) this.#looks.add(at);
    } else if (event === 'wo_pipeline_recovered') this.#end(name, began ?? at, at, 'recovered', line);
    else if (event === 'wo_pipeline_repaired') this.#end(name, began ?? at, at, 'repaired', line);
    else if (event === 'wo_pipeline_dropped') this.#end(name, began ?? at, at, 'dropped', line);
  }

  #fault(component: string, since: number, line: Field): Known {
    const key = keyOf(component, since);
    const known = this.#faults.get(key);
    if (known !== undefined) return known;
    const fault: Known = {
      component,
      since,
      last: since,
      end: null,
      ended: null,
      isFirstLook: false,
      kind: textOf(line('kind')) ?? 'missing',
      severity: line('severity') === 'warning' ? 'warning' : 'critical',
      message: '',
      woId: null,
    };
    this.#faults.set(key, fault);
    return fault;
  }

  #drift(component: string, since: number, at: number, line: Field): void {
    const fault = this.#fault(component, since, line);
    if (line('good_at') === null) fault.isFirstLook = true;
    if (at < fault.last) return;
    fault.last = at;
    fault.kind = textOf(line('kind')) ?? fault.kind;
    fault.severity = line('severity') === 'warning' ? 'warning' : 'critical';
    fault.message = textOf(line('message')) ?? '';
  }

  #end(component: string, since: number, at: number, how: NonNullable<Drift['ended']>, line: Field): void {
    const fault = this.#fault(component, since, line);
    fault.end = Math.max(fault.end ?? at, at);
    // a repair is told beside the recovery that it brought about
    if (fault.ended !== 'repaired') fault.ended = how;
    fault.woId = textOf(line('wo_id')) ?? fault.woId;
  }

  /** What is older than is asked for, or more than is held. */
  #letGo(since: number): void {
    for (const [key, { last, end }] of this.#faults) if ((end ?? last) < since) this.#faults.delete(key);
    for (const [key, { to }] of this.#missed) if (to < since) this.#missed.delete(key);
    for (const at of this.#looks) if (at < since) this.#looks.delete(at);
    if (this.#faults.size > MOST_FAULTS) {
      const oldest = [...this.#faults]
        .sort(([, a], [, b]) => a.last - b.last)
        .slice(0, this.#faults.size - MOST_FAULTS);
      for (const [key, { last }] of oldest) {
        this.#faults.delete(key);
        this.#back = Math.max(this.#back, last);
      }
    }
    if (this.#looks.size <= MOST_LOOKS) return;
    for (const at of [...this.#looks].sort((a, b) => a - b).slice(0, this.#looks.size - MOST_LOOKS)) {
      this.#looks.delete(at);
      this.#back = Math.max(this.#back, at);
    }
  }
}

type Field = (key: string) => unknown;

function keyOf(component: string, since: number): string {
  return `${since} ${component}`;
}

/** Longer texts nobody reads on a page. */
const LONGEST = 1000;

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value.slice(0, LONGEST) : null;
}

function instantOf(value: unknown): number | null {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}
