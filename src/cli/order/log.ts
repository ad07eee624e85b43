import { logAnswer } from '../../views/answers/order.ts';
import { gist } from '../../views/gist.ts';
import { plain, print, printJson } from '../output.ts';
import { stationToRead } from '../station.ts';

/** The ledger's records of one order, in the order they happened. */
export async function log(
  woId: string,
  options: { readonly station?: string; readonly json?: boolean },
): Promise<void> {
  const answer = await logAnswer(await stationToRead(options), woId);
  if (options.json) return printJson(answer);
  for (const r of answer.records) {
    const move = r.to === null ? '' : ` ${r.from ?? 'new'} -> ${r.to}`;
    print(`${String(r.seq).padStart(6)}  ${r.ts}  ${r.event.padEnd(11)}${move.padEnd(20)}  ${plain(gist(r))}`);
  }
}
