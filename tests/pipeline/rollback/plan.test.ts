import type { TreeChange } from '../../../src/git/snapshot/read.ts';
import { type Looked, planRollback } from '../../../src/pipeline/rollback/plan.ts';
import { assert, suite } from '../../support/suite.ts';

/** What a rollback does with each path, decided from facts alone. */

const test = suite('plan of a rollback');

const side = { mode: '100644', id: 'a'.repeat(40) };
const change = (path: string, more: Partial<TreeChange> = {}): TreeChange => ({
  path,
  before: side,
  after: { ...side, id: 'b'.repeat(40) },
  ...more,
});
const looked = (path: string, more: Partial<Looked> = {}): Looked => ({
  change: change(path),
  merged: false,
  hindrance: null,
  component: null,
  closed: null,
  ...more,
});
const plain = { force: false, except: [] };

test('what becomes of a path, and which later commits touched it', () => {
  const later = [{ id: 'c'.repeat(40), subject: 'Edit', woId: 'WO-2', paths: ['b', 'x'] }];
  const items = planRollback(
    [looked('b', { merged: true }), looked('a'), looked('d', { change: change('d', { after: null }) })],
    later,
    plain,
  );
  assert.deepEqual(
    items.map(({ path, becomes, fate, later: after }) => [path, becomes, fate, after.length]),
    [
      ['a', 'restored', 'change', 0],
      ['b', 'restored, with later changes kept', 'change', 1],
      ['d', 'deleted', 'change', 0],
    ],
  );
});

test('a component stays unless forced; what the fence closes stays also then', () => {
  const both = [looked('a', { component: 'tools' }), looked('b', { closed: 'etc' })];
  assert.deepEqual(
    planRollback(both, [], plain).map((i) => i.fate),
    ['kept', 'kept'],
  );
  assert.deepEqual(
    planRollback(both, [], { force: true, except: [] }).map((i) => i.fate),
    ['change', 'kept'],
  );
});

test('force never settles a conflict, and never writes over uncommitted work (rule 1)', () => {
  for (const kind of ['conflict', 'dirty', 'not for orders'] as const) {
    const [item] = planRollback([looked('a', { hindrance: { kind, why: 'why' } })], [], { force: true, except: [] });
    assert.equal(item?.fate, 'refused');
    assert.equal(item?.hindrance, kind);
  }
});

test('what is left out or protected hinders nothing', () => {
  const hindrance = { kind: 'conflict' as const, why: 'later' };
  const items = planRollback(
    [
      looked('docs/a', { hindrance }),
      looked('docs2/a', { hindrance }),
      looked('tools/x', { hindrance, component: 'tools' }),
    ],
    [],
    { force: false, except: ['./docs/'] },
  );
  assert.deepEqual(
    items.map((i) => i.fate),
    ['kept', 'refused', 'kept'],
  );
});

test.run();
