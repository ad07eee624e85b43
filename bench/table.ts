import type { Result, Spread } from './row.ts';

/** How results are shown. */

export function print(result: Result): void {
  const { name, ours, theirs, ratio, unit, met } = result;
  console.log(
    `${met ? 'met   ' : 'missed'}  ${name}: ${show(ours)} ${unit}, ${show(theirs)} ${unit} ${result.against}; ratio ${show(ratio)}, goal ${goal(result)}`,
  );
}

export function markdown(machine: Readonly<Record<string, unknown>>, results: readonly Result[]): string {
  const rows = results.map(
    (r) =>
      `| ${r.name} | ${show(r.ours)} ${r.unit} | ${show(r.theirs)} ${r.unit} (${r.against}) | ${show(r.ratio)} | ${goal(r)} | ${r.met ? 'met' : '**missed**'} | ${r.runs.length} on ${r.at} |`,
  );
  const facts = Object.entries(machine).map(([key, value]) => `${key.replaceAll('_', ' ')} ${String(value)}`);
  return [
    `Machine: ${facts.join(', ')}. Medians, with least and most.`,
    '',
    '| What | Waybill | Against | Ratio | Goal | | Runs |',
    '| --- | --- | --- | --- | --- | --- | --- |',
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
