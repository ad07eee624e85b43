/** What agents send to models, in one form for the four protocols. */

/** A tool that the agent offers to the model. */
export interface ToolOffer {
  readonly name: string;
  /** The names of its arguments. */
  readonly args: readonly string[];
}

/** One thing in the history that a request carries. */
export type Entry =
  | { readonly kind: 'prompt'; readonly text: string }
  | { readonly kind: 'said' }
  | { readonly kind: 'call' }
  | { readonly kind: 'result' };

export interface Dialogue {
  readonly model: string;
  readonly stream: boolean;
  readonly tools: readonly ToolOffer[];
  readonly entries: readonly Entry[];
}

/** What the model answers, before a protocol gives it its form. */
export type Reply =
  | { readonly say: string }
  | { readonly call: string; readonly args: Readonly<Record<string, unknown>> };

/** Where a dialogue stands: which prompt is being answered, and how many turns of the answer were given. */
export interface Standing {
  readonly role: string;
  readonly packetFile: string | null;
  /** Names this prompt in this place of its history. */
  readonly key: string;
  readonly given: number;
}

const ROLE = /^Role: *(\S+) *$/m;
const PACKET_FILE = /^Packet file: *(.+?) *$/m;

/**
 * Read from the whole history and not from its last message: an agent that asks once more (a hook, a reminder) must not begin anew. null where
 * it is nobody's step: agents also ask for titles and the like, without tools.
 */
export function standing({ entries, tools }: Dialogue): Standing | null {
  if (tools.length === 0) return null;
  let [role, packetFile]: (string | null)[] = [null, null];
  let [text, at, prompts] = ['', -1, 0];
  for (const [n, entry] of entries.entries()) {
    if (entry.kind !== 'prompt' || !(ROLE.test(entry.text) || PACKET_FILE.test(entry.text))) continue;
    role = ROLE.exec(entry.text)?.[1] ?? role ?? null;
    packetFile = PACKET_FILE.exec(entry.text)?.[1] ?? packetFile ?? null;
    [text, at, prompts] = [entry.text, n, prompts + 1];
  }
  if (role === null || role === undefined) return null;
  const given = entries.slice(at).filter(({ kind }) => kind === 'said' || kind === 'call').length;
  return { role, packetFile: packetFile ?? null, key: `${role} ${prompts} ${text}`, given };
}

/** Any JSON value as an object: what is none has no keys. */
export function object(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

/** Any JSON value as a list of objects. */
export function objects(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.map(object) : [];
}

/** A text that may also come as a list of parts. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return objects(value)
    .map((part) => (typeof part['text'] === 'string' ? part['text'] : ''))
    .join('\n');
}

/** A tool's name and arguments, from its name and the JSON Schema of its input. */
export function offer(name: unknown, schema: unknown): ToolOffer[] {
  return typeof name === 'string' ? [{ name, args: Object.keys(object(object(schema)['properties'])) }] : [];
}
