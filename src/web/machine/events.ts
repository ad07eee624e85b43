import type { Context, Hono } from 'hono';
import { asWaybillError, WaybillError } from '../../order/error.ts';
import { EVENT_NAMES } from '../../order/event.ts';
import type { EventDocument } from '../../order/generated.ts';
import { nearest } from '../../order/nearest.ts';
import { now } from '../../platform/clock.ts';
import { ledgerHead } from '../../record/chain.ts';
import type { Station } from '../../station/station.ts';
import { type EventsWanted, tellEvents } from '../../views/events.ts';
import type { Wake } from '../../views/feed.ts';
import type { Records } from '../../views/records.ts';
import type { Behind } from '../gate/forms.ts';
import type { Streams } from '../gate/streams.ts';
import { queryOf, refuse } from './api.ts';
import { onlyOurSites } from './sites.ts';

/** When nothing went for so long, a word goes: that we are there, and how far we are. */
const BEAT_MS = 15_000;
/** How soon a browser connects again, in ms. */
const RETRY_MS = 1000;

const QUERY = ['from', 'lane', 'wo_id', 'event', 'full', 'follow'];

/** Adds /events: every record of the ledger as it comes, as lines of JSON or as server-sent events. */
export function addEvents(app: Hono<Behind>, station: Station, records: Records, streams: Streams): void {
  app.use('/events', onlyOurSites);
  app.get('/events', async (c) => {
    try {
      const asked = askedOf(c, station);
      const isSse = c.req.header('accept')?.includes('text/event-stream') === true;
      const leave = streams.enter();
      if (leave === null) {
        c.header('Retry-After', '10');
        return c.text('Too many streams are open here. Close some.\n', 503);
      }
      const stream = new EventStream(station, records, asked, isSse ? asSse : asLine, leave);
      return c.body(new ReadableStream(stream, { highWaterMark: 0 }), 200, {
        'Content-Type': isSse ? 'text/event-stream; charset=utf-8' : 'application/x-ndjson; charset=utf-8',
        'X-Accel-Buffering': 'no',
      });
    } catch (thrown) {
      return refuse(c, asWaybillError(thrown));
    }
  });
}

interface AskedEvents extends EventsWanted {
  /** The first record that is wanted. */
  readonly from: number;
  /** The ledger does not reach to what the reader had: it is another one. */
  readonly isOther: boolean;
  /** Goes on as records come. */
  readonly follow: boolean;
}

/** Throws USAGE. */
function askedOf(c: Context, station: Station): AskedEvents {
  const query = queryOf(c, QUERY);
  const { seq: head } = ledgerHead(station.layout.ledger);
  // a browser that connects again asks the same address, and says in the header how far it came
  const after = c.req.header('last-event-id');
  const from = after === undefined ? number('from', query['from'], head + 1) : number('Last-Event-ID', after, 0) + 1;
  const isOther = from > head + 1;
  return {
    from: isOther ? 1 : Math.max(1, from),
    isOther,
    follow: !isNo(query['follow']),
    full: query['full'] !== undefined && !isNo(query['full']),
    events: eventNames(query['event']),
    lanes: list(query['lane']),
    woIds: list(query['wo_id'])?.map((id) => id.toLowerCase()) ?? null,
  };
}

function number(name: string, given: unknown, otherwise: number): number {
  if (given === undefined || given === '') return otherwise;
  const value = /^\d{1,15}$/.test(String(given)) ? Number(given) : Number.NaN;
  if (Number.isNaN(value))
    throw new WaybillError('USAGE', `${name} takes the sequence number of a record`, {
      hint: 'A whole number, as `seq` of each event says it; without it only what is to come is told.',
    });
  return value;
}

