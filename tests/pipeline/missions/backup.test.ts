import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { missionOrder } from '../../../src/torture/mission-agent.ts';
import { backUp } from '../../support/backups.ts';
import { worktreesOf } from '../../support/isolation.ts';
import {
  approve,
  assertAddsUp,
  assertNothingLeft,
  calls,
  type Key,
  keyFor,
  packetOf,
  strikeStation,
} from '../../support/mission-kill.ts';
import { TestStation } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

/** A mission that waits for a person goes on where it stopped, on a machine that has nothing but a clone and the backup. */

const test = suite('pipeline/missions: backup', { needs: ['ssh-keygen'] });
let key: Key;

test.before((t) => {
  key = keyFor(t);
});

test('rules 1 and 13: parked at a checkpoint, it is approved elsewhere, goes on at the recorded step, and lands', (t) => {
  const s = strikeStation(t, key);
  s.drop(missionOrder('WO-M') as { wo_id: string });
  s.drain();
  assert.equal(s.state('WO-M').waiting_for, 'checkpoint');
  const asked = JSON.stringify(s.state('WO-M').meta['approval']);
  const bundle = join(t.tempDir(), 'station.bundle');
  backUp(s, bundle);
  const other = new TestStation(join(t.tempDir(), 'elsewhere'));
  execFileSync('git', ['clone', '--quiet', '--no-local', s.root, other.root]);
  rmSync(worktreesOf(s), { recursive: true });
  rmSync(s.root, { recursive: true });
  other.git('config', 'user.name', 'Berta');
  other.git('config', 'user.email', 'berta@example.invalid');
  const restored = other.waybill('restore', '--from', bundle, '--json');
  assert.equal(restored.code, 0, restored.stdout + restored.stderr);
  mkdirSync(other.path('runs'));
  other.drain();
  assert.equal(other.state('WO-M').waiting_for, 'checkpoint');
  assert.equal(JSON.stringify(other.state('WO-M').meta['approval']), asked, 'the same is asked');
  assert.match(other.waybill('approvals', 'WO-M').stdout, /second/);
  approve(other, key, 'WO-M');
  other.drain();
  const state = other.state('WO-M');
  assert.equal(state.status, 'done', JSON.stringify([state.progress, state.last_error]));
  assert.deepEqual([...calls(other, 'WO-M')], [['steward', 1]]);
  assert.equal(other.read('made/WO-M.txt'), 'second\n');
  assert.equal(other.commitsOf('WO-M').length, 1);
  assert.equal(packetOf(other, 'WO-M').outcome, 'PASS');
  assertAddsUp(other, 'WO-M', 'elsewhere');
  assertNothingLeft(other, 'elsewhere');
});

test.run();
