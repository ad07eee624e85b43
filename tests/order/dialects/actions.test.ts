import { assert, suite } from '../../support/suite.ts';
import { mapped, refused } from './sheets.ts';

const test = suite('order/dialects/actions');

const OK = 'wo_id: WO-1\ntitle: t\n';
const actions = (yaml: string) => mapped(OK + yaml).document['actions'];

test('formats: a mode that YAML reads as a number is the mode that was meant', () => {
  for (const [written, mode] of [
    ['0755', '0755'],
    ['755', '0755'],
    ['0o755', '0755'],
    ['644', '0644'],
    ['0o644', '0644'],
    ['"755"', '755'],
    ['0777', 777],
  ] as const) {
    const { document, warnings } = mapped(`${OK}files:\n  - path: a\n    content: x\n    mode: ${written}\n`);
    assert.deepEqual(document['files'], [{ path: 'a', content: 'x', mode }], written);
    assert.deepEqual(warnings, typeof mode === 'number' || written.startsWith('"') ? [] : ['alias 6:5 files.0.mode']);
  }
  assert.deepEqual(actions('actions: [{action: write, path: a, content: x, mode: 0755}]\n'), [
    { action: 'write', path: 'a', content: 'x', mode: '0755' },
  ]);
});

test('formats: one check where a list is asked for is a list of one', () => {
  const { document, warnings } = mapped(`${OK}post_verify: npm test\n`);
  assert.deepEqual([document['post_verify'], warnings], [['npm test'], ['alias 3:1 post_verify']]);
});

test('formats: file map: files as a mapping, edits as a list', () => {
  const { shape, document } = mapped({
    ...{ wo_id: 'WO-1', title: 't', task_type: 'apply_patch' },
    files: { 'a.txt': 'A\n', 'b.sh': { content: 'B', mode: '0755' }, __proto__x: '' },
    edits: [
      { path: 'c', mode: 'patch', find: 'f', replace: 'r' },
      { path: 'd', find: 'f', before: 'b\n' },
    ],
    tests: [{ command: 'true' }],
  });
  assert.equal(shape, 'file map');
  assert.deepEqual(document['files'], [
    { path: 'a.txt', content: 'A\n' },
    { path: 'b.sh', content: 'B', mode: '0755' },
    { path: '__proto__x', content: '' },
  ]);
  assert.deepEqual(document['actions'], [
    { action: 'edit', path: 'c', find: 'f', replace: 'r' },
    { action: 'edit', path: 'd', find: 'f', before: 'b\n' },
  ]);
  assert.deepEqual(document['tests'], [{ command: 'true' }]);
});

test('formats: lines to insert after a part of a line go after that line, and that is told', () => {
  const whole = (find: string, after: string) => {
    const { document, warnings } = mapped({ wo_id: 'WO-1', title: 't', edits: [{ path: 'a', find, after }] });
    const [edit] = document['actions'] as { whole_line?: boolean }[];
    assert.equal(
      warnings.some((w) => w.endsWith(' edits.0')),
      edit?.whole_line === true,
    );
    return edit?.whole_line ?? false;
  };
  assert.equal(whole('# Title', 'new line\n'), true);
  assert.equal(whole('# Title\n', 'new line\n'), false, 'the line is found whole');
  assert.equal(whole('# Title', '\nnew line\n'), false, 'its author cares for the line end');
  assert.equal(whole('colour', ' and size'), false, 'no line');
});

test('rule 10: a file map that is none is refused where it stands', () => {
  refused(`${OK}edits: {path: a}\n`, 'SCHEMA_INVALID', '3:1', 'edits');
  refused(`${OK}edits:\n  - just text\n`, 'SCHEMA_INVALID', '4:5', 'edits.0');
  refused(`${OK}edits:\n  - path: a\n    mode: replace\n`, 'SCHEMA_INVALID', '5:5', 'edits.0.mode');
});

const envelope = (payload: object) => {
  const { shape, document } = mapped({ wo_id: 'WO-1', title: 't', origin: 'o', target_inbox: 'MAIN', payload });
  assert.equal(shape, 'envelope');
  return document['actions'];
};

