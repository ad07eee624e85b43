import type { Skipped } from '../../backlog/choose.ts';
import { WaybillError } from '../../order/error.ts';
import { exitCodeOf, fail, plain, print, printJson } from '../output.ts';
import { stationToRead } from '../station.ts';
import { COLUMNS, cutTo, wrapped } from '../terminal/columns.ts';
import { lookAt, tellGone } from './look.ts';
import { problemJson, rowJson, rowsOf } from './report.ts';

type Options = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };

/**
 * Shows the item that `backlog run` would begin with, and why those before it are skipped. Changes nothing. Throws BACKLOG_MISSING, and
 * BACKLOG_CLAIMS_UNREACHABLE where nobody can say what other stations have; with no item to begin, that is said with code BACKLOG_NO_ITEM.
 */
export async function next(options: Options): Promise<void> {
  const look = await lookAt(await stationToRead(options));
  if (look.unreachable !== null) throw look.unreachable;
  const { chosen, skipped } = look.choice;
  const row = rowsOf(look).find(({ turn }) => turn === 'next');
  const unread = look.backlog.problems.filter(({ severity }) => severity === 'unread');
  const before = chosen === null ? skipped : skipped.filter(({ item }) => item.priority <= chosen.priority);
  const worthTelling = before.filter(({ code }) => code !== 'DONE' && code !== 'DROPPED');
  const error =
    chosen === null
      ? new WaybillError('BACKLOG_NO_ITEM', `none of ${look.backlog.items.length} items can be begun`)
      : null;
  if (options.json === true) {
    printJson({
      ok: error === null,
      ...(error === null ? {} : { error: { code: error.code, message: error.message, hint: error.hint } }),
      item: row === undefined ? null : rowJson(row, look),
      skipped: skipped.map(({ item: { key, title, place }, code, why }) => ({ key, title, code, why, ...place })),
      problems: unread.map(problemJson),
      gone: look.gone,
    });
    if (error !== null) process.exitCode = exitCodeOf(error);
    return;
  }
  tellGone(look.gone);
  if (error !== null) fail(error, false);
  if (chosen !== null) {
    print(`${chosen.key}  P${chosen.priority}  ${plain(chosen.place.file)}:${chosen.place.line}`);
    print(wrapped(plain(chosen.title), '  '));
    for (const [name, text] of [
      ['DoD', chosen.dod],
      ['Owner', chosen.owner],
      ['Scope', chosen.scopePaths.join(', ') || null],
    ] as const)
      if (text !== null) print(wrapped(`${name}: ${plain(text)}`, '  '));
    if (chosen.requiresApproval) print('  Its order asks for approval.');
  }
  if (worthTelling.length > 0) print('\nSkipped:');
  for (const entry of worthTelling) print(skippedLine(entry));
  if (unread.length > 0) print(`\n${unread.length} lines are not read: \`waybill backlog ls\` tells which and why.`);
}

function skippedLine({ item, why }: Skipped): string {
  const line = `  P${item.priority}  ${item.key}  ${plain(item.title)}`;
  return `${cutTo(line, COLUMNS)}\n${cutTo(`      ${plain(why)}`, COLUMNS)}`;
}
