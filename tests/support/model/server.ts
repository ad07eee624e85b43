import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { anthropic } from './anthropic.ts';
import { chat } from './chat.ts';
import { object } from './dialogue.ts';
import { type Direction, Director } from './director.ts';
import { gemini } from './gemini.ts';
import type { Protocol, ServerEvent } from './protocol.ts';
import { responses } from './responses.ts';
import { checkScript, type ModelScript, type ModelUsage } from './script.ts';

/** A fake model on loopback: real agents do whole turns with it, and it says what a script says. */

const PROTOCOLS: readonly Protocol[] = [anthropic, responses, chat, gemini];

/** A request as it came; what looks like a key is taken out. */
export interface ModelRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed JSON; the text where it is none. */
  readonly body: unknown;
  /** Whose step it was; null for what agents ask beside their work. */
  readonly role: string | null;
  /** Which turn of the role's answer it got. */
  readonly turn: number | null;
  readonly faulty: boolean;
  /** What the answer was said to cost; null where it got none. */
  readonly usage: ModelUsage | null;
  /** Why it could not be answered, where the script does not fit what was asked. */
  readonly problem: string | null;
}

export interface FakeModel {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly requests: readonly ModelRequest[];
  /** Ends it, with all that still hangs on it. */
  close(): Promise<void>;
}

/** Starts one on a free port of loopback. `onRequest` is told of each request when it is answered. */
export async function startModel(
  script: ModelScript,
  onRequest: (request: ModelRequest) => void = () => {},
): Promise<FakeModel> {
  const director = new Director(checkScript(script));
  const requests: ModelRequest[] = [];
  const note = (request: ModelRequest) => {
    requests.push(request);
    onRequest(request);
  };
  const server = createServer((request, response) => {
    answer(request, response, director, note).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  director: Director,
  note: (request: ModelRequest) => void,
): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const body = parsed(await received(request));
  const asCame = { method: request.method ?? '', url: withoutKey(request.url ?? ''), headers: shown(request), body };
  const told = { ...asCame, role: null, turn: null, faulty: false, usage: null, problem: null };
  const protocol = PROTOCOLS.find((one) => one.takes(pathname));
  if (protocol === undefined) {
    note(told);
    const beside = PROTOCOLS.map((one) => one.beside(pathname)).find((value) => value !== null);
    return json(response, beside === undefined ? 404 : 200, beside ?? failure('not found'));
  }
  const dialogue = protocol.dialogue(object(body), pathname);
  let direction: Direction;
  try {
    direction = director.direct(dialogue);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    note({ ...told, problem });
    return json(response, 400, failure(problem));
  }
  const { role, turn, fault, reply, usage } = direction;
  note({ ...told, role, turn, faulty: fault !== null, usage: fault === null ? usage : null });
  if (fault !== null && 'hang' in fault) return;
  if (fault !== null && 'status' in fault) {
    if (fault.retryAfter !== undefined) response.setHeader('retry-after', String(fault.retryAfter));
    return json(response, fault.status, failure('as the script says'));
  }
  const said = { id: `${Date.now().toString(36)}${counter++}`, model: dialogue.model, reply, usage };
  if (dialogue.stream) return stream(response, protocol.events(said), fault !== null);
  if (fault !== null) return void response.destroy();
  json(response, 200, protocol.whole(said));
}

let counter = 0;

function stream(response: ServerResponse, events: readonly ServerEvent[], cut: boolean): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const lines = events.map(({ event, data }) => {
    const name = event === undefined ? '' : `event: ${event}\n`;
    return `${name}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
  });
  if (!cut) return void response.end(lines.join(''));
  const text = lines.join('');
  // in the middle of an event, with the first one through
  const half = text.slice(0, Math.max(Math.floor(text.length / 2), Math.floor((lines[0]?.length ?? 0) + 10)));
  response.write(half.slice(0, text.length - 20), () => response.destroy());
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

const failure = (text: string) => ({ type: 'error', error: { type: 'api_error', code: 'fake', message: text } });

async function received(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

const SECRET = /^(authorization|cookie|proxy-authorization|.*(api-?key|token|secret).*)$/i;

function shown({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, SECRET.test(name) ? '(cut)' : String(value)]),
  );
}

const withoutKey = (url: string) => url.replace(/([?&]key=)[^&]*/, '$1(cut)');
