import { runStation } from '../pipeline/station-process.ts';
import { openLog } from '../platform/log.ts';
import { locateStation } from '../station/locate.ts';
import { prepareStation } from '../station/station.ts';
import { progressBar, usage } from './output.ts';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** Runs until SIGINT or SIGTERM (the batch in hand is finished), or with --drain until nothing is runnable. */
export async function up(options: Record<string, unknown> & { readonly station?: string }): Promise<void> {
  const level = String(options['logLevel'] ?? 'info');
  if (!LEVELS.includes(level)) throw usage(`there is no log level ${level}`);
  const log = openLog(level);
  const { station } = await prepareStation(await locateStation(options.station));
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // `on`, not `once`: execa's signal-exit ends the process at once when nobody else listens while a git child runs
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143); // asked twice: recovery does the rest
      stop.abort(signal);
    });
  }
  log.info({ station: station.id, root: station.layout.root, pid: process.pid }, 'station is starting');
  await runStation(station, {
    drain: options['drain'] === true,
    log,
    signal: stop.signal,
    progress: process.stderr.isTTY ? progressBar('index of order ids') : null,
    step: (name, woIds) => {
      if (woIds.length > 0) log.debug({ orders: woIds }, name);
    },
  });
  log.info('station has stopped');
}
