import { stationStatus } from '../views/station-status.ts';
import { print, printJson } from './output.ts';
import { stationToRead } from './station.ts';
import { terminalColumns } from './terminal/columns.ts';
import { failureLines, healthLines, keepLines, laneLines, staleLines } from './terminal/status-lines.ts';

/** The station on one screen. Throws NO_STATION. */
export async function status(options: { readonly station?: string; readonly json?: boolean }): Promise<void> {
  const station = await stationToRead(options);
  const told = await stationStatus(station);
  if (options.json) return printJson(told);
  const { staleHours } = station.settings.tracker;
  const parts = [
    laneLines(told.lanes, terminalColumns()),
    keepLines(told),
    staleLines(told, staleHours),
    failureLines(told),
  ];
  const rest = parts.filter((lines) => lines.length > 0).flatMap((lines) => ['', ...lines]);
  for (const line of [...healthLines(told), ...rest]) for (const row of line.split('\n')) print(row);
}
