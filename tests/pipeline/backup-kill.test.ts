import { randomOf } from '../../src/torture/random.ts';
import { assertBackedUp, beforeBackup, beforeBringingBack, struck } from '../support/backup-kill.ts';
import { seedOfRun } from '../support/matrix.ts';
import { assert, suite } from '../support/suite.ts';

/** Rule 1, "nothing is lost", when a station is killed while it backs up, or while it brings back: at points by chance. */

const test = suite('backups that are killed', { timeoutMs: 250_000 });
const KILLS = 3;
const DONE = ['WO-1', 'WO-2'];

for (const [name, make] of [
  ['a backup to a repository', beforeBackup],
  ['what an older .git lost is brought back', beforeBringingBack],
] as const)
  test(`${name}, whatever operation it is killed at`, (t) => {
    const random = randomOf(seedOfRun());
    const scene = make(t);
    const whole = struck(t, scene, 'none', 0);
    assert.ok(whole.operations > 50, whole.said);
    assertBackedUp(t, whole.s, scene, DONE);
    let struckDead = 0;
    for (let n = 0; n < KILLS; n++) {
      const { s, killed } = struck(t, scene, n % 2 === 0 ? 'kill' : 'cut', 1 + Math.floor(random() * whole.operations));
      if (killed) struckDead++;
      assertBackedUp(t, s, scene, DONE);
    }
    // the number of operations differs a little from run to run
    assert.ok(struckDead > KILLS / 2);
  });

test.run();
