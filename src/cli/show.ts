import type { Recorded } from '../order/event.ts';
import type { Raise } from '../order/mission.ts';
import { orderRecords } from '../views/order-records.ts';
import { stateOf } from '../views/order-state.ts';
import { plain, print, printJson } from './output.ts';
import { stepText } from './spine/steps.ts';
import { stationToRead } from './station.ts';

type Options = { readonly station?: string; readonly json?: boolean };

/** The ledger's records of one order, in the order they happened. */
export async function log(woId: string, options: Options): Promise<void> {
  const station = await stationToRead(options);
  const state = await stateOf(station, woId);
  const records = orderRecords(station, state);
  if (options.json) return printJson({ ok: true, wo_id: woId, records });
  for (const r of records) {
    const move = r.to === null ? '' : ` ${r.from ?? 'new'} -> ${r.to}`;
    print(`${String(r.seq).padStart(6)}  ${r.ts}  ${r.event.padEnd(11)}${move.padEnd(20)}  ${plain(gist(r))}`);
  }
}

/** What a yes raised, of a mission that had used up what it was given. */
function raisedText(raise: Raise = {}): string {
  const raised = Object.entries(raise).map(([key, to]) => `${key.replace('_', ' ')} to ${to}`);
  return raised.length === 0 ? '' : `, raises ${raised.join(', ')}`;
}

/** What stands out in a record, in a few words. */
function gist(r: Recorded): string {
  switch (r.event) {
    case 'admitted':
    case 'revised':
      return `${r.data.file} in ${r.data.lane}, by ${r.data.requester.user ?? r.data.requester.uid}`;
    case 'command':
      return `${r.data.n}: ${r.data.name}`;
    case 'landing':
      return r.data.commit === null
        ? `batch ${r.data.batch}`
        : `commit ${r.data.commit.slice(0, 10)} in batch ${r.data.batch}`;
    case 'landed':
      return `${r.data.how} ${r.data.commits.map((c) => c.slice(0, 10)).join(' ')}`;
    case 'succeeded':
      return r.data.summary;
    case 'failed':
    case 'cancelled':
    case 'rejected':
      return r.data.error === null ? '' : `${r.data.error.code}: ${r.data.error.message}`;
    case 'waits':
    case 'released':
    case 'interrupted':
      return r.data.why;
    case 'held':
      return r.data.reason;
    case 'retried':
      return r.data.by;
    case 'step':
    case 'stepped':
    case 'rebased':
      return stepText(r) ?? '';
    case 'approved':
      return `${r.data.by}${raisedText(r.data.raise)}${r.data.promoted.length === 0 ? '' : '; safe from now on'}`;
    case 'denied':
      return `${r.data.by}${r.data.reason === '' ? '' : `: ${r.data.reason}`}`;
    case 'expired':
      return `nobody decided until ${r.data.at}`;
    case 'executed':
      return `${r.data.changes.length} files, ${r.data.checks.length} checks`;
    case 'restored':
      return `${r.data.paths.length} files${r.data.unrestored.length > 0 ? `, not: ${r.data.unrestored.join(', ')}` : ''}`;
    default:
      return '';
  }
}
