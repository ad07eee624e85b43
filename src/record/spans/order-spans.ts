import type { EventData, OutcomeData, Recorded } from '../../order/event.ts';
import type { CheckResult } from '../../order/generated.ts';
import type { OrderLife } from '../../order/life.ts';
import { isTerminal, type Status } from '../../order/transition.ts';
import type { Attributes, Span, SpanEvent } from '../../platform/otlp/span.ts';
import { orderSpanId, spanIdOf } from './ids.ts';
import {
  commandsEnded,
  ended,
  type OpenCommand,
  type OpenSpan,
  type OpenStep,
  stepChecksEnded,
  stepEnded,
  type Trace,
} from './parts.ts';

/** What a life, or a record that begins one, tells of a trace. */
interface Told {
  readonly trace_id: string;
  readonly lane: string;
  readonly received_at: string;
  readonly type?: string;
}

/** Nobody told of its end: the station died or was stopped. */
const INTERRUPTED = 'interrupted';
/** An order that waits for the repository for days begins again and again. */
const MOST_EVENTS = 128;

/**
 * The spans of one order, as its records tell them: each is given out with the record that ends it. A fold without I/O: the same records give the same
 * spans, ids and times included.
 */
export class OrderSpans {
  #trace: Trace;
  /** The order as a whole; after a person's retry, what follows that. */
  #run: OpenSpan;
  #events: SpanEvent[] = [];
  #wait: OpenSpan | null = null;
  #step: OpenStep | null = null;
  /** Those of the step, or of the order's own work: they end together, because only then it is known how each went. */
  #commands: OpenCommand[] = [];
  #landing: OpenSpan | null = null;
  /** The newest time so far: a clock that is set back makes no span that ends before it begins. */
  #atMs: number;

