import { type ReadDocument, readDocument } from '../../order/document.ts';
import { asWaybillError, type Place, WaybillError } from '../../order/error.ts';
import { type Complaint, complaintsAbout } from '../../platform/schema.ts';
import { contractOf, type PacketName, type PacketOf } from './names.ts';
import { unwrapped } from './unwrap.ts';

/** Everything that an agent hands in is JSON, and no larger or deeper than this. */
const LIMITS = { maxBytes: 4 * 1024 * 1024, maxDepth: 32 };
const MOST_COMPLAINTS = 20;
/** Words of an agent in a complaint: enough to find them again. */
const MOST_WORDS = 120;

/** One thing that is wrong with what was handed in: where, as a JSON pointer and a place in the text, and what. */
export interface PacketFault {
  readonly pointer: string;
  readonly place: Place;
  readonly what: string;
}

/** A PACKET_INVALID that still has its faults apart, for the repair that is asked for next. */
export class PacketError extends WaybillError {
  readonly faults: readonly PacketFault[];

  constructor(name: PacketName, faults: readonly PacketFault[], cause?: unknown) {
    const place = faults[0]?.place ?? {};
    super('PACKET_INVALID', `${name}: ${faults.map(faultText).join('; ')}`, { place, cause });
    this.faults = faults;
  }
}

/** A fault as people and agents read it. */
export function faultText({ pointer, place, what }: PacketFault): string {
  const at = place.line === undefined ? '' : `line ${place.line}, column ${place.column ?? 1}`;
  const where = [pointer, at].filter((part) => part !== '').join(' at ');
  return where === '' ? what : `${where}: ${what}`;
}

/**
 * What an agent handed in, as the packet that its step asks for; null is nothing handed in. JSON alone counts: of prose nothing is guessed, and
 * YAML is not taken, because half of it is often valid. Throws PACKET_INVALID as a PacketError, with every fault up to 20.
 */
export function readPacket<N extends PacketName>(name: N, bytes: Uint8Array | null): PacketOf<N> {
  if (bytes === null)
    throw new PacketError(name, [
      { pointer: '', place: {}, what: 'nothing was handed in: the packet file is not there' },
    ]);
  const document = readJson(name, bytes);
  const faults = [
    ...complaintsAbout(contractOf(name), document.value, MOST_COMPLAINTS),
    ...contradictions(name, document.value),
  ]
    .slice(0, MOST_COMPLAINTS)
    .map((complaint) => faultAt(complaint, document));
  if (faults.length > 0) throw new PacketError(name, faults);
  return document.value as PacketOf<N>;
}

function readJson(name: PacketName, bytes: Uint8Array): ReadDocument {
  try {
    return readDocument(bytes.length > LIMITS.maxBytes ? bytes : unwrapped(bytes), 'json', LIMITS);
  } catch (thrown) {
    const error = asWaybillError(thrown);
    throw new PacketError(name, [{ pointer: '', place: error.place, what: told(error) }], error);
  }
}

/** What an agent can mend; the codes of reading are those of orders, and so are their words. */
function told(error: WaybillError): string {
  switch (error.code) {
    case 'EMPTY':
      return 'the packet file is empty';
    case 'JSON_INVALID':
      return `it is not JSON: ${error.message}`;
    case 'TOO_LARGE':
      return `it is too large: ${error.message}`;
    default:
      return error.message;
  }
}

function faultAt({ pointer, segments, what, hint }: Complaint, document: ReadDocument): PacketFault {
  return {
    pointer: shortened(pointer),
    place: placeOf(document, segments),
    what: shortened(hint === null ? what : `${what}. ${hint}`, 4 * MOST_WORDS),
  };
}

/** Places are found by a reader of YAML, which has bounds that JSON has not: without a place it is as wrong. */
function placeOf(document: ReadDocument, segments: Complaint['segments']): Place {
  try {
    return document.locate(segments);
  } catch {
    return {};
  }
}

/** Lists in which a name must not stand twice: two entries about one thing say two things of it. */
const UNIQUE: Readonly<Partial<Record<PacketName, { readonly list: string; readonly key: string }>>> = {
  build_packet: { list: 'files', key: 'path' },
  plan_packet: { list: 'steps', key: 'id' },
  build_report: { list: 'changed', key: 'path' },
};

/** What a schema cannot say. */
function contradictions(name: PacketName, value: unknown): Complaint[] {
  const unique = UNIQUE[name];
  if (unique === undefined) return [];
  const { list, key } = unique;
  const seen = new Map<unknown, number>();
  return entriesOf(value, list).flatMap((entry, n) => {
    const named = fieldOf(entry, key);
    if (typeof named !== 'string') return [];
    const first = seen.get(named);
    if (first === undefined) {
      seen.set(named, n);
      return [];
    }
    const what = `is the same as /${list}/${first}/${key}: say all of it in one entry`;
    return [{ pointer: `/${list}/${n}/${key}`, segments: [list, n, key], what, hint: null }];
  });
}

function entriesOf(value: unknown, list: string): readonly unknown[] {
  const entries = fieldOf(value, list);
  return Array.isArray(entries) ? entries : [];
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function shortened(text: string, most = MOST_WORDS): string {
  return text.length <= most ? text : `${text.slice(0, most)}…`;
}
