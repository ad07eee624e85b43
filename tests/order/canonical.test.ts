import { fromCanonical, ORDER_KEYS, priorityWord } from '../../src/order/canonical.ts';
import { WaybillError } from '../../src/order/error.ts';
import type { OrderDocument } from '../../src/order/generated.ts';
import { invocationText, isPure, type Order } from '../../src/order/order.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('order/canonical');

const FILES = [{ path: 'a', content: 'x' }];
const nowhere = () => ({});
const map = (more: Record<string, unknown>): Order =>
  fromCanonical({ wo_id: 'WO-1', title: 't', files: FILES, ...more } as OrderDocument, nowhere);
const code =
  (expected: string, message = /./) =>
  (error: unknown) =>
    error instanceof WaybillError && error.code === expected && message.test(error.message);

test('formats: every default of an order', () => {
  const order = fromCanonical({ wo_id: 'WO-1', files: FILES }, nowhere);
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
    isolation: null,
    retries: 0,
    dryRun: false,
    approval: null,
    mission: null,
    fileActions: [{ action: 'write', path: 'a', mode: null, content: Buffer.from('x'), mustExist: null }],
    commands: [],
    checks: [],
  });
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
  for (const bad of ['2016-12-31T23:59:60Z', '2026-02-30T10:00:00Z', '2026-01-01T10:00:00+99:00', 'soon'])
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
      { action: 'patch', patch: '--- a/p\n+++ b/p\n@@ -1 +1 @@\n-x\n+y\n' },
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

test('formats: a set names its key as a list, in whatever form it was written', () => {
  const set = (more: object) => map({ actions: [{ action: 'set', path: 'a.json', value: 1, ...more }] }).fileActions[1];
  const key = (written: unknown) => (set({ key: written }) as { key: unknown }).key;
  assert.deepEqual(key('a.b'), ['a', 'b']);
  assert.deepEqual(key('a.0.b.10'), ['a', 0, 'b', 10]);
  assert.deepEqual(key('a.00.-1.1e3'), ['a', '00', '-1', '1e3'], 'only a plain number is a position');
  assert.deepEqual(key(['a.b', 0, '1']), ['a.b', 0, '1'], 'a list is taken as it stands');
});

test('formats: what a set changes is told by the name of the file, or by the order', () => {
  const format = (path: string, given?: string) =>
    (
      map({ actions: [{ action: 'set', path, key: 'k', value: null, ...(given ? { format: given } : {}) }] })
        .fileActions[1] as { format: string }
    ).format;
  for (const [path, expected] of [
    ['a.json', 'json'],
    ['a.JSON', 'json'],
    ['.vscode/settings.jsonc', 'json'],
    ['a.yaml', 'yaml'],
    ['a.b.yml', 'yaml'],
    ['Library/LaunchAgents/a.plist', 'plist'],
  ] as const)
    assert.equal(format(path), expected);
  assert.equal(format('a.conf', 'json'), 'json');
  assert.equal(format('a.json', 'yaml'), 'yaml', 'the author knows better than the name');
  for (const path of ['a.conf', 'json', 'a.json/b', 'a.constructor'])
    assert.throws(() => format(path), code('SCHEMA_INVALID', /JSON, YAML or plist/), path);
});

test('formats: edits and writes carry their conditions', () => {
  const [, edit, line, create, replace] = map({
    actions: [
      { action: 'edit', path: 'e', find: 'f', after: 'x' },
      { action: 'edit', path: 'e', find: 'f', after: 'x', whole_line: true },
      { action: 'write', path: 'w', content: '', must_exist: false },
      { action: 'write', path: 'w', content: '', must_exist: true },
    ],
  }).fileActions as readonly { wholeLine?: boolean; mustExist?: boolean }[];
  assert.deepEqual([edit?.wholeLine, line?.wholeLine], [false, true]);
  assert.deepEqual([create?.mustExist, replace?.mustExist], [false, true]);
});

const mission = (more: Record<string, unknown>) => map({ files: undefined, type: 'mission', ...more }).mission;

