import pc from 'picocolors';
import type { Problem } from '../../backlog/item.ts';
import { note, plain, print, printJson } from '../output.ts';
import { stationToRead } from '../station.ts';
import { COLUMNS, cutTo, wrapped } from '../terminal/columns.ts';
import { type Look, lookAt, tellGone } from './look.ts';
import { problemJson, type Row, rowJson, rowsOf } from './report.ts';

type Options = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };

/** Of problems that hide nothing so many are told; --all tells all. */
const TOLD = 10;

/** Shows the items in the order of their turns, with why each has none; and what could not be read, with its place. */
export async function ls(options: Options): Promise<void> {
  const station = await stationToRead(options);
  const look = await lookAt(station);
  const rows = rowsOf(look);
  const isOver = ({ item }: Row) => item.status === 'done' || item.status === 'dropped';
  const shown = options['all'] === true ? rows : rows.filter((row) => !isOver(row));
  if (options.json === true) {
    printJson({
      ok: true,
      files: [...look.backlog.files.keys()],
      claims: look.sharedAt,
      claims_unreachable: look.unreachable?.message ?? null,
      items: shown.map((row) => rowJson(row, look)),
      more: rows.length - shown.length,
      problems: look.backlog.problems.map(problemJson),
      gone: look.gone,
    });
    return;
  }
  for (const row of shown) printRow(row);
  if (shown.length > 0) print('');
  print(summary(rows, rows.length - shown.length));
  printProblems(look.backlog.problems, options['all'] === true);
  tellGone(look.gone);
  tellClaims(look);
}

const STATUS_WIDTH = 'in progress'.length;

function printRow({ item, turn, why }: Row): void {
  const sign = turn === 'next' ? '>' : ' ';
  const key = item.key.padEnd(12);
  const head = `${sign} P${item.priority}  ${key}  `;
  const status = item.status.padEnd(STATUS_WIDTH);
  const title = cutTo(plain(item.title), Math.max(20, COLUMNS - head.length - STATUS_WIDTH - 2));
  const colour = turn === 'next' ? pc.green : turn === 'free' ? (text: string) => text : pc.dim;
  print(colour(`${head}${status}  ${title}`));
  // that it is done needs no other word
  if (why !== null && why !== item.status) print(pc.dim(cutTo(`      ${plain(why)}`, COLUMNS)));
}

function summary(rows: readonly Row[], hidden: number): string {
  const count = (test: (row: Row) => boolean) => rows.filter(test).length;
  const free = count(({ turn }) => turn !== 'skipped');
  const over = count(({ item }) => item.status === 'done' || item.status === 'dropped');
  const more = hidden === 0 ? '' : ' (--all shows them)';
  return `${rows.length} items: ${free} can be begun, ${rows.length - free - over} cannot, ${over} done or dropped${more}`;
}

function printProblems(problems: readonly Problem[], all: boolean): void {
  if (problems.length === 0) return;
  const unread = problems.filter(({ severity }) => severity === 'unread');
  const told = problems.filter(({ severity }) => severity === 'told');
  const listed = [...unread, ...(all ? told : told.slice(0, TOLD))];
  print(`\n${unread.length} not read, ${told.length} read and odd:`);
  for (const { code, severity, message, hint, place } of listed) {
    const where = `${plain(place.file)}:${place.line}:${place.column}`;
    print(`  ${where}  ${severity === 'unread' ? pc.red(code) : pc.yellow(code)}`);
    print(wrapped(plain(message), '    '));
    print(pc.dim(wrapped(`hint: ${plain(hint)}`, '    ')));
  }
  if (listed.length < problems.length) print(`  and ${problems.length - listed.length} more: --all`);
}

function tellClaims({ sharedAt, unreachable }: Look): void {
  if (unreachable !== null) note(`Who has claimed what is not known: ${plain(unreachable.message)}`);
  else if (sharedAt === null)
    note('Other stations do not see what this one takes: backlog.claims in waybill.yaml names where they would.');
}
