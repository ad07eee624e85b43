import { join } from 'node:path';
import type { StateDocument } from '../order/generated.ts';
import { namesIn } from '../platform/durable.ts';
import { fs, ifThere } from '../platform/fs.ts';
import { age, colouredStatus, plain, print, printJson, usage } from './output.ts';
import { readState, stationOf } from './station.ts';

const STATUSES = ['ready', 'running', 'parked', 'done', 'failed', 'rejected', 'cancelled'];

export async function ls(
  options: Record<string, unknown> & { readonly station?: string; readonly json?: boolean },
): Promise<void> {
  const station = await stationOf(options);
  const limit = Number(options['limit'] ?? 50);
  if (!Number.isInteger(limit) || limit < 1) throw usage('--limit takes a whole number from 1');
  const status = options['status'];
  if (status !== undefined && !STATUSES.includes(String(status)))
    throw usage(`--status takes one of ${STATUSES.join(', ')}`);
  const newest = namesIn(station.layout.state)
    .filter((n) => n.endsWith('.json') && !n.startsWith('.'))
    .map((name) => ({ name, at: ifThere(() => fs.statSync(join(station.layout.state, name)).mtimeMs) ?? 0 }))
    .sort((a, b) => b.at - a.at);
  const found: StateDocument[] = [];
  for (const { name } of newest) {
    if (found.length >= limit) break;
    const state = readState(station, name.slice(0, -5));
    if (
      state === null ||
      (status !== undefined && state.status !== status) ||
      (options['lane'] !== undefined && state.lane !== options['lane'])
    )
      continue;
    found.push(state);
  }
  if (options.json) return printJson({ ok: true, orders: found });
  if (found.length === 0) return print('No orders. `waybill new > order.yaml && waybill drop order.yaml` makes one.');
  const width = Math.max(...found.map((s) => s.wo_id.length));
  for (const s of found) {
    const state = `${colouredStatus(s.status, s.waiting_for === null ? 9 : 0)}${s.waiting_for === null ? '' : `(${s.waiting_for})`}`;
    print(
      `${s.wo_id.padEnd(width)}  ${state}  ${s.priority}  ${age(Date.now() - Date.parse(s.updated_at)).padStart(4)}  ${s.lane}  ${plain(s.title)}`,
    );
  }
}
