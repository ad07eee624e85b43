import pc from 'picocolors';
import { conform } from '../../platform/schema.ts';
import { asHtml, asLines, asMarkdown } from '../../views/digest/forms.ts';
import { readDigest } from '../../views/digest/read.ts';
import { digestText } from '../../views/digest/sections.ts';
import { print, usage } from '../output.ts';
import { stationToRead } from '../station.ts';
import type { ReportOptions } from './options.ts';
import { sinceOf } from './since.ts';

/**
 * What happened since a time, against the same time before: for a terminal, as Markdown, as an HTML file that needs nothing else, or as JSON. Changes
 * nothing. Exits 0 whatever happened. Throws USAGE for a time that is none, or for two forms.
 */
export async function reportDigest(options: ReportOptions): Promise<void> {
  const forms = [options['html'] === true, options['md'] === true, options.json === true].filter(Boolean);
  if (forms.length > 1) throw usage('choose one of --html, --md and --json');
  const until = Date.now();
  const since = Date.parse(sinceOf(options['since'], '24h', until));
  const station = await stationToRead(options);
  const digest = conform('digest', await readDigest(station, since, until), 'INTERNAL');
  if (options.json === true) return print(JSON.stringify(digest, null, 2));
  const text = digestText(digest);
  if (options['html'] === true) return print(asHtml(text));
  if (options['md'] === true) return print(asMarkdown(text));
  for (const line of asLines(text, pc.bold)) print(line);
}
