import { ERROR_CODES, type ErrorCode, WaybillError } from '../../../src/order/error.ts';
import { errorPage, findCode } from '../../../src/order/errors/causes/page.ts';
import { THEMES } from '../../../src/order/errors/causes/table.ts';
import { assert, suite } from '../../support/suite.ts';

/** Rule 10: of every code it is told how it comes about and what mends it. */

const test = suite('order/errors/causes');

const codes = Object.keys(ERROR_CODES) as ErrorCode[];

test('every code stands in exactly one theme', () => {
  const listed = THEMES.flatMap(({ causes }) => Object.keys(causes));
  assert.deepEqual(listed.toSorted(), codes.toSorted());
});

test('every code has one to four causes, one to five steps, and pages to read on', () => {
  for (const code of codes) {
    const { causes, cure, see, theme, page } = errorPage(code);
    assert.ok(causes.length >= 1 && causes.length <= 4, `${code}: ${causes.length} causes`);
    assert.ok(cure.length >= 1 && cure.length <= 5, `${code}: ${cure.length} steps`);
    assert.ok(see.length >= 1 && see.every((path) => path.startsWith('docs/')), `${code}: see`);
    assert.ok(theme !== '' && page === `docs/errors/${code}.md`, code);
  }
});

/** Sentences begin with a capital, or with the name of a program or a file. */
const SENTENCE = /^(?:[A-Z`.]|git |node |[\w/]+\.yaml ).*[.]$/s;

test('causes and steps are sentences that say something of their own', () => {
  const seen = new Map<string, ErrorCode>();
  for (const code of codes) {
    const { what, hint, causes, cure } = errorPage(code);
    for (const text of [...causes, ...cure]) {
      assert.match(text, SENTENCE, `${code}: ${text}`);
      assert.ok(!/TODO|FIXME|undefined|\n| {2}/.test(text), `${code}: ${text}`);
      assert.equal((text.match(/`/g) ?? []).length % 2, 0, `${code}: a backtick is never closed: ${text}`);
      assert.doesNotMatch(
        text.replace(/`[^`]*`/g, ''),
        /[<>|*]/,
        `${code}: Markdown would take it for its own: ${text}`,
      );
    }
    for (const cause of causes) {
      assert.ok(cause !== what && cause !== hint, `${code} says its meaning for a cause`);
      assert.equal(seen.get(cause), undefined, `${code} has a cause of another code: ${cause}`);
      seen.set(cause, code);
    }
  }
});

test('a page tells of the code what the code does', () => {
  for (const code of codes) assert.equal(errorPage(code).retryable, new WaybillError(code, '').retryable, code);
  assert.equal(errorPage('BAD_ID').what, ERROR_CODES.BAD_ID.what);
});

test('a code is found in any case and with dashes; what is none leads to the nearest', () => {
  assert.deepEqual(findCode('bad-id'), { code: 'BAD_ID', nearest: 'BAD_ID' });
  assert.deepEqual(findCode('Dirty_Target'), { code: 'DIRTY_TARGET', nearest: 'DIRTY_TARGET' });
  assert.deepEqual(findCode('BAD_IDS'), { code: null, nearest: 'BAD_ID' });
  assert.deepEqual(findCode('<script>'), { code: null, nearest: null });
  assert.deepEqual(findCode('toString'), { code: null, nearest: null });
});

test.run();
