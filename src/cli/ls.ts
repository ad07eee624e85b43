import type { StateDocument } from '../order/generated.ts';
import { isTerminal } from '../order/transition.ts';
import { readFollowup } from '../record/followup.ts';
import { readLedgerBackwards } from '../record/ledger.ts';
import type { Station } from '../station/station.ts';
import { age, colouredStatus, plain, print, printJson, usage } from './output.ts';
import { stateNear, stationToRead } from './station.ts';

const STATUSES = ['ready', 'running', 'parked', 'done', 'failed', 'rejected', 'cancelled'] as const;
type Status = (typeof STATUSES)[number];

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

/**
 * Orders by their last change, from the end of the ledger: no look at all that ever were. Where only orders of one status are wanted, those
 * alive stand in state/followup.json, and of the others only the records that can have brought them there are read.
 */
export async function* newestFirst(station: Station, status: Status | undefined): AsyncGenerator<StateDocument> {
  const followup = status === undefined || isTerminal(status) ? null : readFollowup(station);
  const isComplete = followup !== null && followup.more === 0;
  const seen = new Set<string>();
  for (const record of readLedgerBackwards(station.layout.ledger, hintOf(status))) {
    if (isComplete && record.seq <= followup.seq) break;
    if (record.wo_id === null || seen.has(record.wo_id)) continue;
    seen.add(record.wo_id);
    const state = await stateNear(station, record.wo_id, record.ts);
    if (state !== null) yield state;
  }
  if (!isComplete) return;
  const rest = [...followup.alive]
    .filter((order) => !seen.has(order.wo_id))
    .sort((a, b) => (a.since < b.since ? 1 : -1));
  for (const order of rest) {
    const state = await stateNear(station, order.wo_id, order.since);
    if (state !== null) yield state;
  }
}

/** What a record's line holds that leads to an end of this kind. */
function hintOf(status: Status | undefined): RegExp | null {
  return status !== undefined && isTerminal(status) ? new RegExp(`"to":"${status}"`) : null;
}
