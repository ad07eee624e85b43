import { join } from 'node:path';
import { filesDeletedBetween, filesInIndex } from '../../git/past.ts';
import { kindOfMove, readReflog } from '../../git/reflog.ts';
import { closeRepository } from '../../git/repository.ts';
import { type Findings, reportOf, reportText } from '../../guardrail/forensics/report.ts';
import { rollbackScripts } from '../../guardrail/forensics/rollback-scripts.ts';
import { serviceLogs } from '../../guardrail/history/logs.ts';
import { componentsMissed } from '../../guardrail/history/scans.ts';
import { Budget, type Reach } from '../../guardrail/history/trace.ts';
import { addLesson, readLessons } from '../../guardrail/lessons.ts';
import type { ForensicsDocument, HistoryDocument, LessonDocument } from '../../order/generated.ts';
import type { Redactor } from '../../order/secrets/redactor.ts';
import { now } from '../../platform/clock.ts';
import { ensureDir, writeDurable } from '../../platform/durable.ts';
import { conform } from '../../platform/schema.ts';
import { redactorOf } from '../../station/redactor.ts';
import { historyOf, pathIn } from './history.ts';
import type { Place } from './place.ts';

export interface Investigation {
  readonly since: Date;
  readonly until: Date;
  /** As given; none for all that are missing, or were missed or deleted within the time. */
  readonly components: readonly string[];
  readonly budgetMs: number;
}

export interface Investigated {
  readonly report: ForensicsDocument;
  readonly json: string;
  readonly markdown: string;
  readonly lesson: LessonDocument;
  /** A lesson with these words was there already. */
  readonly isKnownLesson: boolean;
}

const MOST_COMPONENTS = 20;
const MOST_MOVES = 100;

/**
 * Seed 003's phase 1: what killed it, within a time, and no novel. Looks at git, scripts and logs first, then at one component after the other
 * until a cause is certain or the time is over; names what it did not come to. Writes the report and a lesson.
 */
export async function investigate(place: Place, asked: Investigation): Promise<Investigated> {
  const { layout, settings, repo } = place;
  const budget = new Budget(asked.budgetMs);
  const reach: Reach = { sinceMs: asked.since.getTime(), untilMs: asked.until.getTime(), budget };
  const hours = Math.max(0.001, (reach.untilMs - reach.sinceMs) / 3_600_000);
  const notFinished: string[] = [...place.notRead];
  try {
    const { gitEvents, deleted } = await gitEventsIn(place, reach, notFinished);
    const given = asked.components.map((path) => pathIn(layout.root, path));
    const all = given.length > 0 ? given : await suspects(place, deleted, reach);
    const components = all.slice(0, MOST_COMPONENTS);
    if (all.length > components.length) notFinished.push(`${all.length - components.length} more components`);
    const scripts = rollbackScripts(layout.root, components, reach.sinceMs, reach.untilMs);
    const failures = serviceLogs(layout.root, settings.guardrail.serviceLogs, null, reach);
    notFinished.push(...failures.notRead);
    const histories: HistoryDocument[] = [];
    for (const [n, path] of components.entries()) {
      const isCertain = histories.some(({ cause }) => cause?.confidence === 'certain');
      const why = isCertain ? 'a certain cause was found before' : budget.isOver ? 'no time was left' : null;
      if (why !== null) {
        notFinished.push(`${components.slice(n).join(', ')}: ${why}`);
        break;
      }
      const history = await historyOf(place, path, { hours, budgetMs: budget.limits.timeoutMs, until: asked.until });
      histories.push(history);
      notFinished.push(...history.not_read.map((text) => `${path}: ${text}`));
    }
    return write(place, {
      at: now(),
      since: asked.since.toISOString(),
      until: asked.until.toISOString(),
      components,
      histories,
      gitEvents,
      rollbackScripts: scripts,
      serviceFailures: failures.traces.map(({ at, text, where }) => `${at} ${text} [${where}]`),
      notFinished,
    });
  } finally {
    await closeRepository(repo);
  }
}

