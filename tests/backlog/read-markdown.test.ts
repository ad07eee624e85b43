import { readMarkdown } from '../../src/backlog/read-markdown.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('backlog/read-markdown');

const read = (text: string | Uint8Array) => readMarkdown('BACKLOG.md', text);
const item = (text: string) => {
  const { items, problems } = read(text);
  assert.equal(items.length, 1, JSON.stringify(problems));
  const [only] = items;
  if (only === undefined) throw new Error('no item');
  return only;
};
const codes = (text: string | Uint8Array) =>
  read(text).problems.map(({ severity, code, place }) => `${severity} ${code} ${place.line}:${place.column}`);

/** The shapes of a real file that an earlier reader gave up on as a whole, or left items out of. */
const SEEN = `# BACKLOG (prune aggressively; target ≤ 40 items)

## Workflow Hook

**"Done means" checklist:**

- [ ] Update the status of the item

## Now (ready soon; not in WIP yet)

### P0 (Critical)

- [x] **Greeting end to end** -- DoD: greet.py is there -- Owner: antigravity -- Context: One print statement.

### P1 (High)

- [!] **Evidence that was put off: F3** — DoD: Packet made — Owner: antigravity — Context: Put off at closure (C2)
- [ ] **One real task through all of it** — DoD: select→design→build goes by itself — Owner: antigravity/COO — Context: All parts exist
- [ ] **Builder, next round** — Why Now: It is asked for — Owner: antigravity

## Next (valuable, but not imminent)

- [ ] **Refresh of the manual** — Scope: Rewrite and align with what runs — Deliverable: A diff — Owner: antigravity — Context: Out of band
- [ ] **Mission kinds** — Why Next: as needed
- [ ] **Second layer** — Why Later: Depends on the first being stable

## Done (last ~25 only)

- [x] **Guard the old \`cycle — path\`** (W0-T04) — Date: 2026-02-13 — cli.py and a notice
- [x] **F3 — checklist** — Date: 2026-01-02
`;

test('rule 10: a real file is read whole: slashes in owners, missing DoD, both kinds of dashes, prose in scope', () => {
  const { items, problems } = read(SEEN);
  assert.deepEqual(
    items.map(({ place, priority, status, title, dod, owner }) => [place.line, priority, status, title, dod, owner]),
    [
      [7, 3, 'open', 'Update the status of the item', null, null],
      [13, 0, 'done', 'Greeting end to end', 'greet.py is there', 'antigravity'],
      [17, 1, 'blocked', 'Evidence that was put off: F3', 'Packet made', 'antigravity'],
      [18, 1, 'open', 'One real task through all of it', 'select→design→build goes by itself', 'antigravity/COO'],
      [19, 1, 'open', 'Builder, next round', null, 'antigravity'],
      [23, 3, 'open', 'Refresh of the manual', null, 'antigravity'],
      [24, 3, 'open', 'Mission kinds', null, null],
      [25, 3, 'blocked', 'Second layer', null, null],
      [29, 3, 'done', 'Guard the old `cycle — path` (W0-T04)', null, null],
      [30, 3, 'done', 'F3 — checklist', null, null],
    ],
  );
  assert.deepEqual(
    problems.map(({ code, severity, place }) => [code, severity, place.line]),
    [['SCOPE_UNCLEAR', 'told', 23]],
  );
  assert.equal(items[5]?.description, 'Deliverable: A diff. Scope: Rewrite and align with what runs');
  assert.equal(items[7]?.blockedBy, 'Depends on the first being stable');
});

