import pc from 'picocolors';
import { stateOf } from '../../views/order-state.ts';
import { policyFault } from '../../views/policy-fault.ts';
import { type Explanation, explainOrder, whyText } from '../../views/why.ts';
import { exitCodeOfStatus, plain, print, printJson } from '../output.ts';
import { stationToRead } from '../station.ts';

type Options = { readonly station?: string; readonly json?: boolean };

/** What an order waits for, or why it ended so: one sentence, then what is behind it and what to do. Sets the exit code by the order's status. */
export async function why(woId: string, options: Options): Promise<void> {
  const station = await stationToRead(options);
  const state = await stateOf(station, woId);
  const halted = state.status === 'ready' ? policyFault(station.layout.root) : null;
  const explanation = await explainOrder(station, state);
  const text = halted === null ? whyText(state, explanation) : `${state.wo_id} is ready, and ${plain(halted)}`;
  process.exitCode = exitCodeOfStatus(state.status);
  if (options.json) return printJson({ ok: true, ...explanation, wo_id: woId, why: text, error: state.last_error });
  print(text);
  for (const [name, line] of rowsOf(explanation)) print(`  ${pc.dim(name.padEnd(WIDTH))}  ${oneLine(line)}`);
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
