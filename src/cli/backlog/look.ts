import { type Choice, choose, type Facts } from '../../backlog/choose.ts';
import { type BacklogFiles, readBacklog } from '../../backlog/read-backlog.ts';
import { WaybillError } from '../../order/error.ts';
import { sharedClaims } from '../../pipeline/backlog/claims.ts';
import { factsOf, goneFrom, type Orders, ordersOf } from '../../pipeline/backlog/facts.ts';
import type { Station } from '../../station/station.ts';
import { note, plain } from '../output.ts';

/** The backlog with all that is known of it. */
export interface Look {
  readonly backlog: BacklogFiles;
  readonly facts: Facts;
  readonly orders: Orders;
  readonly choice: Choice;
  /** Where stations share claims, as people read it; null where they share none. */
  readonly sharedAt: string | null;
  /** Why nobody knows what other stations claimed; null where that is known. */
  readonly unreachable: WaybillError | null;
  /** Orders that are done, and whose item is in no file any more. */
  readonly gone: readonly string[];
}

/** Says of orders whose item is not in the backlog any more that they are done: under another title it would be done again. */
export function tellGone(gone: readonly string[]): void {
  for (const woId of gone) note(`${plain(woId)} is done, and its item is gone from the file.`);
}

/** Reads the backlog and what bears on it. Throws BACKLOG_MISSING where none of its files is there. */
export async function lookAt(station: Station): Promise<Look> {
  const names = station.settings.backlog.files;
  const backlog = readBacklog(station.layout.root, names);
  if (backlog.files.size === 0) throw new WaybillError('BACKLOG_MISSING', `none of ${names.join(', ')} is there`);
  const { claims, unreachable } = await claimsOf(station);
  const orders = ordersOf(
    station,
    backlog.items.map(({ key }) => key),
  );
  const facts = factsOf(station, backlog.items, orders, claims);
  return {
    backlog,
    facts,
    orders,
    choice: choose(backlog.items, facts),
    sharedAt: claims?.shown ?? null,
    unreachable,
    gone: goneFrom(station.layout, backlog.items),
  };
}

async function claimsOf(station: Station) {
  try {
    return { claims: await sharedClaims(station), unreachable: null };
  } catch (thrown) {
    if (!(thrown instanceof WaybillError) || thrown.code !== 'BACKLOG_CLAIMS_UNREACHABLE') throw thrown;
    return { claims: null, unreachable: thrown };
  }
}
