import { addItems, type NewItem } from '../../src/backlog/add-items.ts';
import { markDone, markStarted, namesOrder } from '../../src/backlog/mark.ts';
import { itemOrderId, orderOf } from '../../src/backlog/order-of.ts';
import { readBacklogFile } from '../../src/backlog/read-backlog.ts';
import { readOrder } from '../../src/intake/read-order.ts';
import { WaybillError } from '../../src/order/error.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('backlog/mark');

const DONE = { date: '2026-11-22', order: 'BL-T-1', commits: ['a1b2c3d4e5f60718293a4b5c6d7e8f9012345678'] };
const MARK = 'Done: 2026-11-22, commit a1b2c3d4e5f6, BL-T-1';
const itemIn = (file: string, text: string, n = 0) => {
  const item = readBacklogFile(file, text).items[n];
  if (item === undefined) throw new Error('no item');
  return item;
};
const done = (text: string, commits = DONE.commits) => markDone(text, itemIn('BACKLOG.md', text), { ...DONE, commits });

test('Markdown: the box and a mark behind the words; line ends, gaps and lists of fields stay', () => {
  assert.equal(done('- [ ] A — DoD: x'), `- [x] A — DoD: x — ${MARK}`);
  assert.equal(done('\ufeff1. [] **A**  \r\n- [ ] B\r\n'), `\ufeff1. [x] **A** — ${MARK}  \r\n- [ ] B\r\n`);
  assert.equal(
    done('- [ ] A — DoD: it\n  works so\n  - Owner: b\n'),
    `- [x] A — DoD: it\n  works so — ${MARK}\n  - Owner: b\n`,
  );
  assert.equal(done('- [!] A\n  DoD: x\n'), `- [x] A — ${MARK}\n  DoD: x\n`);
  assert.equal(done('- [ ] A', []), '- [x] A — Done: 2026-11-22, BL-T-1');
  assert.equal(
    done('- [ ] A', ['1'.repeat(40), '2'.repeat(40)]),
    '- [x] A — Done: 2026-11-22, commits 111111111111 222222222222, BL-T-1',
  );
  const begun = markStarted('- [ ] A\n', itemIn('BACKLOG.md', '- [ ] A\n'), { date: '2026-11-21', order: 'BL-T-1' });
  assert.equal(begun, '- [/] A — Started: 2026-11-21, BL-T-1\n');
  assert.equal(done(begun), `- [x] A — ${MARK}\n`);
});

test('an item that reads done already is given the proof, and nothing else', () => {
  assert.equal(done('- [X] A ✅\n'), `- [X] A ✅ — ${MARK}\n`);
  assert.equal(done('- [x] A — Done: 2026-01-01 by anna'), `- [x] A — Done: 2026-01-01 by anna — ${MARK}`);
  const yaml = 'tasks:\n- title: A # kept\n  status: CLOSED\n  completed_at: 2026-01-01\n';
  assert.equal(markDone(yaml, itemIn('b.yaml', yaml), DONE), `${yaml}  evidence: commit a1b2c3d4e5f6, BL-T-1\n`);
});

test('the proof is the name of its order, and not that of another', () => {
  const names = (words: string) => namesOrder(itemIn('BACKLOG.md', `- [x] A — ID: T-1 — ${words}`), 'BL-T-1');
  assert.deepEqual(['Done: 2026-11-22, BL-T-1', 'by bl-t-1.'].map(names), [true, true]);
  assert.deepEqual(['BL-T-12', 'BL-T-1-done', 'XBL-T-1', 'BL-T-1.2', 'T-1'].map(names), [
    false,
    false,
    false,
    false,
    false,
  ]);
});

test('an item that is not as it was read is left alone; one that moved is found', () => {
  const text = '- [ ] A — DoD: x\n';
  const item = itemIn('BACKLOG.md', text);
  assert.equal(markDone(`# new\n\n- [ ] B\n${text}`, item, DONE), `# new\n\n- [ ] B\n- [x] A — DoD: x — ${MARK}\n`);
  for (const other of [
    '- [x] A — DoD: x\n',
    '- [ ] A — DoD: y\n',
    '',
    '```\n- [ ] A — DoD: x\n```\n',
    `${text}  more of it\n`,
  ])
    assert.throws(
      () => markDone(other, item, DONE),
      (error: unknown) =>
        error instanceof WaybillError && error.code === 'BACKLOG_CHANGED' && error.place.file === 'BACKLOG.md',
      other,
    );
});

const YAML = `# kept
schema_version: backlog.v1
tasks:
- id: T-0   # kept too
  title: Zero
  evidence: merged 1234
- id: T-1
  title: 'One'
  status: pending # not begun
  evidence: ''
  mine: {a: 1}
  completed_at: null
- id: WI-1
  title: Three
  status: READY
  evidence: [a]
`;

