import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type FaultKind, NO_FAULT } from '../../src/torture/faults.ts';
import { assertVerifies, carryOut, idOf, journalOf, ledgerOf, refsIn } from './backups.ts';
import { TestStation, testStation } from './station.ts';
import { assert, type TestContext } from './suite.ts';

/** Kills of a station that backs up to a repository, and of one that brings back what its `.git`, an older copy, has lost. */

const VICTIM = resolve(import.meta.dirname, '../../dist/torture/victim.js');
const NO_BACKUP = 'lanes: {MAIN: {}}\n';
const SETTINGS = `${NO_BACKUP}backup: {to: ../remote.git, every_hours: 0.000001}\n`;

/** A folder with a station and the repository that it backs up to, to be copied for each kill. */
export interface Scene {
  readonly folder: string;
  /** What the ledger must have in the end. */
  readonly ledger: readonly string[];
}

function scene(t: TestContext): { s: TestStation; folder: string } {
  const folder = t.tempDir();
  const made = testStation(t, { settings: SETTINGS });
  made.git('init', '--quiet', '--bare', '../remote.git');
  carryOut(made, 'WO-1');
  cpSync(join(made.root, '..'), folder, { recursive: true, preserveTimestamps: true });
  return { s: new TestStation(join(folder, 'repo')), folder };
}

/** One order is in the backup, one waits in the inbox. */
export function beforeBackup(t: TestContext): Scene {
  const { s, folder } = scene(t);
  s.drop({ wo_id: 'WO-2', title: 'two', files: [{ path: 'WO-2.txt', content: 'WO-2\n' }] });
  return { folder, ledger: ledgerOf(s) };
}

/** Three orders are in the backup, the third one is held; `.git` knows of the first only. */
export function beforeBringingBack(t: TestContext): Scene {
  const { s, folder } = scene(t);
  const old = join(t.tempDir(), 'git');
  cpSync(s.path('.git'), old, { recursive: true, preserveTimestamps: true });
  s.drop({ wo_id: 'WO-3', title: 'three', hold: true, files: [{ path: 'WO-3.txt', content: 'WO-3\n' }] });
  carryOut(s, 'WO-2');
  const ledger = ledgerOf(s);
  rmSync(s.path('.git'), { recursive: true });
  cpSync(old, s.path('.git'), { recursive: true, preserveTimestamps: true });
  return { folder, ledger };
}

/** Drains a copy of the scene with a fault at an operation. Returns the copy, how many operations there were, and whether it was killed. */
export function struck(t: TestContext, { folder }: Scene, kind: FaultKind | 'none', at: number) {
  const copy = join(t.tempDir(), String(at));
  cpSync(folder, copy, { recursive: true, preserveTimestamps: true });
  const s = new TestStation(join(copy, 'repo'));
  const report = join(copy, 'report.json');
  const plan = JSON.stringify({ ...NO_FAULT, kind, at, seed: at });
  const run = spawnSync(process.execPath, [VICTIM, s.root, plan, report], { encoding: 'utf8' });
  const told = s.exists('../report.json') ? (JSON.parse(s.read('../report.json')) as { operations: number }) : null;
  return { s, killed: run.signal === 'SIGKILL', operations: told?.operations ?? 0, said: run.stderr };
}

/** After a next start everything is there, in the station and in the backup, and a station that is restored from it verifies. */
export function assertBackedUp(t: TestContext, s: TestStation, scene: Scene, done: readonly string[]): void {
  s.drain();
  assert.deepEqual(ledgerOf(s).slice(0, scene.ledger.length), scene.ledger);
  for (const woId of done) assert.equal(s.state(woId).status, 'done');
  assertVerifies(s);
  assert.equal(refsIn(s.path('../remote.git')).get(`refs/waybill/${idOf(s)}/journal`), journalOf(s));
  s.git('--git-dir', s.path('../remote.git'), 'fsck', '--strict', '--no-dangling');
  const empty = new TestStation(join(t.tempDir(), 'empty'));
  mkdirSync(empty.root);
  const restored = empty.waybill('restore', '--from', s.path('../remote.git'));
  assert.equal(restored.code, 0, restored.stderr);
  assertVerifies(empty);
  assert.deepEqual(ledgerOf(empty).slice(0, scene.ledger.length), scene.ledger);
  rmSync(join(s.root, '..'), { recursive: true });
  rmSync(empty.root, { recursive: true });
}
