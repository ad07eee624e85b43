import { testStation } from '../support/station.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

const test = suite('cli/backlog', { needs: ['git'] });

const BACKLOG = `# Backlog

### P0
- [x] Begin — DoD: begun
- [?] Unclear
- [ ] Second \u001b[31mthing\u202e — Owner: a/b — ID: second
### P1
- [ ] ${'A very long title of many words '.repeat(5)} — DoD: it is short — Scope: src/a — ID: long
- [ ] Third — DoD: x — Depends: long — ID: third
- [ ] 测试测试测试测试测试测试测试测试测试测试测试测试测试测试测试测试测试测试 — DoD: x — ID: wide
`;

interface ListedRow {
  readonly key: string;
  readonly turn: string;
  readonly code: string | null;
  readonly order: { readonly wo_id: string; readonly status: string } | null;
}

const withBacklog = (t: TestContext, files: Record<string, string> = { 'BACKLOG.md': BACKLOG }) =>
  testStation(t, { files });

test('ls: every item in its turn with a reason, what is not read with its place, in 80 columns and without control characters', (t) => {
  const station = withBacklog(t);
  const { code, stdout, stderr } = station.waybill('backlog', 'ls');
  assert.equal(code, 0, stderr);
  const lines = stdout.split('\n');
  assert.deepEqual(
    lines.filter((line) => line.length > 80),
    [],
  );
  assert.ok(!/[\u001b\u202e]/.test(stdout));
  assert.match(stdout, /^> P1 {2}long {10}open/m);
  assert.match(stdout, /P0 {2}second .*\n {6}no DoD/);
  assert.match(stdout, /P1 {2}third .*\n {6}depends on long \(open\)/);
  assert.match(stdout, /5 items: 2 can be begun, 2 cannot, 1 done or dropped \(--all shows them\)/);
  assert.match(stdout, /BACKLOG\.md:5:1 {2}BOX_UNCLEAR/);
  assert.match(stdout, /BACKLOG\.md:6:1 {2}HIDDEN_CHARACTERS/);
  assert.ok(!stdout.includes('Begin'));
  assert.match(station.waybill('backlog', 'ls', '--all').stdout, /done {9}Begin/);
  assert.match(stderr, /backlog\.claims/);
});

test('rule 7: an entry whose type is not taken any more is refused before anything is claimed, with the text that goes with it', (t) => {
  const entry = (id: string, more: string) =>
    `  - {id: ${id}, title: Do ${id}, dod: autonomous_build_cycle is gone, ${more}}\n`;
  const old = entry('old', 'task_type: autonomous_build_cycle') + entry('older', 'kind: Autonomous Build Cycle');
  const station = withBacklog(t, { 'backlog.yaml': `tasks:\n${old}` });
  for (const name of ['old', 'older']) {
    const { code, stderr } = station.waybill('backlog', 'run', name);
    assert.equal(code, 65, stderr);
    assert.match(stderr, /DEPRECATED_TYPE.*is not taken any more[\s\S]*waybill spine run/);
  }
  assert.match(station.waybill('backlog', 'run').stderr, /BACKLOG_NO_ITEM.*is not taken any more/);
  station.write('backlog.yaml', `tasks:\n${old}${entry('good', 'task_type: content')}`);
  const { stdout } = station.waybill('backlog', 'run', '--dry-run', '--json');
  assert.deepEqual(JSON.parse(stdout).order.input, { task_type: 'content' });
});

test('ls --json and next --json: the same choice, with every reason; twice the same', (t) => {
  const station = withBacklog(t);
  const listed = JSON.parse(station.waybill('backlog', 'ls', '--all', '--json').stdout) as {
    v: number;
    items: ListedRow[];
    problems: { code: string; line: number }[];
  };
  assert.equal(listed.v, 1);
  assert.deepEqual(
    listed.items.map(({ turn, code }) => [turn, code]),
    [
      ['skipped', 'DONE'],
      ['skipped', 'NO_DOD'],
      ['next', null],
      ['skipped', 'DEPENDS'],
      ['free', null],
    ],
  );
  assert.deepEqual(
    listed.problems.map(({ code, line }) => [code, line]),
    [
      ['BOX_UNCLEAR', 5],
      ['HIDDEN_CHARACTERS', 6],
    ],
  );
  const { code, stdout } = station.waybill('backlog', 'next', '--json');
  assert.equal(code, 0);
  assert.equal(station.waybill('backlog', 'next', '--json').stdout, stdout);
  const next = JSON.parse(stdout) as {
    item: { key: string; file: string; line: number };
    skipped: { key: string; why: string }[];
  };
  assert.deepEqual([next.item.key, next.item.file, next.item.line], ['long', 'BACKLOG.md', 8]);
  assert.ok(next.skipped.length === 3 && next.skipped.every(({ why }) => why !== ''));
  assert.match(
    station.waybill('backlog', 'next').stdout,
    /^long {2}P1 {2}BACKLOG\.md:8\n.*\n(?:.*\n)*? {2}DoD: it is short\n/,
  );
});

test('no file and nothing to begin are two answers, each with its code', (t) => {
  const station = withBacklog(t, { 'README.md': '' });
  const missing = station.waybill('backlog', 'next', '--json');
  assert.equal(missing.code, 66);
  assert.match(missing.stdout, /"BACKLOG_MISSING"/);
  assert.match(station.waybill('backlog', 'ls').stderr, /BACKLOG_MISSING/);
  station.write('BACKLOG.md', '- [ ] A\n- [x] B\n');
  const none = station.waybill('backlog', 'next', '--json');
  assert.equal(none.code, 69);
  const answer = JSON.parse(none.stdout) as { ok: boolean; error: { code: string }; skipped: { code: string }[] };
  assert.deepEqual(
    [answer.ok, answer.error.code, answer.skipped.map(({ code }) => code)],
    [false, 'BACKLOG_NO_ITEM', ['NO_DOD', 'DONE']],
  );
  assert.match(station.waybill('backlog', 'next').stdout, /Skipped:\n {2}P3 .* A\n {6}no DoD/);
  assert.equal(station.waybill('backlog', 'dance').code, 64);
});

test('an order of an item is told of, and the files that settings name are read, YAML before Markdown', (t) => {
  const station = withBacklog(t, {
    'docs/todo.md': '- [ ] One — DoD: x — ID: T-1\n- [x] Two — DoD: x — ID: T-2\n',
    'config/tasks.yaml': 'tasks:\n- {id: T-2, title: Two, dod: x}\n',
    'waybill.yaml': 'version: 1\nbacklog:\n  files: [docs/todo.md, config/tasks.yaml, not-there.md]\n',
  });
  station.drop({ wo_id: 'BL-T-1', tags: ['backlog'], actions: [{ action: 'delete', path: 'nothing.txt' }] });
  station.drain();
  const { items, problems } = JSON.parse(station.waybill('backlog', 'ls', '--json').stdout) as {
    items: ListedRow[];
    problems: { code: string; file: string }[];
  };
  assert.deepEqual(
    items.map(({ key, turn, code, order }) => [key, turn, code, order?.status ?? null]),
    [
      ['T-1', 'skipped', 'ORDERED', 'failed'],
      ['T-2', 'next', null, null],
    ],
  );
  assert.deepEqual(
    problems.map(({ code, file }) => [code, file]),
    [['STATUS_DIFFERS', 'docs/todo.md']],
  );
});

test.run();
