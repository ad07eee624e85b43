import { corpusText } from '../../src/documents/corpus.ts';
import { indexText, isMade } from '../../src/documents/document-index.ts';
import { leftOver } from '../../src/documents/left-over.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('documents: index, corpus, markers left over');

const DOCS = [
  {
    path: 'docs/b c.md',
    text: '---\ntitle: x\n---\n# Second [draft]\n\n![logo](l.png)\n\n**Bold** first   line.\nMore.\n',
  },
  { path: 'docs/a.md', text: '# First\n\n## Part\n\n| a | b |\n|---|---|\n\nSays what it is.\r\n' },
  { path: 'docs/sub/none.md', text: '' },
];
const AT = { path: 'docs/INDEX.md', folder: 'docs' };

test('the index has title and first line of each document by path, whatever the order they come in', () => {
  const text = indexText(DOCS, AT);
  assert.deepEqual(text.split('\n').slice(1), [
    '',
    '# Index of docs',
    '',
    '- [First](a.md): Says what it is.',
    '- [Second \\[draft\\]](b%20c.md): Bold first line.',
    '- [none.md](sub/none.md)',
    '',
  ]);
  assert.ok(isMade(text));
  assert.equal(indexText([...DOCS].reverse(), AT), text);
  assert.match(text, /^<!-- Made by `waybill docs build` from 3 documents, sha256:[0-9a-f]{64}\. /);
});

test('section 17: index and corpus change when a document does, and by nothing else', () => {
  const other = DOCS.map((doc) => (doc.path === 'docs/a.md' ? { ...doc, text: `${doc.text}\nNew end.\n` } : doc));
  assert.equal(indexText(other, AT), indexText(DOCS, AT));
  assert.notEqual(corpusText(other, AT), corpusText(DOCS, AT));
  assert.equal(corpusText([...DOCS].reverse(), AT), corpusText(DOCS, AT));
  const titled = DOCS.map((doc) => ({ ...doc, text: doc.text.replace('# First', '# Third') }));
  assert.notEqual(indexText(titled, AT), indexText(DOCS, AT));
  assert.notEqual(indexText(DOCS.slice(1), AT), indexText(DOCS, AT));
});

test('the corpus has every document whole below its path', () => {
  const text = corpusText(DOCS, AT);
  assert.ok(isMade(text));
  assert.deepEqual(
    text.split('\n').filter((line) => line.startsWith('# docs/')),
    ['# docs/a.md', '# docs/b c.md', '# docs/sub/none.md'],
  );
  assert.ok(text.includes('\n# docs/a.md\n\n# First\n\n## Part\n'));
});

test('markers of unfinished work are told in documents that say they are finished, and only there', () => {
  const found = (text: string) => leftOver([{ path: 'p.md', text }]).map(({ message, refs }) => [message, ...refs]);
  assert.deepEqual(found('# P\n\n**Status:** ACTIVE\n\nTODO: say more\n\n- [ ] TBD\n'), [
    ['p.md says that it is finished, and has TODO, TBD', 'p.md:5', 'p.md:7'],
  ]);
  assert.deepEqual(found('---\nstatus: final\n---\n\nWho: TBD.').length, 1);
  for (const line of [
    'TODO',
    '- TODO say more',
    '- [ ] FIXME soon',
    'Limits [WIP]',
    '| a | TBD |',
    'x (WIP)',
    'WIP: x',
    'TODO(ann) x',
  ])
    assert.equal(found(`Status: FINAL\n\n${line}`).length, 1, line);
  const fine = [
    '# P\n\n**Status:** DRAFT\n\nTODO: say more',
    '# P\n\nTODO: say more',
    '# P\n\nStatus: ACTIVE, no TODO markers\n\nRemove WIP markers/TODO placeholders. `TODO` is a word.\n\n```\nTODO\n```',
    '# TODO Standard (its WIP)\n\nStatus: FINAL\n\nEin todo, mastodon, TODOs-list, the full TODO header\n\n- WIP/capacity planning',
  ];
  for (const text of fine) assert.deepEqual(found(text), [], text);
});

test.run();