  private constructor(woId: string | null, told: Told, atMs: number) {
    const { trace_id: traceId, lane, type } = told;
    this.#trace = {
      traceId,
      about: {
        ...(woId === null ? {} : { 'waybill.order': woId }),
        'waybill.lane': lane,
        ...(type === undefined ? {} : { 'waybill.type': type }),
      },
    };
    this.#atMs = Math.min(Date.parse(told.received_at), atMs) || atMs;
    this.#run = {
      spanId: orderSpanId(traceId),
      parentId: null,
      name: `order ${lane}`,
      startMs: this.#atMs,
      attributes: {},
    };
  }

  /**
   * The spans of an order that begins with this record, or of which other records were not seen: then `life`, the order as any of its records left it,
   * says of which trace it is. null where neither tells.
   */
  static from(record: Recorded, life: OrderLife | null): OrderSpans | null {
    const begins = record.event === 'admitted' || record.event === 'revised' || record.event === 'rejected';
    const told = begins ? record.data : (life?.admitted ?? null);
    return told === null ? null : new OrderSpans(record.wo_id, told, Date.parse(record.ts));
  }

  get traceId(): string {
    return this.#trace.traceId;
  }

  /** Takes the next record; gives the spans that came to their end with it, the inner ones first. */
  add(record: Recorded): Span[] {
    this.#atMs = Math.max(this.#atMs, Date.parse(record.ts));
    switch (record.event) {
      case 'admitted':
      case 'revised':
        if (record.data.waiting_for !== null) this.#waits(record, record.data.waiting_for);
        return [];
      case 'rejected':
        return [this.#ended(this.#run, record.data.error.code, { 'waybill.status': 'rejected' })];
      case 'retried':
        return this.#retried(record);
      case 'released':
        return this.#waited();
      case 'approved':
        this.#happened(record, 'approved');
        return this.#waited();
      case 'started':
        return this.#started(record, record.data);
      case 'command': {
        const parentId = this.#step?.spanId ?? this.#run.spanId;
        const open = this.#opened(record, 'command', { 'waybill.command.number': record.data.n }, parentId);
        this.#commands.push({ ...open, label: record.data.name });
        return [];
      }
      case 'executed':
        return this.#commandsEnded(null, record.data.checks);
      case 'step':
        return this.#stepped(record, record.data);
      case 'stepped':
        return this.#stepEnded(record.data);
      case 'landing': {
        const before = this.#cut(INTERRUPTED);
        this.#landing = this.#opened(record, 'land', { 'waybill.files': record.data.changes.length });
        return before;
      }
      case 'landed':
        return this.#landed(null);
      case 'waits': {
        const before = this.#cut(record.data.waiting_for);
        this.#waits(record, record.data.waiting_for);
        return before;
      }
      case 'held': {
        const before = this.#waited();
        this.#waits(record, 'hold');
        return before;
      }
      case 'interrupted':
        this.#happened(record, 'interrupted');
        return this.#cut(INTERRUPTED);
      case 'rebased':
        this.#happened(record, 'rebased');
        return [];
      case 'succeeded':
      case 'failed':
      case 'cancelled':
      case 'denied':
      case 'expired':
        return this.#came(record, record.data);
      default:
        return [];
    }
  }

  /** What a person's retry begins lies below the order's own span, which was given out at its end, and after it. */
  #retried(record: Recorded): Span[] {
    const before = this.#cut(INTERRUPTED);
    const parentId = orderSpanId(this.traceId);
    this.#run = this.#opened(record, this.#run.name, { 'waybill.retried': true }, parentId);
    this.#events = [];
    return before;
  }

  #started(record: Recorded, { mission }: EventData['started']): Span[] {
    this.#happened(record, 'started');
    if (mission !== undefined)
      this.#run = { ...this.#run, attributes: { ...this.#run.attributes, 'gen_ai.workflow.name': mission.chain } };
    return this.#waited();
  }

  #stepped(record: Recorded, data: EventData['step']): Span[] {
    const before = this.#step === null ? [] : this.#cut(INTERRUPTED);
    const open = this.#opened(record, `step ${data.step}`, {
      'waybill.step': data.step,
      'waybill.step.number': data.n,
    });
    this.#step = { ...open, data };
    return before;
  }

  #stepEnded(data: EventData['stepped'] | null, lost: string | null = null): Span[] {
    const within = stepChecksEnded(this.#trace, this.#commands.splice(0), data, this.#atMs, lost);
    const step = this.#step;
    this.#step = null;
    return step === null ? within : [...within, ...stepEnded(this.#trace, step, data, this.#atMs, lost)];
  }

  #commandsEnded(error: string | null, checks: readonly CheckResult[]): Span[] {
    return commandsEnded(this.#trace, this.#commands.splice(0), checks, this.#atMs, error);
  }

  #landed(error: string | null): Span[] {
    const landing = this.#landing;
    this.#landing = null;
    return landing === null ? [] : [this.#ended(landing, error, {}, error === null)];
  }

  #waited(): Span[] {
    const wait = this.#wait;
    this.#wait = null;
    return wait === null ? [] : [this.#ended(wait, null)];
  }

  #waits(record: Recorded, what: string): void {
    this.#wait = this.#opened(record, `wait ${what}`, { 'waybill.waiting_for': what });
  }

  /** All that is under way within the order ends here. */
  #cut(error: string | null, checks: readonly CheckResult[] = []): Span[] {
    const inStep = this.#step === null ? this.#commandsEnded(error, checks) : this.#stepEnded(null, error);
    return [...inStep, ...this.#landed(error), ...this.#waited()];
  }

  /** An attempt ended: the order with it, unless it is tried again by itself. */
  #came(record: Recorded, { error, checks, files_touched: files, commits }: OutcomeData): Span[] {
    const code = error?.code ?? null;
    const inner = this.#cut(code, checks);
    const status = record.to as Status;
    if (!isTerminal(status)) {
      this.#happened(record, 'failed', code === null ? {} : { 'error.type': code });
      this.#waits(record, 'time');
      return inner;
    }
    const commit = commits.at(-1);
    const attributes = {
      'waybill.attempt': record.attempt,
      'waybill.status': status,
      'waybill.files': files.length,
      ...(commit === undefined ? {} : { 'waybill.commit': commit }),
    };
    return [...inner, this.#ended(this.#run, code, attributes, status === 'done')];
  }

  #happened({ attempt }: Recorded, name: string, attributes: Attributes = {}): void {
    if (this.#events.length >= MOST_EVENTS) return;
    this.#events.push({ name, atMs: this.#atMs, attributes: { 'waybill.attempt': attempt, ...attributes } });
  }

  #opened(record: Recorded, name: string, attributes: Attributes, parentId = this.#run.spanId): OpenSpan {
    const own = { 'waybill.attempt': record.attempt, ...attributes };
    return { spanId: spanIdOf(record), parentId, name, startMs: this.#atMs, attributes: own };
  }

  #ended(open: OpenSpan, error: string | null, attributes: Attributes = {}, ok = false): Span {
    const events = open === this.#run ? this.#events : [];
    return ended(this.#trace, open, { atMs: this.#atMs, error, ok, attributes, events });
  }
}
