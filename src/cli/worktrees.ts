import pc from 'picocolors';
import { answered } from '../pipeline/commands/answered.ts';
import { sendCommand } from '../pipeline/commands/send-command.ts';
import { now } from '../platform/clock.ts';
import type { Station } from '../station/station.ts';
import { worktreesAnswer } from '../views/answers/worktrees.ts';
import { runningStation } from '../views/order-state.ts';
import { age, note, plain, print, printJson, sizeText, usage } from './output.ts';
import { HOW_TO_START, stationOf } from './station.ts';

type Options = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };

/** How long a running station may take to clean before the command line stops looking. */
const CLEAN_MS = 60_000;

/** `waybill worktrees [ls|clean]`: `clean` is carried out by the station. */
export async function worktrees(what: string, options: Options): Promise<void> {
  const station = await stationOf(options);
  if (what === 'ls') return ls(station, options);
  if (what === 'clean') return clean(station, options);
  throw usage(`worktrees takes ls or clean, not ${JSON.stringify(what)}`);
}

function ls(station: Station, options: Options): void {
  const answer = worktreesAnswer(station);
  if (options.json) {
    printJson(answer);
    return;
  }
  const { worktrees: shown, unknown } = answer;
  if (shown.length === 0) print('There are no worktrees.');
  for (const { wo_id, base, state, bytes, used_at, path } of shown) {
    const old = age(Date.now() - Date.parse(used_at)).padStart(4);
    const coloured = state === 'broken' ? pc.red(state.padEnd(7)) : state.padEnd(7);
    print(`${coloured}  ${wo_id}  ${base.slice(0, 10)}  ${old}  ${sizeText(bytes).padStart(9)}  ${plain(path)}`);
  }
  if (unknown.length > 0) print(pc.yellow(`not on record, and never removed: ${plain(unknown.join(', '))}`));
}

async function clean(station: Station, options: Options): Promise<void> {
  const sent = sendCommand(station, { v: 1, command: 'clean_worktrees', at: now() });
  const done = runningStation(station) !== null && (await answered(sent, CLEAN_MS));
  if (options.json) return printJson({ ok: true, command: 'clean_worktrees', taken: done });
  if (done) return ls(station, options);
  note(`They go as soon as the station works. ${HOW_TO_START}`);
}
