import { dirname } from 'node:path';
import type { EventName, Recorded } from '../order/event.ts';
import type { TelemetryLine } from '../order/generated.ts';
import { laneOf, type OrderLife } from '../order/life.ts';
import type { StepData, SteppedData } from '../order/mission.ts';
import { cutProse } from '../order/secrets/prose.ts';
import { Redactor } from '../order/secrets/redactor.ts';
import { now } from '../platform/clock.ts';
import { errno, fs, ifThere } from '../platform/fs.ts';
import { LineAppender, lastLines } from '../platform/jsonl.ts';
import { turnedFiles, turnedName } from '../platform/turned-files.ts';
import { orderSpanId, spanIdOf } from './spans/ids.ts';

/** How ledger events are called in telemetry; those without a name here are of no use to operators. */
const NAMES: Partial<Record<EventName, string>> = {
  opened: 'station_opened',
  admitted: 'wo_received',
  rejected: 'wo_rejected',
  released: 'wo_resumed',
  approved: 'wo_resumed',
  started: 'wo_started',
  command: 'wo_command',
  step: 'wo_step_started',
  stepped: 'wo_step_ended',
  rebased: 'wo_rebased',
  waits: 'wo_parked',
  held: 'wo_parked',
  succeeded: 'wo_completed',
  failed: 'wo_failed',
  denied: 'wo_failed',
  expired: 'wo_failed',
  cancelled: 'wo_cancelled',
  retried: 'wo_retried',
  revised: 'wo_revised',
  interrupted: 'wo_interrupted',
  repeated: 'wo_answered_again',
  purged: 'wo_purged',
  gap: 'ledger_gap',
};

/** A record, and the order as it left it. */
export interface Told {
  readonly record: Recorded;
  readonly life: OrderLife | null;
}

/** Where records come from that have to be told again, and who hears that they cannot be. */
interface Source {
  /** Records from this one on. */
  since(seq: number): Iterable<Told>;
  onFault(error: unknown): void;
  /** Cuts secrets out of each line. */
  redactor(): Redactor;
}

const ONLY_FORMS = new Redactor();

/** How many records are told of at once, and how long a file that could not be written is left alone. */
const TOLD_AT_ONCE = 1000;
const PAUSE_MS = 5000;

/** One JSON line per event, for operators. A projection: what it says of orders is in the ledger. */
export class Telemetry {
  readonly #path: string;
  readonly #rotateBytes: number;
  readonly #source: Source;
  #appender: LineAppender | null = null;
  /** The first record that could not be told of. */
  #owed: number | null = null;
  #notBefore = 0;
  #day = '';
  /** Told of records as they come, once, whether or not the file can be written. Throws nothing. */
  onTold: (told: readonly Told[]) => void = () => {};

  /** Without a source only emit() can be used. */
  constructor(path: string, rotateBytes: number, source: Partial<Source> = {}) {
    this.#path = path;
    this.#rotateBytes = rotateBytes;
    this.#source = { since: () => [], onFault: () => {}, redactor: () => ONLY_FORMS, ...source };
  }