test('YAML: status, completed_at and evidence in place, by the words of its vocabulary; comments and unknown keys stay', () => {
  const marked = (n: number) => markDone(YAML, itemIn('backlog.yaml', YAML, n), DONE);
  assert.equal(
    marked(1),
    YAML.replace('pending # not begun', 'completed # not begun')
      .replace("evidence: ''", 'evidence: "commit a1b2c3d4e5f6, BL-T-1"')
      .replace('completed_at: null', 'completed_at: 2026-11-22'),
  );
  assert.equal(
    marked(0),
    YAML.replace(
      '  evidence: merged 1234\n',
      '  evidence: "merged 1234; commit a1b2c3d4e5f6, BL-T-1"\n  status: completed\n  completed_at: 2026-11-22\n',
    ),
  );
  const third = itemIn('backlog.yaml', marked(2), 2);
  assert.equal(third.status, 'done');
  assert.match(marked(2), /status: CLOSED\n {2}evidence: \[ ?"?a"?, "commit a1b2c3d4e5f6, BL-T-1" ?\]/);
  const begun = markStarted(YAML, itemIn('backlog.yaml', YAML, 2), { date: '2026-11-21', order: 'BL-WI-1' });
  assert.equal(begun, YAML.replace('READY', 'DISPATCHED'));
  assert.throws(() => markDone(begun, itemIn('backlog.yaml', YAML, 2), DONE), /BACKLOG_CHANGED|not as it was read/);
  for (const n of [0, 1, 2])
    assert.equal(itemIn('backlog.yaml', marked(n), n).key, itemIn('backlog.yaml', YAML, n).key);
});

const FOUND: NewItem = { id: null, title: 'Page a is old', priority: 2, dod: 'it is new', owner: null, context: null };

test('added items stand at the end of their section, or in a new one, or at the end of the list', () => {
  const line = '- [ ] P2: **Page a is old** — DoD: it is new';
  const added = (text: string, file = 'BACKLOG.md') => addItems(file, text, 'Drift', [FOUND]).text;
  assert.equal(added(''), `## Drift\n\n${line}\n`);
  assert.equal(added('# B\r\n'), `# B\r\n\r\n## Drift\r\n\r\n${line}\r\n`);
  assert.equal(
    added('## Drift\n\n- [ ] a\n\n### P0\n- [ ] b\n\n## Done\n- [x] c'),
    `## Drift\n\n- [ ] a\n\n### P0\n- [ ] b\n${line}\n\n## Done\n- [x] c`,
  );
  assert.equal(added('```\n## Drift\n```\n'), `\`\`\`\n## Drift\n\`\`\`\n\n## Drift\n\n${line}\n`);
  const worded = addItems('BACKLOG.md', '', 'Drift', [{ ...FOUND, context: 'a | Owner: b—ID: c' }]).text;
  assert.deepEqual([itemIn('BACKLOG.md', worded).owner, itemIn('BACKLOG.md', worded).id], [null, null], worded);
  assert.equal(added('- [x] page A is old\n'), '- [x] page A is old\n');
  assert.throws(() => added('```\nnever closed\n'), /cannot be added/);
  const yaml = 'tasks:\n- title: One\n# end\n';
  assert.deepEqual(
    readBacklogFile('b.yaml', added(yaml, 'b.yaml')).items.map(({ title }) => title),
    ['One', FOUND.title],
  );
  assert.ok(added(yaml, 'b.yaml').includes('# end'));
  for (const empty of ['', 'tasks: []\n', 'tasks:\n', '# only words\n'])
    assert.deepEqual(
      readBacklogFile('b.yaml', added(empty, 'b.yaml')).items.map(({ title, priority }) => [title, priority]),
      [[FOUND.title, 2]],
      empty,
    );
});

test('the order of an item is a mission that intake takes as it is, with DoD, context, scope and what it asks of people', () => {
  const text =
    '- [ ] P1: **Say hello in French** — DoD: src/hello.txt has both — Owner: anna/bert — Context: only English now — Scope: src/, docs/*.md — Approval: yes — ID: T-1';
  const { woId, bytes } = orderOf(itemIn('docs/BACKLOG.md', text), ['docs/BACKLOG.md', 'a[1].yaml']);
  assert.equal(woId, itemOrderId('T-1'));
  const read = readOrder(
    { bytes, file: `${woId}.json`, attachments: null },
    { maxOrderBytes: 1_000_000, maxDepth: 32, deprecatedTypes: {} },
  );
  if (!('order' in read)) throw new Error(JSON.stringify(read));
  const { order, warnings } = read;
  assert.deepEqual(warnings, []);
  assert.deepEqual(
    [order.woId, order.type, order.title, order.priority, order.owner, order.tags, order.approval?.why],
    ['BL-T-1', 'mission', 'Say hello in French', 1, 'anna/bert', ['backlog'], 'the backlog asks for approval of T-1'],
  );
  assert.deepEqual(order.mission?.paths, ['src/', 'docs/*.md']);
  assert.deepEqual(
    order.mission?.deniedPaths,
    ['docs/BACKLOG.md', 'a?1?.yaml'],
    'rule 14: also where its scope has them',
  );
  assert.deepEqual(order.mission?.input, { task_ref: 'docs/BACKLOG.md#T-1' });
  assert.equal(
    order.mission?.brief,
    'Say hello in French\n\nDefinition of done:\nsrc/hello.txt has both\n\nContext:\nonly English now\n\nSuccess criteria:\nsrc/hello.txt has both',
  );
  const long = orderOf(itemIn('B.md', `- [ ] ${'ä'.repeat(900)} — Owner: ${'x'.repeat(300)}`), []);
  assert.ok(
    'order' in
      readOrder(
        { bytes: long.bytes, file: 'x.json', attachments: null },
        { maxOrderBytes: 1_000_000, maxDepth: 32, deprecatedTypes: {} },
      ),
  );
});

test.run();
