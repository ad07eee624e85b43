import { readFileSync } from 'node:fs';
import { neverClosed } from '../../src/documents/spoken-lines.ts';
import { statementsOf } from '../../src/documents/statements.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('documents: statements');

const PLAN = readFileSync(new URL('../fixtures/documents/plan-open-and-done.md', import.meta.url), 'utf8');

/** `task standing line` of each statement. */
function said(text: string, path = 'docs/STATE.md'): string[] {
  return statementsOf([{ path, text }]).map(({ task, standing, line }) => `${task} ${standing} ${line}`);
}

/** Only tasks and standings, for documents of one line. */
function one(text: string): string[] {
  return said(text).map((s) => s.replace(/ \d+$/, ''));
}

test('rule 15: a plan in the shape of seed 000 is read: rows, ranges, headings, fields, brackets, each with its line', () => {
  assert.deepEqual(said(PLAN), [
    'A2-T02 done 3',
    'A3 open 3',
    'A0-T01 done 10',
    'A2-T01 done 11',
    'A2-T02 open 12',
    'A2-T03 done 13',
    'A2-T04 done 13',
    'A2-T04 done 14',
    'A3-T00 deferred 15',
    'A3-T01 deferred 15',
    'A3-T02 deferred 15',
    'A2-T02 done 17',
    'A0 done 19',
    'A2-T02 done 26',
  ]);
});

test('words of several vocabularies mean the same', () => {
  const cells: [string, string | null][] = [
    ['✅ DONE', 'done'],
    ['**COMPLETE**', 'done'],
    ['closed', 'done'],
    ['LANDED (2026-02-01)', 'done'],
    ['merged 1a2b3c4', 'done'],
    ['⏸️ OPEN', 'open'],
    ['pending', 'open'],
    ['Not started', 'open'],
    ['TODO', 'open'],
    ['IN PROGRESS', 'in progress'],
    ['in-progress', 'in progress'],
    ['WIP', 'in progress'],
    ['Blocked by keys', 'blocked'],
    ['⏸️ DEFERRED', 'deferred'],
    ['On hold', 'deferred'],
    ['✅', 'done'],
    ['⏸️', 'deferred'],
    ['OPEN → DONE', 'done'],
    ['DONE -> reopened', 'open'],
    // not fooled
    ['incomplete', 'open'],
    ['not done', 'open'],
    ['Not yet completed', 'open'],
    ["isn't done", 'open'],
    ['unfinished', 'open'],
    ['abandoned', 'dropped'],
    ['partially done', 'in progress'],
    ['90% complete', 'in progress'],
    ['100% complete', 'done'],
    ['no longer blocked', null],
    ['OPEN / DONE', null],
    ['Complete the proof', null],
    ['Definition of Done', null],
    ['—', null],
    ['', null],
  ];
  for (const [cell, standing] of cells)
    assert.deepEqual(
      one(`| Task | Status |\n|---|---|\n| W1-T01 | ${cell} |`),
      standing === null ? [] : [`W1-T01 ${standing}`],
      JSON.stringify(cell),
    );
});

test('headings, items and fields say it in many ways', () => {
  const lines: [string, string[]][] = [
    ['### W1-T01: Proof — DONE', ['W1-T01 done']],
    ['### W1-T01 Proof (done)', ['W1-T01 done']],
    ['### W1-T01 Proof [IN PROGRESS]', ['W1-T01 in progress']],
    ['### ✅ W1-T01: Proof', ['W1-T01 done']],
    ['### W1-T01: BLOCKED', ['W1-T01 blocked']],
    ['- [x] W1-T01 Proof', ['W1-T01 done']],
    ['- [ ] **W1-T01** Proof', ['W1-T01 open']],
    ['- [x] W1-T01: not done', ['W1-T01 done', 'W1-T01 open']],
    ['- W1-T01: done', ['W1-T01 done']],
    ['- **W1-T01** — in progress', ['W1-T01 in progress']],
    ['1. T-021 is closed', ['T-021 done']],
    [
      '**Status:** T-021, T-022 and T-AE-01 are done; T-030 is pending',
      ['T-021 done', 'T-022 done', 'T-AE-01 done', 'T-030 open'],
    ],
    ['Done: T-021, T-022', ['T-021 done', 'T-022 done']],
    ['**Blocked:** T-021 (no keys)', ['T-021 blocked']],
    ['Now: W6-T00 - W6-T02 DONE', ['W6-T00 done', 'W6-T01 done', 'W6-T02 done']],
    ['## Done\n\n- T-021 Proof\n- T-022 Other proof', ['T-021 done', 'T-022 done']],
    ['## In progress (2)\n\n- T-021 Proof', ['T-021 in progress']],
    ['### T-021: Proof\n\n**Status:** DONE since Monday', ['T-021 done']],
  ];
  for (const [text, expected] of lines) assert.deepEqual(one(text), expected, text);
});

