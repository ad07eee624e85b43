import { isGoodId } from '../id.ts';
import { readInstant } from '../instant.ts';
import { isMapping, type Path, type Sheet } from './sheet.ts';

/** The fields that every shape has, under whatever name: id, title, priority, dates, tags, dependencies. */

export const KNOWN_TYPES = ['apply_patch', 'command', 'mission', 'ping'];

function isKnownType(value: unknown): boolean {
  return typeof value === 'string' && KNOWN_TYPES.includes(value);
}

/** Reads what every shape may say about an order as a whole. */
export function mapCommonFields(sheet: Sheet): void {
  for (const key of ['v', 'hold', 'retries', 'isolation', 'timeout_seconds', 'approval', 'description'])
    sheet.copy(key);
  mapId(sheet);
  mapTitle(sheet);
  oneOf(sheet, 'owner', ['owner', 'assignee']);
  oneOf(sheet, 'requested_by', ['requested_by', 'agent']);
  mapPriority(sheet);
  mapCreatedAt(sheet);
  mapNotBefore(sheet);
  mapTags(sheet);
  mapDependsOn(sheet);
  mapMetadata(sheet);
}

/** The first of several names that stands there. Two that disagree are an error: nobody can say which one the author meant. */
function oneOf(sheet: Sheet, to: string, names: readonly string[]): void {
  const there = names.filter((name) => sheet.get(name) !== undefined);
  const first = there[0];
  if (first === undefined) return;
  for (const other of there.slice(1)) {
    if (sheet.get(other) !== sheet.get(first))
      throw sheet.fault(
        'AMBIGUOUS_FIELD',
        [other],
        `${JSON.stringify(sheet.get(other))} is not what ${first} says, ${JSON.stringify(sheet.get(first))}; both mean ${to}`,
        `Remove the line \`${other}\`, or the line \`${first}\`.`,
      );
    sheet.use(other);
  }
  if (first !== to) sheet.warn('alias', [first], `read as ${to}`);
  sheet.put(to, sheet.get(first), [first]);
}

function mapId(sheet: Sheet): void {
  const names = ['wo_id', 'id', 'work_order_id'];
  if (names.every((name) => sheet.get(name) === undefined) && !Array.isArray(sheet.get('tasks'))) names.push('task_id');
  oneOf(sheet, 'wo_id', names);
  const id = sheet.document['wo_id'];
  if (typeof id === 'string' && /X{3,}$/.test(id))
    sheet.warn('note', sheet.originOf(['wo_id']), 'ends in a row of X: a template that nobody filled in?');
}

function mapTitle(sheet: Sheet): void {
  sheet.copy('title');
  sheet.copy('summary');
  if (sheet.document['title'] !== undefined) return;
  for (const key of ['objective', 'summary', 'description']) {
    const value = sheet.get(key);
    if (typeof value !== 'string' || value.trim() === '') continue;
    sheet.warn('alias', [key], 'its first line is the title, because there is none');
    sheet.put('title', firstLine(value), [key]);
    return;
  }
}

/** The last resort, once the shape is mapped: what an agent is told begins with a line that says what it is about. */
export function mapMissingTitle(sheet: Sheet): void {
  if (sheet.document['title'] !== undefined || sheet.document['wo_id'] === undefined) return;
  for (const key of ['task', 'problem']) {
    const value = sheet.document[key];
    if (typeof value !== 'string' || value.trim() === '') continue;
    sheet.warn('defaulted', sheet.originOf([key]), 'its first line is the title, because there is none');
    sheet.put('title', firstLine(value), sheet.originOf([key]));
    return;
  }
  sheet.warn('defaulted', sheet.originOf(['wo_id']), 'is the title too, because there is none');
  const id = sheet.document['wo_id'];
  if (typeof id === 'string') sheet.put('title', id, sheet.originOf(['wo_id']));
}

/** The first line of a text, fit to be a title. */
function firstLine(text: string): string {
  return (text.trim().split(/\r?\n/)[0] ?? '').slice(0, 200);
}

function mapPriority(sheet: Sheet): void {
  const value = sheet.get('priority');
  if (typeof value === 'string') {
    const word = /^p\d$/i.test(value.trim()) ? value.trim().toUpperCase() : value.trim().toLowerCase();
    if (word !== value) sheet.warn('alias', ['priority'], `read as ${word}`);
    sheet.put('priority', /^\d+$/.test(word) ? clamp(sheet, Number(word)) : word, ['priority']);
  } else sheet.put('priority', typeof value === 'number' ? clamp(sheet, value) : value, ['priority']);
}

function clamp(sheet: Sheet, priority: number): number {
  if (!Number.isInteger(priority) || priority <= 3) return priority;
  sheet.warn('defaulted', ['priority'], `${priority} is beyond the last, 3`);
  return 3;
}

