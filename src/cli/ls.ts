import type { StateDocument } from '../order/generated.ts';
import { newestFirst } from '../views/newest-orders.ts';
import { age, colouredStatus, plain, print, printJson, usage } from './output.ts';
import { stationToRead } from './station.ts';

const STATUSES = ['ready', 'running', 'parked', 'done', 'failed', 'rejected', 'cancelled'] as const;

export async function ls(
  options: Record<string, unknown> & { readonly station?: string; readonly json?: boolean },
): Promise<void> {
  const station = await stationToRead(options);
  const limit = Number(options['limit'] ?? 50);
  if (!Number.isInteger(limit) || limit < 1) throw usage('--limit takes a whole number from 1');
  const status = STATUSES.find((s) => s === options['status']);
  if (options['status'] !== undefined && status === undefined)
    throw usage(`--status takes one of ${STATUSES.join(', ')}`);
  const found: StateDocument[] = [];
  for await (const state of newestFirst(station, status)) {
    if (
      (status !== undefined && state.status !== status) ||
      (options['lane'] !== undefined && state.lane !== options['lane'])
    )
      continue;
    if (found.push(state) >= limit) break;
  }
  if (options.json) return printJson({ ok: true, orders: found });
  if (found.length === 0) return print('No orders. `waybill new > order.yaml && waybill drop order.yaml` makes one.');
  const width = Math.max(...found.map((s) => s.wo_id.length));
  const longest = Math.max(
    ...found.map((s) => s.status.length + (s.waiting_for === null ? 0 : s.waiting_for.length + 2)),
  );
  for (const s of found) {
    const wait = s.waiting_for === null ? '' : `(${s.waiting_for})`;
    const state = `${colouredStatus(s.status)}${wait.padEnd(Math.max(9, longest) - s.status.length)}`;
    print(
      `${s.wo_id.padEnd(width)}  ${state}  ${s.priority}  ${age(Date.now() - Date.parse(s.updated_at)).padStart(4)}  ${s.lane}  ${plain(s.title)}`,
    );
  }
}
