import type { SkipCode } from '../../backlog/choose.ts';
import type { Item, Problem } from '../../backlog/item.ts';
import { plainKey } from '../../backlog/key.ts';
import type { Look } from './look.ts';

/** An item, whether it has a turn, and why it has none. */
export interface Row {
  readonly item: Item;
  /** The first to begin with, one that can be begun too, or none. */
  readonly turn: 'next' | 'free' | 'skipped';
  readonly code: SkipCode | null;
  readonly why: string | null;
}

/** All items in the order of their turns. */
export function rowsOf({ backlog, choice }: Look): Row[] {
  const skipped = new Map(choice.skipped.map((entry) => [entry.item, entry]));
  return backlog.items
    .map((item, at) => ({ item, at }))
    .sort((a, b) => a.item.priority - b.item.priority || a.at - b.at)
    .map(({ item }) => {
      const reason = skipped.get(item);
      return {
        item,
        turn: reason !== undefined ? 'skipped' : item === choice.chosen ? 'next' : 'free',
        code: reason?.code ?? null,
        why: reason?.why ?? null,
      };
    });
}

/** A row for machines. */
export function rowJson({ item, turn, code, why }: Row, { orders, facts }: Look): object {
  const order = orders.get(plainKey(item.key));
  const claim = facts.claims.get(plainKey(item.key));
  const { file, line, column } = item.place;
  return {
    key: item.key,
    id: item.id,
    title: item.title,
    priority: `P${item.priority}`,
    status: item.status,
    turn,
    code,
    why,
    dod: item.dod,
    owner: item.owner,
    context: item.context,
    description: item.description,
    depends_on: item.dependsOn,
    scope_paths: item.scopePaths,
    requires_approval: item.requiresApproval,
    needs_decision: item.needsDecision,
    tags: item.tags,
    file,
    line,
    column,
    order: order === undefined ? null : { wo_id: order.woId, status: order.status },
    claim: claim === undefined ? null : { station: claim.station, at: claim.at, own: claim.isOwn },
  };
}

/** A problem for machines. */
export function problemJson({ code, severity, message, hint, place }: Problem): object {
  return { code, severity, message, hint, ...place };
}