test('boxes: what is clear is read, what is odd is told, what is unclear is a problem', () => {
  for (const [box, status] of [
    ['[ ]', 'open'],
    ['[x]', 'done'],
    ['[X]', 'done'],
    ['[/]', 'in progress'],
    ['[!]', 'blocked'],
    ['[~]', 'dropped'],
    ['[-]', 'dropped'],
  ] as const) {
    assert.equal(item(`- ${box} Title`).status, status);
    assert.deepEqual(codes(`- ${box} Title`), [], box);
  }
  for (const [line, status] of [
    ['- [] Title', 'open'],
    ['- [  ] Title', 'open'],
    ['- [ x ] Title', 'done'],
    ['- [✓] Title', 'done'],
    ['- [\u00a0] Title', 'open'],
    ['- [wip] Title', 'in progress'],
    ['-[ ] Title', 'open'],
    ['- [x]Title', 'done'],
    ['- [in progress] Title', 'in progress'],
  ] as const) {
    assert.equal(item(line).status, status, line);
    assert.deepEqual(codes(line), ['told BOX_ODD 1:1'], line);
  }
  for (const line of ['- [?] T', '- [>] T', '- [xx] T', '- [x/] T', '- [1] T', '- [x](a) T', '- [ ](a) T', '- [*] T']) {
    assert.equal(read(line).items.length, 0, line);
    assert.deepEqual(codes(line), ['unread BOX_UNCLEAR 1:1'], line);
  }
  for (const line of [
    '[ ] T',
    '| a | [ ] |',
    '> - [ ] T',
    '- **[ ] T**',
    '# [ ] T',
    '- ☐ T',
    '• [x] T',
    '- ［ ］ T',
    '- [ T',
    '> - [/] T',
    '> - [-] T',
    '| 1 | [/] T |',
    '| a | - [!] T |',
    '## [!] T',
    '**[/] T**',
    '- **[!] T**',
    '• [~] T',
    '− [ ] T',
    '－ [ ] T',
    'a. [ ] T',
    '- **P1** [ ] T',
    '- 🚀 [ ] T',
    '- \\[ ] T',
    '- [[ ]] T',
  ])
    assert.ok(codes(line)[0]?.startsWith('unread BOX_MISPLACED 1:'), line);
  for (const line of [
    '- [P1] T',
    '- [RFC] T',
    '- [a link](b)',
    '[x]: http://example.org',
    'Use `[ ]` here',
    '- plain',
    '[1] note',
    '> [!NOTE]',
    '> [-](b)',
    '| [x](b) |',
    '## [Unreleased]',
    '- [[page]] T',
    '- Use [ ] here',
  ])
    assert.deepEqual([read(line).items, codes(line)], [[], []], line);
  assert.deepEqual(codes('- [ ]'), ['unread NO_TITLE 1:1']);
  assert.deepEqual(codes('- [ ] — DoD: x'), ['unread NO_TITLE 1:1']);
});

test('bullets, tabs and nesting: each check box is an item of its own, with the lines that belong to it', () => {
  const { items } = read(
    '1. [ ] One\n\t* [x] Two\n\t  Owner: b\n+ [ ] Three\n\n  DoD: later\n\nno part of it\n  nor this',
  );
  assert.deepEqual(
    items.map(({ title, owner, dod, text }) => [title, owner, dod, text]),
    [
      ['One', null, null, '1. [ ] One'],
      ['Two', 'b', null, '\t* [x] Two\n\t  Owner: b'],
      ['Three', null, 'later', '+ [ ] Three\n\n  DoD: later'],
    ],
  );
});

test('check boxes in code and comments are told of, and read nowhere; a sign of a comment in a code span is none', () => {
  assert.deepEqual(codes('```\n- [ ] A\n```\n~~~\n- [ ] B\n```\n~~~\n- [ ] C'), [
    'unread NOT_READ 2:1',
    'unread NOT_READ 5:1',
  ]);
  assert.deepEqual(codes('<!-- - [ ] A\n- [ ] B\n-->\n- [ ] C <!-- x -->'), [
    'unread NOT_READ 1:6',
    'unread NOT_READ 2:1',
  ]);
  assert.equal(item('- [ ] Write `<!--` and `-->` <!-- ID: T-9 -->').title, 'Write `<!--` and `-->`');
  assert.deepEqual(codes('```\n- [ ] never closed\n# P0\n- [ ] nor this'), [
    'unread NOT_READ 2:1',
    'unread NOT_READ 4:1',
  ]);
});

test('priorities: a heading holds for its section, a word of the item goes before it', () => {
  const of = (text: string) => read(text).items.map(({ priority }) => priority);
  assert.deepEqual(
    of(
      '- [ ] a\n### P0\n- [ ] b\n#### part\n- [ ] c\n### P2 (later)\n- [ ] d\n## Next\n- [ ] e\n### **P1** — high\n- [ ] f\n### Other\n- [ ] g',
    ),
    [3, 0, 0, 2, 3, 1, 3],
  );
  assert.deepEqual(of('## P0\n- [ ] a\n# Top\n- [ ] b\n\nP1\n--\n- [ ] c\n\nNext\n===\n- [ ] d'), [0, 3, 1, 3]);
  const lines = [
    'P1: T',
    '(P1) T',
    '[P1] T',
    '**P1** T',
    '**P1:** T',
    '**P1: T**',
    'P1 — T',
    '**[P1] T**',
    'T (P1)',
    '**T** [P1]',
    'p1: T',
    'T — Priority: high',
  ];
  for (const line of lines) {
    const { title, priority, key } = item(`### P3\n- [ ] ${line}`);
    assert.deepEqual([title, priority], ['T', 1], line);
    assert.equal(key, item('- [ ] T').key, 'the key is of the title alone');
  }
  assert.deepEqual(codes('### P7\n- [ ] P9: T'), ['told PRIORITY_UNKNOWN 1:1', 'told PRIORITY_UNKNOWN 2:1']);
  assert.equal(item('- [ ] Trusted builder (P1 of two)').priority, 3);
});

