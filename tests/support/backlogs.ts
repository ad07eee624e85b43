import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { type Agents, HELLO, missionStation, type Script } from './missions.ts';
import { CLI, type StationSetup, TestStation } from './station.ts';
import type { TestContext } from './suite.ts';

/** A line of a backlog that can be begun at once; its key is its id. */
export function itemLine(id: string, more = ''): string {
  return `- [ ] Do ${id} — DoD: src/${id}.txt is there; ID: ${id}; Scope: src/${id}.txt${more}`;
}

export function backlogText(...lines: string[]): string {
  return `# Backlog\n\n## Now\n\n### P1\n\n${lines.join('\n')}\n`;
}

/** What the scripted agent builds for each of these items: a file of its own. */
export function scriptFor(ids: readonly string[]): Script {
  return Object.fromEntries(
    ids.map((id) => [`BL-${id}/build`, [{ write: { [`src/${id}.txt`]: `${id}\n` } }]] as const),
  );
}

/** Two agents in the place of four: what is tried here is what is around a mission. */
const SHORT = `version: 1
description: Built, reviewed, landed.
steps:
  - { id: hydrate, run: hydrate, gives: context }
  - { id: policy, run: policy }
  - { id: build, role: builder, takes: [context, "verdict?", "failure?"], gives: review_packet }
  - { id: review, role: reviewer, takes: [context, review_packet], gives: verdict, back_to: build }
  - { id: close, run: close, takes: [review_packet, verdict], gives: commit }
`;

/** A station with these items in its BACKLOG.md, and agents that do them. */
export function backlogStation(
  t: TestContext,
  ids: readonly string[],
  setup: StationSetup = {},
): { station: TestStation; agents: Agents } {
  const files = {
    'agents/chains/short.yaml': SHORT,
    'BACKLOG.md': backlogText(...ids.map((id) => itemLine(id))),
    ...setup.files,
  };
  return missionStation(t, { ...HELLO, ...scriptFor(ids) }, { ...setup, files });
}

/** Stations share claims in a repository that each knows as `hub`. */
export const SHARED = 'backlog:\n  claims: hub\n';

/** Another station: a clone of what the first one has committed, with an id of its own. */
export function cloneOf(t: TestContext, { root }: TestStation): TestStation {
  const clone = new TestStation(join(t.tempDir(), 'clone'));
  execFileSync('git', ['clone', '--quiet', root, clone.root], { stdio: 'pipe' });
  clone.git('config', 'user.name', 'Bert');
  clone.git('config', 'user.email', 'bert@example.invalid');
  const made = clone.waybill('init');
  if (made.code !== 0) throw new Error(made.stderr);
  return clone;
}

/** The order of an item without agents: what stands in for a mission where only its end matters. */
export function itemOrder(id: string, more: Readonly<Record<string, unknown>> = {}) {
  return {
    wo_id: `BL-${id}`,
    title: `Do ${id}`,
    tags: ['backlog'],
    files: [{ path: `src/${id}.txt`, content: `${id}\n` }],
    ...more,
  };
}

/** The line of an item, as the file has it now. */
export function lineOf(station: TestStation, id: string, file = 'BACKLOG.md'): string {
  return (
    station
      .read(file)
      .split('\n')
      .find((line) => line.includes(`ID: ${id};`)) ?? ''
  );
}

/** Runs the built program beside others. */
export function beside(
  station: TestStation,
  ...args: string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [CLI, ...args], { cwd: station.root, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (text: Buffer) => {
      stdout += text.toString('utf8');
    });
    child.stderr.on('data', (text: Buffer) => {
      stderr += text.toString('utf8');
    });
    child.once('close', (code) => done({ code, stdout, stderr }));
  });
}
