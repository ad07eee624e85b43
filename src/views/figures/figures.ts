import type { Recorded } from '../../order/event.ts';
import type { FeedLine } from '../feed.ts';
import type { HistoryFold } from '../history.ts';
import { LabelValues, OTHER } from './count.ts';
import { type Cell, type Range, Series } from './series.ts';
import { Totals } from './totals.ts';

/** Records that change nothing that is counted here; they are not parsed. */
const SILENT: ReadonlySet<string> = new Set([
  'executed',
  'restored',
  'landing',
  'rebased',
  'reminded',
  'released',
  'distrusted',
  'purged',
  'gap',
]);

/** An order alive, as far as it is needed to say how long it took. Times in ms since 1970, spans in seconds. */
interface Alive {
  readonly lane: string;
  readonly receivedAt: number;
  isStarted: boolean;
  /** Since when it is in state running; null while it is not. */
  runningSince: number | null;
  /** How long it was in it before. */
  ran: number;
  /** A step of a mission that is being done, and by whom; null while none is. */
  step: { readonly agent: string | null } | null;
}

/** The ledger's figures since its first record, and over time for charts. Holds a few numbers for each order alive, and nothing of one that ended. */
export class Figures implements HistoryFold {
  readonly #laneOf: (woId: string) => string | null;
  readonly #now: () => number;
  #alive = new Map<string, Alive>();
  #totals = new Totals();
  #series = new Series();
  #labels = newLabels();
  #isWhole = false;
  #lastAt: string | null = null;

  /** `laneOf` is asked for the lane of an order that ended and is taken up again: of it nothing is kept here. `now` in ms since 1970. */
  constructor(laneOf: (woId: string) => string | null, now: () => number = Date.now) {
    this.#laneOf = laneOf;
    this.#now = now;
  }

  /** Whether all that the ledger held at first is counted; before that, figures are too small. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  get totals(): Totals {
    return this.#totals;
  }

  /** When the last record was written. */
  get lastAt(): string | null {
    return this.#lastAt;
  }

  /** How many orders it holds. */
  get size(): number {
    return this.#alive.size;
  }

  /** Every lane that is told apart, by name. */
  get lanes(): string[] {
    return [...new Set(this.#totals.received.rows().map(({ values: [lane = ''] }) => lane))];
  }

  /** The steps of time of a range, each with what happened in it. */
  read(range: Range, lane: string | null): { readonly at: number; readonly cells: readonly Cell[] }[] {
    return this.#series.read(range, lane, this.#now());
  }

  reset(): void {
    this.#alive = new Map();
    this.#totals = new Totals();
    this.#series = new Series();
    this.#labels = newLabels();
    this.#lastAt = null;
  }

  settled(isWhole: boolean): void {
    this.#isWhole = isWhole;
  }

  take(line: FeedLine, record: () => Recorded): void {
    this.#lastAt = line.ts;
    if (line.event === 'opened') this.#totals.stationStarts.add([]);
    else if (line.event === 'command') this.#totals.commands.add([]);
    else if (line.woId !== null || line.event === 'rejected') {
      if (!SILENT.has(line.event)) this.#count((line.woId ?? '').toLowerCase(), Date.parse(line.ts), record());
    }
  }

  /** One more record of an order; `at` in ms. */
  #count(key: string, at: number, record: Recorded): void {
    const totals = this.#totals;
    switch (record.event) {
      case 'admitted':
      case 'revised':
        this.#received(key, record.data.lane, at);
        if (record.data.waiting_for !== null) this.#waits(record.data.waiting_for);
        return;
      case 'rejected':
        this.#rejected(record.data.lane, record.data.error.code, at);
        return;
      case 'repeated':
        totals.repeated.add([this.#labels.lanes.of(record.data.lane)]);
        return;
      case 'retried':
        totals.retries.add(['person']);
        this.#alive.set(key, newAlive(this.#lane(key, record.wo_id), at));
        return;
      case 'started':
        this.#started(key, this.#lane(key, record.wo_id), at);
        return;
      case 'waits':
        this.#waits(record.data.waiting_for);
        if (record.data.ask !== undefined) totals.asked.add([this.#labels.words.of(record.data.ask.stage)]);
        this.#rests(key, at);
        return;
      case 'held':
        this.#waits('hold');
        return;
      case 'interrupted':
        this.#stepLost(key);
        if (record.to === 'ready') this.#rests(key, at);
        else if (record.to === 'failed') this.#ended(key, record, at);
        return;
      case 'failed':
        if (record.to === 'parked') this.#triedAgain(key, at);
        else this.#ended(key, record, at);
        return;
      case 'approved':
        totals.decided.add(['approved', this.#labels.words.of(record.data.proof.kind)]);
        return;
      case 'denied':
        totals.decided.add(['denied', this.#labels.words.of(record.data.proof.kind)]);
        this.#ended(key, record, at);
        return;
      case 'expired':
        totals.decided.add(['expired', 'none']);
        this.#ended(key, record, at);
        return;
      case 'succeeded':
      case 'cancelled':
        this.#ended(key, record, at);
        return;
      case 'landed':
        if (record.data.how === 'landed') totals.commits.add([], record.data.commits.length);
        return;
      case 'step':
        this.#stepLost(key);
        this.#begun(key, record.data.agent);
        return;
      case 'stepped':
        this.#stepped(key, record, at);
        return;
      default:
    }
  }

  #received(key: string, laneName: string, at: number): void {
    const lane = this.#labels.lanes.of(laneName);
    this.#alive.set(key, newAlive(lane, at));
    this.#totals.received.add([lane]);
    this.#cells(at, lane, (cell) => {
      cell.received++;
    });
  }

  #rejected(laneName: string, codeName: string, at: number): void {
    const lane = this.#labels.lanes.of(laneName);
    this.#totals.received.add([lane]);
    this.#totals.ended.add([lane, 'rejected']);
    this.#totals.rejections.add([this.#labels.codes.of(codeName)]);
    this.#cells(at, lane, (cell) => {
      cell.received++;
      cell.rejected++;
    });
  }

  #triedAgain(key: string, at: number): void {
    this.#totals.retries.add(['station']);
    this.#waits('time');
    this.#stepLost(key);
    this.#rests(key, at);
  }

  #waits(reason: string): void {
    this.#totals.waits.add([this.#labels.words.of(reason)]);
  }

  /** Only its first start ends the wait: what it waits for later is not the queue. */
  #started(key: string, lane: string, at: number): void {
    this.#totals.started.add([lane]);
    const alive = this.#alive.get(key);
    if (alive === undefined) return;
    if (!alive.isStarted) {
      const seconds = secondsBetween(alive.receivedAt, at);
      this.#totals.waited(lane, seconds);
      this.#cells(at, lane, (cell) => cell.waiting.add(seconds));
    }
    [alive.isStarted, alive.runningSince] = [true, at];
  }

