import { combine } from '../../src/backlog/combine.ts';
import { readMarkdown } from '../../src/backlog/read-markdown.ts';
import { readYaml } from '../../src/backlog/read-yaml.ts';
import { ENTRY_KEYS } from '../../src/backlog/yaml-entry.ts';
import { schemaOf } from '../../src/platform/schema.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('backlog/read-yaml');

const read = (text: string | Uint8Array) => readYaml('backlog.yaml', text);
const codes = (text: string | Uint8Array) =>
  read(text).problems.map(({ severity, code, place }) => `${severity} ${code} ${place.line}:${place.column}`);
const statusOf = (word: string) => {
  const { items, problems } = read(`tasks:\n- title: A\n  status: ${word}\n`);
  return items[0] === undefined ? problems[0]?.code : `${items[0].status}${items[0].needsDecision ? '?' : ''}`;
};

test('both vocabularies of statuses are read, in any capitals; another word is a problem', () => {
  const wanted = {
    pending: 'open',
    in_progress: 'in progress',
    completed: 'done',
    blocked: 'blocked',
    INTAKE: 'open?',
    TRIAGED: 'open?',
    READY: 'open',
    DISPATCHED: 'in progress',
    REVIEW: 'in progress',
    CLOSED: 'done',
    BLOCKED: 'blocked',
    DEFERRED: 'dropped',
    REJECTED: 'dropped',
    DUPLICATE: 'dropped',
    SUPERSEDED: 'dropped',
    'In Progress': 'in progress',
    null: 'open',
    BROKEN: 'ENTRY_INVALID',
    5: 'ENTRY_INVALID',
    toString: 'ENTRY_INVALID',
  };
  for (const [word, status] of Object.entries(wanted)) assert.equal(statusOf(word), status, word);
});

test('an entry is read with all its keys; unknown ones are kept, and told once each', () => {
  const { items, problems } = read(`schema_version: backlog.v1
owner_team: x
tasks:
# a comment
- id: T-003
  title: 'Clean  up'
  description: Delete nul
  dod: Files deleted
  priority: P1
  risk: high
  scope_paths: [.gitignore, runtime/tests/]
  status: pending
  requires_approval: false
  decision_support_required: true
  owner: ''
  context: depends on T-001
  depends_on: T-002
  blocked_by: [Other]
  tags: [a, b]
  workstream: w
- title: Second
  workstream: w
  acceptance_criteria: [it works, it is told]
  prioritty: P0
`);
  const [first, second] = items;
  const { text: _, ...rest } = first ?? { text: '' };
  assert.deepEqual(rest, {
    key: 'T-003',
    id: 'T-003',
    title: 'Clean up',
    description: 'Delete nul',
    priority: 1,
    status: 'open',
    blockedBy: null,
    dod: 'Files deleted',
    owner: null,
    context: 'depends on T-001',
    dependsOn: ['T-002', 'Other', 'T-001'],
    scopePaths: ['.gitignore', 'runtime/tests/'],
    requiresApproval: true,
    needsDecision: true,
    tags: ['a', 'b'],
    format: 'yaml',
    place: { file: 'backlog.yaml', line: 5, column: 3 },
  });
  assert.equal(second?.priority, 3);
  assert.equal(second?.dod, 'it works\nit is told');
  assert.deepEqual(
    problems.map(({ code, place, message, hint }) => [code, place.line, message.split(';')[0], hint]),
    [
      ['KEY_UNKNOWN', 2, '"owner_team" is no key of backlog.v1', 'docs/backlog.md tells every key.'],
      ['KEY_UNKNOWN', 20, '"workstream" is no key of backlog.v1 (2 times)', 'docs/backlog.md tells every key.'],
      ['KEY_UNKNOWN', 24, '"prioritty" is no key of backlog.v1', 'Did you mean priority?'],
    ],
  );
});

