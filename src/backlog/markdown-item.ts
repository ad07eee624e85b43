import type { CheckBox } from './box.ts';
import { type FieldName, partsOf } from './fields.ts';
import type { Item, ProblemCode } from './item.ts';
import { isGoodItemId, keyOf } from './key.ts';
import type { Line } from './lines.ts';
import { HIDDEN, priorityIn, said } from './said.ts';
import { scopeOf } from './scope.ts';
import { waitsFor } from './words.ts';

/** An item, and the lines that it has, counted from 0. */
export interface Listed {
  readonly item: Item;
  readonly at: number;
  readonly last: number;
  readonly box: CheckBox;
  /** What is told of it. */
  readonly notes: readonly Note[];
}

interface Note {
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint: string;
}

/** The lines of an item as they were found. */
interface Found {
  readonly file: string;
  readonly lines: readonly Line[];
  readonly at: number;
  readonly last: number;
  readonly box: CheckBox;
  readonly first: string;
  readonly further: readonly string[];
  readonly priority: Item['priority'];
  readonly tell: (line: number, column: number, code: ProblemCode, message: string, hint: string) => void;
}

/** The item; null where there is none, and that was told. */
export function itemOf({ file, lines, at, last, box, first, further, priority, tell }: Found): Listed | null {
  const notes: Note[] = [];
  const begun = leadingPriority(first.trim());
  const parts = partsOf(begun.rest, further);
  const values = (name: FieldName) => parts.fields.filter((field) => field.name === name).map(({ text }) => text);
  const value = (name: FieldName) => said(values(name).join(name === 'owner' ? ', ' : ' '));
  const ended = trailingPriority(withoutProgress(parts.title));
  const isStruck = /^~~.*~~$/.test(ended.rest);
  const title = plainTitle(ended.rest);
  if (!/[\p{L}\p{N}]/u.test(title)) {
    tell(
      at,
      box.column,
      'NO_TITLE',
      'a check box without a title',
      'Write what is to be done: `- [ ] Title — DoD: …`.',
    );
    return null;
  }
  if (box.odd !== null)
    notes.push({ code: 'BOX_ODD', message: `${box.odd}; read as ${box.status}`, hint: 'Write `- [ ] Title`.' });
  const own = begun.priority ?? ended.priority ?? priorityIn(value('priority'));
  for (const name of [begun.unknown, ended.unknown, own === 'unknown' ? value('priority') : null])
    if (name !== null)
      notes.push({ code: 'PRIORITY_UNKNOWN', message: `${name} is no priority`, hint: 'Write P0 to P3.' });
  const id = said(values('id')[0]?.replaceAll('`', '') ?? '');
  if (id !== null && !isGoodItemId(id))
    notes.push({
      code: 'BAD_ID',
      message: `${JSON.stringify(id)} cannot name an order, so the item is named after its title`,
      hint: 'Use letters, digits, dot, dash, underscore; not -done at the end.',
    });
  const scope = scopeOf(values('scope').join(', '));
  if (scope.words !== null)
    notes.push({
      code: 'SCOPE_UNCLEAR',
      message: `the scope ${JSON.stringify(scope.words)} names no paths, so it bounds nothing`,
      hint: 'Write paths with a / or an ending, parted by commas.',
    });
  const text = lines.slice(at, last + 1);
  if (text.some(({ raw }) => HIDDEN.test(raw)))
    notes.push({
      code: 'HIDDEN_CHARACTERS',
      message: 'it has characters that show nothing or turn the direction of the text',
      hint: 'Take them out: what is read may not be what is shown.',
    });
  const description = said(
    [...values('why'), ...values('other'), scope.words === null ? '' : `Scope: ${scope.words}`]
      .filter((piece) => piece !== '')
      .join('. '),
  );
  // why it is wanted now tells what others wait for; why later, what it waits for itself
  const whyLater = values('why').filter((why) => /^why (?:later|not|wait)/i.test(why));
  const waits = waitsFor([value('context'), ...whyLater, ...values('other')].join('. '));
  const stated = said(
    values('waits')
      .join('. ')
      .replace(/^(?:blocked|waiting)[a-z ]*: *(?:no|none|nobody|nothing)?$/i, ''),
  );
  const words = stated ?? waits.words;
  const status = isStruck && box.status === 'open' ? 'dropped' : box.status;
  if (status !== box.status)
    notes.push({ code: 'BOX_ODD', message: 'struck through; read as dropped', hint: 'Write [-] into its box.' });
  if (values('mark').some((mark) => /^\d{4}-\d\d-\d\d, .*\bBL-/.test(mark)) && status === 'open')
    notes.push({
      code: 'STATUS_DIFFERS',
      message: 'its box is open, and it carries the mark of an order; read as open',
      hint: 'Take the mark out, or check the box.',
    });
  const isOpen = status !== 'done' && status !== 'dropped';
  if (isOpen && value('dod') === null && /(?<![\p{L}\p{N}])(?:dod|definition of done)(?![\p{L}\p{N}])/iu.test(title))
    notes.push({
      code: 'DOD_UNCLEAR',
      message: 'its title speaks of a DoD, and none is read',
      hint: 'Part it from the title: `- [ ] Title — DoD: …`.',
    });
  const item: Item = {
    key: keyOf(id, title),
    id,
    title,
    description,
    priority: own === null || own === 'unknown' ? priority : own,
    status: status === 'open' && words !== null ? 'blocked' : status,
    blockedBy: status === 'blocked' ? (words ?? 'its box says [!]') : status === 'open' ? words : null,
    dod: value('dod'),
    owner: value('owner'),
    context: value('context'),
    dependsOn: [...new Set([...listOf(values('depends').join(', ')), ...waits.names])],
    scopePaths: scope.paths,
    requiresApproval: isYes(value('approval')),
    needsDecision: isYes(value('decision')),
    tags: listOf(values('tags').join(', ')),
    format: 'markdown',
    place: { file, line: at + 1, column: box.column + 1 },
    text: text.map(({ raw, eol }, n) => (n === text.length - 1 ? raw : raw + eol)).join(''),
  };
  return { item, at, last, box, notes };
}

