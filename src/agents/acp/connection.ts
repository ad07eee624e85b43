import { type AnyMessage, client, methods } from '@agentclientprotocol/sdk';
import { isRecord } from './told.ts';

/**
 * The Agent Client Protocol over lines of JSON. The SDK matches requests and answers; what comes in is sorted before it sees it, because it throws
 * at kinds of updates that it does not know, and complains on our standard error.
 */

export interface Wire {
  /** One line to the agent, with its line end. */
  say(line: string): void;
  /** What the agent tells without being asked. */
  onNotification(method: string, params: unknown): void;
  /** The answer to a question of the agent whether it may use a tool. */
  onPermission(params: unknown): PermissionAnswer;
  /** Anything that is not of the protocol, or not known here. */
  onUnknown(name: string): void;
}

export type PermissionAnswer =
  | { readonly outcome: 'selected'; readonly optionId: string }
  | { readonly outcome: 'cancelled' };

export interface AcpConnection {
  /** A line that the agent said. */
  hear(line: string): void;
  /** Rejects with the agent's own error, or when the connection ends before the answer. What it resolves with is not validated. */
  request(method: string, params: unknown): Promise<unknown>;
  notify(method: string, params: unknown): void;
  /** Nothing comes any more. */
  end(): void;
}

export const ACP = methods;

/** Connects to an agent that hears what is said on `wire`. */
export function connect(wire: Wire): AcpConnection {
  const asked = new Set<unknown>();
  let incoming: ReadableStreamDefaultController<AnyMessage> | undefined;
  const readable = new ReadableStream<AnyMessage>({
    start: (controller) => {
      incoming = controller;
    },
  });
  const writable = new WritableStream<AnyMessage>({
    write: (message) => {
      if ('method' in message && 'id' in message) asked.add(message.id);
      wire.say(`${JSON.stringify(message)}\n`);
    },
  });
  const asIs = (params: unknown) => params;
  const connection = client({ name: 'waybill' })
    // read by us: the SDK would make nothing of a kind that it does not know, and what is not known is refused
    .onRequest(ACP.client.session.requestPermission, asIs, ({ params }) => ({ outcome: wire.onPermission(params) }))
    .connect({ readable, writable });
  const pass = (message: Record<string, unknown>) => {
    try {
      incoming?.enqueue(message as AnyMessage);
    } catch {
      // closed: nobody waits for it any more
    }
  };
  return {
    hear: (line) => {
      const message = parsed(line);
      if (!isRecord(message) || message['jsonrpc'] !== '2.0') return wire.onUnknown('not a message of the protocol');
      const { id, method } = message;
      if (typeof method !== 'string') return asked.delete(id) ? pass(message) : wire.onUnknown('an answer to nothing');
      if (id === undefined) return wire.onNotification(method, message['params']);
      if (method !== ACP.client.session.requestPermission) wire.onUnknown(method);
      pass(message);
    },
    request: (method, params) => connection.agent.request<unknown>(method, params),
    notify: (method, params) => void connection.agent.notify(method, params).catch(() => {}),
    end: () => {
      try {
        incoming?.close(); // what came before is read first; then the SDK ends all that still waits
      } catch {
        // closed before
      }
    },
  };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
