import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import picomatch from 'picomatch';
import { closeRepository } from '../../git/repository.ts';
import { componentsOf } from '../../guardrail/component.ts';
import { type Committed, commits } from '../../guardrail/history/commits.ts';
import { conclude } from '../../guardrail/history/conclude.ts';
import { hooksLog } from '../../guardrail/history/hooks-log.ts';
import { rollbackLogs, serviceLogs } from '../../guardrail/history/logs.ts';
import { movesOfHead } from '../../guardrail/history/moves.ts';
import { lastSeen, scans } from '../../guardrail/history/scans.ts';
import { standingOf, sweptAt } from '../../guardrail/history/standing.ts';
import { stashed } from '../../guardrail/history/stashes.ts';
import type { Facts } from '../../guardrail/history/time-line.ts';
import { Budget, type Reach, type Told } from '../../guardrail/history/trace.ts';
import { readLook } from '../../guardrail/last-look.ts';
import { olderLessons, readLessons, searchLessons } from '../../guardrail/lessons.ts';
import { asWaybillError, WaybillError } from '../../order/error.ts';
import type { HistoryDocument } from '../../order/generated.ts';
import { now } from '../../platform/clock.ts';
import { expandHome } from '../../platform/user.ts';
import { ordersThatTouched } from './orders.ts';
import type { Place } from './place.ts';

export interface Asked {
  /** How far back logs are read, in hours. Commits, reflogs, stashes and the ledger are read whatever their age. */
  readonly hours: number;
  readonly budgetMs: number;
  /** Nothing after this instant counts; now where it is absent. */
  readonly until?: Date;
}

/** A path as histories name it: relative to the root, or absolute where it lies outside. Throws USAGE for one that can be no file's. */
export function pathIn(root: string, given: string): string {
  const path = expandHome(given);
  if (path === '' || /[\n\0]/.test(path)) throw new WaybillError('USAGE', `${JSON.stringify(given)} is no path`);
  const inside = relative(root, isAbsolute(path) ? path : join(root, path));
  return inside.startsWith('..') || isAbsolute(inside) ? resolve(root, path) : inside === '' ? '.' : inside;
}

/** What became of a path: never there, gone, broken or fine; since when, and why as far as there is evidence. Starts no station and changes nothing. */
export async function historyOf(place: Place, given: string, asked: Asked): Promise<HistoryDocument> {
  const path = pathIn(place.layout.root, given);
  try {
    const facts = await factsOf(place, path, asked);
    const [first] = facts.standing.goneBelow;
    const answer = conclude(facts);
    if (first === undefined) return answer;
    // a folder with holes is told by the first of them
    return ofFolder(answer, conclude(await factsOf(place, first, asked)));
  } finally {
    await closeRepository(place.repo);
  }
}

function ofFolder(folder: HistoryDocument, file: HistoryDocument): HistoryDocument {
  const { last_good, first_bad, cause, between, advice } = file;
  const summary = `${folder.path} is there, but not all of it: ${file.summary}`;
  return { ...folder, summary, last_good, first_bad, cause, between, advice: folder.advice ?? advice };
}

/** Asks every source. One that fails is named, and the others count. */
async function factsOf(place: Place, path: string, asked: Asked): Promise<Facts> {
  const { repo, layout, settings } = place;
  const budget = new Budget(asked.budgetMs);
  const untilMs = asked.until?.getTime() ?? Date.now();
  const reach: Reach = { sinceMs: untilMs - asked.hours * 3_600_000, untilMs, budget };
  const notRead: string[] = [...place.notRead];
  const ask = async <T extends { readonly notRead: readonly string[] }>(
    name: string,
    other: T,
    call: () => T | Promise<T>,
  ) => {
    try {
      const told = await call();
      notRead.push(...told.notRead);
      return told;
    } catch (thrown) {
      notRead.push(`${name}: ${asWaybillError(thrown).message}`);
      return other;
    }
  };
  const none: Told = { traces: [], notRead: [] };
  const nothing: Committed = { traces: [], notRead: [], lastOnHead: null, source: null, renamedTo: null };
  const isOutside = isAbsolute(path);
  const orders = await ask('ledger', { ...none, left: null }, () =>
    ordersThatTouched(repo, layout.ledger, place.journal, path, reach),
  );
  const left = orders.left === null ? null : { mode: orders.left.mode, id: orders.left.disk, size: null };
  const standing = await standingOf(repo.git, path, left, budget);
  const moves = isOutside ? none : await ask('reflog', none, () => movesOfHead(repo.git, repo.gitDir, path, reach));
  const committed = isOutside ? nothing : await ask('git log', nothing, () => commits(repo.git, path, reach));
  const hooks = await ask('hooks', none, () => hooksLog(layout.hooksLog, reach));
  const droppable = hooks.traces.filter(({ kind }) => kind === 'stash');
  const stashes = isOutside
    ? none
    : await ask('stash', none, () => stashed(repo.git, repo.gitDir, path, droppable, reach));
  const isWatched = isComponent(place, path);
  const told = await ask('telemetry', none, () => scans(layout.telemetry, path, isWatched, reach));
  const remembered = lastSeen(readLook(layout), path, isWatched, reach);
  const rollbacks = await ask('rollback logs', none, () => rollbackLogs(logFolders(place), path, reach));
  const services = await ask('service logs', none, () =>
    serviceLogs(layout.root, settings.guardrail.serviceLogs, path, reach),
  );
  const lessons = searchLessons(readLessons(layout.lessons).lessons, [path]).map(({ title }) => title);
  return {
    path,
    askedAt: now(),
    hours: asked.hours,
    standing,
    moves: moves.traces,
    committed,
    stashes: stashes.traces,
    orders: orders.traces,
    scans: [...told.traces, ...remembered],
    hooks: hooks.traces,
    rollbacks: rollbacks.traces,
    services: services.traces,
    swept: sweptAt([layout.state, layout.evidence, layout.outbox], layout.stationFile),
    lessons: [...lessons, ...olderLessons(layout.root, path)],
    notRead: [...new Set(notRead)],
  };
}

/** Where rollbacks are written down: ours beside the alerts, those of others in `logs/`. */
function logFolders({ layout }: Place): string[] {
  return [dirname(layout.alerts), join(layout.root, 'logs')];
}

/** Whether the guardrail looks after the path: as a file or folder, in settings or in a list, or as one of a glob. */
function isComponent({ settings, layout }: Place, path: string): boolean {
  return componentsOf({ settings, layout }).some((component) =>
    component.kind === 'glob'
      ? picomatch.isMatch(path, component.pattern, { dot: true })
      : (component.kind === 'file' || component.kind === 'folder') && component.path === path,
  );
}