test('formats: envelope: each of its actions', () => {
  assert.deepEqual(envelope({ file_path: 'a', action: 'append', content: 'x' }), [
    { action: 'append', path: 'a', content: 'x' },
  ]);
  assert.deepEqual(envelope({ file_path: 'a', action: 'prepend', content: 'eA==', encoding: 'base64' }), [
    { action: 'prepend', path: 'a', content: 'eA==', encoding: 'base64' },
  ]);
  assert.deepEqual(envelope({ file_path: 'a', action: 'create', content: 'x', mode: 755 }), [
    { action: 'write', path: 'a', content: 'x', mode: '0755', must_exist: false },
  ]);
  assert.deepEqual(envelope({ file_path: 'a', action: 'replace', content: 'x' }), [
    { action: 'write', path: 'a', content: 'x', must_exist: true },
  ]);
  const patch = '--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n+y\n';
  for (const more of [{ action: 'patch' }, { action: 'replace' }, {}, { action: 'replace', patch_format: 'unified' }])
    assert.deepEqual(envelope({ file_path: 'a', patch_content: patch, ...more }), [
      { action: 'patch', path: 'a', patch },
    ]);
});

test('formats: envelope: a value is of the type that value_type says', () => {
  const value = (text: unknown, type?: string) => {
    const [action] = envelope({
      ...{ file_path: 'a.json', action: 'set_key_value', key: 'a.b', value: text },
      ...(type === undefined ? {} : { value_type: type }),
    }) as [{ action: string; key: string; value: unknown }];
    assert.deepEqual([action.action, action.key], ['set', 'a.b']);
    return action.value;
  };
  for (const [text, type, expected] of [
    ['5', undefined, '5'],
    [5, undefined, 5],
    ['5', 'string', '5'],
    [5, 'string', '5'],
    [' 5 ', 'integer', 5],
    ['-0.5', 'number', -0.5],
    ['1e3', 'float', 1000],
    ['true', 'boolean', true],
    [false, 'bool', false],
    ['x', 'null', null],
    ['{"a": [1]}', 'json', { a: [1] }],
    [['x'], 'array', ['x']],
  ] as const)
    assert.deepEqual(value(text, type), expected, `${String(text)} as ${type}`);
});

test('rule 7: envelope: a value that is not of its type is refused, never bent', () => {
  const set = (value: string, type: string) =>
    `${OK}payload:\n  file_path: a.json\n  action: set_key_value\n  key: k\n  value: ${value}\n  value_type: ${type}\n`;
  for (const [value, type] of [
    ['"5.5"', 'integer'],
    ['"5x"', 'integer'],
    ['""', 'number'],
    ['"Infinity"', 'number'],
    ['"9007199254740993"', 'integer'],
    ['"yes"', 'boolean'],
    ['1', 'boolean'],
    ['"{"', 'json'],
  ] as const)
    refused(set(value, type), 'SCHEMA_INVALID', '7:3', 'payload.value');
  refused(set('x', 'colour'), 'SCHEMA_INVALID', '8:3', 'payload.value_type');
});

test('rule 7: envelope: JSON of another kind than value_type says is refused', () => {
  const set = (value: string, type: string) =>
    `${OK}payload:\n  file_path: a.json\n  action: set_key_value\n  key: k\n  value: ${value}\n  value_type: ${type}\n`;
  refused(set('"[1]"', 'object'), 'SCHEMA_INVALID', '7:3', 'payload.value');
  refused(set('"{}"', 'array'), 'SCHEMA_INVALID', '7:3', 'payload.value');
});

test('rule 10: an envelope that is none is refused where it stands', () => {
  refused(`${OK}payload: text\n`, 'SCHEMA_INVALID', '3:1', 'payload');
  refused(`${OK}payload:\n  action: explode\n`, 'SCHEMA_INVALID', '4:3', 'payload.action');
  refused(`${OK}payload:\n  file_path: a\n`, 'SCHEMA_INVALID', '3:1', 'payload.action');
  refused(
    `${OK}payload:\n  action: patch\n  patch_format: ed\n  patch_content: x\n`,
    'SCHEMA_INVALID',
    '5:3',
    'payload.patch_format',
  );
  refused(`${OK}payload:\n  action: set_key_value\n  key: k\n`, 'SCHEMA_INVALID', '3:1', 'payload');
  // what has no meaning for the action would be half understood
  for (const [key, value] of [
    ['colour', 'red'],
    ['find', 'y'],
    ['mode', '"0755"'],
    ['dry_run', 'true'],
  ] as const)
    refused(
      `${OK}payload:\n  action: append\n  file_path: a\n  content: x\n  ${key}: ${value}\n`,
      'UNKNOWN_FIELD',
      '7:3',
      `payload.${key}`,
    );
});

