import pc from 'picocolors';
import type { StateDocument } from '../order/generated.ts';
import { ordersAnswer } from '../views/answers/orders.ts';
import { titleOf } from '../views/order/title.ts';
import { age, colouredStatus, plain, print, printJson } from './output.ts';
import { stationToRead } from './station.ts';
import { columnsOf, cutStyled, padTo, terminalColumns } from './terminal/columns.ts';
import { formatOf } from './terminal/format.ts';

/** The longest id that has a column of its own width; what is longer is cut on a terminal. */
const ID = 40;

/** Orders, newest change first: a table that fits the terminal, JSON, or a line each as a template has it. Throws NO_STATION, USAGE. */
export async function ls(
  options: Record<string, unknown> & { readonly station?: string; readonly json?: boolean },
): Promise<void> {
  const format = typeof options['format'] === 'string' ? formatOf(options['format']) : null;
  const answer = await ordersAnswer(await stationToRead(options), options);
  if (options.json) return printJson(answer);
  if (format !== null) {
    for (const state of answer.orders) print(`${format(state)}\n`);
    return;
  }
  if (answer.orders.length > 0) for (const line of table(answer.orders, terminalColumns())) print(line);
  else if (isAll(options)) print('No orders. `waybill new > order.yaml && waybill drop order.yaml` makes one.');
  else print('No such orders.');
}

function isAll(options: Record<string, unknown>): boolean {
  return ['status', 'lane', 'waiting', 'code', 'type', 'search'].every((name) => options[name] === undefined);
}

/** A line for each order, cut to the terminal and never wrapped; what is no terminal gets everything, and no heading. */
function table(orders: readonly StateDocument[], columns: number | null): string[] {
  const longest = Math.max(...orders.map(({ wo_id: woId }) => woId.length));
  const id = Math.max(5, columns === null ? longest : Math.min(longest, ID, Math.max(8, Math.floor(columns / 3))));
  const wait = Math.max(
    ...orders.map(({ status, waiting_for: wf }) => status.length + (wf === null ? 0 : wf.length + 2)),
  );
  const state = Math.max(9, wait);
  const lane = Math.max(4, ...orders.map((order) => columnsOf(plain(order.lane))));
  const head = `${padTo('ORDER', id)}  ${padTo('STATUS', state)}  PR   AGE  ${padTo('LANE', lane)}  TITLE`;
  const rows = orders.map((order) => {
    const { status, waiting_for: waitingFor, priority, updated_at: at } = order;
    const waits = waitingFor === null ? '' : `(${waitingFor})`;
    const shown = `${colouredStatus(status)}${waits.padEnd(state - status.length)}`;
    const old = age(Date.now() - Date.parse(at)).padStart(4);
    const title = plain(titleOf(order)).replace(/\s+/g, ' ');
    return `${padTo(order.wo_id, id)}  ${shown}  ${priority}  ${old}  ${padTo(plain(order.lane), lane)}  ${title}`;
  });
  return (columns === null ? rows : [pc.dim(head), ...rows]).map((line) => cutStyled(line, columns));
}
