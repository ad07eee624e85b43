import type { NewItem } from '../../backlog/add-items.ts';
import type { Item } from '../../backlog/item.ts';
import type { DriftFinding, DriftReport } from '../../order/generated.ts';

const LONGEST_TITLE = 200;
/** Orders named in a title. */
const NAMED = 3;

/** Begins the ids of items that a drift report added; the finding's fingerprint follows. */
const DRIFT_ID = 'drift-';

/**
 * The findings that no item of a backlog speaks of, as items. One that was done and came back gets the week into its id; one that somebody dropped
 * stays dropped. The same report and backlog give the same items. Pure.
 */
export function newItems({ findings, week }: DriftReport, known: readonly Item[]): NewItem[] {
  return findings.flatMap((finding) => {
    const id = `${DRIFT_ID}${finding.fingerprint}`;
    const about = known.filter((item) => item.id === id || item.id?.startsWith(`${id}-`) === true);
    if (about.some(({ status }) => status !== 'done')) return [];
    const own = about.length === 0 ? id : `${id}-${week}`;
    return about.some((item) => item.id === own) ? [] : [asItem(finding, own)];
  });
}

function asItem(finding: DriftFinding, id: string): NewItem {
  const { source, message, refs, severity, lasts, fingerprint } = finding;
  const orders = source === 'orders' ? ` (${refs.slice(0, NAMED).join(', ')}${refs.length > NAMED ? ', …' : ''})` : '';
  return {
    id,
    title: plainTitle(`${message}${orders}`),
    priority: !lasts ? 3 : severity === 'block' ? 1 : 2,
    dod: `waybill report drift does not find ${fingerprint} any more`,
    owner: null,
    context: null,
  };
}

/** A title in which nothing parts fields, marks text or spans lines: much of it comes from other people's documents. */
function plainTitle(text: string): string {
  const plain = text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .replace(/ (?:—|–|--|-) |; ?/g, ', ')
    .replace(/[*`~<>[\]|\\]|__/g, '')
    .trim();
  return plain.length <= LONGEST_TITLE ? plain : `${plain.slice(0, LONGEST_TITLE - 1).trimEnd()}…`;
}
