import fc from 'fast-check';
import { applyEdit } from '../../src/order/edit.ts';
import { WaybillError } from '../../src/order/error.ts';
import type { FileAction } from '../../src/order/order.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('order/edit');

type Edit = Extract<FileAction, { action: 'edit' }>;
const edit = (find: string, place: Edit['place'], text: string, wholeLine = false): Edit => ({
  action: 'edit',
  path: 'a.txt',
  find,
  place,
  text,
  wholeLine,
});
const apply = (bytes: string | Buffer, e: Edit) => applyEdit(Buffer.from(bytes as string, 'utf8'), e).toString('utf8');
const refusal = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof WaybillError && error.code === code && message.test(error.message);

test('edit: replaces the one match', () => {
  assert.equal(apply('one\ntwo\nthree\n', edit('two', 'replace', '2')), 'one\n2\nthree\n');
  assert.equal(apply('only', edit('only', 'replace', '')), '');
});

test('edit: inserts after and before, and keeps what was found', () => {
  assert.equal(apply('# A\n# B\n', edit('# A\n', 'after', 'x\n')), '# A\nx\n# B\n');
  assert.equal(apply('# A\n# B\n', edit('# B', 'before', 'x\n')), '# A\nx\n# B\n');
});

test('edit: beside the whole line, wherever in it the text stands', () => {
  const after = (bytes: string, find: string) => apply(bytes, edit(find, 'after', 'new\n', true));
  const before = (bytes: string, find: string) => apply(bytes, edit(find, 'before', 'new\n', true));
  for (const find of ['one two', 'one', 'two', 'e t', 'one two\n']) {
    assert.equal(after('x\none two\nz\n', find), 'x\none two\nnew\nz\n', JSON.stringify(find));
    assert.equal(before('x\none two\nz\n', find), 'x\nnew\none two\nz\n', JSON.stringify(find));
  }
  assert.equal(before('one\n', 'one'), 'new\none\n', 'the first line');
  assert.equal(after('a\none', 'on'), 'a\none\nnew\n', 'the last line without an end gets one');
  assert.equal(after('a b\nc d\ne\n', 'b\nc'), 'a b\nc d\nnew\ne\n', 'several lines: after the last');
  assert.equal(before('a b\nc d\ne\n', 'b\nc'), 'new\na b\nc d\ne\n', 'several lines: before the first');
  assert.equal(after('a\r\nb\r\n', 'a'), 'a\r\nnew\nb\r\n', 'CRLF is not cut in two');
});

test('edit: a replacement replaces what was found, whole line or not', () => {
  assert.equal(apply('one two\n', edit('two', 'replace', '2', true)), 'one 2\n');
});

test('rule 10: no match is FIND_NOT_FOUND and names file and text', () => {
  assert.throws(() => apply('abc', edit('abd', 'replace', '')), refusal('FIND_NOT_FOUND', /a\.txt: "abd"/));
  assert.throws(() => apply('', edit('x', 'replace', '')), refusal('FIND_NOT_FOUND', /a\.txt/));
});

test('rule 10: two matches are FIND_AMBIGUOUS and name both lines, also where they overlap', () => {
  assert.throws(() => apply('x\ny\nx\n', edit('x', 'replace', '')), refusal('FIND_AMBIGUOUS', /lines 1 and 3/));
  assert.throws(() => apply('aaa', edit('aa', 'replace', '')), refusal('FIND_AMBIGUOUS', /lines 1 and 1/));
});

test('rule 1: bytes that are no UTF-8 arrive unchanged', () => {
  const before = Buffer.concat([Buffer.from([0xff, 0x00, 0xc3]), Buffer.from('find\n'), Buffer.from([0xe9, 0xfe])]);
  const after = applyEdit(before, edit('find', 'replace', 'é'));
  assert.deepEqual(
    after,
    Buffer.concat([Buffer.from([0xff, 0x00, 0xc3, 0xc3, 0xa9, 0x0a]), Buffer.from([0xe9, 0xfe])]),
  );
});

test('edit: CRLF is matched as written and kept', () => {
  assert.equal(apply('a\r\nb\r\nc\r\n', edit('b\r\n', 'replace', 'B\r\n')), 'a\r\nB\r\nc\r\n');
  assert.throws(() => apply('a\r\nb\r\n', edit('a\nb', 'replace', '')), refusal('FIND_NOT_FOUND', /a\.txt/));
});

test('rule 8: replacement patterns of any language mean nothing', () => {
  for (const text of ["$& $1 $` $'", '\\1', '$(date)'])
    assert.equal(apply('a-b', edit('-', 'replace', text)), `a${text}b`);
  assert.equal(apply('a.*b', edit('.*', 'replace', '+')), 'a+b');
});

test('edit: for any bytes around it, only the match changes', () => {
  const bytes = fc.uint8Array({ maxLength: 40 }).filter((b) => !Buffer.from(b).includes('@'));
  fc.assert(
    fc.property(bytes, bytes, fc.string(), (before, after, text) => {
      const [a, z] = [Buffer.from(before), Buffer.from(after)];
      const result = applyEdit(Buffer.concat([a, Buffer.from('@mark@'), z]), edit('@mark@', 'replace', text));
      assert.deepEqual(result, Buffer.concat([a, Buffer.from(text, 'utf8'), z]));
    }),
    { numRuns: 200 },
  );
});

test.run();
