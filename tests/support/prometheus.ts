import { execFileSync } from 'node:child_process';

/** A sample as a Prometheus client reads it. */
export interface ReadSample {
  readonly family: string;
  readonly type: string;
  readonly help: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const READ = `
import json, sys
from prometheus_client.parser import text_string_to_metric_families as text
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
families = (openmetrics if sys.argv[1] == "openmetrics" else text)(sys.stdin.buffer.read().decode("utf-8"))
print(json.dumps([dict(family=f.name, type=f.type, help=f.documentation, name=s.name, labels=s.labels, value=s.value)
  for f in families for s in f.samples]))
`;

/** Reads an exposition with the Prometheus client for Python, whose reader of OpenMetrics is strict. Throws where it does not read. */
export function readExposition(text: string, format: 'text' | 'openmetrics'): ReadSample[] {
  const read = execFileSync('/usr/bin/python3', ['-c', READ, format], { input: text, encoding: 'utf8' });
  return JSON.parse(read) as ReadSample[];
}

/** `name{a="b"}` -> value, labels by name; no two samples may be the same. */
export function byKey(samples: readonly ReadSample[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const { name, labels, value } of samples) {
    const key = sampleKey(name, labels);
    if (found.has(key)) throw new Error(`${key} is told twice`);
    found.set(key, value);
  }
  return found;
}

export function sampleKey(name: string, labels: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}