test('fields: in any order and capitals, behind any separator, on the line or below it', () => {
  const wanted = {
    dod: 'it works; really',
    owner: 'a/b, c',
    context: 'so - so',
    dependsOn: ['T-1', 'T-2'],
    scopePaths: ['src/', 'a.md'],
  };
  for (const text of [
    '- [ ] **T** — DoD: it works; really — Owner: a/b, c — Context: so - so — Depends: T-1, T-2 — Scope: src/, `a.md`',
    '- [ ] T -- CONTEXT: so - so -- owner: a/b, c -- scope: src/, a.md -- dod: it works; really -- depends on: T-1 and T-2',
    '- [ ] T; Owner: a/b, c; Scope: src/, a.md; DoD: it works; really; Depends: T-1, T-2; Context: so - so',
    '- [ ] T - Owner: a/b, c\n  - **DoD:** it works; really\n  - Scope: src/, a.md\n  * Context: so - so\n  Depends: T-1, T-2',
    '- [ ] T\n  DoD: it\n  works; really\n  **Owner**: a/b, c\n  Context: so - so — Depends: T-1, T-2 — Scope: src/, a.md',
  ]) {
    const { title, dod, owner, context, dependsOn, scopePaths } = item(text);
    assert.deepEqual({ title, dod, owner, context, dependsOn, scopePaths }, { title: 'T', ...wanted }, text);
  }
  for (const line of [
    '**U**: DoD: x',
    '**U** | DoD: x | Owner: me',
    'U | DoD: x',
    'U —DoD: x',
    'U—DoD: x',
    'U — DoD：x',
    'U — DoD： x; Owner: me',
    'U\n  DoD：x',
  ]) {
    const { title, dod } = item(`- [ ] ${line}`);
    assert.deepEqual([title, dod, codes(`- [ ] ${line}`)], ['U', 'x', []], line);
  }
  assert.equal(item('- [ ] U | DoD: a | b | Owner: me').dod, 'a | b');
  assert.equal(item('- [ ] a—b | c: d').title, 'a—b | c: d');
  assert.equal(item('- [ ] **U**: and more').title, 'U: and more');
  for (const line of ['U DoD: x', 'U (DoD x)', 'U / dod x'])
    assert.deepEqual(codes(`- [ ] ${line}`), ['told DOD_UNCLEAR 1:1'], line);
  assert.deepEqual(codes('- [x] Write the DoD'), []);
  assert.equal(item('- [ ] Replace a - b — c by d').title, 'Replace a - b — c by d');
  assert.equal(item('- [ ] T — Owner: TBD — DoD: —').dod, null);
  assert.equal(item('- [ ] T — Owner: TBD — DoD: —').owner, null);
  assert.equal(item('- [ ] T\n  - Owner: bob\n  Some more words.').owner, 'bob');
  assert.equal(item('- [ ] T — Approval: required').requiresApproval, true);
  assert.equal(item('- [ ] T — Approval: no').requiresApproval, false);
  assert.equal(item('- [ ] T — Decision: by the council').needsDecision, true);
});

test('words that block do so as whole words, not where they are denied, and not in what is to be done', () => {
  for (const [line, words] of [
    ['T — Context: blocked', 'blocked'],
    ['T — Context: It is Blocked by legal. More', 'Blocked by legal'],
    ['T — Why Later: depends  on Core', 'depends on Core'],
    ['T\n  waiting for Anna', 'waiting for Anna'],
    ['T — Blocked: by Bert', 'Blocked: by Bert'],
    ['T — Context: was blocked by legal', 'blocked by legal'],
    ['T — Context: blocked by this vendor', 'blocked by this vendor'],
    ['T — Context: blocked until May', 'blocked until May'],
  ] as const) {
    const { status, blockedBy } = item(`- [ ] ${line}`);
    assert.deepEqual([status, blockedBy], ['blocked', words], line);
  }
  for (const line of [
    'T — Context: unblocked now',
    'T — Context: un-blocked',
    'T — Context: no longer blocked',
    'T — Context: not waiting for anybody',
    'T — Why: not blocking the core',
    'Show what is blocked — DoD: items waiting for others are shown',
    'T — Blocked: no',
    'T — Why Now: others are blocked by this',
    'T — Why Now: depends on nobody',
    'T — Context: the release is blocked by it, so be quick',
    'T — Context: This was blocked until 2026-01-01',
    'T — Context: it had been waiting for Anna until May. Now it is free',
  ])
    assert.equal(item(`- [ ] ${line}`).status, 'open', line);
  const named = item('- [ ] T — Context: depends on T-1 and W0-T04.');
  assert.deepEqual([named.status, named.dependsOn], ['open', ['T-1', 'W0-T04']]);
  assert.equal(item('- [x] T — Context: blocked').status, 'done');
});

