import { hostname } from 'node:os';
import type { Recorded } from '../../order/event.ts';
import type { OrderLife } from '../../order/life.ts';
import { isTerminal, type Status } from '../../order/transition.ts';
import { readIfThere, writeProjection } from '../../platform/durable.ts';
import { fs, ifThere } from '../../platform/fs.ts';
import { segments } from '../../record/ledger.ts';
import { OrderSpans } from '../../record/spans/order-spans.ts';
import { isSampled } from '../../record/spans/sampled.ts';
import type { Told } from '../../record/telemetry.ts';
import { VERSION } from '../../station/version.ts';
import type { Runtime } from '../runtime.ts';
import { type Queued, type QueueLimits, SpanQueue, type SpanWay } from './span-queue.ts';
import { tracing } from './trace-context.ts';

/** Facts about an order that is not under way: no part of any span. */
const SAYS_NOTHING: ReadonlySet<string> = new Set(['repeated', 'purged', 'reminded', 'distrusted', 'gap', 'opened']);

/**
 * The spans of a station's orders, on their way to the receiver that the variables of OpenTelemetry name: a projection of the ledger like telemetry, told of
 * the same records (docs/decisions/0045-otlp.md). How far they are sent is remembered, so that the next start sends what a kill or a receiver that was away
 * left over, as far back as the newest segment of the ledger.
 */
export class StationSpans {
  readonly #rt: Runtime;
  readonly #ratio: number;
  readonly #queue: SpanQueue;
  readonly #orders = new Map<string, OrderSpans>();
  #hasFailed = false;

  private constructor(rt: Runtime, limits: QueueLimits, ratio: number, open: SpanWay['open']) {
    this.#rt = rt;
    this.#ratio = ratio;
    const { log } = rt;
    this.#queue = new SpanQueue(limits, { open, log, onSent: (seq) => this.#remember(seq) });
  }

  /** Begins to send what the station records; null where no variable asks for it. Reads the newest segment of the ledger. */
  static begin(rt: Runtime): StationSpans | null {
    const { on, warnings } = tracing();
    for (const warning of warnings) rt.log.warn(warning);
    if (on === null || on.ratio === 0) {
      // what happens while nobody asks is not sent later either
      ifThere(() => fs.unlinkSync(rt.station.layout.spansSent));
      return null;
    }
    const resource = { 'service.name': 'waybill', 'service.version': VERSION, 'service.instance.id': rt.station.id };
    const open: SpanWay['open'] = async (timeoutMs) => {
      const { openOtlpExporter } = await import('../../platform/otlp/exporter.ts');
      const warn = (message: string) => rt.log.warn(`spans: ${message}`);
      const host = { ...resource, 'host.name': hostname(), 'process.pid': process.pid };
      return openOtlpExporter({ protocol: on.protocol, timeoutMs, resource: host, version: VERSION, warn });
    };
    const spans = new StationSpans(rt, on, on.ratio, open);
    spans.#guarded(() => spans.#catchUp());
    rt.telemetry.onTold = (told) => spans.#guarded(() => spans.#tell(told));
    return spans;
  }

  /** Sends what there is, within a bound. */
  async end(): Promise<void> {
    this.#rt.telemetry.onTold = () => {};
    await this.#queue.end();
  }

  /** What is under way of orders that an earlier run began, and what that run did not send. Without a mark all that is there counts as sent. */
  #catchUp(): void {
    const { ledger, station } = this.#rt;
    const { seq: head } = ledger.head;
    const sent = readMark(station.layout.spansSent) ?? head;
    const queued: Queued[] = [];
    for (const record of ledger.read(segments(station.layout.ledger).at(-1) ?? 1)) {
      const life = record.wo_id === null ? undefined : this.#rt.orders.get(record.wo_id);
      const spans = this.#spansOf(record, life ?? null);
      if (record.seq > sent) queued.push(...spans);
    }
    this.#queue.add(queued, head);
    if (queued.length === 0) this.#remember(head);
  }

  #tell(told: readonly Told[]): void {
    const queued = told.flatMap(({ record, life }) => this.#spansOf(record, life));
    this.#queue.add(queued, told.at(-1)?.record.seq ?? 0);
  }

  #spansOf(record: Recorded, life: OrderLife | null): Queued[] {
    if (SAYS_NOTHING.has(record.event)) return [];
    const { wo_id: woId, seq } = record;
    const begins = record.event === 'admitted' || record.event === 'revised' || record.event === 'rejected';
    const known = begins || woId === null ? undefined : this.#orders.get(woId);
    const spans = known ?? OrderSpans.from(record, life);
    if (spans === null) return [];
    const ended = spans.add(record);
    if (woId !== null) {
      if (record.to !== null && isTerminal(record.to as Status)) this.#orders.delete(woId);
      else this.#orders.set(woId, spans);
    }
    return isSampled(spans.traceId, this.#ratio) ? ended.map((span) => ({ span, seq })) : [];
  }

  #remember(seq: number): void {
    const { layout } = this.#rt.station;
    this.#guarded(() => writeProjection(layout.spansSent, `${JSON.stringify({ v: 1, seq })}\n`));
  }

  /** No order waits for spans, or fails because of them. */
  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!this.#hasFailed) this.#rt.log.error({ err: error }, 'spans could not be made or remembered; orders go on');
      this.#hasFailed = true;
    }
  }
}

/** Up to which record spans were sent; null where nobody wrote it down. */
function readMark(path: string): number | null {
  try {
    const { seq } = JSON.parse(readIfThere(path)?.toString('utf8') ?? '') as { seq?: unknown };
    return Number.isSafeInteger(seq) ? Number(seq) : null;
  } catch {
    return null;
  }
}
