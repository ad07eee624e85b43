import { brokenClaims, type MeasuredClaim } from './claims.ts';
import { missingCommits } from './commits-named.ts';
import type { Contradiction } from './contradiction.ts';
import { misledPointers } from './pointers.ts';
import type { TextDocument } from './spoken-lines.ts';
import { excludes, type Standing } from './standing.ts';
import { type Statement, statementsOf } from './statements.ts';
import { idsAtStart, isPackage, packageOf } from './task-ids.ts';

/** One item of a backlog, as far as it says something that others may contradict. */
export interface BacklogEntry {
  readonly path: string;
  readonly line: number;
  readonly id: string | null;
  readonly title: string;
  readonly status: 'open' | 'in progress' | 'blocked' | 'done' | 'dropped';
}

/** What is held against each other. Facts are measured by the caller; null: could not be measured. */
export interface Held {
  /** What says how things are: state documents, the active plan. No backlogs. */
  readonly documents: readonly TextDocument[];
  readonly backlog: readonly BacklogEntry[];
  /** Backlogs in Markdown as they were read, for what they say beside their items: which plan counts. */
  readonly backlogTexts: readonly TextDocument[];
  readonly claims: readonly MeasuredClaim[];
  /** Of each commit that documents name (commitsNamed): whether it is in history. */
  readonly commits: ReadonlyMap<string, boolean | null>;
  /** The plan that the register has as the active one, and where; null without. */
  readonly activePlan: { readonly path: string; readonly ref: string } | null;
}

/** All that cannot be true together, or is not what was measured; the same for the same input, in a fixed order. */
export function contradictionsIn(held: Held): Contradiction[] {
  const { documents, backlog, backlogTexts, claims, commits, activePlan } = held;
  const statements = [...statementsOf(documents), ...backlog.flatMap(ofItem)];
  return [
    ...openAndDone(statements),
    ...packagesDone(statements),
    ...titlesApart(backlog),
    ...brokenClaims(documents, claims),
    ...missingCommits(documents, commits),
    ...misledPointers([...documents, ...backlogTexts], activePlan),
  ];
}

const MOST_REFS = 12;

function openAndDone(statements: readonly Statement[]): Contradiction[] {
  return [...byTask(statements)].flatMap(([task, all]) => {
    const done = all.filter(({ standing }) => standing === 'done');
    const other = all.filter(({ standing }) => done.length > 0 && excludes(standing, 'done'));
    const [first, against] = [done[0], other[0]];
    if (first === undefined || against === undefined) return [];
    return [
      {
        id: idOf([...done, ...other]),
        severity: 'block' as const,
        message: `${task} is ${said(against)} in ${against.path}:${against.line} and ${said(first)} in ${first.path}:${first.line}`,
        refs: refsOf([...other, ...done]),
      },
    ];
  });
}

function idOf(statements: readonly Statement[]): string {
  const kinds = new Set(statements.map(({ from }) => from));
  if (kinds.size === 2) return 'backlog-against-documents';
  return kinds.has('backlog') ? 'backlogs-apart' : 'task-open-and-done';
}

/** A package that is done, with a task of it that is not. One that was put off may stay. */
function packagesDone(statements: readonly Statement[]): Contradiction[] {
  const tasks = byTask(statements);
  return [...tasks].flatMap(([name, all]) => {
    const done = isPackage(name) ? all.find(({ standing }) => standing === 'done') : undefined;
    if (done === undefined) return [];
    const open = [...tasks].flatMap(([task, those]) =>
      packageOf(task) === name && isLive(those) ? those.slice(0, 1) : [],
    );
    if (open.length === 0) return [];
    const which = open.map((one) => `${one.task} is ${said(one)}`).join(', ');
    return [
      {
        id: 'package-done-task-open',
        severity: 'block' as const,
        message: `${name} is ${said(done)} in ${done.path}:${done.line}, and ${which}`,
        refs: refsOf([done, ...open]),
      },
    ];
  });
}

/** Nobody says that it is done, or put off. */
function isLive(statements: readonly Statement[]): boolean {
  const live: readonly Standing[] = ['open', 'in progress', 'blocked'];
  return statements.every(({ standing }) => live.includes(standing));
}

/** Items without an id that two files of the backlog have by the same title. */
function titlesApart(backlog: readonly BacklogEntry[]): Contradiction[] {
  const byTitle = new Map<string, BacklogEntry[]>();
  for (const entry of backlog) {
    if (ofItem(entry).length > 0) continue;
    const title = entry.title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, ' ')
      .trim();
    if (title !== '') byTitle.set(title, [...(byTitle.get(title) ?? []), entry]);
  }
  return [...byTitle.values()].flatMap((entries) => {
    const done = entries.find(({ status }) => status === 'done');
    const other = entries.find(
      ({ status, path }) => done !== undefined && path !== done.path && excludes(status, 'done'),
    );
    if (done === undefined || other === undefined) return [];
    return [
      {
        id: 'backlogs-apart',
        severity: 'block' as const,
        message: `${JSON.stringify(done.title)} is ${other.status} in ${other.path} and done in ${done.path}`,
        refs: [other, done].map(({ path, line }) => `${path}:${line}`),
      },
    ];
  });
}

function ofItem({ path, line, id, title, status }: BacklogEntry): Statement[] {
  const tasks = id === null ? (idsAtStart(title)?.tasks ?? []) : [id];
  return tasks
    .filter((task) => id !== null || !isPackage(task))
    .map((task) => ({ task, standing: status, word: status, path, line, from: 'backlog' as const }));
}

function byTask(statements: readonly Statement[]): Map<string, Statement[]> {
  const tasks = new Map<string, Statement[]>();
  for (const statement of statements) tasks.set(statement.task, [...(tasks.get(statement.task) ?? []), statement]);
  return tasks;
}

function said({ word, standing }: Statement): string {
  return /\p{L}/u.test(word) ? word : standing;
}

function refsOf(statements: readonly Statement[]): string[] {
  return [...new Set(statements.map(({ path, line }) => `${path}:${line}`))].slice(0, MOST_REFS);
}
