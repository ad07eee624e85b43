import { fromCanonical, nearest, ORDER_KEYS, priorityWord } from '../../src/order/canonical.ts';
import { WaybillError } from '../../src/order/error.ts';
import type { OrderDocument } from '../../src/order/generated.ts';
import { invocationText, isPure, type Order } from '../../src/order/order.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('order/canonical');

const FILES = [{ path: 'a', content: 'x' }];
const map = (more: Record<string, unknown>): Order =>
  fromCanonical({ wo_id: 'WO-1', title: 't', files: FILES, ...more } as OrderDocument).order;
const warningsOf = (more: Record<string, unknown>) =>
  fromCanonical({ wo_id: 'WO-1', title: 't', files: FILES, ...more } as OrderDocument).warnings;
const code =
  (expected: string, message = /./) =>
  (error: unknown) =>
    error instanceof WaybillError && error.code === expected && message.test(error.message);

test('formats: every default of an order', () => {
  const { order, warnings } = fromCanonical({ wo_id: 'WO-1', files: FILES });
  assert.deepEqual(order, {
    woId: 'WO-1',
    title: 'WO-1',
    type: 'apply_patch',
    summary: '',
    owner: null,
    declaredBy: null,
    priority: 2,
    createdAt: null,
    tags: [],
    dependsOn: [],
    notBefore: null,
    hold: false,
    retries: 0,
    dryRun: false,
    fileActions: [{ action: 'write', path: 'a', mode: null, content: Buffer.from('x') }],
    commands: [],
    checks: [],
  });
  assert.deepEqual(
    warnings.map((w) => w.code),
    ['defaulted'],
  );
  assert.equal(isPure(order), true);
});

test('formats: the title is one line without control characters, from the best there is', () => {
  assert.equal(map({ title: '  Say\thello \nand more' }).title, 'Say hello ');
  assert.equal(map({ title: undefined, summary: 'S\nT' }).title, 'S');
  assert.equal(map({ title: undefined, description: 'D' }).title, 'D');
  assert.equal(map({ title: '\u0007' }).title, ' ');
  assert.equal(map({ title: ' ' }).title, 'untitled');
  assert.equal(map({ title: 'x'.repeat(400) }).title.length, 200);
  assert.equal(map({ title: `${'x'.repeat(199)}😀` }).title, 'x'.repeat(199));
});

test('formats: priorities are words or numbers, and 0 comes first', () => {
  for (const [given, expected] of [
    ['P0', 0],
    ['critical', 0],
    ['urgent', 0],
    ['P1', 1],
    ['high', 1],
    ['P2', 2],
    ['normal', 2],
    ['medium', 2],
    ['P3', 3],
    ['low', 3],
    [0, 0],
    [3, 3],
  ])
    assert.equal(map({ priority: given }).priority, expected, String(given));
  assert.equal(priorityWord(1), 'P1');
});

test('formats: content is text or base64, exactly', () => {
  const bytes = (file: object) => map({ files: [{ path: 'a', ...file }] }).fileActions[0];
  const content = (file: object) => (bytes(file) as { content: Buffer }).content;
  assert.deepEqual(content({ content: 'é\r\n' }), Buffer.from('é\r\n'));
  assert.deepEqual(content({ content: 'aGk=', encoding: 'utf8' }), Buffer.from('aGk='));
  assert.deepEqual(content({ content: '/wA=\n', encoding: 'base64' }), Buffer.from([0xff, 0x00]));
  assert.deepEqual(content({ content: 'aGVs\nbG8=', encoding: 'base64' }), Buffer.from('hello'));
  for (const bad of ['aGk', 'a', '*', 'aGk=x', '_-8=', 'aGl='])
    assert.throws(() => content({ content: bad, encoding: 'base64' }), code('SCHEMA_INVALID', /base64/), bad);
});

test('formats: modes in every spelling become the two that git keeps', () => {
  for (const [given, expected] of [
    ['0755', '100755'],
    ['755', '100755'],
    ['100755', '100755'],
    ['0644', '100644'],
    ['644', '100644'],
  ] as const)
    assert.equal(
      (map({ files: [{ path: 'a', content: '', mode: given }] }).fileActions[0] as { mode: string }).mode,
      expected,
    );
});

test('formats: not_before is kept as an instant in UTC, and what is none is refused', () => {
  assert.equal(map({ not_before: '2026-11-20T10:00:00+02:00' }).notBefore, '2026-11-20T08:00:00.000Z');
  for (const bad of ['2016-12-31T23:59:60Z', '2026-01-01T10:00:00+01', 'soon'])
    assert.throws(() => map({ not_before: bad }), code('SCHEMA_INVALID', /not_before/), bad);
});

test('rule 7: an order that depends on itself is refused, in any case of letters', () => {
  assert.throws(() => map({ depends_on: ['WO-1'] }), code('DEPENDENCY_CYCLE'));
  assert.throws(() => map({ depends_on: ['WO-2', 'wo-1'] }), code('DEPENDENCY_CYCLE'));
  assert.deepEqual(map({ depends_on: ['WO-2', 'WO-3', 'WO-2'] }).dependsOn, ['WO-2', 'WO-3']);
});

