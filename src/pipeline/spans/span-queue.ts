import type { Log } from '../../platform/log.ts';
import type { OtlpExporter } from '../../platform/otlp/exporter.ts';
import { OtlpRefused } from '../../platform/otlp/refused.ts';
import type { Span } from '../../platform/otlp/span.ts';
import type { OtlpVariables } from '../../platform/otlp/variables.ts';

/** A span, and the ledger record that it ended with. */
export interface Queued {
  readonly span: Span;
  readonly seq: number;
}

/** The first try is short: who drains a station whose receiver is down waits for it no longer than this. */
const FIRST_TRY_MS = 2500;
/** Pauses after tries that failed, doubling. */
const FIRST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 60_000;
/** How long a station that stops waits for what is on its way. */
const LAST_MS = 5000;

export type QueueLimits = Pick<OtlpVariables, 'delayMs' | 'maxQueue' | 'maxBatch' | 'timeoutMs'>;

/** Where spans go, and who hears of it. */
export interface SpanWay {
  /** Opens the way to the receiver; one try may take so long. */
  open(timeoutMs: number): Promise<OtlpExporter>;
  /** Everything up to this record is sent, or given up. */
  onSent(seq: number): void;
  readonly log: Log;
}

/**
 * Spans on their way to a receiver, beside the work and never in its way: gathered for a moment, sent one message at a time, kept while the receiver is
 * away, the oldest given up where there are too many. Costs nothing while it is empty.
 */
export class SpanQueue {
  readonly #limits: QueueLimits;
  readonly #way: SpanWay;
  #waiting: Queued[] = [];
  /** The newest record that was told of: sent, when nothing waits. */
  #seq = 0;
  #timer: NodeJS.Timeout | null = null;
  #inHand: Promise<void> | null = null;
  #first: OtlpExporter | null = null;
  #exporter: OtlpExporter | null = null;
  #failures = 0;
  /** That is said once. */
  #isRefused = false;
  #isFull = false;
  #givenUp = 0;
  #hasEnded = false;

  constructor(limits: QueueLimits, way: SpanWay) {
    this.#limits = limits;
    this.#way = way;
  }

  /** Takes spans, and that all is told up to the record `seq`. */
  add(spans: readonly Queued[], seq: number): void {
    this.#seq = Math.max(this.#seq, seq);
    if (spans.length === 0) return;
    this.#waiting.push(...spans);
    this.#giveUp(this.#waiting.length - this.#limits.maxQueue);
    if (this.#failures === 0 && this.#waiting.length >= this.#limits.maxBatch) this.#send();
    else this.#later(this.#limits.delayMs);
  }

  /** Sends what waits, within a bound; what a receiver that is away did not take is for the next start. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const stop = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((done) => {
      timer = setTimeout(done, LAST_MS);
    });
    await Promise.race([this.#sendRest(stop.signal), tooLong]);
    clearTimeout(timer);
    stop.abort();
    if (this.#givenUp > 0) this.#way.log.warn({ spans: this.#givenUp }, 'spans were given up');
  }

  async #sendRest(signal: AbortSignal): Promise<void> {
    await this.#inHand;
    while (this.#waiting.length > 0 && this.#failures === 0 && !signal.aborted) {
      this.#send();
      await this.#inHand;
    }
  }

  #later(ms: number): void {
    if (this.#timer !== null || this.#inHand !== null || this.#hasEnded) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#send();
    }, ms);
    // whoever has nothing else to do is not kept by spans: end() sends what waits
    this.#timer.unref();
  }

  #send(): void {
    if (this.#inHand !== null || this.#waiting.length === 0) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const batch = this.#waiting.splice(0, this.#limits.maxBatch);
    this.#inHand = this.#try(batch).finally(() => {
      this.#inHand = null;
      if (this.#waiting.length === 0) return;
      if (this.#failures > 0) this.#later(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#failures - 1)));
      else if (this.#waiting.length >= this.#limits.maxBatch && !this.#hasEnded) this.#send();
      else this.#later(this.#limits.delayMs);
    });
  }

  async #try(batch: readonly Queued[]): Promise<void> {
    const { log, onSent } = this.#way;
    try {
      const exporter = await this.#open();
      await exporter.send(batch.map(({ span }) => span));
      if (this.#failures > 0) log.info('the receiver of spans takes them again');
      this.#failures = 0;
      this.#isRefused = false;
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      if (thrown instanceof OtlpRefused) {
        if (!this.#isRefused) log.warn(`the receiver refuses spans, and they are given up: ${why}`);
        this.#isRefused = true;
        this.#givenUp += batch.length;
      } else {
        if (this.#failures++ === 0) log.warn(`spans cannot be sent, and are kept for a while: ${why}`);
        this.#waiting.unshift(...batch);
        this.#giveUp(this.#waiting.length - this.#limits.maxQueue);
        return;
      }
    }
    onSent((this.#waiting[0]?.seq ?? this.#seq + 1) - 1);
  }

  async #open(): Promise<OtlpExporter> {
    const { timeoutMs } = this.#limits;
    if (this.#first === null) {
      this.#first = await this.#way.open(Math.min(FIRST_TRY_MS, timeoutMs));
      return this.#first;
    }
    this.#exporter ??= await this.#way.open(timeoutMs);
    return this.#exporter;
  }

  #giveUp(tooMany: number): void {
    if (tooMany <= 0) return;
    if (!this.#isFull)
      this.#way.log.warn({ kept: this.#limits.maxQueue }, 'more spans wait than are kept: the oldest are given up');
    this.#isFull = true;
    this.#givenUp += tooMany;
    this.#waiting.splice(0, tooMany);
  }
}