  /** It is not running any more, and not over. */
  #rests(key: string, at: number): void {
    const alive = this.#alive.get(key);
    if (alive === undefined || alive.runningSince === null) return;
    alive.ran += secondsBetween(alive.runningSince, at);
    alive.runningSince = null;
  }

  #ended(key: string, record: Recorded, at: number): void {
    this.#stepLost(key);
    this.#rests(key, at);
    const lane = this.#lane(key, record.wo_id);
    const status = record.to === 'done' || record.to === 'cancelled' ? record.to : 'failed';
    const alive = this.#alive.get(key);
    const seconds = alive?.isStarted === true ? alive.ran : null;
    const code = status === 'failed' ? this.#labels.codes.of(codeOf(record)) : null;
    this.#alive.delete(key);
    this.#totals.ended.add([lane, status]);
    if (code !== null) this.#totals.failures.add([code]);
    if (seconds !== null) this.#totals.ran(lane, seconds);
    this.#cells(at, lane, (cell) => {
      cell[status]++;
      if (seconds !== null) cell.running.add(seconds);
      if (code !== null) cell.failures.set(code, (cell.failures.get(code) ?? 0) + 1);
    });
  }

  #begun(key: string, agent: string | null): void {
    const alive = this.#alive.get(key);
    if (alive !== undefined) alive.step = { agent };
  }

  /** A step was being done, and nobody ever told of its end. */
  #stepLost(key: string): void {
    const alive = this.#alive.get(key);
    if (alive === undefined || alive.step === null) return;
    const { agent } = alive.step;
    alive.step = null;
    this.#totals.steps.add([this.#agent(agent), 'lost']);
    if (agent !== null) this.#totals.unmetered.add([this.#agent(agent)]);
  }

  #stepped(key: string, { data, wo_id: woId }: Recorded<'stepped'>, at: number): void {
    const alive = this.#alive.get(key);
    if (alive !== undefined) alive.step = null;
    const agent = this.#agent(data.agent);
    this.#totals.steps.add([agent, data.ok ? 'ok' : 'failed']);
    if (data.agent === null) return;
    if (data.usage === null) {
      this.#totals.unmetered.add([agent]);
      return;
    }
    const { tokens, usd } = data.usage;
    for (const kind of ['input', 'cache_read', 'cache_write', 'output'] as const)
      this.#totals.tokens.add([agent, kind], data.usage[kind]);
    this.#totals.usd.add([agent], usd ?? 0);
    this.#cells(at, this.#lane(key, woId), ({ usage }) => {
      const used = usage.get(agent) ?? { tokens: 0, usd: 0 };
      usage.set(agent, { tokens: used.tokens + tokens, usd: used.usd + (usd ?? 0) });
    });
  }

  #agent(name: string | null): string {
    return name === null ? '' : this.#labels.agents.of(name);
  }

  #lane(key: string, woId: string | null): string {
    return this.#alive.get(key)?.lane ?? this.#labels.lanes.of(this.#laneOf(woId ?? '') ?? OTHER);
  }

  #cells(at: number, lane: string, change: (cell: Cell) => void): void {
    this.#series.at(at, lane, this.#now(), change);
  }
}

function newAlive(lane: string, receivedAt: number): Alive {
  return { lane, receivedAt, isStarted: false, runningSince: null, ran: 0, step: null };
}

function newLabels() {
  return {
    lanes: new LabelValues(32),
    codes: new LabelValues(200),
    agents: new LabelValues(32),
    /** What records name that is one of a few. */
    words: new LabelValues(32),
  };
}

/** A clock that was set back in between tells nothing, and counts as none. */
function secondsBetween(from: number, to: number): number {
  return Math.max(0, to - from) / 1000;
}

function codeOf(record: Recorded): string {
  return 'error' in record.data ? (record.data.error?.code ?? 'none') : 'none';
}
