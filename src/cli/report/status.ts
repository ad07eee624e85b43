import pc from 'picocolors';
import { closeRepository } from '../../git/repository.ts';
import type { RuntimeFacts, RuntimeStatus } from '../../order/generated.ts';
import { showStatus } from '../../pipeline/report/show.ts';
import { statusOf } from '../../pipeline/report/status.ts';
import { note, plain, print } from '../output.ts';
import { stationOf } from '../station.ts';
import type { ReportOptions } from './options.ts';

/** Measures how the station stands, shows it in its files, and says it. Exits 0 whatever the answer is: `docs check` judges. */
export async function reportStatus(options: ReportOptions): Promise<void> {
  const station = await stationOf(options);
  try {
    const { status } = await statusOf(station);
    const paths = options['write'] === false ? [] : await showStatus(station, status);
    if (options.json) return print(JSON.stringify(status, null, 2));
    for (const line of asText(status)) print(line);
    for (const path of paths) note(`wrote ${plain(path)}`);
  } finally {
    await closeRepository(station.repo);
  }
}

const COLOURS: Readonly<Record<RuntimeStatus['status'], (text: string) => string>> = {
  ok: pc.green,
  warn: pc.yellow,
  fail: pc.red,
};

function asText({ status, reasons, contradictions, facts }: RuntimeStatus): string[] {
  const told = [...reasons, ...contradictions];
  const what = told.length === 0 ? 'everything is in order' : `${told.length} to look at`;
  const names = Object.keys(facts) as (keyof RuntimeFacts)[];
  return [
    `${COLOURS[status](status)}: ${what}`,
    ...told.map((line) => `  ${plain(line)}`),
    '',
    ...names.map((name) => {
      const { value, why } = facts[name];
      return `${name.padEnd(12)} ${value === null ? pc.dim(plain(why ?? 'unknown')) : plain(short(value))}`;
    }),
  ];
}

/** So much of a value stands on a line. */
const WIDTH = 66;

function short(value: unknown): string {
  const text = typeof value === 'string' ? value : wordsOf(value);
  return text.length <= WIDTH ? text : `${text.slice(0, WIDTH - 1)}…`;
}

/** A value in words: what is null or nothing is left out. */
function wordsOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(wordsOf).join('; ');
  if (typeof value !== 'object' || value === null) return String(value);
  const parts = Object.entries(value)
    .filter(([, inner]) => inner !== null && !(Array.isArray(inner) && inner.length === 0))
    .map(([key, inner]) =>
      typeof inner === 'object' ? `${key} (${wordsOf(inner)})` : `${key.replaceAll('_', ' ')} ${String(inner)}`,
    );
  return parts.length === 0 ? 'none' : parts.join(', ');
}
