import type { Status } from '../order/transition.ts';
import type { Item } from './item.ts';
import { plainKey, titleKey } from './key.ts';
import { overlapOf } from './scope.ts';

/** What is known of items beside their files. */
export interface Facts {
  /** Who has claimed which item, by plain key (`plainKey`). */
  readonly claims: ReadonlyMap<string, ClaimFact>;
  /** Orders `BL-<key>` of items, by the plain key of their item. */
  readonly orders: ReadonlyMap<string, OrderFact>;
  /** What orders that are alive say that they may change. */
  readonly atWork: readonly WorkFact[];
  /** What an item must say of itself (settings, backlog.require). */
  readonly require: readonly ('dod' | 'owner')[];
}

export interface ClaimFact {
  readonly station: string;
  /** ISO 8601 UTC. */
  readonly at: string;
  /** This station's own claim keeps nothing from it. */
  readonly isOwn: boolean;
  /** False: what stands in its place is no claim of this version, and takes the item all the same. */
  readonly isReadable: boolean;
}

export interface OrderFact {
  readonly woId: string;
  readonly status: Status;
  /** Why it failed, or what it waits for; null where that says nothing more. */
  readonly why: string | null;
}

export interface WorkFact {
  /** The item or the order that is at work, as people know it. */
  readonly name: string;
  readonly scopePaths: readonly string[];
}

export type SkipCode =
  | 'DONE'
  | 'DROPPED'
  | 'IN_PROGRESS'
  | 'BLOCKED'
  | 'CLAIMED'
  | 'ORDERED'
  | 'NEEDS_DECISION'
  | 'DEPENDS'
  | 'NO_DOD'
  | 'NO_OWNER'
  | 'SCOPE_TAKEN';

/** An item that is not picked, and why: the first reason that holds, in the order of the codes. */
export interface Skipped {
  readonly item: Item;
  readonly code: SkipCode;
  readonly why: string;
}

export interface Choice {
  /** The item to begin with; null where none can be begun. */
  readonly chosen: Item | null;
  /** Those that could be begun as well, in their turn. */
  readonly next: readonly Item[];
  /** All others, in the order in which they would have had their turn. */
  readonly skipped: readonly Skipped[];
}

/**
 * Picks the item to begin with: what this station claimed before, then by priority, then by the order of the files and of their lines. The same items and facts give the same choice.
 * Items come as they were read, file after file. An item that asks for approval is picked like any other: its order asks.
 */
export function choose(items: readonly Item[], facts: Facts): Choice {
  const turns = items
    .map((item, at) => ({ item, at }))
    .sort((a, b) => a.item.priority - b.item.priority || a.at - b.at)
    .map(({ item }) => item);
  const known = new Known(items, facts);
  const skipped: Skipped[] = [];
  const free: Item[] = [];
  for (const item of turns) {
    const reason = known.reasonAgainst(item);
    if (reason === null) free.push(item);
    else skipped.push({ item, ...reason });
  }
  // what this station claimed and never began, nobody else may begin
  const isOwn = (item: Item) => facts.claims.get(plainKey(item.key))?.isOwn === true;
  const [chosen = null, ...next] = [...free.filter(isOwn), ...free.filter((item) => !isOwn(item))];
  return { chosen, next, skipped };
}

type Reason = Omit<Skipped, 'item'>;

class Known {
  readonly #facts: Facts;
  /** Items by everything that others may call them. */
  readonly #named = new Map<string, Item>();
  readonly #atWork: readonly (WorkFact & { readonly item: Item | null })[];

  constructor(items: readonly Item[], facts: Facts) {
    this.#facts = facts;
    // what an item is called itself goes before what another's title hashes to
    for (const item of items) if (!this.#named.has(plainKey(item.key))) this.#named.set(plainKey(item.key), item);
    for (const item of items) {
      const byTitle = titleKey(item.title);
      if (!this.#named.has(byTitle)) this.#named.set(byTitle, item);
    }
    this.#atWork = [
      ...facts.atWork.map((work) => ({ ...work, item: null })),
      ...items
        .filter(({ status }) => status === 'in progress')
        .map((item) => ({ name: item.key, scopePaths: item.scopePaths, item })),
    ];
  }

  /** Why an item is not begun now; null where nothing speaks against it. */
  reasonAgainst(item: Item): Reason | null {
    return (
      this.#ofItself(item) ??
      this.#ofOthers(item) ??
      (item.needsDecision ? { code: 'NEEDS_DECISION', why: 'needs a decision by a person first' } : null) ??
      this.#ofDependencies(item) ??
      this.#ofWhatIsMissing(item) ??
      this.#ofScope(item)
    );
  }

  #ofItself({ status, blockedBy }: Item): Reason | null {
    switch (status) {
      case 'done':
        return { code: 'DONE', why: 'done' };
      case 'dropped':
        return { code: 'DROPPED', why: 'dropped' };
      case 'in progress':
        return { code: 'IN_PROGRESS', why: 'in progress' };
      case 'blocked':
        // its words often begin with that one
        return { code: 'BLOCKED', why: `blocked: ${blockedBy?.replace(/^blocked:?\s+/i, '') ?? 'its status says so'}` };
      case 'open':
        return null;
    }
  }

  #ofOthers(item: Item): Reason | null {
    const key = plainKey(item.key);
    const order = this.#facts.orders.get(key);
    if (order !== undefined)
      return {
        code: 'ORDERED',
        why: `already ${order.woId} (${order.status}${order.why === null ? '' : `: ${order.why}`})`,
      };
    const claim = this.#facts.claims.get(key);
    if (claim === undefined || claim.isOwn) return null;
    if (!claim.isReadable)
      return { code: 'CLAIMED', why: `no claim one can read: waybill backlog release ${item.key} --force` };
    return { code: 'CLAIMED', why: `claimed by ${claim.station} since ${claim.at}` };
  }

  #ofDependencies(item: Item): Reason | null {
    for (const name of item.dependsOn) {
      const other = this.#find(name);
      if (other === null) {
        if (this.#facts.orders.get(plainKey(name.replace(/^BL-/i, '')))?.status === 'done') continue;
        return { code: 'DEPENDS', why: `depends on ${name}, which is in no file of the backlog` };
      }
      if (other === item) return { code: 'DEPENDS', why: 'depends on itself' };
      const status = this.#facts.orders.get(plainKey(other.key))?.status === 'done' ? 'done' : other.status;
      if (status !== 'done') return { code: 'DEPENDS', why: `depends on ${name} (${status})` };
    }
    return null;
  }

  #find(name: string): Item | null {
    const plain = plainKey(name.replace(/^#/, ''));
    return (
      this.#named.get(plain) ?? this.#named.get(plain.replace(/^bl-/, '')) ?? this.#named.get(titleKey(name)) ?? null
    );
  }

  #ofWhatIsMissing({ dod, owner }: Item): Reason | null {
    const { require } = this.#facts;
    if (require.includes('dod') && dod === null)
      return { code: 'NO_DOD', why: 'no DoD: nobody could see that it is done' };
    return require.includes('owner') && owner === null ? { code: 'NO_OWNER', why: 'no owner' } : null;
  }

  #ofScope(item: Item): Reason | null {
    for (const work of this.#atWork) {
      const path = work.item === item ? null : overlapOf(item.scopePaths, work.scopePaths);
      if (path !== null) return { code: 'SCOPE_TAKEN', why: `its scope ${path} meets that of ${work.name}, at work` };
    }
    return null;
  }
}