/** The author's date is only told, so one that cannot be read is a warning; the receive time counts. */
function mapCreatedAt(sheet: Sheet): void {
  const value = sheet.get('created_at');
  sheet.use('created_at');
  if (value === undefined) return;
  const read = readInstant(value);
  if (read === null) {
    const why = typeof value === 'string' && /\$\(|`/.test(value) ? 'a command that no shell ran' : 'is no date';
    sheet.warn('ignored', ['created_at'], `${why}; the time of receiving counts`);
    return;
  }
  if (read.guess !== null) sheet.warn('defaulted', ['created_at'], read.guess);
  sheet.put('created_at', read.iso, ['created_at']);
}

/** Unlike created_at it has an effect, so one whose zone would have to be guessed is left for the schema to refuse. */
function mapNotBefore(sheet: Sheet): void {
  const value = sheet.get('not_before');
  const read = readInstant(value);
  const plain = typeof value === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(value);
  const readable = read?.guess === null && typeof value === 'string' && !plain;
  if (readable) sheet.warn('alias', ['not_before'], `read as ${read.iso}`);
  sheet.put('not_before', readable ? read.iso : value, ['not_before']);
}

function mapTags(sheet: Sheet): void {
  const value = sheet.get('tags');
  if (typeof value !== 'string') {
    sheet.put('tags', value, ['tags']);
    return;
  }
  const tags = value.split(',').flatMap((tag) => tag.trim() || []);
  sheet.warn('alias', ['tags'], `read as a list of ${tags.length}`);
  sheet.put('tags', tags, ['tags']);
}

/** One id, a list of ids, or prose. Prose is told and is no dependency: nothing could ever fulfil it. */
function mapDependsOn(sheet: Sheet): void {
  const value = sheet.get('depends_on');
  sheet.use('depends_on');
  if (value === undefined) return;
  const words = typeof value === 'string' ? value.split(',').map((part) => part.trim()) : null;
  // a sentence with a comma in it is prose as a whole
  const list = Array.isArray(value)
    ? (value as unknown[])
    : words?.every((word) => isGoodId(word))
      ? words
      : words === null
        ? null
        : [value];
  if (list === null) {
    sheet.put('depends_on', value, ['depends_on']);
    return;
  }
  const ids: unknown[] = [];
  for (const [index, item] of list.entries()) {
    const id = typeof item === 'string' ? item.trim() : item;
    const path: Path = Array.isArray(value) ? ['depends_on', index] : ['depends_on'];
    if (typeof id === 'string' && (!isGoodId(id) || /^(none|null|nil|n\/a)$/i.test(id))) {
      if (id !== '') sheet.warn('ignored', path, `${JSON.stringify(id.slice(0, 60))} is no id, so it is no dependency`);
    } else ids.push(id);
  }
  if (!Array.isArray(value) && ids.length > 0) sheet.warn('alias', ['depends_on'], `read as a list of ${ids.length}`);
  sheet.put('depends_on', ids, ['depends_on']);
}

function mapMetadata(sheet: Sheet): void {
  const value = sheet.get('metadata');
  if (isMapping(value)) assertNoCaution(sheet, value, ['metadata'], ['dry_run']);
  sheet.put('metadata', value, ['metadata']);
  const dryRun = sheet.get('dry_run');
  if (dryRun === undefined) return;
  if (isMapping(value) && value['dry_run'] !== undefined && value['dry_run'] !== dryRun)
    throw sheet.fault(
      'AMBIGUOUS_FIELD',
      ['dry_run'],
      'is not what metadata.dry_run says',
      'Remove the line `dry_run`.',
    );
  sheet.warn('alias', ['dry_run'], 'read as metadata.dry_run');
  sheet.put('metadata', { ...(isMapping(value) ? value : {}), dry_run: dryRun }, ['dry_run']);
}

/** Words by which authors ask for care: a dry run, an approval, checks. */
const CAUTION =
  /^(dry_?run|simulate|read_?only|(requires?|needs?)_?(approval|review)|(approval|review)_?required(_?by)?|self_?apply|auto_?apply|allow_?write|checks?|verif(y|ication))$/;
/** What such a word says where it asks for nothing. */
const CARELESS: readonly unknown[] = [null, '', 'false', 'no', 'none', false, 0];
const CARELESS_WHEN_TRUE = /^(self_?apply|auto_?apply|allow_?write)$/;

/** Whether a key, with this value, is a wish for care. */
export function asksForCare(key: string, value: unknown): boolean {
  const word = key
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replaceAll('-', '_');
  if (!CAUTION.test(word)) return false;
  if (Array.isArray(value)) return value.length > 0;
  return !(CARELESS_WHEN_TRUE.test(word) ? value === true : CARELESS.includes(value));
}

/** A wish for care that stands where nobody looks is refused, never passed over (rule 7). `known` are keys that are understood there. */
export function assertNoCaution(
  sheet: Sheet,
  holder: Readonly<Record<string, unknown>>,
  path: Path,
  known: readonly string[],
): void {
  for (const [key, value] of Object.entries(holder)) {
    if (known.includes(key) || !asksForCare(key, value)) continue;
    throw sheet.fault(
      'UNKNOWN_FIELD',
      [...path, key],
      'asks for care in a place or in words that are not known, so nothing is done at all',
      'Write `metadata: {dry_run: true}`, `approval: {}`, `self_apply: false`, `post_verify` or `tests`, at the top.',
    );
  }
}

/**
 * The order's type under its names. `intent` and `action` count only where their value is a known type; what else they say belongs to
 * the shape. Throws SCHEMA_INVALID, AMBIGUOUS_FIELD.
 */
export function typeOf(sheet: Sheet): string | undefined {
  for (const key of ['type', 'task_type']) {
    const value = sheet.get(key);
    if (value !== undefined && typeof value !== 'string')
      throw sheet.fault('SCHEMA_INVALID', [key], 'must be text', `Write \`${key}: apply_patch\``);
  }
  const names = ['type', 'task_type', ...['intent', 'action'].filter((key) => isKnownType(sheet.get(key)))];
  const there = names.filter((name) => sheet.get(name) !== undefined);
  const first = there[0];
  for (const other of there.slice(1)) {
    if (sheet.get(other) !== sheet.get(first ?? ''))
      throw sheet.fault(
        'AMBIGUOUS_FIELD',
        [other],
        `${JSON.stringify(sheet.get(other))} is not what ${first ?? ''} says; both mean type`,
        `Remove the line \`${other}\`, or the line \`${first ?? ''}\`.`,
      );
  }
  for (const name of there) sheet.use(name);
  if (first === undefined) return undefined;
  if (first !== 'type') sheet.warn('alias', [first], 'read as type');
  return String(sheet.get(first));
}
