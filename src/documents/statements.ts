import { type SpokenLine, spokenLines, type TextDocument } from './spoken-lines.ts';
import { closingStanding, leadingStanding, type Said, type Standing, standingOfSign, standingsIn } from './standing.ts';
import { isTableRule, tableAt } from './tables.ts';
import { idsAtStart, idsOfCells, isPackage, packageOf } from './task-ids.ts';

/** That a document says of a task how far it is. */
export interface Statement {
  /** `W5-T02`, or a package, `W5`. */
  readonly task: string;
  readonly standing: Standing;
  /** As its author wrote it. */
  readonly word: string;
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** What said it: a backlog's item is no document's sentence. */
  readonly from: 'document' | 'backlog';
}

/**
 * What documents say of tasks: tables with a column for the status, headings, list items, and lines such as `**Status:** W5-T02 DONE`.
 * Running prose is not read: whoever writes `once W5-T02 is done` states nothing. A package counts where one of its tasks is named too.
 */
export function statementsOf(documents: readonly TextDocument[]): Statement[] {
  const all = documents.flatMap((document) => new Reader(document.path, spokenLines(document)).statements());
  const packages = new Set(all.map(({ task }) => packageOf(task)));
  return all.filter(({ task }) => !isPackage(task) || packages.has(task));
}

/** Sections named by a word: `## Done`, `### In progress (3)`. */
const SECTION_NOUN = /^(?:items?|tasks?|work)?$/i;
/** Labels whose lines speak of several tasks. */
const LABEL =
  /^\s*(?:[-*+]\s+)?((?:current\s+)?(?:status|state|focus|progress|summary)|now|next|[\p{L} -]{4,20}?)\s*:\s+(.*)$/iu;
const TELLING_LABEL = /^(?:current\s+)?(?:status|state|focus|progress|summary)$|^(?:now|next)$/i;
/** Sentences about what is wanted, or what would be. */
const CONDITIONAL =
  /\b(?:when|once|after|until|till|if|unless|before|should|must|will|would|needs? to|requires?|target|expected|goal|dod|so that|can be|to be)\b/i;
const ITEM = /^\s*(?:[-*+]|\d+[.)])\s+(?:\[([ xX~/-])\]\s+)?(.*)$/;

class Reader {
  readonly #path: string;
  readonly #lines: readonly SpokenLine[];
  readonly #found: Statement[] = [];

  constructor(path: string, lines: readonly SpokenLine[]) {
    this.#path = path;
    this.#lines = lines;
  }

  statements(): Statement[] {
    for (let n = 0; n < this.#lines.length; n++) {
      const line = this.#lines[n];
      if (line === undefined) break;
      const table = tableAt(this.#lines, n);
      if (table !== null) {
        this.#readTable(table.head, table.rows);
        n += table.rows.length + 1;
      } else if (line.heading !== null) this.#readHeading(line, line.heading.text);
      else if (!isTableRule(line.raw)) this.#readLine(line);
    }
    return this.#found;
  }

  #say(tasks: readonly string[], said: Said | null, line: SpokenLine): void {
    if (said === null) return;
    for (const task of tasks)
      this.#found.push({
        task,
        standing: said.standing,
        word: said.word,
        path: this.#path,
        line: line.line,
        from: 'document',
      });
  }

  #readTable(
    head: readonly string[],
    rows: readonly { readonly line: SpokenLine; readonly cells: readonly string[] }[],
  ) {
    const column = (names: RegExp) => head.findIndex((name) => names.test(name));
    const status = column(/^(?:current )?(?:status|state|progress|standing)$/i);
    const inPackage = column(/^(?:package|work package|wp|workstream|epic|phase|milestone)$/i);
    const named = column(/^(?:task|task id|id|item|ticket|issue|#|no\.?|wo|work order|key|story)$/i);
    const task = named === -1 ? 0 : named;
    if (status === -1 || status === task) return;
    for (const { line, cells } of rows) {
      const tasks = idsOfCells(unsigned(cells[task] ?? ''), inPackage === -1 ? null : (cells[inPackage] ?? '').trim());
      this.#say(tasks, leadingStanding(cells[status] ?? ''), line);
      for (const [n, cell] of cells.entries()) if (n !== status) this.#readBrackets(cell, line);
    }
  }

  #readHeading(line: SpokenLine, text: string): void {
    const title = unsigned(text);
    const ids = idsAtStart(title);
    if (ids === null) return;
    const rest = title.slice(ids.to);
    if (isAboutPart(rest)) return;
    const sign = text.slice(0, text.length - title.length);
    this.#say(ids.tasks, closingStanding(rest) ?? adjacent(rest) ?? standingOfSign(sign), line);
  }

  #readLine(line: SpokenLine): void {
    const [, label = '', value = ''] = LABEL.exec(line.text) ?? [];
    const named = label === '' || idsAtStart(label) !== null ? null : wholeStanding(label);
    const item = ITEM.exec(line.text);
    if (TELLING_LABEL.test(label.trim()) || named !== null) this.#readField(line, label.trim(), value, named);
    else if (item !== null) this.#readItem(line, item[1], item[2] ?? '');
  }

  /** `Status: …`: of the tasks it names, or of the one whose section it stands in. */
  #readField(line: SpokenLine, label: string, value: string, named: Said | null): void {
    const section = line.under.at(-1);
    const owner = section === undefined ? null : idsAtStart(unsigned(section.text));
    if (/^(?:current\s+)?(?:status|state)$/i.test(label) && owner !== null)
      this.#say(owner.tasks, leadingStanding(value), line);
    for (const clause of clauses(value)) {
      const ids = idsAtStart(unsigned(clause));
      if (ids === null || CONDITIONAL.test(clause)) continue;
      const rest = unsigned(clause).slice(ids.to);
      if (isAboutPart(rest)) continue;
      this.#say(ids.tasks, adjacent(rest) ?? inCapitals(rest) ?? named, line);
    }
    this.#readBrackets(value, line);
  }

  #readItem(line: SpokenLine, box: string | undefined, text: string): void {
    this.#readBrackets(text, line);
    const title = unsigned(text);
    const ids = idsAtStart(title);
    if (ids === null || /^\d{4}-\d\d/.test(title)) return;
    const rest = title.slice(ids.to);
    if (isAboutPart(rest)) return;
    const boxed = ofBox(box);
    this.#say(ids.tasks, boxed, line);
    const own = CONDITIONAL.test(rest) ? null : (adjacent(rest) ?? closingStanding(rest));
    if (own !== null) this.#say(ids.tasks, own, line);
    else if (boxed === null) {
      const sign = text.slice(0, text.length - title.length);
      const section = line.under.at(-1);
      this.#say(ids.tasks, standingOfSign(sign) ?? (section === undefined ? null : wholeStanding(section.text)), line);
    }
  }

  /** `(W5-T04 landed)`. */
  #readBrackets(text: string, line: SpokenLine): void {
    for (const [, inside = ''] of text.matchAll(/\(([^()]*)\)/g)) {
      const ids = idsAtStart(inside);
      if (ids !== null && !CONDITIONAL.test(inside)) this.#say(ids.tasks, adjacent(inside.slice(ids.to)), line);
    }
  }
}

