import { mkdirSync } from 'node:fs';
import { parse } from 'yaml';
import type { Recorded } from '../../src/order/event.ts';
import type { TerminalPacket } from '../../src/order/generated.ts';
import { madeBy, missionAgentFiles, missionOrder } from '../../src/torture/mission-agent.ts';
import { newKey } from './deciding.ts';
import { strays } from './isolation.ts';
import { ledgerOf } from './missions.ts';
import { type TestStation, testStation } from './station.ts';
import { assert, type TestContext } from './suite.ts';

/** Missions of the scripted shell agent: a check that fails, a revision, a checkpoint; struck at their steps, and looked at from outside. */

export interface Key {
  readonly file: string;
  readonly publicKey: string;
}

export const keyFor = (t: TestContext): Key => newKey(t, 'berta');

export interface StrikeSetup {
  /** The steps before which a person is asked. */
  readonly checkpoints?: readonly string[];
  /** Shell that each agent runs before anything else. */
  readonly first?: string;
  /** Lines of waybill.yaml. */
  readonly settings?: string;
}

/** A station for them. */
export function strikeStation(
  t: TestContext,
  key: Key,
  { checkpoints = ['steward'], first = '', settings = '' }: StrikeSetup = {},
): TestStation {
  const s = testStation(t, {
    policy: [
      'version: 1',
      'rules: [{class: safe, commands: ["*"]}]',
      'approvals: {proof: ssh, trust_after: 0}',
      `approvers: [{name: berta, keys: ["${key.publicKey}"]}]`,
      `missions: {checkpoints: [${checkpoints.join(', ')}], budget: {attempts: 200, seconds: 1000000}}`,
      '',
    ].join('\n'),
    files: { ...missionAgentFiles(first), '.gitignore': 'runs/\n', 'made/base.txt': 'base\n' },
  });
  const folder = t.tempDir();
  s.write('waybill.yaml', `${s.read('waybill.yaml')}worktrees: {folder: ${folder}}\n${settings}`);
  s.commitAll('Settle');
  mkdirSync(s.path('runs'));
  return s;
}

/** Calls of agents for a mission, by step. */
export function calls(s: TestStation, woId: string): Map<string, number> {
  const found = new Map<string, number>();
  if (s.exists(`runs/${woId}`))
    for (const step of s.read(`runs/${woId}`).split('\n').filter(Boolean)) found.set(step, (found.get(step) ?? 0) + 1);
  return found;
}

/** Says yes to what a mission asks now. */
export function approve(s: TestStation, key: Key, woId: string): void {
  const { code, stderr, stdout } = s.waybill('approve', woId, '--key', key.file, '--yes');
  // it is carried out by the next start
  if (code !== 0 && code !== 75) throw new Error(`approve ended with ${code}: ${stdout}${stderr}`);
}

/** Carries it on until it has ended; a person says yes to everything. Returns the steps that it came through, and whether it was killed. */
export function toTheEnd(
  s: TestStation,
  key: Key,
  woIds: readonly string[],
  killAt = 0,
): { steps: string[]; killed: boolean } {
  const steps: string[] = [];
  let killed = false;
  for (let round = 0; round < 8; round++) {
    if (killed || killAt === 0) {
      if (killAt === 0) steps.push(...s.drainKilledAt(0).steps);
      else s.drain();
    } else {
      const run = s.drainKilledAt(killAt - steps.length);
      steps.push(...run.steps);
      killed = run.killed;
      if (killed) continue;
    }
    const asking = woIds.filter((woId) => s.state(woId).status === 'parked');
    if (asking.length === 0) break;
    for (const woId of asking) {
      assert.ok(['checkpoint', 'budget'].includes(s.state(woId).waiting_for ?? ''), JSON.stringify(s.state(woId)));
      approve(s, key, woId);
    }
  }
  return { steps, killed };
}

export function packetOf(s: TestStation, woId: string): TerminalPacket {
  return parse(s.read(`state/artifacts/terminal/TP_${woId}.yaml`)) as TerminalPacket;
}

/** The calls of a mission that nothing struck. */
export const UNDISTURBED = new Map([
  ['design', 2],
  ['build', 3],
  ['review', 2],
  ['steward', 1],
]);