test('formats: operations of all tasks become actions, in their order', () => {
  const { shape, document } = mapped({
    ...{ wo_id: 'WO-1', objective: 'o', routing_hint: 'x', complexity: 'low', requires_paid_lane: false },
    tasks: [
      {
        task_id: '1',
        description: 'd',
        operations: [{ op: 'write_file', file: 'a', content: 'x', description: 'why' }],
      },
      { task_id: '2', operations: [{ op: 'create_file', file: 'n', content: 'y' }], post_verify: ['true'] },
      {
        task_id: '3',
        operations: [
          { op: 'append_file', path: 'b', content: 'x' },
          { operation: 'apply_patch', file: 'c', content: 'P' },
          { type: 'patch', patch: 'P' },
          { action: 'delete_file', file_path: 'd' },
          { op: 'move_file', file: 'e', to: 'f' },
          { op: 'create_dir', file: 'g' },
          { op: 'run', argv: ['x'] },
        ],
      },
    ],
    operations: [{ op: 'run_command', command: 'make' }],
  });
  assert.equal(shape, 'operations');
  assert.deepEqual(document['actions'], [
    { action: 'write', path: 'a', content: 'x' },
    { action: 'write', path: 'n', content: 'y', must_exist: false },
    { action: 'append', path: 'b', content: 'x' },
    { action: 'patch', patch: 'P', path: 'c' },
    { action: 'patch', patch: 'P' },
    { action: 'delete', path: 'd' },
    { action: 'move', path: 'e', to: 'f' },
    { action: 'command', argv: ['x'] },
    { action: 'command', command: 'make' },
  ]);
});

test('rule 10: an operation that is not known is refused where it stands', () => {
  const operation = (text: string) => `${OK}tasks:\n  - operations:\n      - ${text}\n`;
  refused(operation('{op: explode, file: a}'), 'SCHEMA_INVALID', '5:10', 'tasks.0.operations.0.op');
  refused(operation('{op: constructor, file: a}'), 'SCHEMA_INVALID', '5:10', 'tasks.0.operations.0.op');
  refused(operation('{file: a}'), 'SCHEMA_INVALID', '5:9', 'tasks.0.operations.0.op');
  refused(operation('just text'), 'SCHEMA_INVALID', '5:9', 'tasks.0.operations.0');
  refused(`${OK}tasks: {a: b}\n`, 'SCHEMA_INVALID', '3:1', 'tasks');
  refused(`${OK}tasks: [text]\n`, 'SCHEMA_INVALID', '3:9', 'tasks.0');
  refused(`${OK}tasks:\n  - operations: text\n`, 'SCHEMA_INVALID', '4:5', 'tasks.0');
  refused(operation('{op: delete, file: a, path: b}'), 'AMBIGUOUS_FIELD', '5:31', 'tasks.0.operations.0.path');
  refused(operation('{op: delete, file: a, action: append}'), 'AMBIGUOUS_FIELD', '5:31', 'tasks.0.operations.0.action');
  refused(operation('{op: {toString: 1}, file: a}'), 'SCHEMA_INVALID', '5:10', 'tasks.0.operations.0.op');
});

test('rule 7: an operation keeps every word of its author, for the schema to judge', () => {
  assert.deepEqual(actions('operations: [{op: write_file, file: a, content: x, contnet: y}]\n'), [
    { action: 'write', path: 'a', content: 'x', contnet: 'y' },
  ]);
});

test('rule 7: what an operation says twice is not said at all', () => {
  // a patch beside content: nobody knows which of the two was meant
  refused(
    `${OK}operations:\n  - {op: apply_patch, file: a, patch: P, content: C}\n`,
    'AMBIGUOUS_FIELD',
    '4:42',
    'operations.0.content',
  );
});

test('formats: task spec with operations', () => {
  const { shape, document } = mapped({
    ...{ wo_id: 'WO-1', title: 't', gmx_plan: {} },
    task_spec: { intent: 'fix', target_files: ['a'], context: 'c', operations: [{ op: 'delete', file: 'a' }] },
  });
  assert.deepEqual(
    [shape, document['actions'], document['type']],
    ['task spec', [{ action: 'delete', path: 'a' }], undefined],
  );
});

test.run();
