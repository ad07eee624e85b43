import { backlogStation, beside, cloneOf, lineOf, SHARED } from '../../support/backlogs.ts';
import { bareRepository, refsIn } from '../../support/backups.ts';
import type { TestStation } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

/** Two stations, clones of one repository with one backlog, work it off at once: each item is done by one of them. */

const test = suite('pipeline/backlog/claims', { needs: ['git'], timeoutMs: 400_000 });

const ITEMS = 24;

interface End {
  readonly done: string[];
  readonly last: string;
}

/** As a person's loop does: one item after the other until there is none. */
async function workOff(station: TestStation): Promise<End> {
  const done: string[] = [];
  for (let i = 0; i <= ITEMS; i++) {
    const { code, stdout, stderr } = await beside(station, 'backlog', 'run', '--json');
    if (code !== 0) return { done, last: stdout + stderr };
    done.push((JSON.parse(stdout) as { wo_id: string }).wo_id.slice(3));
  }
  return { done, last: 'never ended' };
}

test('rule 3: two stations that race for the items of one backlog take each of them once', async (t) => {
  const ids = Array.from({ length: ITEMS }, (_, n) => `item-${n}`);
  const { station } = backlogStation(t, ids, { settings: SHARED });
  const other = cloneOf(t, station);
  const hub = bareRepository(t);
  for (const { git } of [station, other].map((s) => ({ git: s.git.bind(s) }))) git('remote', 'add', 'hub', hub);
  const ends = await Promise.all([workOff(station), workOff(other)]);
  for (const { last } of ends) assert.ok(last.includes('BACKLOG_NO_ITEM'), last);
  const [mine, theirs] = ends.map(({ done }) => done) as [string[], string[]];
  assert.deepEqual([...mine, ...theirs].sort(), [...ids].sort(), 'each once, none left out');
  assert.ok(mine.length > 0 && theirs.length > 0, `both had work: ${mine.length} and ${theirs.length}`);
  assert.deepEqual([...refsIn(hub).keys()].sort(), ids.map((id) => `refs/waybill/backlog/${id}`).sort());
  for (const [who, own] of [
    [station, mine],
    [other, theirs],
  ] as const)
    for (const id of ids) {
      assert.equal(who.commitsOf(`BL-${id}`).length, own.includes(id) ? 1 : 0, id);
      assert.equal(lineOf(who, id).startsWith('- [x] '), own.includes(id), lineOf(who, id));
    }
  const listed = station.waybill('backlog', 'ls').stdout;
  assert.match(listed, /claimed by clone-\w{4} since \d{4}-/);
});

test.run();
