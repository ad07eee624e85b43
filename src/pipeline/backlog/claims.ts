import { plainKey } from '../../backlog/key.ts';
import { type ClaimThere, claimsAt, dropClaim, makeClaim } from '../../git/claims.ts';
import { type Place, placeOf } from '../../git/exchange.ts';
import { WaybillError } from '../../order/error.ts';
import type { BacklogClaim } from '../../order/generated.ts';
import { now } from '../../platform/clock.ts';
import { conforms } from '../../platform/schema.ts';
import type { Station } from '../../station/station.ts';

/** Who has which item, where stations share that: the repository that `backlog.claims` names ([0042]). */

/** One claim as it stands there. */
export interface Held {
  /** Null for what stands in the place of a claim and is none of this version: it takes the item all the same. */
  readonly claim: BacklogClaim | null;
  /** Changes with whatever is written in its place. */
  readonly id: string;
  readonly isOwn: boolean;
}

/** All claims, by the plain keys of their items. */
export interface Claims {
  /** Where they stand, for people: without user and password. */
  readonly shown: string;
  readonly held: ReadonlyMap<string, Held>;
}

/** Null where stations share no claims. Throws BACKLOG_CLAIMS_UNREACHABLE. */
export async function sharedClaims(station: Station): Promise<Claims | null> {
  const place = await placeOfClaims(station);
  if (place === null) return null;
  const there = await claimsAt(station.repo.git, place);
  return { shown: place.shown, held: new Map([...there].map(([key, found]) => [key, heldOf(station, key, found)])) };
}

/**
 * Claims an item for this station, or finds that it has it already; nothing to do where stations share no claims. Throws BACKLOG_ITEM_TAKEN with
 * who has it, BACKLOG_CLAIMS_UNREACHABLE.
 */
export async function claimItem(
  station: Station,
  { key, title }: { readonly key: string; readonly title: string },
  woId: string,
): Promise<void> {
  const place = await placeOfClaims(station);
  if (place === null) return;
  const claim: BacklogClaim = { v: 1, key, station: station.id, wo_id: woId, at: now(), item: title.slice(0, 500) };
  const bytes = Buffer.from(`${JSON.stringify(claim, null, 2)}\n`);
  if ((await makeClaim(station.repo.git, place, plainKey(key), bytes)) === 'made') return;
  const held = (await sharedClaims(station))?.held.get(plainKey(key));
  // given back in this very moment: the next run may have it
  if (held === undefined) throw new WaybillError('BACKLOG_ITEM_TAKEN', `${key} was another station's a moment ago`);
  if (!held.isOwn) throw new WaybillError('BACKLOG_ITEM_TAKEN', `${key} is ${claimedBy(held)}`);
}

/** Gives a claim back as it was seen: tells whether it is gone. Throws BACKLOG_CLAIMS_UNREACHABLE. */
export async function giveBack(station: Station, key: string, { id }: Held): Promise<boolean> {
  const place = await placeOfClaims(station);
  return place !== null && (await dropClaim(station.repo.git, place, plainKey(key), id));
}

/** Whose a claim is, and since when, as far as it can be read. */
export function whoseOf({ claim }: Held): { readonly station: string; readonly at: string } {
  return {
    station: claim?.station ?? 'a station in a form that cannot be read here',
    at: claim?.at ?? 'who knows when',
  };
}

/** The same for people. */
export function claimedBy(held: Held): string {
  const { station, at } = whoseOf(held);
  return `claimed by ${station} since ${at}`;
}

async function placeOfClaims({ settings, repo }: Station): Promise<Place | null> {
  const { claims } = settings.backlog;
  if (claims === null) return null;
  const place = await placeOf(repo.git, claims, repo.root);
  if (place.kind === 'remote') return place;
  throw new WaybillError('BACKLOG_CLAIMS_UNREACHABLE', `${place.shown} is a bundle, in which nothing can be claimed`, {
    hint: 'Name a repository under backlog.claims in waybill.yaml: a remote, an address, or the path of a bare one.',
  });
}

function heldOf({ id: stationId }: Station, key: string, { id, bytes }: ClaimThere): Held {
  const claim = bytes === null ? null : parsed(bytes);
  return claim !== null && plainKey(claim.key) === key
    ? { claim, id, isOwn: claim.station === stationId }
    : { claim: null, id, isOwn: false };
}

function parsed(bytes: Buffer): BacklogClaim | null {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return conforms('backlog-claim', value) ? (value as BacklogClaim) : null;
  } catch {
    return null;
  }
}