test('rule 10: one bad entry hides none of the others, also where the file as a whole does not parse', () => {
  const good =
    '- title: A\n- title: 5\n- 7\n- {title: B, status: nope}\n- title: a\n- title: C\n  scope_paths: [../x]\n- title: D\n';
  for (const head of ['', 'tasks:\n', 'schema_version: backlog.v1\nitems:\n']) {
    const { items, problems } = read(head + good);
    assert.deepEqual(
      items.map(({ title }) => title),
      ['A', 'D'],
    );
    assert.equal(problems.length, 5);
    assert.ok(problems.every(({ severity }) => severity === 'unread'));
  }
  const text = `tasks:
  - title: A
  - title: twice
    title: again
  - title: *bomb
  # between
  - title: "never closed
  - title: B
    description: |
      - title: not an entry
  - title: !!binary x
  - title: ${'['.repeat(40)}${']'.repeat(40)}
  - title: C
other: 1
`;
  const { items, problems } = read(text);
  assert.deepEqual(
    items.map(({ title, place }) => [title, place.line, place.column]),
    [
      ['A', 2, 5],
      ['B', 8, 5],
      ['C', 13, 5],
    ],
  );
  assert.deepEqual(
    problems.map(({ code, place }) => [code, place.line]),
    [
      ['ENTRY_INVALID', 4],
      ['ENTRY_INVALID', 5],
      ['ENTRY_INVALID', 7],
      ['ENTRY_INVALID', 11],
      ['ENTRY_INVALID', 12],
    ],
  );
});

test('files that are no backlog are told as a whole', () => {
  assert.deepEqual(codes(''), ['told FILE_UNREADABLE 1:1']);
  assert.deepEqual(codes('tasks:\n'), []);
  assert.deepEqual(codes('tasks: {}\n'), ['unread FILE_UNREADABLE 1:1']);
  assert.deepEqual(codes('just words\n'), ['unread FILE_UNREADABLE 1:1']);
  assert.deepEqual(codes('a: 1\n'), ['unread FILE_UNREADABLE 1:1', 'told KEY_UNKNOWN 1:1']);
  assert.deepEqual(codes('schema_version: backlog.v2\ntasks: [{title: A}]\n'), ['unread FILE_UNREADABLE 1:1']);
  assert.deepEqual(codes(Buffer.from([0x61, 0xff])), ['unread FILE_UNREADABLE 1:2']);
  assert.deepEqual(codes(`tasks: &a [*a]\n`), ['unread FILE_UNREADABLE 1:12']);
  assert.equal(read(Buffer.alloc(9 * 1024 * 1024, 'a')).problems[0]?.code, 'FILE_UNREADABLE');
});

test('the same item in both files is the one in YAML, by its id or its title, and another status is told', () => {
  const yaml = read(
    'tasks:\n- {id: T-1, title: One, status: completed}\n- {title: Two}\n- {title: Three, status: READY}\n',
  );
  const markdown = readMarkdown('BACKLOG.md', '- [ ] Uno — ID: t-1\n- [ ] two\n- [x] Three\n- [ ] one\n- [ ] Four');
  for (const files of [
    [yaml, markdown],
    [markdown, yaml],
  ]) {
    const { items, problems } = combine(files);
    assert.deepEqual(items.map(({ title, format }) => [title, format]).sort(), [
      ['Four', 'markdown'],
      ['One', 'yaml'],
      ['Three', 'yaml'],
      ['Two', 'yaml'],
    ]);
    assert.deepEqual(
      problems.map(({ code, severity, place }) => [code, severity, place.line]),
      [
        ['STATUS_DIFFERS', 'told', 1],
        ['STATUS_DIFFERS', 'told', 3],
        ['STATUS_DIFFERS', 'told', 4],
      ],
    );
    assert.match(problems[0]?.message ?? '', /^"Uno" is open here and done in backlog.yaml:2, which counts$/);
  }
  const second = combine([markdown, readMarkdown('OTHER.md', '- [ ] four\n- [ ] Five')]);
  assert.deepEqual(
    second.problems.map(({ code, severity, place }) => [code, severity, place.file, place.line]),
    [['SAME_KEY', 'unread', 'OTHER.md', 1]],
  );
  assert.equal(second.items.length, 6);
});

test('the keys that are known are those of the schema', () => {
  const { $defs } = schemaOf('backlog') as unknown as { $defs: { BacklogEntry: { properties: object } } };
  assert.deepEqual([...ENTRY_KEYS].sort(), Object.keys($defs.BacklogEntry.properties).sort());
});

test.run();
