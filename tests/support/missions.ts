import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Recorded } from '../../src/order/event.ts';
import type { SteppedData } from '../../src/order/mission.ts';
import { atTerminal } from './deciding.ts';
import { type StationSetup, type TestStation, testStation } from './station.ts';
import type { TestContext } from './suite.ts';

const AGENT = resolve(import.meta.dirname, 'agents/mission-agent.mjs');
export const ROLES = ['designer', 'planner', 'builder', 'reviewer', 'steward'] as const;

/** What the scripted agent does in one turn of a step (tests/support/agents/mission-agent.mjs). */
export interface Turn {
  readonly write?: Readonly<Record<string, string>>;
  readonly delete?: readonly string[];
  /** A line for the shell, in the folder that it works in. */
  readonly run?: string;
  readonly packet?: unknown;
  readonly verdict?: string;
  readonly required?: readonly string[];
  readonly say?: string;
  readonly sleep?: number;
  readonly exit?: number;
  readonly usage?: unknown;
}

/** By step, or by `ORDER/step`. */
export type Script = Readonly<Record<string, readonly Turn[]>>;

/** One run of the scripted agent. */
export interface Call {
  readonly step: string;
  readonly role: string;
  readonly pid: number;
  readonly agent: string | null;
  readonly order: string;
  readonly prompt: string;
}

export const HELLO: Script = { build: [{ write: { 'src/hello.txt': 'hello\n' } }] };

/** Where the scripted agents of a station find what to do, and say what they were told. */
export class Agents {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  get folder(): string {
    return this.#folder;
  }

  script(script: Script): void {
    writeFileSync(join(this.#folder, 'script.json'), JSON.stringify(script));
  }

  calls(): Call[] {
    try {
      return readFileSync(join(this.#folder, 'calls.jsonl'), 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Call);
    } catch {
      return [];
    }
  }

  steps(): string[] {
    return this.calls().map(({ step }) => step);
  }
}

export const POLICY = 'version: 1\n';

/** A station whose roles are all done by the scripted agent, with a file to change. */
export function missionStation(
  t: TestContext,
  script: Script = HELLO,
  setup: StationSetup = {},
  use: (role: string) => readonly string[] = () => ['own'],
): { station: TestStation; agents: Agents } {
  const folder = t.tempDir();
  mkdirSync(folder, { recursive: true });
  const agents = new Agents(folder);
  agents.script(script);
  const files = Object.fromEntries(
    ROLES.map((role) => [
      `agents/${role}/agent.yaml`,
      `version: 1\nuse:\n${use(role)
        .map(
          (name) =>
            `  - name: ${name}\n    adapter: command\n    command: [${JSON.stringify(process.execPath)}, ${JSON.stringify(AGENT)}]\n    set: {MISSION_SCRIPT: ${JSON.stringify(folder)}, MISSION_AGENT: ${name}}\n`,
        )
        .join('')}`,
    ]),
  );
  const station = testStation(t, {
    policy: POLICY,
    ...setup,
    files: { ...files, 'src/old.txt': 'old\n', ...setup.files },
  });
  return { station, agents };
}

export const MISSION = {
  wo_id: 'WO-M',
  type: 'mission',
  title: 'Say hello',
  task: 'Write src/hello.txt, which says hello.',
  context_refs: ['src/old.txt'],
  constraints: { paths: ['src/**'] },
};

/** A mission like MISSION under another id. */
export function mission(woId: string, more: Readonly<Record<string, unknown>> = {}): typeof MISSION {
  return { ...MISSION, wo_id: woId, ...more };
}

/** The steps that came to an end, as `step` or `step!CODE`. */
export function stepped(station: TestStation, woId: string): string[] {
  return steps(station, woId).map(({ step, code }) => (code === null ? step : `${step}!${code}`));
}

/** The records of steps that came to their end. */
export function steps(station: TestStation, woId: string): SteppedData[] {
  return ledgerOf(station, woId).flatMap((record) => (record.event === 'stepped' ? [record.data] : []));
}

/** Why it waits, or how it ended: for the words of a failing assertion too. */
export function whyOf(station: TestStation, woId: string): string {
  const { status, waiting_for: waits, last_error: error } = station.state(woId);
  const why = ledgerOf(station, woId).findLast(({ event }) => event === 'waits');
  const said = why?.event === 'waits' ? why.data.why : '';
  return `${status}${waits === null ? '' : ` ${waits}: ${said}`}${error === null ? '' : ` ${error.code}: ${error.message}`}`;
}

/** Somebody says yes, or no, at a terminal; the station takes it at its next start. */
export function decide(station: TestStation, woId: string, word: 'approve' | 'deny' = 'approve'): void {
  const args = word === 'approve' ? [word, woId] : [word, woId, '--reason', 'no'];
  const { code, output } = atTerminal(station, 'y\n', args);
  if (code !== 0) throw new Error(`${word} ${woId} ended with ${code}: ${output}`);
}

/** All records of the ledger that tell of an order. */
export function ledgerOf(station: TestStation, woId: string): Recorded[] {
  return station
    .names('.git/waybill/ledger')
    .flatMap((name) => station.read(`.git/waybill/ledger/${name}`).split('\n').filter(Boolean))
    .map((line) => JSON.parse(line) as Recorded)
    .filter(({ wo_id }) => wo_id === woId);
}
