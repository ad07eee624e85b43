import pc from 'picocolors';
import { closeRepository } from '../../git/repository.ts';
import type { DriftReport } from '../../order/generated.ts';
import { driftOf } from '../../pipeline/report/drift.ts';
import { type Fed, feed } from '../../pipeline/report/feed.ts';
import { showDrift, showStatus } from '../../pipeline/report/show.ts';
import { statusOf } from '../../pipeline/report/status.ts';
import { runningStation } from '../../views/order-state.ts';
import { note, plain, print, printJson } from '../output.ts';
import { HOW_TO_START, stationOf } from '../station.ts';
import type { ReportOptions } from './options.ts';
import { sinceOf } from './since.ts';

/**
 * Says what drifted apart since a time, shows it in the file of its week, and with `feed` hands in the order that adds it to the backlog. Exits 0
 * whatever was found. Throws USAGE for a time that is none.
 */
export async function reportDrift(options: ReportOptions): Promise<void> {
  const station = await stationOf(options);
  try {
    const made = await statusOf(station);
    const since = sinceOf(options['since'], '7d', Date.parse(made.status.generated_at_utc));
    const isShown = options['write'] !== false;
    // the gate reads it: an old one would tell of what is over
    const paths = isShown ? await showStatus(station, made.status) : [];
    const report = await driftOf(station, made, since);
    if (isShown) paths.push(...(await showDrift(station, report)));
    const feedIt = () => (options['feed'] === true ? feed(station, report) : null);
    if (options.json) return printJson({ ok: true, report, paths, fed: feedIt() });
    for (const line of asText(report)) print(line);
    for (const path of paths) note(`wrote ${plain(path)}`);
    // what was found is told also where it cannot be fed
    const fed = feedIt();
    if (fed === null) return;
    print(feedText(fed));
    if (fed.woId !== null && fed.isNew && runningStation(station) === null) note(HOW_TO_START);
  } finally {
    await closeRepository(station.repo);
  }
}

function asText({ week, since, findings, not_read: notRead }: DriftReport): string[] {
  const count = `${findings.length} ${findings.length === 1 ? 'finding' : 'findings'}`;
  return [
    `${pc.bold(week)}: ${findings.length === 0 ? pc.green('nothing drifted apart') : pc.yellow(count)} since ${since}`,
    ...findings.map(({ fingerprint, source, severity, message, refs }) => {
      const where = refs.length === 0 ? '' : ` (${refs.join(', ')})`;
      return `  ${pc.dim(fingerprint)}  ${severity.padEnd(5)}  ${source}: ${plain(message)}${plain(where)}`;
    }),
    ...notRead.map((why) => pc.yellow(`  not read: ${plain(why)}`)),
  ];
}

function feedText({ woId, isNew, items, file, why }: Fed): string {
  if (woId === null) return `nothing is added to ${plain(file)}: ${plain(why)}`;
  const count = `${items.length} ${items.length === 1 ? 'item' : 'items'}`;
  return isNew ? `${woId} adds ${count} to ${plain(file)}` : `nothing is added to ${plain(file)}: ${plain(why)}`;
}