  /** The newest ledger record the file already tells of, so that a restart repeats none and drops none. */
  lastSeq(): number {
    // right after a turn the present one tells of nothing yet
    for (const path of [this.#path, ...turnedFiles(this.#path).slice(0, 2)]) {
      for (const line of lastLines(path, 200).reverse()) {
        const seq = /"seq":(\d+)/.exec(line)?.[1];
        if (seq !== undefined) return Number(seq);
      }
    }
    return 0;
  }

  /**
   * Tells of records, in their order, so that the last one that is told says up to where all are: what could not be told, because of a full
   * disk, goes before what follows. `first` is the first of them.
   */
  tell(told: readonly Told[], first: number): void {
    this.onTold(told);
    if (this.#owed === null) {
      if (!this.#isTold(told)) this.#owed = first;
    } else if (Date.now() >= this.#notBefore) this.tellOwed();
  }

  /** Tells of what it does not know, from `from` on at most: records before a kill, or before a file that was taken away. */
  catchUp(from: number): void {
    this.#owed ??= Math.max(from, this.lastSeq() + 1);
    this.tellOwed();
  }

  /** In pieces: a long backlog costs no memory, and where it still cannot be written, little time. */
  tellOwed(): void {
    while (this.#owed !== null) {
      const piece: Told[] = [];
      let next: number | null = null;
      for (const told of this.#source.since(this.#owed)) {
        if (piece.length === TOLD_AT_ONCE) {
          next = told.record.seq;
          break;
        }
        piece.push(told);
      }
      if (!this.#isTold(piece)) return;
      this.#owed = next;
    }
  }

  #isTold(told: readonly Told[]): boolean {
    try {
      this.emit(told.flatMap(({ record, life }) => telemetryOf(record, life)));
      return true;
    } catch (error) {
      this.#notBefore = Date.now() + PAUSE_MS;
      this.#source.onFault(error);
      return false;
    }
  }

  emit(lines: readonly TelemetryLine[]): void {
    if (lines.length === 0) return;
    const appender = this.#open();
    appender.append(lines.map((line) => JSON.stringify(cutProse(this.#source.redactor(), line))));
  }

  #open(): LineAppender {
    const day = now().slice(0, 10);
    if (this.#appender?.isInPlace() && this.#day === day && this.#appender.size < this.#rotateBytes)
      return this.#appender;
    const size = this.#appender?.size ?? ifThere(() => fs.statSync(this.#path).size) ?? 0;
    const turned = this.#day !== '' && this.#day !== day;
    if (this.#appender?.isInPlace() !== false && (turned || size >= this.#rotateBytes)) this.#rotate(this.#day || day);
    this.close();
    this.#day = day;
    this.#appender = new LineAppender(this.#path, { shared: true });
    return this.#appender;
  }

  /** unified.jsonl becomes unified.2026-11-20.1.jsonl; a name is never used twice. */
  #rotate(day: string): void {
    fs.mkdirSync(dirname(this.#path), { recursive: true });
    for (let n = 1; ; n++) {
      try {
        fs.linkSync(this.#path, turnedName(this.#path, day, n));
        fs.unlinkSync(this.#path);
        return;
      } catch (error) {
        if (errno(error) === 'ENOENT') return;
        if (errno(error) !== 'EEXIST') throw error;
      }
    }
  }

  close(): void {
    this.#appender?.close();
    this.#appender = null;
  }
}

function telemetryOf(record: Recorded, life: OrderLife | null): TelemetryLine[] {
  const event = record.event === 'failed' && record.to === 'parked' ? 'wo_parked' : NAMES[record.event];
  if (event === undefined) return [];
  const data = record.data as Partial<{
    error: { code: string } | null;
    duration_ms: number | null;
    trace_id: string;
    lane: string;
    waiting_for: string | null;
    agent: string | null;
    ok: boolean;
  }>;
  const traceId = life?.admitted?.trace_id ?? life?.rejected?.trace_id ?? data.trace_id;
  const ok =
    !['wo_rejected', 'wo_failed', 'wo_interrupted', 'ledger_gap'].includes(event) &&
    record.event !== 'failed' &&
    data.ok !== false;
  return [
    {
      v: 1,
      ts: record.ts,
      agent: data.agent ?? AGENTS[record.event] ?? 'executor',
      event,
      ok,
      wo_id: record.wo_id,
      ...(life !== null ? { lane: laneOf(life) } : data.lane === undefined ? {} : { lane: data.lane }),
      seq: record.seq,
      ...(traceId === undefined
        ? {}
        : { trace_id: traceId, span_id: spanIdOf(record), parent_id: orderSpanId(traceId) }),
      ...(typeof data.duration_ms === 'number' ? { duration_ms: data.duration_ms } : {}),
      ...(data.error ? { code: data.error.code } : {}),
      ...(record.event === 'step' || record.event === 'stepped' ? stepLine(record.data) : {}),
      ...(typeof data.waiting_for === 'string' ? { waiting_for: data.waiting_for } : {}),
      attempt: record.attempt,
    },
  ];
}

/** What operators grep of a mission's steps. */
function stepLine(data: StepData | SteppedData): Record<string, unknown> {
  const { n, step, role } = data;
  if (!('ok' in data)) return { n, step, role };
  const { code, verdict, seconds, usage } = data;
  const told = { verdict, tokens: usage?.tokens ?? null, usd: usage?.usd ?? null };
  return { n, step, role, duration_ms: Math.round(seconds * 1000), ...(code === null ? {} : { code }), ...told };
}

const AGENTS: Partial<Record<EventName, string>> = {
  opened: 'station',
  gap: 'station',
  admitted: 'intake',
  rejected: 'intake',
  revised: 'intake',
  repeated: 'intake',
};
