import { join } from 'node:path';
import { WaybillError } from '../../order/error.ts';
import { now } from '../../platform/clock.ts';
import { removeDurable, writeDurable } from '../../platform/durable.ts';
import { lstatIfThere } from '../../platform/fs.ts';
import { currentUser } from '../../platform/user.ts';
import { runningStation } from '../../views/order-state.ts';
import { stopFileOf } from '../../views/stop-file.ts';
import { note, plain, print, printJson } from '../output.ts';
import { stationOf } from '../station.ts';
import type { SpineOptions } from './options.ts';

/** Writes the stop file: while it is there, whatever is in it, no mission of the station goes on. */
export async function stop(options: SpineOptions): Promise<void> {
  const station = await stationOf(options);
  const { stopFile: name } = station.settings.missions;
  const before = stopFileOf(station);
  if (before === null) {
    const why = typeof options['reason'] === 'string' ? options['reason'] : '';
    const text = `by: ${currentUser()}\nat: ${now()}\nwhy: ${JSON.stringify(why)}\n`;
    writeDurable(join(station.layout.root, name), text);
  }
  if (options.json) return printJson({ ok: true, stop_file: stopFileOf(station), written: before === null });
  print(before === null ? `${name} is written.` : `${name} is there already:\n${plain(before.text).trimEnd()}`);
  print(
    'While it is there no mission goes on. Those at work stop within a second: the step in hand is done again later.',
  );
  note('Other orders go on. `waybill spine go` removes it; so does `rm`.');
}

/** Removes the stop file. Throws IO_ERROR where something else than a file is in its place. */
export async function go(options: SpineOptions): Promise<void> {
  const station = await stationOf(options);
  const { stopFile: name } = station.settings.missions;
  const path = join(station.layout.root, name);
  const there = lstatIfThere(path);
  if (there?.isDirectory() === true)
    throw new WaybillError('IO_ERROR', `${name} is a folder`, { hint: 'Look at what is in it, then remove it.' });
  if (there !== undefined) removeDurable(path);
  if (options.json) return printJson({ ok: true, stop_file: null, removed: there !== undefined });
  print(there === undefined ? `${name} was not there: nothing stops missions.` : `${name} is removed.`);
  if (there === undefined) return;
  if (runningStation(station) === null)
    note('Missions go on with the next station: `waybill up`, or `waybill spine resume ID`.');
  else print('Missions go on within some seconds, where they stopped.');
}
