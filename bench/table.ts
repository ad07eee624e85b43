import type { Result, Spread } from './row.ts';

/** How results are shown. */

export function print(result: Result): void {
  const { name, ours, theirs, ratio, unit, met } = result;
  console.log(
    `${met ? 'met   ' : 'missed'}  ${name}: ${show(ours)} ${unit}, ${show(theirs)} ${unit} ${result.against}; ratio ${show(ratio)}, goal ${goal(result)}`,
  );
}

export function markdown(at: string, machine: Readonly<Record<string, unknown>>, results: readonly Result[]): string {
  const rows = results.map(
    (r) =>
      `| ${r.name} | ${show(r.ours)} ${r.unit} | ${show(r.theirs)} ${r.unit} (${r.against}) | ${show(r.ratio)} | ${goal(r)} | ${r.met ? 'met' : '**missed**'} |`,
  );
  const facts = Object.entries(machine).map(([key, value]) => `${key.replaceAll('_', ' ')} ${String(value)}`);
  return [
    `Measured ${at.slice(0, 10)} on: ${facts.join(', ')}. Medians, with least and most of ${results[0]?.runs.length ?? 0} runs.`,
    '',
    '| What | Waybill | Against | Ratio | Goal | |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function goal({ goal: { at, ratio } }: Result): string {
  return `at ${at} ${ratio}`;
}

function show({ median, least, most }: Spread): string {
  return least === most ? digits(median) : `${digits(median)} (${digits(least)} to ${digits(most)})`;
}

function digits(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(3);
}
