import { ORDER_KEYS } from '../canonical.ts';
import { nearest } from '../nearest.ts';
import { mapChecks } from './actions.ts';
import { assertCurrentType } from './deprecated.ts';
import { assertNoCaution, KNOWN_TYPES, mapCommonFields, mapMissingTitle, typeOf } from './fields.ts';
import { mapApproval } from './missions.ts';
import { ACTION_SHAPES, CANONICAL, JOB, nearestShape, OTHER_SHAPES, type Shape, type ShapeName } from './shapes.ts';
import { isMapping, Sheet, type Source } from './sheet.ts';

/** What settings and the folder around a document add to it. */
export interface DialectContext {
  /** Order types that are not taken any more, and the text that tells what to use instead. */
  readonly deprecatedTypes: Readonly<Record<string, string>>;
  /** The body of a folder bundle. */
  readonly body: string | null;
}

/** Names that stand for others, at the top of a document, in every shape. */
const ALIASES = [
  'id',
  'work_order_id',
  'task_id',
  'task_type',
  'assignee',
  'agent',
  'objective',
  'dry_run',
  'self_apply',
  'routing',
  'schema_version',
];

/**
 * Maps a document of any shape of docs/dialects.md onto the canonical form. Guesses are warnings on the sheet; the document on it is
 * yet to be validated by its schema. Throws UNKNOWN_SHAPE, UNKNOWN_TYPE, UNKNOWN_FIELD, AMBIGUOUS_FIELD, DEPRECATED_TYPE,
 * SCHEMA_INVALID, with the place.
 */
export function toCanonical(source: Source, context: DialectContext): { sheet: Sheet; shape: ShapeName } {
  const sheet = new Sheet(source);
  assertCurrentType(sheet, context.deprecatedTypes);
  if (JOB.is(source.value)) return { sheet: jobSheet(sheet), shape: JOB.name };
  const raw = typeOf(sheet);
  const shape = shapeOf(sheet, raw);
  mapCommonFields(sheet);
  shape.map(sheet, context.body);
  mapChecks(sheet);
  mapMissingTitle(sheet);
  mapApproval(sheet);
  mapType(sheet, shape, raw);
  assertMayWrite(sheet, shape);
  noteOtherKeys(sheet, shape);
  return { sheet, shape: shape.name };
}

/** A job knows its keys; unlike an order it may hold any others. */
function jobSheet(sheet: Sheet): Sheet {
  JOB.map(sheet, null);
  return sheet;
}

function shapeOf(sheet: Sheet, raw: string | undefined): Shape {
  const { value } = sheet.source;
  const [first, second] = ACTION_SHAPES.filter((shape) => shape.is(value));
  // a file map may have canonical actions beside it
  if (first !== undefined && second !== undefined && !(first.name === 'file map' && second.name === 'canonical')) {
    const [key, other] = [second, first].map((shape) => shape.needs[0]?.split(':')[0] ?? '');
    throw sheet.fault(
      'AMBIGUOUS_FIELD',
      [key ?? ''],
      `says what to do as ${second.name}, and ${other ?? ''} does as ${first.name}`,
      'Say it in one way; `waybill new` prints the canonical form.',
    );
  }
  const found = first ?? OTHER_SHAPES.find((shape) => shape.is(value));
  if (found !== undefined) return found;
  // checks alone are an order too, unless they stand beside words for an agent
  if (['post_verify', 'tests'].some((key) => sheet.get(key) !== undefined)) return CANONICAL;
  const near = nearestShape(value);
  const { name, needs } = near.shape;
  // whoever names a type that is known means an order, and only forgot what is to be done
  if (raw !== undefined && !KNOWN_TYPES.includes(raw)) throw unknownType(sheet, raw);
  const keys = Object.keys(value).slice(0, 8).join(', ');
  throw sheet.fault(
    'UNKNOWN_SHAPE',
    [],
    `nothing in it says what to do (it has ${keys === '' ? 'no keys' : keys}); the nearest shape is ${name}, which lacks ${(near.lacks.length > 0 ? near.lacks : needs).join(', ')}`,
    raw === 'mission'
      ? 'Add the line `task: what the agent is to do`.'
      : 'Add `files` or `actions`; `waybill new` prints the canonical form, docs/dialects.md has every other.',
  );
}

/** A type that is not known is refused (rule 7); for an agent's work it says what kind of work it is. */
function mapType(sheet: Sheet, shape: Shape, raw: string | undefined): void {
  const from = [['type', 'task_type'].find((key) => sheet.get(key) !== undefined) ?? 'intent'];
  const type = typeFor(sheet, shape, raw, from);
  if (type !== undefined) sheet.put('type', type, from);
}

