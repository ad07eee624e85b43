import type { Item } from '../../backlog/item.ts';
import { plainKey } from '../../backlog/key.ts';
import { itemOrderId, orderOf } from '../../backlog/order-of.ts';
import { readBacklog } from '../../backlog/read-backlog.ts';
import { asWaybillError } from '../../order/error.ts';
import { claimItem } from '../../pipeline/backlog/claims.ts';
import { goneFrom, markOf, ordersOf } from '../../pipeline/backlog/facts.ts';
import { givenOf, type PickedItem, pickItem } from '../../pipeline/backlog/pick.ts';
import { takeTurn } from '../../pipeline/backlog/turn.ts';
import { pause } from '../../platform/clock.ts';
import type { Station } from '../../station/station.ts';
import { runningStation } from '../../views/order-state.ts';
import { laneOf } from '../drop.ts';
import { note, plain, print, printJson } from '../output.ts';
import { LOOK_MS } from '../spine/follow.ts';
import { follow, handInMission, type UnderWay } from '../spine/run.ts';
import { stationOf } from '../station.ts';
import { tellGone } from './look.ts';

type Options = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };

/** Skipped items that are told beside the one that was picked. */
const TOLD = 5;

/** Picks the next item, or takes the one that is named; claims it, hands its order in, and follows that until it ends or stops. */
export async function run(named: string | null, options: Options): Promise<void> {
  const station = await stationOf(options);
  if (options.json !== true) tellGone(goneFrom(station.layout, itemsOf(station)));
  if (options['dryRun'] === true) return show(station, await pickItem(station, named), options);
  const underWay = await begin(station, named, options);
  await follow(station, underWay, options);
  if (options.json !== true) await tellMark(station, underWay.waiting.woId);
}

/** A station that runs makes the mark a moment after the end of the order. */
const MARK_MS = 10_000;

/** Says so where the order is done and its item is not marked, and why. */
async function tellMark(station: Station, woId: string): Promise<void> {
  for (const until = Date.now() + MARK_MS; ; await pause(LOOK_MS)) {
    const items = itemsOf(station);
    const item = items.find(({ key }) => plainKey(itemOrderId(key)) === plainKey(woId));
    if (item === undefined) return tellGone(goneFrom(station.layout, items).filter((gone) => gone === woId));
    if (item.status === 'done' || item.status === 'dropped') return;
    if (ordersOf(station, [item.key]).get(plainKey(item.key))?.status !== 'done') return;
    const { why, isSettled } = markOf(station.layout, item.key);
    if (!isSettled && runningStation(station) !== null && Date.now() < until) continue;
    note(`${item.key} is done, and ${plain(why)}: \`waybill why ${woId}-done\``);
    return;
  }
}

function itemsOf({ layout, settings }: Station): readonly Item[] {
  return readBacklog(layout.root, settings.backlog.files).items;
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
