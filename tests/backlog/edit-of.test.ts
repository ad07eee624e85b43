import fc from 'fast-check';
import { editOf } from '../../src/backlog/edit-of.ts';
import { applyEdit } from '../../src/order/edit.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('backlog/edit-of');

function applied(before: string, after: string, to = before): string {
  const edit = editOf(before, after);
  if (edit === null) return to;
  const action = { action: 'edit', path: 'x', find: edit.find, text: edit.replace, place: 'replace', wholeLine: false };
  return applyEdit(Buffer.from(to), action as Parameters<typeof applyEdit>[1]).toString('utf8');
}

test('any text becomes any other by its edit, also with many lines that are the same', () => {
  const line = fc.constantFrom('- [ ] a', '- [x] a', '- [ ] a b', '  - [ ] a', '', '# H');
  const text = fc.tuple(fc.array(line), fc.constantFrom('\n', '\r\n'), fc.boolean()).map(([lines, end, last]) => {
    const whole = lines.join(end);
    return last && whole !== '' ? whole + end : whole;
  });
  fc.assert(
    fc.property(text, text, (before, after) => {
      fc.pre(before !== '');
      assert.equal(applied(before, after), after);
    }),
    { numRuns: 500 },
  );
});

test('the edits of two items leave room for each other, whichever comes first', () => {
  const file = '# B\n- [ ] one\n- [ ] two\n- [ ] three\n';
  const one = file.replace('[ ] one', '[x] one');
  const two = file.replace('[ ] two', '[x] two');
  const both = one.replace('[ ] two', '[x] two');
  assert.equal(applied(file, two, one), both);
  assert.equal(applied(file, one, two), both);
  assert.equal(editOf(file, two)?.find, '- [ ] two\n');
});

test('a line that stands there twice takes its neighbours along, and that of the other is left alone', () => {
  const file = '## A\n- [ ] same\n## B\n- [ ] same\n';
  assert.deepEqual(editOf(file, '## A\n- [ ] same\n## B\n- [x] same\n'), {
    find: '## B\n- [ ] same\n',
    replace: '## B\n- [x] same\n',
  });
});

test('nothing that differs is no edit', () => {
  assert.equal(editOf('a\n', 'a\n'), null);
});

test.run();
