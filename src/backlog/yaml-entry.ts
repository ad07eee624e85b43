import type { BacklogEntry } from '../order/generated.ts';
import { complaintsAbout } from '../platform/schema.ts';
import type { Item, ItemStatus, ProblemCode } from './item.ts';
import { isGoodItemId, keyOf } from './key.ts';
import { HIDDEN, priorityIn, said } from './said.ts';
import { isScopePath } from './scope.ts';
import { waitsFor } from './words.ts';

/** The keys that entries of backlog.v1 have. */
export const ENTRY_KEYS = [
  'id',
  'title',
  'description',
  'dod',
  'acceptance_criteria',
  'priority',
  'risk',
  'scope_paths',
  'status',
  'requires_approval',
  'decision_support_required',
  'depends_on',
  'dependencies',
  'blocked_by',
  'owner',
  'context',
  'evidence',
  'task_type',
  'tags',
  'objective_ref',
  'created_at',
  'completed_at',
] as const;

/** Statuses of both vocabularies, without regard to capitals. */
const STATUSES: Readonly<Record<string, ItemStatus>> = {
  pending: 'open',
  open: 'open',
  todo: 'open',
  in_progress: 'in progress',
  completed: 'done',
  done: 'done',
  blocked: 'blocked',
  intake: 'open',
  triaged: 'open',
  ready: 'open',
  dispatched: 'in progress',
  review: 'in progress',
  closed: 'done',
  deferred: 'dropped',
  rejected: 'dropped',
  duplicate: 'dropped',
  superseded: 'dropped',
  cancelled: 'dropped',
};
/** Of these nobody has said yet that they can be begun. */
const UNREADY = ['intake', 'triaged'];

/** Something wrong with an entry: with which of its keys. */
export interface EntryFault {
  readonly key: string | null;
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint: string;
}

export type EntryRead =
  | { readonly item: null; readonly fault: EntryFault }
  | { readonly item: Item; readonly told: readonly EntryFault[] };

/** The item that an entry of backlog.v1 describes, or what is wrong with it. */
export function readEntry(value: unknown, place: Item['place']): EntryRead {
  const [complaint, ...more] = complaintsAbout('backlog', { tasks: [value] }, 20);
  if (complaint !== undefined) {
    const [, , key] = complaint.segments;
    const others = more.length === 0 ? '' : `, and ${more.length} more`;
    return faulty(
      key === undefined ? null : String(key),
      `${complaint.segments.slice(2).join('.') || 'the entry'}: ${complaint.what}${others}`,
      complaint.hint ?? 'docs/backlog.md shows an entry.',
    );
  }
  const entry = value as BacklogEntry;
  const word = (entry.status ?? 'pending').trim().toLowerCase().replaceAll(/[ -]/g, '_');
  const status = Object.hasOwn(STATUSES, word) ? STATUSES[word] : undefined;
  if (status === undefined)
    return faulty(
      'status',
      `status: ${JSON.stringify(entry.status)} is not known`,
      `Known: ${Object.keys(STATUSES).join(', ')}.`,
    );
  const priority = priorityOf(entry.priority);
  if (priority === 'unknown')
    return faulty('priority', `priority: ${JSON.stringify(entry.priority)} is no priority`, 'Write P0 to P3.');
  const scopePaths = listOf(entry.scope_paths);
  const strange = scopePaths.find((path) => !isScopePath(path) && !/^[\w.-]+$/.test(path));
  if (strange !== undefined)
    return faulty(
      'scope_paths',
      `scope_paths: ${JSON.stringify(strange)} is no path below the root`,
      'Write paths such as src/ or docs/*.md.',
    );
  const told: EntryFault[] = [];
  const id = said(entry.id ?? '');
  if (id !== null && !isGoodItemId(id))
    told.push({
      key: 'id',
      code: 'BAD_ID',
      message: `${JSON.stringify(id)} cannot name an order, so the item is named after its title`,
      hint: 'Use letters, digits, dot, dash, underscore; not -done at the end.',
    });
  const text = JSON.stringify(entry);
  if (HIDDEN.test(text))
    told.push({
      key: null,
      code: 'HIDDEN_CHARACTERS',
      message: 'it has characters that show nothing or turn the direction of the text',
      hint: 'Take them out: what is read may not be what is shown.',
    });
  const title = entry.title.replace(/[\p{Cc}\s]+/gu, ' ').trim();
  const context = said(entry.context ?? '');
  const waits = waitsFor(context ?? '');
  const item: Item = {
    key: keyOf(id, title),
    id,
    title,
    description: said(entry.description ?? ''),
    priority,
    status: status === 'open' && waits.words !== null ? 'blocked' : status,
    blockedBy:
      status === 'blocked' ? (waits.words ?? `its status is ${entry.status}`) : status === 'open' ? waits.words : null,
    dod: said(entry.dod ?? '') ?? said([entry.acceptance_criteria ?? []].flat().join('\n')),
    owner: said(entry.owner ?? ''),
    context,
    dependsOn: [
      ...new Set([
        ...listOf(entry.depends_on),
        ...listOf(entry.dependencies),
        ...listOf(entry.blocked_by),
        ...waits.names,
      ]),
    ],
    scopePaths,
    requiresApproval: entry.requires_approval === true || /^high/i.test(entry.risk ?? ''),
    needsDecision: entry.decision_support_required === true || UNREADY.includes(word),
    tags: entry.tags ?? [],
    format: 'yaml',
    place,
    text,
  };
  return { item, told };
}

function faulty(key: string | null, message: string, hint: string): EntryRead {
  return { item: null, fault: { key, code: 'ENTRY_INVALID', message, hint } };
}

function priorityOf(given: BacklogEntry['priority']): Item['priority'] | 'unknown' {
  if (given === undefined || given === null) return 3;
  if (typeof given === 'number') return priorityIn(`P${given}`) ?? 3;
  return given.trim() === '' ? 3 : (priorityIn(given) ?? 'unknown');
}

function listOf(given: readonly string[] | string | null | undefined): string[] {
  if (given === null || given === undefined) return [];
  const list = typeof given === 'string' ? given.split(',') : given;
  return list.map((text) => said(text)).filter((text) => text !== null);
}
