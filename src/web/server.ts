import { serve } from '@hono/node-server';
import { WaybillError } from '../order/error.ts';
import type { Station } from '../station/station.ts';
import { openRecords } from '../views/records.ts';
import { createApp } from './app.ts';
import { allowedHosts, isOnlyHere } from './gate/hosts.ts';
import { startedAt } from './gate/started-at.ts';
import { Token } from './gate/token.ts';

/** Of browsers and programs together; what comes beyond is closed at once. */
const MAX_CONNECTIONS = 512;

export interface ServeOptions {
  readonly host: string;
  /** 0: one that is free. */
  readonly port: number;
  /** Further names under which browsers may reach it. */
  readonly allowHosts: readonly string[];
}

export interface Dashboard {
  /** Where it is, with the token that opens actions. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Serves the dashboard of a station. Throws ADDRESS_TAKEN. */
export async function serveDashboard(station: Station, { host, port, allowHosts }: ServeOptions): Promise<Dashboard> {
  const records = openRecords(station);
  const token = new Token();
  const hosts = new Set<string>();
  const started = startedAt();
  let fetch: (request: Request, env: unknown) => Response | Promise<Response> = () =>
    new Response(null, { status: 503 });
  const server = serve({
    fetch: (request, env) => fetch(request, env),
    hostname: host,
    port,
    // whoever sends slowly holds a place for a while, and no longer; answers that stream are not meant
    serverOptions: { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 5_000 },
  });
  server.maxConnections = MAX_CONNECTIONS;
  try {
    await new Promise<void>((resolve, reject) => server.once('listening', resolve).once('error', reject));
  } catch (cause) {
    await records.close();
    throw new WaybillError('ADDRESS_TAKEN', `nothing can listen on ${host}:${port}: ${(cause as Error).message}`, {
      cause,
    });
  }
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  for (const name of allowedHosts(host, bound, allowHosts)) hosts.add(name);
  const app = createApp({
    station,
    records,
    token,
    hosts,
    port: bound,
    isGuarded: !isOnlyHere(host, allowHosts),
    startedAt: started,
  });
  fetch = (request, env) => app.fetch(request, env as object);
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${name}:${bound}/?token=${token.text}`,
    port: bound,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // streams to browsers never end by themselves
      if ('closeAllConnections' in server) server.closeAllConnections();
      await records.close();
      await closed;
    },
  };
}
