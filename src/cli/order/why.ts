import pc from 'picocolors';
import { whyAnswer } from '../../views/answers/order.ts';
import type { Explanation } from '../../views/why.ts';
import { exitCodeOfStatus, plain, print, printJson } from '../output.ts';
import { stationToRead } from '../station.ts';

type Options = { readonly station?: string; readonly json?: boolean };

/** What an order waits for, or why it ended so: one sentence, then what is behind it and what to do. Sets the exit code by the order's status. */
export async function why(woId: string, options: Options): Promise<void> {
  const station = await stationToRead(options);
  const answer = await whyAnswer(station, woId);
  process.exitCode = exitCodeOfStatus(answer.status);
  if (options.json) return printJson(answer);
  print(answer.why);
  for (const [name, line] of rowsOf(answer)) print(`  ${pc.dim(name.padEnd(WIDTH))}  ${oneLine(line)}`);
}

const WIDTH = 10;
/** So many characters of a text that an order chose stand on a line. */
const MOST = 300;

/** A name and a text for each line. */
function rowsOf({ released_by: by, facts, dependencies, failure, tried, next }: Explanation): [string, string][] {
  return [
    ...(failure?.what == null ? [] : [['means', failure.what] as [string, string]]),
    ...by.map((who): [string, string] => ['ended by', who]),
    ...facts.map(({ about, text }): [string, string] => [about, text]),
    ...dependencies.map(
      ({ wo_id: id, status, waiting_for: waits, why: reason, wanted_by: wanted, root }): [string, string] => [
        'order',
        `${id}, wanted by ${wanted}: ${status}${waits === null ? '' : `, ${waits}`}: ${reason}${root ? ' (it hangs on this)' : ''}`,
      ],
    ),
    // the last one is what the sentence told
    ...tried
      .slice(0, -1)
      .map(({ attempt, at, code, message }): [string, string] => [
        'tried',
        `attempt ${attempt}, until ${at}: ${code ?? 'no code'}: ${message}`,
      ]),
    ...next.map(({ what, command }): [string, string] => ['next', command === null ? what : `${what}: ${command}`]),
  ];
}

function oneLine(text: string): string {
  const line = plain(text).replace(/\s+/g, ' ').trim();
  return line.length > MOST ? `${line.slice(0, MOST)}…` : line;
}
