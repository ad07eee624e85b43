import { indentOf } from './box.ts';
import { withoutCodeSpans } from './lines.ts';

/** What an item says of itself beside its title. */
export type FieldName =
  | 'dod'
  | 'why'
  | 'owner'
  | 'context'
  | 'depends'
  | 'waits'
  | 'scope'
  | 'id'
  | 'priority'
  | 'tags'
  | 'approval'
  | 'decision'
  /** Marks of its progress, which people and stations write. */
  | 'mark'
  /** Everything else, with its name. */
  | 'other';

/** The text of an item, taken apart. */
export interface Parts {
  readonly title: string;
  readonly fields: readonly { readonly name: FieldName; readonly text: string }[];
}

const NAMES: Readonly<Record<string, FieldName>> = {
  dod: 'dod',
  'definition of done': 'dod',
  'done when': 'dod',
  'acceptance criteria': 'dod',
  'success criteria': 'dod',
  owner: 'owner',
  owners: 'owner',
  assignee: 'owner',
  context: 'context',
  depends: 'depends',
  'depends on': 'depends',
  dependency: 'depends',
  dependencies: 'depends',
  'blocked by': 'depends',
  blocked: 'waits',
  'blocked on': 'waits',
  'waiting for': 'waits',
  scope: 'scope',
  'scope paths': 'scope',
  paths: 'scope',
  id: 'id',
  priority: 'priority',
  tags: 'tags',
  approval: 'approval',
  'requires approval': 'approval',
  decision: 'decision',
  'decision needed': 'decision',
  'needs decision': 'decision',
  done: 'mark',
  started: 'mark',
  completed: 'mark',
  date: 'mark',
  commit: 'mark',
  status: 'other',
  deliverable: 'other',
  deliverables: 'other',
  evidence: 'other',
  risk: 'other',
  due: 'other',
  effort: 'other',
  note: 'other',
  notes: 'other',
  source: 'other',
};

const NAMED =
  /^ ?(?:[-*+] )?(?:\*\*|__|\*|_)?([A-Za-z][A-Za-z]{0,14}(?: [A-Za-z]{1,14}){0,2}) ?(?:\*\*|__|\*|_)?(?::(?:\*\*|__|\*|_)?(?: |$)|：(?:\*\*|__|\*|_)? ?)/;
/** Those in the first brackets part a title from words about it; the others only from a field with a known name. */
const SEPARATORS = / (—|–|--|-) | ?; ?| \| | ?[—–] ?/g;
/** Of these a text may go on in the next line. */
const PROSE: ReadonlySet<FieldName> = new Set(['dod', 'why', 'context', 'waits', 'other']);
/** What people write behind a title when it is done, without the name of a field. */
const PROGRESS = /^(?:(?:done|completed|closed|merged|shipped|finished|started)\b|✅|\d{4}-\d{2}-\d{2})/i;

/** Takes apart what stands behind a check box, and on the lines that belong to it. */
export function partsOf(first: string, further: readonly string[]): Parts {
  const { head: title, fields } = takenApart(collapsed(first).replace(/^(?=(?:—|–|--|-) )/, ' '), true);
  let bullet: number | null = null;
  for (const line of further) {
    const text = collapsed(line);
    if (text === '') continue;
    const isBullet = /^[-*+] /.test(text);
    const { head, fields: more } = takenApart(isBullet ? text.slice(2) : text, false);
    const last = fields.at(-1);
    // a line goes on with the prose before it, unless it stands beside a list that came between
    const goesOn =
      last !== undefined && PROSE.has(last.name) && !isBullet && (bullet === null || indentOf(line) > bullet);
    if (head !== '') {
      if (goesOn) last.text = `${last.text} ${head}`.trim();
      else fields.push({ name: 'other', text: head });
    }
    fields.push(...more);
    if (isBullet) bullet = indentOf(line);
  }
  return { title, fields };
}

interface Field {
  readonly name: FieldName;
  text: string;
}

/** The fields of a text, and what stands before them. */
function takenApart(text: string, isTitle: boolean): { head: string; fields: Field[] } {
  const masked = masks(text);
  const boldEnd = isTitle ? (/^(?:\*\*x+\*\*|__x+__)/.exec(masked)?.[0].length ?? 0) : 0;
  /** Where each begins: the end of what stands before it, and its first character. */
  const cuts: { name: FieldName; end: number; start: number }[] = [];
  // `**Title**: DoD: …`: the colon is of neither
  const behind = text.charAt(boldEnd) === ':' ? boldEnd + 1 : boldEnd;
  const direct = isTitle ? (boldEnd > 0 ? fieldAt(text, behind, false) : null) : fieldAt(text, 0, true);
  if (direct !== null) cuts.push({ name: direct.name, end: boldEnd, start: direct.start });
  for (const match of masked.matchAll(SEPARATORS)) {
    const end = match.index;
    const start = end + match[0].length;
    const isStrong = match[1] !== undefined && match[1] !== '-';
    const isFirst = cuts.length === 0;
    const field = fieldAt(text, start, isStrong && (!isFirst || boldEnd > 0));
    if (field !== null) cuts.push({ name: field.name, end, start: field.start });
    else if (isStrong && isFirst && isTitle && PROGRESS.test(text.slice(start, start + 20)))
      cuts.push({ name: 'mark', end, start });
    // behind a title in bold all else is said about it
    else if (isStrong && isFirst && boldEnd > 0) cuts.push({ name: 'other', end, start });
  }
  const fields = cuts.map(({ name, start }, n) => ({ name, text: text.slice(start, cuts[n + 1]?.end).trim() }));
  return { head: text.slice(0, cuts[0]?.end).trim(), fields };
}

/** The field that begins at a place in a text; of those that are `other` the name stays in the text. */
function fieldAt(text: string, at: number, anyName: boolean): { name: FieldName; start: number } | null {
  const rest = text.slice(at, at + 80);
  const found = NAMED.exec(rest);
  if (found === null) return null;
  const word = (found[1] ?? '').toLowerCase();
  const name = Object.hasOwn(NAMES, word) ? NAMES[word] : /^why\b/.test(word) ? 'why' : anyName ? 'other' : undefined;
  if (name === undefined) return null;
  const keepsName = name === 'other' || name === 'why' || name === 'waits';
  return { name, start: keepsName ? at : at + found[0].length };
}

/** The text with x for what is in code spans and in bold, where nothing parts fields. */
function masks(text: string): string {
  const plain = withoutCodeSpans(text);
  const signs = [...plain.matchAll(/\*\*|__/g)];
  let masked = '';
  let at = 0;
  let open: RegExpMatchArray | null = null;
  for (const sign of signs) {
    if (open === null) {
      if (/\S/.test(plain.charAt(sign.index + 2))) open = sign;
    } else if (sign[0] === open[0] && /\S/.test(plain.charAt(sign.index - 1)) && sign.index > (open.index ?? 0) + 2) {
      const from = (open.index ?? 0) + 2;
      masked += plain.slice(at, from) + 'x'.repeat(sign.index - from);
      at = sign.index;
      open = null;
    }
  }
  return masked + plain.slice(at);
}

function collapsed(text: string): string {
  return text.replace(/[\p{Cc}\s]+/gu, ' ').trim();
}