test('keys: an own id that is a good name, else the title; box, owner, emphasis and marks of progress change nothing', () => {
  const { key } = item('- [ ] Fix the gate');
  assert.match(key, /^[0-9a-f]{12}$/);
  for (const line of [
    '- [x] Fix the gate',
    '* [/] **Fix the gate** — Owner: x',
    '- [x] Fix the gate — Done: 2026-11-22, commit abc, BL-1',
    '- [x] Fix the gate — done 2026-11-22',
    '- [x] Fix the gate — 2026-11-22 by anna',
    '- [x] Fix the gate ✅ 2026-11-22',
    '- [x] Fix the gate (done by anna)',
    '- [-] ~~Fix the gate~~',
    '- [ ] fix  the `gate`.',
    '- [ ] Fix\u200b the gate',
  ])
    assert.equal(item(line).key, key, line);
  assert.notEqual(item('- [ ] Fix the gates').key, key);
  assert.equal(item('- [ ] Fix it — ID: W0-T04').key, 'W0-T04');
  for (const id of ['a b', '../x', 'x.lock', 'T-1-done', 'a'.repeat(126)]) {
    assert.equal(item(`- [ ] Fix the gate — ID: ${id}`).key, key, id);
    assert.deepEqual(codes(`- [ ] Fix the gate — ID: ${id}`), ['told BAD_ID 1:1'], id);
  }
  const twice = read('- [ ] A\n- [ ] b — ID: T-1\n- [x] *A*\n- [ ] c — ID: t-1');
  assert.deepEqual(
    twice.items.map(({ place }) => place.line),
    [1, 2],
  );
  assert.match(
    twice.problems[0]?.message ?? '',
    /^line 3 has the key ca978112ca1b of line 1: "A", there open, here done$/,
  );
  assert.equal(twice.problems[1]?.place.line, 4);
});

test('bytes: a mark at the begin, CRLF, lone CR, bytes that are no UTF-8, characters that show nothing, endless lines', () => {
  assert.deepEqual(
    read('\ufeff- [ ] A\r\n  DoD: x\r\n- [ ] B\r- [ ] C').items.map(({ title, dod, text, place }) => [
      title,
      dod,
      text,
      place.line,
    ]),
    [
      ['A', 'x', '- [ ] A\r\n  DoD: x', 1],
      ['B', null, '- [ ] B', 3],
      ['C', null, '- [ ] C', 4],
    ],
  );
  const broken = Buffer.concat([Buffer.from('- [ ] A\n- [ ] B '), Buffer.from([0xff]), Buffer.from('\n- [ ] C\n')]);
  assert.deepEqual(
    read(broken).items.map(({ title }) => title),
    ['A', 'C'],
  );
  assert.deepEqual(codes(broken).sort(), ['told NOT_UTF8 2:1', 'unread NOT_UTF8 2:1']);
  assert.deepEqual(codes(Buffer.from('\ufeff- [ ] A\n', 'utf16le')), ['told NOT_UTF8 1:1']);
  assert.deepEqual(codes('- [ ] pay \u202etoof\u202c'), ['told HIDDEN_CHARACTERS 1:1']);
  assert.deepEqual(codes(`- [ ] ${'a'.repeat(30_000)}\n- [ ] B`), ['unread LINE_TOO_LONG 1:1']);
  assert.deepEqual(codes(Buffer.alloc(33 * 1024 * 1024, '- [ ] a\n')), ['unread FILE_UNREADABLE 1:1']);
});

test('a hundred thousand lines, and lines made to be slow, are read to their end', () => {
  assert.equal(
    read(Array.from({ length: 100_000 }, (_, n) => `- [ ] item ${n} — DoD: x`).join('\n')).items.length,
    100_000,
  );
  for (const slow of [
    ' '.repeat(19_000),
    '- '.repeat(9000),
    '`'.repeat(19_000),
    '` '.repeat(9000),
    '**a '.repeat(4000),
    ' — '.repeat(6000),
    '|'.repeat(19_000),
    '<!--'.repeat(4000),
  ])
    for (const line of [slow, `- [ ] a${slow}`, `- [ ] a${slow}]`])
      assert.ok(read(`${line}\n- [ ] end`).items.length <= 2);
});

test.run();
