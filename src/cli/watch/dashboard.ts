import { isLoopback, isOnlyHere } from '../../web/gate/hosts.ts';
import { serveDashboard } from '../../web/server.ts';
import { note, print, printJson, usage } from '../output.ts';
import { stationToRead } from '../station.ts';
import { stopSignal } from '../stop-signal.ts';

const PORT = 4747;

/** Serves the dashboard until it is asked to stop. */
export async function dashboard(
  options: Record<string, unknown> & { readonly station?: string; readonly json?: boolean },
): Promise<void> {
  const station = await stationToRead(options);
  const port = Number(options['port'] ?? PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw usage('--port takes a whole number from 0 to 65535');
  const host = typeof options['host'] === 'string' ? options['host'] : '127.0.0.1';
  const allowHosts = Array.isArray(options['allowHost']) ? options['allowHost'].map(String) : [];
  const signal = stopSignal();
  const served = await serveDashboard(station, { host, port, allowHosts });
  if (options.json) printJson({ ok: true, station: station.id, url: served.url, port: served.port });
  else {
    print(served.url);
    note(
      isOnlyHere(host, allowHosts)
        ? 'Who opens this address may act; looking needs no token on this machine. Ctrl-C ends it.'
        : isLoopback(host)
          ? 'Who opens this address may act; looking needs its token too, since it has a name for others. Ctrl-C ends it.'
          : 'Who opens this address may act, and looking needs its token too. Others reach it: what goes over the network is not encrypted. Put a proxy with TLS before it, or use `ssh -L`. Ctrl-C ends it.',
    );
  }
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  await served.close();
}