/** Names parted by commas. */
function listOf(text: string): string[] {
  return text
    .split(/[,;]| and /)
    .map((name) => said(name.replace(/[`"]/g, '')))
    .filter((name) => name !== null);
}

function isYes(text: string | null): boolean {
  return text !== null && !/^(?:no|not needed|not required|false|off)\b/i.test(text);
}

interface Cut {
  readonly rest: string;
  readonly priority: Item['priority'] | null;
  /** One that there is not. */
  readonly unknown: string | null;
}

/** A title that begins with its priority: `P1: …`, `(P1) …`, `[P1] …`, `**P1** …`. */
function leadingPriority(text: string): Cut {
  const found =
    /^(\*\*|__)(?:[[(]?P(\d+)[\])]?:?)\1:?(?:[ \t]*[-–—:]+(?=[ \t]))?/i.exec(text) ??
    /^(\*\*|__|)(?:\[P(\d+)\]|\(P(\d+)\)|P(\d+)(?=:|[ \t]+[-–—]{1,2}[ \t])):?(?:[ \t]*[-–—]{1,2}(?=[ \t]))?/i.exec(
      text,
    );
  if (found === null) return { rest: text, priority: null, unknown: null };
  const [all, sign = '', ...numbers] = found;
  const number = numbers.find((n) => n !== undefined) ?? '';
  const isWholeBold = all.slice(sign.length).includes(sign) && sign !== '';
  const rest = text.slice(all.length).trim();
  return cutOf(text, isWholeBold ? rest : sign + rest, number);
}

/** One that ends with it: `… (P1)`, `… [P1]`. */
function trailingPriority(text: string): Cut {
  const found = /[ \t]*(?:\(P(\d+)\)|\[P(\d+)\])((?:\*\*|__)?)$/i.exec(text);
  if (found === null) return { rest: text, priority: null, unknown: null };
  return cutOf(text, text.slice(0, found.index) + (found[3] ?? ''), found[1] ?? found[2] ?? '');
}

function cutOf(text: string, rest: string, number: string): Cut {
  return /^[0-3]$/.test(number)
    ? { rest, priority: Number(number) as Item['priority'], unknown: null }
    : { rest: text, priority: null, unknown: `P${number}` };
}

/** Signs of completion that people put around a title. */
function withoutProgress(title: string): string {
  return title
    .replace(/^✅ ?(?:done\b:? ?)?/iu, '')
    .replace(/ ?\((?:done|completed|merged)\b[^()]*\)$/i, '')
    .replace(/ ?✅ ?(?:done\b)? ?(?:\d{4}-\d{2}-\d{2})?$/iu, '')
    .trim();
}

function plainTitle(title: string): string {
  return title
    .replace(/\*\*|~~/g, '')
    .replace(/(?<![\p{L}\p{N}])__|__(?![\p{L}\p{N}])/gu, '')
    .replace(/^[*_]([^*_]+)[*_]$/, '$1')
    .trim();
}