/** Every move of HEAD within the time, and the files that moves deleted. */
async function gitEventsIn({ repo }: Place, reach: Reach, notFinished: string[]) {
  const gitEvents: string[] = [];
  const deleted = new Set<string>();
  for (const { at, from, to, by, message, where } of readReflog(repo.gitDir, 'HEAD')) {
    if (Date.parse(at) > reach.untilMs) continue;
    if (Date.parse(at) + 1000 < reach.sinceMs) break;
    if (gitEvents.length === MOST_MOVES || reach.budget.isOver) {
      notFinished.push(`reflog: nothing before ${at}`);
      break;
    }
    const gone = from === null || to === null ? [] : await filesDeletedBetween(repo.git, from, to, reach.budget.limits);
    for (const path of gone) deleted.add(path);
    const count =
      gone.length === 0
        ? ''
        : `, deleted ${gone.length} ${gone.length === 1 ? 'file' : 'files'}: ${gone.slice(0, 5).join(', ')}${gone.length > 5 ? ', ...' : ''}`;
    const kind = kindOfMove(message);
    gitEvents.push(
      `${at} ${kind === 'order' ? 'orders landed' : message} (${by.replace(/ <.*/, '')}, ${where})${count}`,
    );
  }
  return { gitEvents: gitEvents.reverse(), deleted: [...deleted] };
}

/** What somebody may have missed: what scans missed, what git has and the disk has not, and what moves of HEAD deleted and nobody brought back. */
async function suspects({ repo, layout }: Place, deleted: readonly string[], reach: Reach): Promise<string[]> {
  const missed = componentsMissed(layout.telemetry, reach);
  const gone = await filesInIndex(repo.git, null, 'deleted', reach.budget.limits);
  return [...new Set([...missed, ...gone, ...deleted])];
}

function write({ layout, settings }: Place, found: Findings): Investigated {
  const redactor = redactorOf(settings);
  // it repeats what others wrote: commits, logs, shell histories
  const report = conform('forensics', JSON.parse(redactor.redactText(JSON.stringify(reportOf(found)))), 'INTERNAL');
  ensureDir(layout.reports);
  const subject = (found.components[0] ?? 'station')
    .replace(/[^\w.-]+/g, '_')
    .replace(/^_+/, '')
    .slice(-80);
  const name = `forensic_${subject}_${found.at.replace(/[-:]|\.\d+/g, '')}`;
  const json = join(layout.reports, `${name}.json`);
  const markdown = join(layout.reports, `${name}.md`);
  writeDurable(json, `${JSON.stringify(report, null, 2)}\n`);
  writeDurable(markdown, reportText(report));
  return { report, json, markdown, ...learned(layout, report, found, json, redactor) };
}

/** The same cause is one lesson, however often it is looked into. */
function learned(
  layout: Place['layout'],
  report: ForensicsDocument,
  found: Findings,
  json: string,
  redactor: Redactor,
) {
  const cause = found.histories.find(({ summary }) => summary === report.findings.likely_cause)?.cause ?? null;
  const subject = found.components[0] ?? 'the station';
  const what = redactor.redactText(cause === null ? report.findings.likely_cause : `${subject}: ${cause.text}`);
  const title = what.length > 200 ? `${what.slice(0, 199)}…` : what;
  const known = readLessons(layout.lessons).lessons.find((lesson) => lesson.title === title);
  if (known !== undefined) return { lesson: known, isKnownLesson: true };
  const { lesson } = addLesson(layout.lessons, {
    type: 'pattern',
    title,
    context: `${report.findings.likely_cause} Confidence: ${report.findings.confidence}. Recommended: ${report.recommendation}${report.recommended_command === null ? '' : `, ${report.recommended_command}`}.`,
    tags: [...new Set(['forensics', cause?.kind ?? 'unknown', ...found.components])]
      .slice(0, 50)
      .map((tag) => tag.slice(0, 100)),
    links: [json.slice(layout.root.length + 1)],
  });
  return { lesson, isKnownLesson: false };
}
