import { itemOrderId, orderOf } from '../../backlog/order-of.ts';
import { asWaybillError } from '../../order/error.ts';
import { claimItem } from '../../pipeline/backlog/claims.ts';
import { givenOf, type PickedItem, pickItem } from '../../pipeline/backlog/pick.ts';
import { takeTurn } from '../../pipeline/backlog/turn.ts';
import type { Station } from '../../station/station.ts';
import { laneOf } from '../drop.ts';
import { note, plain, print, printJson } from '../output.ts';
import { follow, handInMission, type UnderWay } from '../spine/run.ts';
import { stationOf } from '../station.ts';

type Options = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };

/** Skipped items that are told beside the one that was picked. */
const TOLD = 5;

/** Picks the next item, or takes the one that is named; claims it, hands its order in, and follows that until it ends or stops. */
export async function run(named: string | null, options: Options): Promise<void> {
  const station = await stationOf(options);
  if (options['dryRun'] === true) return show(station, await pickItem(station, named), options);
  await follow(station, await begin(station, named, options), options);
}

async function begin(station: Station, named: string | null, options: Options): Promise<UnderWay> {
  const turn = await takeTurn(station.layout);
  try {
    const { item } = await claimed(station, named, options.json !== true);
    return handInMission(station, {
      ...givenOf(station, item),
      lane: laneOfItems(station),
      woId: itemOrderId(item.key),
    });
  } finally {
    turn.release();
  }
}

/** Where another station was faster the next item is picked, unless one was named. */
async function claimed(station: Station, named: string | null, isTold: boolean): Promise<PickedItem> {
  for (;;) {
    const pick = await pickItem(station, named);
    try {
      await claimItem(station, pick.item, itemOrderId(pick.item.key));
      if (isTold) tell(pick);
      return pick;
    } catch (thrown) {
      if (named !== null || asWaybillError(thrown).code !== 'BACKLOG_ITEM_TAKEN') throw thrown;
    }
  }
}

function tell({ item, skipped, despite }: PickedItem): void {
  const { key, priority, title, place } = item;
  note(`${key}  P${priority}  ${plain(title)}  (${plain(place.file)}:${place.line})`);
  if (despite !== null) note(`  taken by its name, though it is skipped otherwise: ${plain(despite)}`);
  for (const { item: other, why } of skipped.slice(0, TOLD)) note(`  skipped ${other.key}: ${plain(why)}`);
  if (skipped.length > TOLD) note(`  and ${skipped.length - TOLD} more: \`waybill backlog ls --all\``);
}

function show(station: Station, pick: PickedItem, { json }: Options): void {
  const { item, skipped, despite } = pick;
  const { document: order } = orderOf(item, station.settings.backlog.files);
  if (json !== true) {
    tell(pick);
    print(plain(JSON.stringify(order, null, 2)));
    return;
  }
  printJson({
    ok: true,
    key: item.key,
    title: item.title,
    place: item.place,
    lane: laneOfItems(station),
    despite,
    skipped: skipped.map(({ item: { key, title, place }, why }) => ({ key, title, place, why })),
    order,
  });
}

function laneOfItems(station: Station): string {
  return laneOf(station, { lane: station.settings.backlog.lane ?? station.settings.defaultLane });
}