test('prose, conditions, quotations, code, history and names of standards say nothing', () => {
  const silent = [
    'When W1-T01 is done, we go on.',
    '- Status: W1-T02 starts once W1-T01 is done',
    '- W1-T01 must be done before Monday',
    '**Status:** next, after W1-T01 DONE: the rest',
    '### W1-T01: Handle jobs that are closed',
    '### W1-T01: Mark all items as DONE',
    '### W1-T01: Close open issues',
    '- W1-T01 follow-up: done',
    '> ### W1-T01 DONE',
    '```\n### W1-T01 DONE\n```',
    '<!--\n### W1-T01 DONE\n-->',
    '- ~~W1-T01: open~~',
    '## History\n\n- W1-T01: open',
    '## 2026-02-01\n\n- W1-T01: open\n\n## 2026-02-02\n\n- nothing',
    '## 2026-01\n\n- W1-T01: open\n\n## 2026-02-02\n\n- nothing',
    '- LOG-2026-02-21: done',
    '- FEB-21-2026: done',
    '- FEB-2026: done',
    '- 2026-02-21: done',
    '- 2026-02-01: W1-T01 DONE',
    '- SHA-256: done',
    '- UTF-8 is done',
    '- P1: open',
    '- CVE-2024-12345: fixed',
    '## W1: Groundwork COMPLETE',
    '| Term | Meaning |\n|---|---|\n| W1-T01 | DONE |',
  ];
  for (const text of silent) assert.deepEqual(one(text), [], text);
  assert.deepEqual(said('- W1-T01: open', 'CHANGELOG.md'), []);
  assert.deepEqual(said('- W1-T01: open', 'docs/archive/old.md'), []);
});

test('section 17: an id with a year is one, alone, in a list and as a range', () => {
  const lines: [string, string[]][] = [
    ['- WI-2026-001: OPEN', ['WI-2026-001 open']],
    ['- [x] **WI-2026-001** Proof', ['WI-2026-001 done']],
    ['| Task | Status |\n|---|---|\n| WI-2026-001 | CLOSED |', ['WI-2026-001 done']],
    ['**Status:** WI-2026-001, WI-2026-02-003 DONE', ['WI-2026-001 done', 'WI-2026-02-003 done']],
    ['Done: WI-2026-001 to WI-2026-002', ['WI-2026-001 done', 'WI-2026-002 done']],
  ];
  for (const [text, expected] of lines) assert.deepEqual(one(text), expected, text);
});

test('section 17: what speaks of today is read: below any title, the newest date, a file that somebody named', () => {
  const OPEN = '- W1-T01: open';
  const read = [
    `# Session state\n\n${OPEN}`,
    `# Log of W1\n\n${OPEN}`,
    `# 2026-02-01\n\n${OPEN}\n\n## 2026-03-01\n\n- nothing`,
    `## 2026-02-01 status\n\n${OPEN}`,
    `## 2026-02-01\n\n- nothing\n\n## 2026-02-02\n\n${OPEN}`,
    `## 2026-02\n\n${OPEN}\n\n## 2026-02-02\n\n- nothing`,
    `## 2026-02-01 status\n\n${OPEN}\n\n## History\n\n### 2026-03-01\n\n- nothing`,
    `\`\`\`md\n\`\`\`js\n\`\`\`\n\n${OPEN}`,
    `\`\`\` code \`\`\` in a sentence\n\n${OPEN}`,
    `- \`\`\`sh\n  run\n  \`\`\`\n${OPEN}`,
  ];
  for (const text of read) assert.deepEqual(one(text), ['W1-T01 open'], text);
  assert.deepEqual(one(`# State\n\n# History\n\n${OPEN}`), []);
  const [named] = statementsOf([{ path: 'docs/history/STATE.md', text: OPEN, isNamed: true }]);
  assert.equal(named?.task, 'W1-T01');
});

test('code and comments that never end are told with their line', () => {
  const at = (text: string) => neverClosed({ path: 'a.md', text });
  assert.deepEqual(at('a\n```js\nb\n``` c\n'), { line: 2, what: 'code' });
  assert.deepEqual(at('a\n~~~\n```\n'), { line: 2, what: 'code' });
  assert.deepEqual(at('<!-- a -->\n\n<!-- b\n'), { line: 3, what: 'a comment' });
  for (const text of ['', 'a', '```\nb\n````\n', '~~~\n~~~', '<!-- a\n-->', '- ```\n  a\n  ```'])
    assert.equal(at(text), null, text);
});

test('a package counts where one of its tasks is named', () => {
  assert.deepEqual(one('**Status:** W6 pending'), []);
  assert.deepEqual(one('**Status:** W6 pending\n\n- [x] W6-T01'), ['W6 open', 'W6-T01 done']);
});

test.run();
