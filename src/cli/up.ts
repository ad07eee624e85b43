import { runStation } from '../pipeline/station-process.ts';
import { openLog } from '../platform/log.ts';
import { locateStation } from '../station/locate.ts';
import { redactorOf } from '../station/redactor.ts';
import { prepareStation } from '../station/station.ts';
import { progressBar, usage } from './output.ts';
import { stopSignal } from './stop-signal.ts';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** Runs until SIGINT or SIGTERM (the batch in hand is finished), or with --drain until nothing is runnable. */
export async function up(options: Record<string, unknown> & { readonly station?: string }): Promise<void> {
  const level = String(options['logLevel'] ?? 'info');
  if (!LEVELS.includes(level)) throw usage(`there is no log level ${level}`);
  const { station } = await prepareStation(await locateStation(options.station));
  const log = openLog(level, (line) => redactorOf(station.settings).redactText(line));
  const signal = stopSignal();
  log.info({ station: station.id, root: station.layout.root, pid: process.pid }, 'station is starting');
  await runStation(station, {
    drain: options['drain'] === true,
    log,
    signal,
    progress: process.stderr.isTTY ? progressBar('index of order ids') : null,
    step: (name, woIds) => {
      if (woIds.length > 0) log.debug({ orders: woIds }, name);
    },
  });
  log.info('station has stopped');
}
