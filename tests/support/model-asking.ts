import { spawnSync } from 'node:child_process';
import { decisionText } from '../../src/order/approval.ts';
import { newUlid } from '../../src/platform/ids.ts';
import { askOf } from './deciding.ts';
import type { Told } from './races.ts';
import type { TestStation } from './station.ts';
import { assert } from './suite.ts';

/** What the model knows of approvals and worktrees. Rule 13. */

export const CLASSES = ['ask', 'safe', 'never'] as const;
export type Class = (typeof CLASSES)[number];

export interface Key {
  readonly file: string;
  readonly publicKey: string;
}

/** A policy of this class for what lies in `asked/`; commands are safe, and run in worktrees. */
export function policyOf(of: Class, { publicKey }: Key): string {
  return [
    'version: 1',
    `rules: [{class: ${of}, paths: ["asked/**"]}, {class: safe, commands: ["*"]}]`,
    'approvals: {proof: ssh, trust_after: 0}',
    `approvers: [{name: berta, keys: ["${publicKey}"]}]`,
    '',
  ].join('\n');
}

export function classNow(s: TestStation): Class {
  return CLASSES.find((of) => s.read('policy.yaml').includes(`{class: ${of}, paths`)) ?? 'ask';
}

/** A decision about what an order asks, or asked when anybody looked last: then it comes too late, and must change nothing. */
export class Decider {
  readonly #s: TestStation;
  readonly #key: Key;
  readonly #asked = new Map<string, { ask: string; sha256: string }>();

  constructor(s: TestStation, key: Key) {
    this.#s = s;
    this.#key = key;
  }

  /** Remembers what is asked now, so that it can be answered late. */
  note(woId: string): void {
    const { ask, sha256 } = askOf(this.#s, woId);
    this.#asked.delete(woId);
    this.#asked.set(woId, { ask, sha256 });
  }

  /** Decides about one of those that asked, counted back from the last; returns which, null where there is none. */
  decide(decision: 'approve' | 'deny', back: number): string | null {
    const [woId, about] = [...this.#asked].at(-1 - back) ?? [];
    if (woId === undefined || about === undefined) return null;
    const s = this.#s;
    const { id: station } = JSON.parse(s.read('.git/waybill/station.json')) as { id: string };
    const text = decisionText({ station, woId, ...about, decision, always: false, reason: '' });
    const args = ['-q', '-Y', 'sign', '-n', 'waybill', '-f', this.#key.file];
    const { stdout: signature } = spawnSync('ssh-keygen', args, { input: text, encoding: 'utf8' });
    const at = new Date().toISOString();
    const proof = { kind: 'ssh', signature };
    const command = { v: 1, command: 'decide', at, wo_id: woId, ...about, decision, proof };
    s.write('.git/decision.tmp', JSON.stringify(command));
    s.move('.git/decision.tmp', `.git/waybill/commands/${newUlid()}.json`);
    return woId;
  }
}

/** Nothing of an order that asks lands before somebody agreed to just that: for the records of one run, in which policy was the same. */
export function assertAgreed(woId: string, own: readonly Told[], since: number): void {
  let asked: string | null = null;
  let agreed: string | null = null;
  for (const { event, data, seq } of own) {
    if (event === 'retried' || event === 'revised') [asked, agreed] = [null, null];
    if (event === 'waits' && typeof data.ask === 'object') [asked, agreed] = [data.ask.id, null];
    if (event === 'approved') {
      assert.equal(data.ask, asked, `${woId}: what was approved is what was asked last`);
      assert.equal(data.proof?.kind, 'ssh', `${woId}: the record names the proof`);
      agreed = asked;
    }
    if (event === 'landing' && seq > since)
      assert.ok(agreed !== null, `${woId}: record ${seq} lands what nobody agreed to`);
  }
}

/** Every worktree that is left waits for the next order. */
export function strayWorktrees(s: TestStation): string[] {
  const records = s
    .names('.git/waybill/worktrees')
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(s.read(`.git/waybill/worktrees/${name}`)) as { name: string; state: string });
  const known = records.map(({ name }) => name);
  return [
    ...records.filter(({ state }) => state !== 'idle').map(({ name, state }) => `${name} is ${state}`),
    ...s.names('.git/worktrees').filter((name) => !known.includes(name)),
  ];
}
