import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Component, componentPath, componentsOf, type Lists } from '../../src/guardrail/component.ts';
import { layoutOf } from '../../src/station/layout.ts';
import { parseSettings } from '../../src/station/settings.ts';
import { write } from '../station/stations.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/** What is critical, as waybill.yaml and lists name it. What cannot be read is drift, never silence (rule 7). */

const test = suite('guardrail/component');

function components(root: string, guardrail: string, remembered: Lists = {}): readonly Component[] {
  const settings = parseSettings(Buffer.from(`guardrail:\n${guardrail.replace(/^/gm, '  ')}\n`));
  return componentsOf({ settings, layout: layoutOf(root, join(root, '.git'), settings) }, remembered);
}

const only = (t: TestContext, entry: string) => components(t.tempDir(), `defaults: false\ncomponents: [${entry}]`)[0];
const names = (list: readonly Component[]) => list.map(({ name }) => name);

test('each kind, with its defaults', (t) => {
  const base = { severity: 'critical', repair: 'report' };
  const file = { ...base, kind: 'file', name: 'a/b.sh', path: 'a/b.sh', executable: null, content: 'recorded' };
  assert.deepEqual(only(t, '{kind: file, path: a/b.sh}'), file);
  assert.deepEqual(
    only(t, '{kind: file, path: a/b.sh, executable: true, content: any, repair: auto, severity: warning}'),
    {
      ...file,
      executable: true,
      content: 'any',
      repair: 'auto',
      severity: 'warning',
    },
  );
  assert.deepEqual(only(t, '{kind: folder, path: g/state/}'), {
    ...base,
    kind: 'folder',
    name: 'g/state',
    path: 'g/state',
  });
  assert.deepEqual(only(t, "{kind: glob, pattern: 'a/**'}"), {
    ...base,
    kind: 'glob',
    name: 'glob:a/**',
    pattern: 'a/**',
    atLeast: 1,
    executable: null,
    content: 'recorded',
  });
  const rest = [
    ['{kind: processor, name: executor}', { name: 'processor:executor', maxAgeSeconds: null, always: true }],
    ['{kind: service, name: com.x}', { name: 'service:com.x', manager: null }],
    ['{kind: program, name: git}', { name: 'program:git' }],
    ['{kind: disk}', { name: 'disk:.', path: '.', minFreeMb: 512 }],
    ['{kind: waiting}', { name: 'waiting', maxHours: 24 }],
    ['{kind: ledger}', { name: 'ledger' }],
    ['{kind: backup}', { name: 'backup', maxAgeHours: 48 }],
  ] as const;
  for (const [entry, expected] of rest) {
    const found: unknown = only(t, entry);
    assert.deepEqual({ ...(found as object), ...base, ...expected }, found);
  }
});

test('rule 7: what cannot be read as a component is at fault by itself, and takes nothing with it', (t) => {
  const entries = [
    '{kind: file, path: good.txt}',
    '{kind: file}',
    '{kind: fil, path: x}',
    '{path: x}',
    '{kind: file, path: x, colour: red}',
    '{kind: folder, path: good}',
  ];
  const found = components(t.tempDir(), `defaults: false\ncomponents: [${entries.join(', ')}]`);
  assert.deepEqual(
    found.map(({ kind }) => kind),
    ['file', 'unreadable', 'unreadable', 'unreadable', 'unreadable', 'folder'],
  );
  const why = found.flatMap((c) => (c.kind === 'unreadable' ? [`${c.name}: ${c.why}`] : []));
  assert.match(why[0] ?? '', /^waybill\.yaml guardrail\.components\.1: .*path/);
  assert.match(why[1] ?? '', /components\.2: .*kind/);
  assert.match(why[3] ?? '', /colour/);
});

test('a station looks after itself, and says so unless told not to', (t) => {
  const root = t.tempDir();
  assert.deepEqual(names(components(root, 'defaults: true')), [
    'waybill.yaml',
    'policy.yaml',
    'bridge/outbox',
    'state/orders',
    'bridge/inbox/MAIN',
    'program:git',
    'disk:.',
    'waiting',
    'ledger',
    'processor:intake',
    'processor:executor',
    'processor:tracker',
  ]);
  assert.deepEqual(components(root, 'defaults: false'), []);
});

test('what is named twice counts as it was named last: a list before waybill.yaml before the defaults', (t) => {
  const root = t.tempDir();
  write(root, 'list.yaml', '- {kind: file, path: a.txt, severity: warning}\n');
  const own = '{kind: file, path: ./a.txt}, {kind: disk, min_free_mb: 1}';
  const found = components(root, `lists: [list.yaml]\ncomponents: [${own}]`);
  assert.equal(found.filter(({ name }) => name === 'a.txt').length, 1);
  assert.equal(found.find(({ name }) => name === 'a.txt')?.severity, 'warning');
  assert.deepEqual(
    found.flatMap((c) => (c.kind === 'disk' ? [c.minFreeMb] : [])),
    [1],
  );
});

test('paths: as seen from the root, outside of it, and at home', (t) => {
  const root = t.tempDir();
  const layout = { layout: { root } } as Parameters<typeof componentPath>[0];
  const cases = [
    ['a/b', 'a/b'],
    ['./a//b/', 'a/b'],
    ['a/../b', 'b'],
    [join(root, 'x', 'y'), 'x/y'],
    [root, '.'],
    ['.', '.'],
    ['/etc/hosts', '/etc/hosts'],
    [`${root}x/y`, `${root}x/y`],
    ['~/Library/x.plist', join(homedir(), 'Library/x.plist')],
    ['..', join(root, '..')],
  ] as const;
  for (const [raw, path] of cases) assert.equal(componentPath(layout, raw), path, raw);
});

test('a list: of components, of paths, of folders that end in /', (t) => {
  const root = t.tempDir();
  write(root, 'list.yaml', '- tools/a.zsh\n- g/state/\n- {kind: program, name: git}\n- {kind: nothing}\n- 7\n');
  const found = components(root, 'defaults: false\nlists: [list.yaml]');
  assert.deepEqual(
    found.map(({ kind, name }) => `${kind} ${name}`),
    [
      'file list.yaml',
      'file tools/a.zsh',
      'folder g/state',
      'program program:git',
      'unreadable list.yaml 4',
      'unreadable list.yaml 5',
    ],
  );
  write(root, 'list.json', '["tools/b.zsh"]');
  assert.deepEqual(names(components(root, 'defaults: false\nlists: [list.json]')), ['list.json', 'tools/b.zsh']);
});

test('a list that is gone, emptied or broken protects as it did, and is at fault; it is a component itself, so that one cut off is seen', (t) => {
  const root = t.tempDir();
  const settings = 'defaults: false\nlists: [list.yaml]';
  const remembered: Lists = {};
  write(root, 'list.yaml', '- tools/a.zsh\n');
  assert.deepEqual(names(components(root, settings, remembered)), ['list.yaml', 'tools/a.zsh']);
  for (const text of ['', '- [broken\n', 'tools: a\n', 'just words\n']) {
    write(root, 'list.yaml', text);
    assert.deepEqual(
      names(components(root, settings, remembered)),
      ['list.yaml', 'tools/a.zsh', 'list:list.yaml'],
      text,
    );
  }
  assert.deepEqual(names(components(t.tempDir(), settings, remembered)), [
    'list.yaml',
    'tools/a.zsh',
    'list:list.yaml',
  ]);
  assert.deepEqual(
    names(components(t.tempDir(), settings)),
    ['list.yaml', 'list:list.yaml'],
    'one that was never read',
  );
});

test.run();
