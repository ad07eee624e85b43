import { assertBackedUp, beforeBackup, beforeBringingBack, struck } from '../support/backup-kill.ts';
import { assert, suite } from '../support/suite.ts';

/** Rule 1, "nothing is lost", when a station is killed while it backs up, or while it brings back: at every operation. */

const test = suite('backups that are killed, at every operation', { torture: true, timeoutMs: 3_500_000 });

for (const [name, make] of [
  ['a backup to a repository', beforeBackup],
  ['what an older .git lost is brought back', beforeBringingBack],
] as const)
  for (const kind of ['kill', 'cut'] as const)
    test(`${name}: ${kind}`, (t) => {
      const scene = make(t);
      const { s, operations, said } = struck(t, scene, 'none', 0);
      assert.ok(operations > 50, said);
      assertBackedUp(t, s, scene, ['WO-1', 'WO-2']);
      let killed = 0;
      for (let at = 1; at <= operations; at++) {
        const point = struck(t, scene, kind, at);
        if (point.killed) killed++;
        assertBackedUp(t, point.s, scene, ['WO-1', 'WO-2']);
      }
      console.log(`${name}: ${killed} of ${operations} killed`);
      assert.ok(killed > operations * 0.9);
    });

test.run();