test('formats: every default of a mission', () => {
  const order = map({ files: undefined, type: 'mission', task: 'Do it.' });
  assert.deepEqual([order.type, order.fileActions, order.commands, order.checks], ['mission', [], [], []]);
  assert.deepEqual(order.mission, {
    kind: null,
    brief: 'Do it.',
    input: null,
    contextRefs: [],
    agents: [],
    expectedOutputs: [],
    paths: null,
    deniedPaths: [],
    allowWrite: true,
    protectedPaths: false,
    chain: null,
    budget: { usd: null, tokens: null, seconds: null, attempts: null, diff_lines: null },
  });
});

test('formats: an agent is told everything that an author wrote for it, under its name', () => {
  assert.equal(
    mission({
      success_criteria: ' S\n',
      problem: 'P\n',
      task: 'T\n',
      requirements: '  ',
      implementation_notes: 'I\nJ\n',
    })?.brief,
    'T\n\nProblem:\nP\n\nSuccess criteria:\nS\n\nImplementation notes:\nI\nJ',
  );
  assert.equal(mission({ description: 'D', summary: 'S' })?.brief, 'D', 'where there is nothing else');
  assert.equal(mission({ summary: 'S' })?.brief, 'S');
});

test('formats: the bounds of a mission', () => {
  const constraints = {
    paths: ['src/**'],
    allow_write: false,
    protected_paths: true,
    max_diff_lines: 40,
    budget: { usd: 0.25, tokens: 5, seconds: 0.5, attempts: 9 },
  };
  const bounds = mission({ task: 'T', chain: 'full', constraints });
  assert.equal(bounds?.chain, 'full');
  assert.deepEqual(
    [bounds?.paths, bounds?.allowWrite, bounds?.protectedPaths, bounds?.budget],
    [['src/**'], false, true, { usd: 0.25, tokens: 5, seconds: 0.5, attempts: 9, diff_lines: 40 }],
  );
  assert.deepEqual(mission({ task: 'T', constraints: { paths: [] } })?.paths, [], 'no path at all is not any path');
});

test('rule 7: a mission that does not say what to do is refused; data alone is something', () => {
  assert.throws(() => mission({}), code('NOTHING_TO_DO', /WO-1/));
  assert.throws(() => mission({ task: ' \n' }), code('NOTHING_TO_DO'));
  assert.equal(mission({ input: 0 })?.input, 0);
});

test('formats: a ping has nothing to do, and that is no fault', () => {
  const ping = map({ files: undefined, type: 'ping' });
  assert.deepEqual([ping.type, ping.mission, ping.fileActions], ['ping', null, []]);
});

test('rule 7: an order that asks for approval says whom, and why', () => {
  assert.deepEqual(map({ approval: {} }).approval, { by: [], why: 'the order asks for it', expires: null });
  const whole = map({ approval: { by: ['boss'], why: 'w', expires: '2026-12-01T10:00:00+02:00' } }).approval;
  assert.deepEqual(whole, { by: ['boss'], why: 'w', expires: '2026-12-01T08:00:00.000Z' });
});

test('rule 10: what only the mapping can find is told with its place', () => {
  const located: unknown[] = [];
  const placeOf = (more: Record<string, unknown>) => {
    const locate = (path: readonly (string | number)[]) => {
      located.push(path);
      return { line: 7, column: 3 };
    };
    try {
      fromCanonical({ wo_id: 'WO-1', ...more } as OrderDocument, locate);
    } catch (error) {
      assert.ok(error instanceof WaybillError);
      assert.deepEqual([error.place.line, error.place.column], [7, 3]);
      return located.pop();
    }
    throw new Error('accepted');
  };
  assert.deepEqual(placeOf({ actions: [{ action: 'patch', patch: 'no patch' }] }), ['actions', 0]);
  assert.deepEqual(placeOf({ files: FILES, approval: { expires: 'soon' } }), ['approval', 'expires']);
  const bad = { path: 'a', content: '*', encoding: 'base64' };
  assert.deepEqual(placeOf({ files: FILES.concat(bad) }), ['files', 1, 'content']);
  assert.deepEqual(placeOf({ actions: [{ action: 'write', ...bad }] }), ['actions', 0]);
  assert.deepEqual(placeOf({ actions: [{ action: 'set', path: 'a', key: 'k', value: 1 }] }), ['actions', 0]);
  assert.deepEqual(placeOf({ files: FILES, not_before: 'x' }), ['not_before']);
  assert.deepEqual(placeOf({ files: FILES, depends_on: ['wo-1'] }), ['depends_on']);
  assert.deepEqual(placeOf({}), []);
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
