import fc from 'fast-check';
import { nearest } from '../../src/order/nearest.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('order/nearest');

test('rule 10: nearest finds the known word within two edits, short words closer', () => {
  const known = ['inbox', 'outbox', 'lanes', 'id'];
  assert.equal(nearest('inbx', known), 'inbox');
  assert.equal(nearest('OUTBOX', known), 'outbox');
  assert.equal(nearest('out-box', ['out_box']), 'out_box');
  assert.equal(nearest('lnaes', known), 'lanes');
  assert.equal(nearest('idx', known), 'id');
  assert.equal(nearest('ab', known), null);
  assert.equal(nearest('completely', known), null);
  assert.equal(nearest('', known), null);
  assert.equal(nearest('x', []), null);
});

test('rule 10: of several the closest counts', () => {
  assert.equal(nearest('tests', ['texts', 'test', 'tests']), 'tests');
  assert.equal(nearest('on_hold', ['holds', 'on_holt']), 'on_holt');
});

test('rule 10: a word of the list, in any case and with one slip, is found', () => {
  const words = ['post_verify', 'depends_on', 'not_before', 'requirements'];
  fc.assert(
    fc.property(fc.constantFrom(...words), fc.nat(), fc.constantFrom('', 'x', '_'), (word, at, put) => {
      const i = at % word.length;
      assert.equal(nearest(word.slice(0, i) + put + word.slice(i + 1), words), word);
      assert.equal(nearest(word.toUpperCase(), words), word);
    }),
  );
});

test.run();