function typeFor(sheet: Sheet, shape: Shape, raw: string | undefined, from: string[]): string | undefined {
  if (raw === undefined) return shape.type === 'actions' ? undefined : shape.type;
  if (!KNOWN_TYPES.includes(raw)) {
    if (shape.type !== 'mission') throw unknownType(sheet, raw);
    if (sheet.document['kind'] === undefined) sheet.put('kind', raw, from);
    sheet.warn('alias', from, 'read as the kind of a mission');
    return 'mission';
  }
  if (shape.type === 'actions' ? raw === 'apply_patch' || raw === 'command' : raw === shape.type) return raw;
  if (shape.type === 'mission' && raw === 'apply_patch') {
    sheet.warn('alias', from, 'read as mission, because nothing in it says what to change');
    return 'mission';
  }
  throw sheet.fault(
    'AMBIGUOUS_FIELD',
    from,
    `${raw} does not fit an order of the shape ${shape.name}`,
    `Write \`${from[0] ?? 'type'}: ${shape.type === 'actions' ? 'apply_patch' : shape.type}\`.`,
  );
}

function unknownType(sheet: Sheet, raw: string): Error {
  const key = ['type', 'task_type', 'intent', 'action'].find((k) => sheet.get(k) === raw) ?? 'type';
  return sheet.fault(
    'UNKNOWN_TYPE',
    [key],
    `${JSON.stringify(raw)} is no type that is known`,
    `Write \`${key}: ${nearest(raw, KNOWN_TYPES) ?? 'apply_patch'}\`; known types are ${KNOWN_TYPES.join(', ')}.`,
  );
}

/** Bounds are for agents. Beside actions they either say nothing more, or one of the two is not meant. */
function assertMayWrite(sheet: Sheet, shape: Shape): void {
  const constraints = sheet.get('constraints');
  if (constraints === undefined) return;
  if (!isMapping(constraints))
    throw sheet.fault(
      'SCHEMA_INVALID',
      ['constraints'],
      'must be a mapping',
      'Write `constraints: {allow_write: false}`',
    );
  if (shape.type !== 'actions') return;
  sheet.use('constraints');
  for (const key of ['allow_write', 'paths', 'denied_paths', 'protected_paths']) {
    const value = constraints[key];
    if (
      value === undefined ||
      value === null ||
      (key === 'allow_write' && value === true) ||
      (key === 'protected_paths' && value === false)
    )
      continue;
    throw sheet.fault(
      'AMBIGUOUS_FIELD',
      ['constraints', key],
      'bounds an agent, but the order says itself what to write',
      'Remove it, or leave the actions out.',
    );
  }
}

/**
 * A slip in a key such as post_verify would silently skip checks, so near misses of keys that change what is done are refused (rule 7);
 * everything else is told.
 */
function noteOtherKeys(sheet: Sheet, shape: Shape): void {
  const known = [...new Set([...COMMON_KEYS, ...shape.keys])];
  const unused = Object.fromEntries(Object.entries(sheet.source.value).filter(([key]) => !sheet.isUsed(key)));
  assertNoCaution(sheet, unused, [], []);
  for (const key of Object.keys(sheet.source.value)) {
    if (sheet.isUsed(key)) continue;
    const isKnown = known.includes(key) || KNOWN_ANYWHERE.has(key);
    const near = isKnown ? null : nearest(key, known);
    if (near !== null && !HARMLESS.has(near))
      throw sheet.fault(
        'UNKNOWN_FIELD',
        [key],
        `is no key that is known; did you mean ${near}?`,
        `Write \`${near}\` in place of \`${key}\`.`,
      );
    if (sheet.get(key) === undefined) continue;
    sheet.warn(
      'ignored',
      [key],
      isKnown ? 'not used' : `is no key of a work order, ignored${near === null ? '' : `; did you mean ${near}?`}`,
    );
  }
}

/** Keys that only describe: leaving one out changes nothing that is done. */
const HARMLESS: ReadonlySet<string> = new Set([
  'v',
  'title',
  'summary',
  'description',
  'owner',
  'requested_by',
  'created_at',
  'tags',
  'kind',
  'objective',
  'agent',
  'assignee',
  'id',
]);

const COMMON_KEYS: readonly string[] = [
  ...ORDER_KEYS.filter(
    (key) =>
      ![
        'kind',
        'task',
        'problem',
        'requirements',
        'success_criteria',
        'implementation_notes',
        'context_refs',
        'input',
        'agents',
        'expected_outputs',
        'constraints',
      ].includes(key),
  ),
  ...ALIASES,
];

const KNOWN_ANYWHERE: ReadonlySet<string> = new Set([
  ...ORDER_KEYS,
  ...ALIASES,
  ...[...ACTION_SHAPES, ...OTHER_SHAPES].flatMap((shape) => shape.keys),
]);
