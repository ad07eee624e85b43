import { hash } from 'node:crypto';
import { IdSet } from '../../../src/git/objects/id-set.ts';
import { assert, suite } from '../../support/suite.ts';

const test = suite('a set of object ids');

test('holds what was added and nothing else, also ids that begin alike', () => {
  const id = (n: number) => hash('sha1', String(n), 'hex');
  const alike = (n: number) => `ffffffff${id(n).slice(8)}`;
  const set = new IdSet();
  for (let n = 0; n < 5000; n++) {
    set.add(id(n));
    set.add(id(n));
    if (n % 10 === 0) set.add(alike(n));
  }
  assert.equal(set.size, 5500);
  for (let n = 0; n < 10_000; n++) {
    assert.equal(set.has(id(n)), n < 5000);
    assert.equal(set.has(alike(n)), n < 5000 && n % 10 === 0);
  }
  assert.equal(set.has(''), false);
  assert.equal(set.has('0'.repeat(40)), false);
});

test.run();
