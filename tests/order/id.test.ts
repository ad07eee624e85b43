import fc from 'fast-check';
import { isGoodId, mendedId, strangeCharacter } from '../../src/order/id.ts';
import { conforms } from '../../src/platform/schema.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('order/id');

test('rule 8: ids are names of files and refs on every system', () => {
  for (const id of ['WO-1', 'a', '20251113', 'WO_2025.11-13', 'x'.repeat(128), 'a-', 'a_', 'console', 'WO-con'])
    assert.ok(isGoodId(id), id);
  const paths = ['', '.', '..', '.a', '-a', '_a', 'a/b', 'a\\b', 'a..b', 'a.', 'x'.repeat(129)];
  const endings = ['a.lock', 'a.LOCK', 'a.json', 'a.Json'];
  const signs = ['a b', 'a\n', 'é', 'a@{1}', 'a~1', 'a:b', 'a*', 'a\0', 'a\u200b'];
  const windows = ['con', 'NUL', 'aux.txt', 'COM1', 'lpt9.x'];
  for (const id of [...paths, ...endings, ...signs, ...windows]) assert.equal(isGoodId(id), false, JSON.stringify(id));
});

test('rule 8: every good id is one for the schema too', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z0-9._-]{1,130}$/), (id) => {
      if (isGoodId(id)) assert.ok(conforms('order', { wo_id: id }), id);
    }),
    { numRuns: 300 },
  );
});

test('rule 10: a bad id is mended to what its author most likely meant', () => {
  for (const [bad, good] of [
    ['WO 1', 'WO-1'],
    [' WO-1 ', 'WO-1'],
    ['../../etc/passwd', 'etc-passwd'],
    ['WО-1', 'WO-1'], // a Cyrillic О
    ['WO–1', 'WO-1'],
    ['ＷＯ－１', 'WO-1'],
    ['café', 'cafe'],
    ['WO\u200b-1', 'WO-1'],
    ['a..b', 'a.b'],
    ['a.', 'a'],
    ['#42: fix/it', '42-fix-it'],
    ['con', 'WO-con'],
  ] as const)
    assert.equal(mendedId(bad), good, bad);
  for (const nothing of ['', '---', '文', '😀', '...']) assert.equal(mendedId(nothing), null, nothing);
});

test('rule 10: whatever is mended is good, and what is good stays', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: 'grapheme' }), fc.stringMatching(/^[a-z.]{0,6}(lock|json|con|nul|aux)?$/)),
      (id) => {
        const mended = mendedId(id);
        if (mended !== null) assert.ok(isGoodId(mended), `${JSON.stringify(id)}: ${mended}`);
        if (isGoodId(id) && /[A-Za-z0-9]$/.test(id) && id.length <= 100) assert.equal(mended, id);
      },
    ),
    { numRuns: 500 },
  );
});

test('rule 10: the character that cannot stand in an id is named, so that a look-alike is seen', () => {
  assert.equal(strangeCharacter('WO-1'), null);
  assert.equal(strangeCharacter('a/b c'), '"/" (U+002F)');
  assert.equal(strangeCharacter('WО-1'), '"О" (U+041E), which looks like O and is not');
  assert.match(strangeCharacter('a\u200bb') ?? '', /U\+200B/);
  assert.match(strangeCharacter('😀') ?? '', /U\+1F600/);
});

test.run();
