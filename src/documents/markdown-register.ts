import { posix } from 'node:path';
import type { Plan, PlanStatus, Register } from './register.ts';
import { type Heading, neverClosed, type SpokenLine, spokenLines } from './spoken-lines.ts';
import { isTableRule } from './tables.ts';

const SECTIONS: readonly (readonly [PlanStatus, RegExp])[] = [
  ['superseded', /^superseded\b|\bsuperseded\b.*\bplans?\b/i],
  ['draft', /^(?:drafts?|proposed|planned|candidates?)\b/i],
  ['active', /\b(?:active|canonical|current)\b.*\bplans?\b|^active\b/i],
];
const ITEM = /^(?:[-*+]|\d+[.)])\s+(.*)$/;
const PATH = /`([^`]+)`|\[[^\]]*\]\(\s*<?([^)>]+?)>?\s*\)/g;
/** What is no plan, such as `W5-T02` in backticks, has no ending. */
const ENDING = /\.[a-z][a-z0-9]{0,7}$/i;
const WITHOUT_MARKS = /(?<![\p{L}\p{N}._:/-])[\p{L}\p{N}._/-]+\.(?:md|markdown|ya?ml)(?![\p{L}\p{N}])/iu;
/** What stands behind these is another plan's; the last of them before a path counts, up to the end of its bracket or clause. */
const RELATION = /\b(?:(supersed(?:es|ing)|replac(?:es|ing))|(?:superseded|replaced)\b[^;)]*?\bby)\b/gi;
const ENDS_RELATION = /[;)|]|[.](?=\s)/;

interface Drafted extends Plan {
  supersedes: string[];
  supersededBy: string | null;
}

/**
 * Sections `Active Canonical Plan`, `Superseded …`, `Drafts`; others (`Notes`) hold no plans, and a heading below one of them stays in it. Every path
 * there is a plan of the section, or what `supersedes` or `superseded by` before it says; what is neither is told as unread.
 */
export function fromMarkdown(path: string, text: string): Register {
  const document = { path, text, isNamed: true };
  const lines = spokenLines(document);
  const plans: Drafted[] = [];
  const unread: { line: number; why: string }[] = [];
  /** What a heading says of all plans below it: the active one, or a path, superseded them. */
  const by = new Map<Heading, string>();
  const below = new Map<Plan, Section>();
  let last: { readonly of: Heading; readonly plans: readonly Drafted[] } | null = null;
  let head: readonly string[] | null = null;
  for (const [n, line] of lines.entries()) {
    const before = lines[n - 1];
    if (isTableRule(line.raw)) head = before?.raw.split('|') ?? null;
    else if (!line.raw.includes('|')) head = null;
    const section = sectionOf(line);
    if (section === null) continue;
    const { heading, status } = section;
    const tell = (why: string) => unread.push({ line: line.line, why });
    const own: Drafted[] = [];
    let owners: readonly Drafted[] = last?.of === heading && /^\s/.test(line.raw) ? last.plans : [];
    let isRelated = false;
    // a line that goes on with the one before it
    const lead = /^\s+(?![-*+]\s|\d+[.)]\s)/.test(line.raw) && before?.line === line.line - 1 ? before.raw : '';
    for (const { target, relation } of pathsOf(path, line, { head, lead })) {
      if (relation === null) {
        const plan: Drafted = { path: target, status, supersedes: [], supersededBy: null, line: line.line };
        owners = own.length > 0 && !isRelated ? [...owners, plan] : [plan];
        isRelated = false;
        own.push(plan);
        continue;
      }
      isRelated = true;
      if (line.heading === heading && relation === 'superseded by') by.set(heading, target);
      else if (owners.length === 0) tell(`${target}: of which plan is this said?`);
      for (const plan of owners) {
        if (relation === 'supersedes') plan.supersedes.push(target);
        else if (plan.supersededBy === null) plan.supersededBy = target;
        else if (plan.supersededBy !== target) tell(`${plan.path} is superseded by ${plan.supersededBy} and ${target}`);
      }
    }
    const bare = WITHOUT_MARKS.exec(line.raw.replace(PATH, ' '))?.[0];
    const item = ITEM.exec(line.raw)?.[1];
    if (bare !== undefined) tell(`${bare} stands there without backticks`);
    else if (item !== undefined && own.length === 0) tell(`names no plan: ${item.slice(0, 80)}`);
    if (own.length > 0) last = { of: heading, plans: own };
    plans.push(...own);
    for (const plan of own) below.set(plan, section);
  }
  const open = neverClosed(document);
  if (open !== null) unread.push({ line: open.line, why: `${open.what} begins and never ends` });
  const active = plans.filter((plan) => plan.status === 'active');
  const only = active.length === 1 ? (active[0]?.path ?? null) : null;
  return {
    path,
    unread,
    plans: plans.map((plan) => {
      const section = below.get(plan);
      const all = section === undefined ? null : (by.get(section.heading) ?? (section.isByActive ? only : null));
      return { ...plan, supersededBy: plan.supersededBy ?? all };
    }),
  };
}

interface Section {
  readonly heading: Heading;
  readonly status: PlanStatus;
  readonly isByActive: boolean;
}

/** The innermost heading that names a section, the title left out; null where the line stands in none. */
function sectionOf({ under, heading }: SpokenLine): Section | null {
  for (const one of [...under, ...(heading === null ? [] : [heading])].reverse()) {
    if (one.level === 1) break;
    const status = SECTIONS.find(([, names]) => names.test(one.text))?.[0];
    if (status !== undefined) return { heading: one, status, isByActive: /\bby\b.*\bactive\b/i.test(one.text) };
  }
  return null;
}

/** What else says what a path is: the names of the columns of its row, and the text that its line goes on with. */
interface Around {
  readonly head: readonly string[] | null;
  readonly lead: string;
}

interface Named {
  /** Relative to the root. */
  readonly target: string;
  readonly relation: 'supersedes' | 'superseded by' | null;
}

/** The paths in marks of a line. An item may name its plan in words without an ending, as its first. */
function pathsOf(register: string, { raw }: SpokenLine, around: Around): Named[] {
  const found = [...raw.matchAll(PATH)].flatMap((match) => {
    const [all, code, link = ''] = match;
    const target = code === undefined ? linked(register, link) : spanned(code);
    return target === null ? [] : [{ target, at: match.index, to: match.index + all.length }];
  });
  const withEnding = found.filter(({ target }) => ENDING.test(target));
  const used = withEnding.length === 0 && ITEM.test(raw) ? found.slice(0, 1) : withEnding;
  // brackets and full stops of the paths themselves end no clause
  let plain = raw;
  for (const { at, to } of found) plain = plain.slice(0, at) + '_'.repeat(to - at) + plain.slice(to);
  return used.map(({ target, at }) => ({ target, relation: relationBefore(plain.slice(0, at), around) }));
}

function relationBefore(before: string, { head, lead }: Around): Named['relation'] {
  const cells = before.split('|');
  const clause = `${lead} ${before}`.split(ENDS_RELATION).at(-1) ?? '';
  const column = head?.[cells.length - 1] ?? '';
  const last = [...`${column} ${clause}`.matchAll(RELATION)].at(-1);
  return last === undefined ? null : last[1] === undefined ? 'superseded by' : 'supersedes';
}

function spanned(code: string): string | null {
  const path = code.replace(/#[^/]*$/, '').trim();
  return path === '' ? null : posix.normalize(path);
}

/** A link counts from the register's folder; one from the root, `/docs/plan.md`, from the root; one into the net is none. */
function linked(register: string, target: string): string | null {
  if (/^[a-z][a-z0-9+.-]+:/i.test(target)) return null;
  const path = unescaped(target.replace(/[#?].*$/, ''));
  if (path === '') return null;
  if (path.startsWith('/')) return posix.normalize(path.slice(1));
  return posix.normalize(posix.join(posix.dirname(register), path));
}

function unescaped(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