test('rule 7: an order with nothing to do is refused; a check alone is something', () => {
  assert.throws(() => map({ files: [] }), code('NOTHING_TO_DO', /WO-1/));
  assert.throws(() => map({ files: undefined, actions: [], tests: [] }), code('NOTHING_TO_DO'));
  const check = map({ files: [], tests: [{ command: 'true' }] });
  assert.deepEqual([check.type, isPure(check)], ['command', false]);
});

test('rule 4: a file action after a command is ACTION_ORDER and names the command', () => {
  const actions = [
    { action: 'command', name: 'build', argv: ['make'] },
    { action: 'write', path: 'b', content: '' },
  ];
  assert.throws(() => map({ actions }), code('ACTION_ORDER', /write.*"build"/));
  assert.doesNotThrow(() => map({ actions: [...actions].reverse() }));
});

test('formats: every action maps onto the model', () => {
  const order = map({
    files: [],
    timeout_seconds: 9,
    actions: [
      { action: 'write', path: 'w', content: 'Zg==', encoding: 'base64', mode: '755' },
      { action: 'append', path: 'a', content: '1' },
      { action: 'prepend', path: 'p', content: '2' },
      { action: 'edit', path: 'e', find: 'f', replace: '' },
      { action: 'edit', path: 'e', find: 'f', after: 'x' },
      { action: 'edit', path: 'e', find: 'f', before: 'y' },
      { action: 'patch', patch: 'P' },
      { action: 'delete', path: 'd' },
      { action: 'move', path: 'm', to: 'n' },
      { action: 'command', command: 'make all' },
      { action: 'command', argv: ['a b', '$(x)'], cwd: 'sub', timeout_seconds: 3, idempotent: true, outputs: ['o'] },
    ],
    post_verify: ['test -f w', { argv: ['true'], exit_code: 3 }],
    tests: [{ name: 'greets', command: 'echo hi', expected: 'hi', timeout_seconds: 1 }],
  });
  assert.deepEqual(
    order.fileActions.map((a) => a.action),
    ['write', 'append', 'prepend', 'edit', 'edit', 'edit', 'patch', 'delete', 'move'],
  );
  assert.deepEqual(
    order.fileActions.flatMap((a) => (a.action === 'edit' ? [[a.place, a.text]] : [])),
    [
      ['replace', ''],
      ['after', 'x'],
      ['before', 'y'],
    ],
  );
  const [shell, argv] = order.commands;
  assert.deepEqual([shell?.run, shell?.timeoutSeconds, shell?.idempotent], [{ shell: 'make all' }, 9, false]);
  assert.deepEqual([argv?.cwd, argv?.timeoutSeconds, argv?.idempotent, argv?.outputs], ['sub', 3, true, ['o']]);
  assert.equal(argv?.name, 'command 2: "a b" "$(x)"');
  assert.deepEqual(
    order.checks.map((c) => [c.kind, c.name, c.exitCode, c.expected, c.timeoutSeconds]),
    [
      ['post_verify', 'post_verify 1: test -f w', 0, null, 9],
      ['post_verify', 'post_verify 2: true', 3, null, 9],
      ['test', 'greets', 0, 'hi', 1],
    ],
  );
});

test('rule 7: a near miss of a key is refused with the right one, because it could skip checks', () => {
  for (const [slip, right] of [
    ['post_verfy', 'post_verify'],
    ['postverify', 'post_verify'],
    ['post-verify', 'post_verify'],
    ['Tests', 'tests'],
    ['test', 'tests'],
    ['dependson', 'depends_on'],
    ['file', 'files'],
    ['action', 'actions'],
    ['not_befor', 'not_before'],
    ['tag', 'tags'],
  ] as const)
    assert.throws(() => map({ [slip]: [] }), code('UNKNOWN_FIELD', new RegExp(`"${slip}".*${right}\\?`)), slip);
});

test('rule 15: a key that is none and resembles none is ignored, with a warning that names it', () => {
  assert.deepEqual(
    warningsOf({ reviewer: 'x', 'x-tool': 1 }).map((w) => [w.code, w.message.split(':')[0]]),
    [
      ['ignored', 'reviewer'],
      ['ignored', 'x-tool'],
    ],
  );
  assert.deepEqual(warningsOf({}), []);
});

test('rule 10: nearest finds the known word within two edits, short words closer', () => {
  const known = ['inbox', 'outbox', 'lanes', 'id'];
  assert.equal(nearest('inbx', known), 'inbox');
  assert.equal(nearest('OUTBOX', known), 'outbox');
  assert.equal(nearest('out-box', ['out_box']), 'out_box');
  assert.equal(nearest('lnaes', known), 'lanes');
  assert.equal(nearest('idx', known), 'id');
  assert.equal(nearest('ab', known), null);
  assert.equal(nearest('completely', known), null);
  assert.equal(nearest('', known), null);
  assert.equal(nearest('x', []), null);
});

test('formats: keys known here are those of the schema', async () => {
  const { readFileSync } = await import('node:fs');
  const schema = JSON.parse(readFileSync(new URL('../../schemas/order.schema.json', import.meta.url), 'utf8')) as {
    properties: object;
  };
  assert.deepEqual([...ORDER_KEYS].sort(), Object.keys(schema.properties).sort());
});

test('formats: a command as people read it', () => {
  assert.equal(invocationText({ shell: 'a | b' }), 'a | b');
  assert.equal(invocationText({ argv: ['make', '-j2', 'all x', ''] }), 'make -j2 "all x" ""');
});

test.run();