/** Throws USAGE for a name that no record has: a stream of them would be silent forever. */
function eventNames(given: unknown): string[] | null {
  const names = list(given);
  const unknown = names?.find((name) => !EVENT_NAMES.includes(name));
  if (unknown === undefined) return names;
  const near = nearest(unknown, EVENT_NAMES);
  throw new WaybillError('USAGE', `no record is called ${JSON.stringify(unknown.slice(0, 60))}`, {
    hint: near === null ? `Records are called ${EVENT_NAMES.join(', ')}.` : `Did you mean ${near}?`,
  });
}

function isNo(given: unknown): boolean {
  return given === '0' || given === 'no' || given === 'false';
}

function list(given: unknown): string[] | null {
  const names = String(given ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return names.length === 0 ? null : names;
}

type Write = (event: EventDocument, seq: number) => string;

const asLine: Write = (event) => `${JSON.stringify(event)}\n`;

/** A beat is no event for a browser: only the id that it would resume from. */
const asSse: Write = (event, seq) => {
  if (event.kind === 'beat') return `: beat\nid: ${seq}\nretry: ${RETRY_MS}\n\n`;
  const id = event.kind === 'record' ? `id: ${event.seq}\n` : `id: ${seq}\nevent: ${event.kind}\n`;
  return `${id}data: ${JSON.stringify(event)}\n\n`;
};

/** The body of one answer. It makes a piece when the socket has room for one (pull), and holds none: so nothing piles up before a slow reader. */
class EventStream {
  readonly #write: Write;
  readonly #stop = new AbortController();
  readonly #told: ReturnType<typeof tellEvents>;
  readonly #first: EventDocument[];
  /** Gives the place among the open streams back. */
  readonly #leave: () => void;
  #seq: number;
  #isBegun = false;
  /** What is being waited for; it outlasts the pulls that end with a beat. */
  #next: ReturnType<ReturnType<typeof tellEvents>['next']> | null = null;

  constructor(station: Station, records: Records, asked: AskedEvents, write: Write, leave: () => void) {
    this.#write = write;
    this.#leave = leave;
    this.#seq = asked.from - 1;
    const wake: Wake = asked.follow ? records.watch : { moved: async () => this.#stop.abort() };
    this.#told = tellEvents(station, records, asked.from, asked, wake, this.#stop.signal);
    this.#first = asked.isOther ? [{ v: 1, kind: 'exchanged', ts: now() }] : [];
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    const send = (events: readonly EventDocument[]) =>
      controller.enqueue(Buffer.from(events.map((event) => this.#write(event, this.#seq)).join('')));
    if (!this.#isBegun) {
      this.#isBegun = true;
      return send([...this.#first, this.#beat()]);
    }
    const { promise: late, end } = after(BEAT_MS);
    try {
      for (;;) {
        this.#next ??= this.#told.next();
        const came = await Promise.race([this.#next, late]);
        if (came === null) return send([this.#beat()]);
        this.#next = null;
        if (came.done === true) {
          send([this.#beat()]);
          this.#leave();
          return controller.close();
        }
        if (came.value.kind === 'exchanged') {
          this.#seq = 0;
          return send([{ v: 1, kind: 'exchanged', ts: now() }]);
        }
        this.#seq = came.value.seq;
        if (came.value.events.length > 0) return send(came.value.events);
      }
    } catch (thrown) {
      const { code, message, hint } = asWaybillError(thrown);
      send([{ v: 1, kind: 'fault', ts: now(), error: { code, message, hint } }]);
      this.#leave();
      controller.close();
    } finally {
      end();
    }
  }

  /** Whoever read is gone. */
  cancel(): void {
    this.#leave();
    this.#stop.abort();
    // where it is being asked for something it ends with that
    void this.#told.return(undefined).catch(() => {});
  }

  #beat(): EventDocument {
    return { v: 1, kind: 'beat', seq: this.#seq, ts: now() };
  }
}

/** Null after so many ms. */
function after(ms: number): { promise: Promise<null>; end: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms);
  });
  return { promise, end: () => clearTimeout(timer) };
}
