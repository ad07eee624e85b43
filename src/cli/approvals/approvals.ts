import { decisionText } from '../../order/approval.ts';
import { approvalsAnswer, requestsAnswer } from '../../views/answers/approvals.ts';
import { requestOf, waitingForApproval } from '../../views/approvals.ts';
import { runningStation } from '../../views/order-state.ts';
import { reasonOf } from '../../views/review.ts';
import { age, note, plain, print, printJson, usage } from '../output.ts';
import { stationToRead } from '../station.ts';
import { printReview } from './review.ts';

type Options = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };

/** What waits for a person: all of it in one list, or one order with everything that would happen. */
export async function approvals(ids: readonly string[], options: Options): Promise<void> {
  const station = await stationToRead(options);
  if (ids.length > 0) {
    const requests = [];
    for (const id of ids) requests.push(await requestOf(station, id));
    if (options['text'] === true) {
      const [only] = requests;
      if (only === undefined || requests.length > 1) throw usage('--text takes one order');
      const { ask, sha256 } = only.asked;
      const about = {
        station: station.id,
        woId: only.state.wo_id,
        ask,
        sha256,
        reason: String(options['reason'] ?? ''),
      };
      const decision = options['deny'] === true ? 'deny' : 'approve';
      return print(decisionText({ ...about, decision, always: options['always'] === true }));
    }
    if (options.json) return printJson(requestsAnswer(requests));
    for (const request of requests) printReview(request);
    return;
  }
  const waiting = waitingForApproval(station);
  if (options.json) return printJson(approvalsAnswer(waiting));
  if (waiting.length === 0) return print('Nothing waits for you.');
  const width = Math.max(...waiting.map(({ state }) => state.wo_id.length));
  for (const { state, asked } of waiting) {
    const who = state.requester.user ?? `uid ${state.requester.uid}`;
    const since = age(Date.now() - Date.parse(asked.asked_at)).padStart(4);
    print(
      `${state.wo_id.padEnd(width)}  ${since}  ${who} in ${state.lane}  ${plain(state.title).replaceAll('\n', ' ')}`,
    );
    print(
      `${' '.repeat(width)}        ${plain(reasonOf(asked)).replaceAll('\n', ' ')}${asked.proof === 'ssh' ? ' [signature]' : ''}`,
    );
  }
  note(`\nwaybill approve ID, waybill deny ID --reason TEXT; waybill approve --all shows and asks one by one.`);
  if (runningStation(station) === null) note('No station process is running: decisions wait for it.');
}
