import { relative } from 'node:path';
import pc from 'picocolors';
import { readInstant } from '../../order/instant.ts';
import { investigate } from '../../pipeline/history/forensics.ts';
import { placeOf } from '../../pipeline/history/place.ts';
import { note, plain, print, printJson, usage } from '../output.ts';

type Options = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };

const DAY_MS = 86_400_000;

/** Looks into a time, writes report and lesson, and prints what was found. Exits 0 whatever it is. */
export async function forensics(options: Options): Promise<void> {
  const until = options['until'] === undefined ? new Date() : instant('--until', options['until']);
  const since =
    options['since'] === undefined ? new Date(until.getTime() - DAY_MS) : instant('--since', options['since']);
  if (since >= until) throw usage('--since must lie before --until');
  const place = await placeOf(options.station);
  const components = Array.isArray(options['component']) ? options['component'].map(String) : [];
  const done = await investigate(place, { since, until, components, budgetMs: budget(options['budget']) });
  const { report, lesson } = done;
  const [json, markdown] = [done.json, done.markdown].map((file) => relative(place.layout.root, file));
  if (options.json) return printJson({ ok: true, report, files: { json, markdown }, lesson });
  const { findings } = report;
  print(`${pc.bold(`likely cause (${findings.confidence})`)}: ${plain(findings.likely_cause)}`);
  const lists = {
    git: findings.git_events,
    'rollback scripts': findings.rollback_scripts,
    'services that failed': findings.launchagent_failures,
  };
  for (const [title, lines] of Object.entries(lists))
    if (lines.length > 0) print([`${title}:`, ...lines.map((line) => `  ${plain(line)}`)].join('\n'));
  const command = report.recommended_command;
  print(
    `recommendation: ${report.recommendation.replaceAll('_', ' ')}${command === null ? '' : `\n  $ ${plain(command)}`}`,
  );
  for (const line of report.not_finished) note(`not finished: ${plain(line)}`);
  print(`written: ${json}, ${markdown}\nlesson: ${plain(lesson.title)}${done.isKnownLesson ? ' (known already)' : ''}`);
}

function instant(option: string, given: unknown): Date {
  const read = readInstant(String(given));
  if (read === null) throw usage(`${option} takes a time, as in 2025-11-13T01:50:00Z`);
  if (read.guess !== null) note(`${option}: ${read.guess}`);
  return new Date(read.iso);
}

const UNITS: Readonly<Record<string, number>> = { '': 1000, ms: 1, s: 1000, m: 60_000 };

function budget(given: unknown): number {
  const [, count = '', unit = ''] = /^(\d+)(ms|s|m)?$/.exec(String(given)) ?? [];
  const ms = Number(count) * (UNITS[unit] ?? 0);
  if (!(ms > 0 && ms <= 3_600_000)) throw usage('--budget takes a time, as in 30s or 2m');
  return ms;
}