/** Without signs, dashes and quotes before the first letter. */
function unsigned(text: string): string {
  return text.replace(/^[^\p{L}\p{N}]+/u, '').trimEnd();
}

/** What is said right after a name: ` DONE`, `: done`, ` (done)`, ` is pending`. */
function adjacent(rest: string): Said | null {
  const tail = rest.replace(
    /^\s*(?:[:—–(,[]|-\s)?\s*(?:status:?\s+)?(?:(?:is|are|was|has been|have been|now|already)\s+)*/i,
    '',
  );
  return leadingStanding(tail);
}

/** What a clause says in its last word, in capitals: `Checkpoint/Resume proof COMPLETE`. */
function inCapitals(rest: string): Said | null {
  const last = closingStanding(rest);
  return last !== null && last.word === last.word.toUpperCase() ? last : null;
}

/** A label or heading that is nothing but such a word. */
function wholeStanding(text: string): Said | null {
  const plain = unsigned(text)
    .replace(/\s*\(.*\)\s*$/, '')
    .replace(/[^\p{L}\p{N}]+$/u, '');
  const said = standingsIn(plain)[0];
  if (said === undefined || said.from !== 0) return null;
  return SECTION_NOUN.test(plain.slice(said.to).trim()) ? said : null;
}

function ofBox(box: string | undefined): Said | null {
  if (box === undefined) return null;
  const standing: Standing = box === ' ' ? 'open' : /x/i.test(box) ? 'done' : 'in progress';
  return { standing, word: `[${box}]`, from: 0, to: 0 };
}

/** The name stands for something else than the task: `W5-T02 follow-up`, `W5-T02 docs`. */
function isAboutPart(rest: string): boolean {
  return /^['’]?s?\s*(?:\([^)]*\)\s*)?(?:follow-?ups?|leftovers?|remainder|regressions?|part \d|phase \d|dependency|blockers?)\b/i.test(
    rest.replace(/^[^\p{L}\p{N}'’(]+/u, ''),
  );
}

/** The parts of a line that each speak of something; a list of names stays with what follows it. */
function clauses(text: string): string[] {
  const parts = text.split(/;|,(?=\s)|\.(?=\s)|\s[—–]\s|\band\b/);
  const joined: string[] = [];
  let held = '';
  for (const part of parts) {
    const ids = idsAtStart(part.trim());
    if (ids !== null && part.trim().slice(ids.to).trim() === '') {
      held += `${part.trim()}, `;
      continue;
    }
    joined.push(`${ids === null && held !== '' && leadingStanding(part) === null ? '' : held}${part.trim()}`);
    if (ids === null && held !== '' && leadingStanding(part) === null) joined.push(held.replace(/, $/, ''));
    held = '';
  }
  return held === '' ? joined : [...joined, held.replace(/, $/, '')];
}