/** What must hold of a mission that ended well, whatever struck it: rules 1, 4 and 14. `lost`: how many steps may have been cut. */
export function assertEndedWell(s: TestStation, woId: string, lost: number, where: string): void {
  const state = s.state(woId);
  assert.equal(state.status, 'done', `${where}: ${state.status} ${state.progress} ${JSON.stringify(state.last_error)}`);
  const commits = s.commitsOf(woId);
  assert.equal(commits.length, 1, `${where}: ${commits.length} commits`);
  for (const [path, content] of Object.entries(madeBy(woId))) assert.equal(s.read(path), content, where);
  const called = calls(s, woId);
  let more = 0;
  for (const [step, times] of UNDISTURBED) {
    const extra = (called.get(step) ?? 0) - times;
    assert.ok(
      extra >= 0 && extra <= lost,
      `${where}: ${step} was called ${called.get(step)} times, ${times} without a kill`,
    );
    more += extra;
  }
  assert.ok(more <= lost, `${where}: ${more} calls more than without a kill`);
  assertAddsUp(s, woId, where);
  assert.deepEqual(packetOf(s, woId).commits, commits, where);
  assert.equal(packetOf(s, woId).outcome, 'PASS', `${where}: ${JSON.stringify(packetOf(s, woId))}`);
}

/** The terminal packet tells the same as the ledger: every step that was begun, and what they used. */
export function assertAddsUp(s: TestStation, woId: string, where: string): void {
  const records = ledgerOf(s, woId) as Recorded[];
  const begun = records.flatMap((record) => (record.event === 'step' ? [record.data] : []));
  const ended = records.flatMap((record) => (record.event === 'stepped' ? [record.data] : []));
  assert.deepEqual(
    begun.map(({ n }) => n),
    begun.map((_, i) => i + 1),
    `${where}: steps are counted without a gap`,
  );
  assert.equal(new Set(ended.map(({ n }) => n)).size, ended.length, `${where}: a step ended twice`);
  const packet = packetOf(s, woId);
  assert.deepEqual(
    packet.steps.map(({ n, step }) => [n, step]),
    begun.map(({ n, step }) => [n, step]),
    `${where}: the packet has every step that was begun`,
  );
  const endedAt = new Set(ended.map(({ n }) => n));
  for (const { n, outcome } of packet.steps) assert.equal(outcome === 'lost', !endedAt.has(n), `${where}: step ${n}`);
  const tokens = ended.reduce((sum, { usage }) => sum + (usage?.tokens ?? 0), 0);
  assert.equal(packet.usage.tokens, tokens, `${where}: tokens`);
  const cut = begun.filter(({ n }) => !endedAt.has(n));
  const reserved = cut.reduce((sum, { reserved: { tokens: most } }) => sum + (most ?? 0), 0);
  assert.equal(packet.usage.reserved_tokens, reserved, `${where}: what lost steps had set aside`);
  const isTold = (n: number) => ended.some((one) => one.n === n && one.usage !== null);
  assert.equal(
    packet.usage.complete,
    begun.every(({ n, agent }) => agent === null || isTold(n)),
    `${where}: complete`,
  );
}

/** Nothing of how it was done is left, and all that was recorded holds. */
export function assertNothingLeft(s: TestStation, where: string): void {
  assert.deepEqual(strays(s), [], where);
  assert.equal(s.git('status', '--short'), '', where);
  const verified = s.waybill('verify');
  assert.equal(verified.code, 0, `${where}: ${verified.stdout}${verified.stderr}`);
  assert.doesNotMatch(verified.stdout, /warning/, where);
}

/** Strikes a mission at the n-th seam of its life, and carries it on to its end. */
export function strikeAt(t: TestContext, key: Key, n: number): void {
  const s = strikeStation(t, key);
  s.drop(missionOrder('WO-M') as { wo_id: string });
  const { killed, steps } = toTheEnd(s, key, ['WO-M'], n);
  const where = `killed after "${steps[n - 1] ?? 'nothing'}" (${n})`;
  assert.ok(killed, `${where}: it was not reached`);
  assertEndedWell(s, 'WO-M', 1, where);
  assertNothingLeft(s, where);
}

/** The seams of a mission that nothing strikes. */
export function seams(t: TestContext, key: Key): string[] {
  const s = strikeStation(t, key);
  s.drop(missionOrder('WO-M') as { wo_id: string });
  const { steps } = toTheEnd(s, key, ['WO-M']);
  assertEndedWell(s, 'WO-M', 0, 'undisturbed');
  assertNothingLeft(s, 'undisturbed');

  return steps;
}
