import { plainKey } from '../../backlog/key.ts';
import { itemOrderId } from '../../backlog/order-of.ts';
import { readBacklog } from '../../backlog/read-backlog.ts';
import { WaybillError } from '../../order/error.ts';
import { claimedBy, giveBack, type Held, sharedClaims } from '../../pipeline/backlog/claims.ts';
import { isOver, ordersOf } from '../../pipeline/backlog/facts.ts';
import { findItem } from '../../pipeline/backlog/pick.ts';
import { takeTurn } from '../../pipeline/backlog/turn.ts';
import type { Station } from '../../station/station.ts';
import { note, plain, print, printJson } from '../output.ts';
import { stationOf } from '../station.ts';

type Options = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };

/**
 * Gives a claim back, so that any station may begin the item: this station's own, or another's with `--force`. Never while the item's order is at
 * work here. Throws BACKLOG_ITEM_TAKEN, BACKLOG_UNKNOWN_ITEM, USAGE where stations share no claims.
 */
export async function release(name: string, options: Options): Promise<void> {
  const station = await stationOf(options);
  const turn = await takeTurn(station.layout);
  try {
    const { key, held } = await claimNamed(station, name);
    assertMayGo(station, key, held, options['force'] === true);
    if (!(await giveBack(station, key, held)))
      throw new WaybillError('BACKLOG_ITEM_TAKEN', `${key} was claimed anew in this moment`);
    const { claim, isOwn } = held;
    if (options.json) return printJson({ ok: true, key, released: claim, own: isOwn });
    if (!isOwn) note(`it was ${plain(claimedBy(held))}`);
    print(`${key}: given back; any station may begin it`);
  } finally {
    turn.release();
  }
}

/** The claim of an item of the backlog, or one whose item is not in it any more. */
async function claimNamed(station: Station, name: string): Promise<{ key: string; held: Held }> {
  const claims = await sharedClaims(station);
  if (claims === null)
    throw new WaybillError('USAGE', 'stations share no claims here: backlog.claims is not set', {
      hint: 'An item is only taken by its order then: `waybill cancel BL-KEY` ends that.',
    });
  const { items } = readBacklog(station.layout.root, station.settings.backlog.files);
  const key = findItem(items, name)?.key ?? name;
  const held = claims.held.get(plainKey(key));
  if (held === undefined)
    throw new WaybillError('BACKLOG_UNKNOWN_ITEM', `nobody has claimed ${JSON.stringify(name)} in ${claims.shown}`);
  return { key, held };
}

function assertMayGo(station: Station, key: string, held: Held, force: boolean): void {
  const woId = itemOrderId(key);
  const order = ordersOf(station, [key]).get(plainKey(key));
  if (!isOver(order))
    throw new WaybillError('BACKLOG_ITEM_TAKEN', `${key} is at work here as ${woId} (${order?.why ?? order?.status})`, {
      hint: `End that first: \`waybill cancel ${woId}\`.`,
    });
  if (!held.isOwn && !force)
    throw new WaybillError('BACKLOG_ITEM_TAKEN', `${key} is ${claimedBy(held)}`, {
      hint: 'Ask there. If that station is gone for good, `--force` gives its claim back; nobody can tell from here whether it is at work.',
    });
  if (order?.status === 'done' && !force)
    throw new WaybillError(
      'BACKLOG_ITEM_TAKEN',
      `${key} is done by ${woId}: given back, another station may do it again`,
      {
        hint: 'With --force it is given back all the same.',
      },
    );
}
