import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync } from 'node:fs';
import { MODE_VARIABLE } from '../../src/documents/mode.ts';
import type { DocumentsCheck, RuntimeStatus } from '../../src/order/generated.ts';
import { type TestStation, testStation, until } from '../support/station.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/** The gate on what documents say, fed with what its producers really write (spine lessons, section 17). */

const test = suite('cli: docs', { needs: ['git'], timeoutMs: 200_000 });

const PLAN = readFileSync(new URL('../fixtures/documents/plan-open-and-done.md', import.meta.url), 'utf8');
const STATUS = 'state/artifacts/status/runtime_status.json';

function settings(documents: object): string {
  return `version: 1\nlanes: {MAIN: {}}\ndocuments: ${JSON.stringify(documents)}\n`;
}

/** A station with a state document that is in order, and a fresh status file of the real generator. */
function inOrder(t: TestContext, documents: object = {}, files: Readonly<Record<string, string>> = {}): TestStation {
  const s = testStation(t, {
    settings: settings({ state: ['docs/STATE.md'], ...documents }),
    files: { 'docs/STATE.md': '# State\n\nAll is well.\n', ...files },
  });
  report(s);
  return s;
}

function report(s: TestStation): RuntimeStatus {
  const { code, stdout, stderr } = s.waybill('report', 'status', '--json');
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as RuntimeStatus;
}

/** What the gate finds in mode block, as `id severity`; its exit code must agree. */
function found(s: TestStation): string[] {
  const { code, stdout, stderr } = s.waybill('docs', 'check', '--mode', 'block', '--json');
  assert.equal(stderr, '');
  const answer = JSON.parse(stdout) as DocumentsCheck;
  assert.equal(answer.mode, 'block');
  assert.equal(
    answer.ok,
    answer.findings.every(({ severity }) => severity === 'warn'),
  );
  assert.equal(code, answer.ok ? 0 : 1, stdout);
  return answer.findings.map(({ id, severity }) => `${id} ${severity}`);
}

test('documents that are in order pass, also in mode block', (t) => {
  const s = inOrder(t);
  assert.deepEqual(found(s), []);
  const { code, stdout, stderr } = s.waybill('docs', 'check', '--mode', 'block');
  assert.equal(code, 0);
  assert.equal(stdout, 'ok: nothing wrong in status, contradictions, markers; mode block (--mode)\n');
  assert.equal(stderr, '');
});

test('section 17: a contradiction that the generator really emitted fails the gate, also when only its file still has it', (t) => {
  const s = inOrder(t, {}, { 'docs/STATE.md': PLAN });
  const emitted = report(s);
  assert.equal(emitted.status, 'fail');
  assert.deepEqual(
    emitted.contradictions.map((text) => text.slice(0, 33)),
    ['block: task-open-and-done: A2-T02 ', 'warn: commit-not-in-history: comm'].map((text) => text.slice(0, 33)),
  );
  assert.deepEqual(found(s), ['status-fail block', 'task-open-and-done block', 'commit-not-in-history warn']);
  // the document is mended, and the file of the generator is not written anew: text counts as well
  s.write('docs/STATE.md', '# State\n');
  assert.deepEqual(found(s), ['status-fail block', 'task-open-and-done block', 'commit-not-in-history warn']);
  report(s);
  assert.deepEqual(found(s), []);
});

test('section 17: a contradiction is found though the status file does not know of it', (t) => {
  const s = inOrder(t, {}, { 'BACKLOG.md': '- [ ] **T-021** Proof — DoD: seen\n' });
  s.write('docs/STATE.md', '# State\n\n**Status:** T-021 DONE\n');
  assert.deepEqual(found(s), ['backlog-against-documents block']);
  s.write(
    'backlog.yaml',
    'schema_version: backlog.v1\ntasks:\n  - {id: T-021, title: Proof, priority: P1, status: completed}\n',
  );
  const { stdout } = s.waybill('docs', 'check', '--json');
  assert.match(stdout, /"id": "(?:backlog-against-documents|backlogs-apart)"/);
});

test('section 17: a status file that is old by its content fails, however fresh its file time is', (t) => {
  const s = inOrder(t);
  const status = JSON.parse(s.read(STATUS)) as RuntimeStatus;
  s.write(STATUS, JSON.stringify({ ...status, generated_at_utc: '2020-01-01T00:00:00.000Z' }));
  assert.ok(Date.now() - statSync(s.path(STATUS)).mtimeMs < 3_600_000);
  assert.deepEqual(found(s), ['status-old block']);
  s.write(STATUS, JSON.stringify({ ...status, generated_at_utc: new Date(Date.now() + 86_400_000).toISOString() }));
  assert.deepEqual(found(s), ['status-from-the-future block']);
  // and the other way round: an old file time is no fault of what it says
  s.write(STATUS, JSON.stringify(status));
  utimesSync(s.path(STATUS), new Date(0), new Date(0));
  assert.deepEqual(found(s), []);
});

test('rule 7: a status file that is missing, no JSON, of another shape, or no file fails', (t) => {
  const s = inOrder(t);
  const good = s.read(STATUS);
  s.write(STATUS, good.slice(0, -20));
  assert.deepEqual(found(s), ['status-unread block']);
  s.write(STATUS, good.replace(/"status": "\w+"/, '"status": "fine"'));
  assert.deepEqual(found(s), ['status-unread block']);
  rmSync(s.path(STATUS));
  assert.deepEqual(found(s), ['status-missing block']);
  symlinkSync(s.path('docs/STATE.md'), s.path(STATUS));
  assert.deepEqual(found(s), ['status-unread block']);
});

test('section 17: two active plans, a circle, a dangling target and another pointer fail, each with its line', (t) => {
  const s = inOrder(t, { register: 'docs/register.yaml' }, { 'docs/a.md': '# A\n', 'docs/b.md': '# B\n' });
  const register = (...rows: string[]) =>
    s.write('docs/register.yaml', `plans:\n${rows.map((r) => `  - {${r}}\n`).join('')}`);
  const A = 'path: docs/a.md, status: active';
  register(A, 'path: docs/b.md, status: superseded, superseded_by: docs/a.md');
  assert.deepEqual(found(s), []);
  register(A, 'path: docs/b.md, status: active');
  assert.deepEqual(found(s), ['register-several-active-plans block']);
  register(A, 'path: docs/b.md, status: superseded, supersedes: [docs/b.md]');
  assert.deepEqual(found(s), ['register-circle block']);
  register(A, 'path: docs/gone.md, status: superseded');
  assert.deepEqual(found(s), ['register-target-missing block']);
  register(A, 'path: ../repo/docs/b.md, status: superseded');
  assert.deepEqual(found(s), ['register-target-missing block']);
  register(A, 'path: docs/b.md, status: finished');
  assert.deepEqual(found(s), ['register-unread block']);
  rmSync(s.path('docs/register.yaml'));
  assert.deepEqual(found(s), ['not-checked block']);
  register(A);
  s.write('docs/STATE.md', '# State\n\n**Canonical plan:** `docs/b.md`\n');
  assert.deepEqual(found(s), ['pointer-against-register block']);
});

test('section 17: a register in Markdown with two active plans, or a target that is no file below the root, fails', (t) => {
  const s = inOrder(t, { register: 'docs/r.md' }, { 'docs/a.md': '# A\n', 'docs/b.md': '# B\n' });
  const register = (text: string) => s.write('docs/r.md', `## Active Canonical Plan\n\n${text}\n`);
  register('- `docs/a.md` (supersedes `docs/b.md#x`)');
  assert.deepEqual(found(s), []);
  for (const text of ['- `docs/a.md` and `docs/b.md`', '- `docs/a.md`\n\n### Also\n\n- `docs/b.md`']) {
    register(text);
    assert.deepEqual(found(s), ['register-several-active-plans block'], text);
  }
  const targets: [string, boolean][] = [
    ['/etc/passwd', false],
    ['../nowhere', false],
    ['.', false],
    ['loop.md', false],
    ['b.md', true],
  ];
  for (const [to, isFile] of targets) {
    symlinkSync(to, s.path('docs/loop.md'));
    register('- `docs/a.md`\n\n## Superseded\n\n- `docs/loop.md`');
    assert.deepEqual(found(s), isFile ? [] : ['register-target-missing block'], to);
    rmSync(s.path('docs/loop.md'));
  }
  mkdirSync(s.path('docs/loop.md'));
  assert.deepEqual(found(s), ['register-target-missing block']);
  rmSync(s.path('docs/loop.md'), { recursive: true });
  register('- `docs/a.md`');
  s.write('BACKLOG.md', '# Backlog\n\nActive plan: docs/b.md\n');
  assert.deepEqual(found(s), ['pointer-against-register block']);
});

test('section 17: a state document of which nothing was read does not pass', (t) => {
  const s = inOrder(t, { state: ['docs/history/STATE.md'] }, { 'docs/history/STATE.md': '# Session state\n' });
  const BOTH = '- WI-2026-001: OPEN\n- WI-2026-001: DONE\n';
  assert.deepEqual(found(s), []);
  s.write('docs/history/STATE.md', `# Session state\n\n## 2026-11-22 status\n\n${BOTH}`);
  assert.deepEqual(found(s), ['task-open-and-done block']);
  s.write('docs/history/STATE.md', `# State\n\n\`\`\`\n\n${BOTH}`);
  assert.deepEqual(found(s), ['not-checked block']);
  s.write('docs/history/STATE.md', '# State\n');
  for (const pattern of ['docs/none/*.md', 'docs/history/*.md']) {
    s.write('waybill.yaml', settings({ state: [pattern] }));
    assert.deepEqual(found(s), ['not-checked block'], pattern);
  }
  s.write('waybill.yaml', settings({ state: ['docs/*.md'] }));
  assert.deepEqual(found(s), []);
});

test('section 17, rule 7: an unknown mode is an error, never off; the day in settings flips it', (t) => {
  const s = inOrder(t, { block_from: '2026-01-01' });
  rmSync(s.path(STATUS));
  assert.equal(s.waybill('docs', 'check', '--mode', 'blok').code, 64);
  const withVariable = (mode: string) => {
    process.env[MODE_VARIABLE] = mode;
    t.defer(() => delete process.env[MODE_VARIABLE]);
    return s.waybill('docs', 'check');
  };
  const wrong = withVariable('blok');
  assert.equal(wrong.code, 64);
  assert.match(wrong.stderr, /LIFEOS_DOC_FRESHNESS_MODE: "blok" is no mode/);
  assert.equal(s.waybill('docs', 'check', '--mode', 'warn').code, 64);
  const off = withVariable('off');
  assert.deepEqual([off.code, off.stdout], [0, 'off (LIFEOS_DOC_FRESHNESS_MODE): nothing was checked\n']);
  assert.equal(withVariable('warn').code, 1);
  delete process.env[MODE_VARIABLE];
  const flipped = s.waybill('docs', 'check');
  assert.equal(flipped.code, 1);
  assert.match(flipped.stdout, /mode block \(documents\.block_from 2026-01-01\)/);
  s.write('waybill.yaml', settings({ block_from: '2999-01-01' }));
  const warned = s.waybill('docs', 'check');
  assert.equal(warned.code, 0);
  assert.match(warned.stderr, /^warn status-missing: /);
  assert.match(warned.stdout, /^warning: 1 thing wrong /);
  s.write('waybill.yaml', settings({ mode: 'blok' }));
  assert.equal(s.waybill('docs', 'check').code, 65);
});

test('section 17, rule 7: what cannot be looked at does not pass: a state document, a backlog, git itself', (t) => {
  const s = inOrder(t);
  rmSync(s.path('docs/STATE.md'));
  assert.deepEqual(found(s), ['not-checked block']);
  mkdirSync(s.path('docs/STATE.md'));
  assert.deepEqual(found(s), ['not-checked block']);
  rmSync(s.path('docs/STATE.md'), { recursive: true });
  s.write('docs/STATE.md', '# State\n');
  mkdirSync(s.path('BACKLOG.md'));
  assert.deepEqual(found(s), ['not-checked block']);
  rmSync(s.path('BACKLOG.md'), { recursive: true });
  assert.deepEqual(found(s), []);
  // the tree of the folder is gone from git
  const tree = s.git('rev-parse', 'HEAD:docs');
  const object = `.git/objects/${tree.slice(0, 2)}/${tree.slice(2)}`;
  s.move(object, '.git/aside');
  assert.deepEqual(found(s), ['not-checked block']);
  s.move('.git/aside', object);
  assert.deepEqual(found(s), []);
});

test('markers left over in a finished document are told, and fail nothing', (t) => {
  const s = inOrder(t, {}, { 'docs/protocol.md': '# P\n\n**Status:** ACTIVE\n\nTODO: say more\n' });
  assert.deepEqual(found(s), ['marker-left-over warn']);
});

test('index and corpus are built by an order, once, and only then current', async (t) => {
  const made = { index: 'docs/INDEX.md', corpus: 'docs/CORPUS.md' };
  const s = inOrder(t, made, { 'docs/a.md': '# First\n\nWhat it is.\n' });
  assert.deepEqual(found(s), ['index-missing block', 'corpus-missing block']);
  assert.equal(s.waybill('docs', 'build', '--check').code, 1);
  const early = s.waybill('docs', 'build');
  assert.equal(early.code, 69);
  assert.match(early.stderr, /STATION_NOT_RUNNING/);

  const station = await s.up(t);
  const built = s.waybill('docs', 'build', '--json');
  assert.equal(built.code, 0, built.stdout + built.stderr);
  const { order, changed } = JSON.parse(built.stdout) as { order: string; changed: string[] };
  assert.deepEqual(changed, ['docs/INDEX.md', 'docs/CORPUS.md']);
  assert.equal(s.commitsOf(order).length, 1);
  assert.match(
    s.read('docs/INDEX.md'),
    /\n- \[State\]\(STATE\.md\): All is well\.\n- \[First\]\(a\.md\): What it is\.\n$/,
  );
  assert.deepEqual(found(s), []);

  const head = s.git('rev-parse', 'HEAD');
  const again = s.waybill('docs', 'build');
  assert.deepEqual([again.code, again.stdout], [0, 'docs/INDEX.md, docs/CORPUS.md: current, nothing to do\n']);
  assert.equal(s.git('rev-parse', 'HEAD'), head);

  s.write('docs/a.md', '# First\n\nWhat it is.\n\nMore.\n');
  s.commitAll('More');
  assert.deepEqual(found(s), ['corpus-stale block']);
  assert.equal(s.waybill('docs', 'build').code, 0);
  assert.deepEqual(found(s), []);
  await station.stop();
});

test('section 17: an item that is done, or a finding that is fed, makes neither of them stale, and the status says what the gate does', async (t) => {
  const made = { index: 'docs/INDEX.md', corpus: 'docs/CORPUS.md', state: ['docs/STATE.md'] };
  const s = testStation(t, {
    settings: `${settings(made)}backlog: {files: [./docs/BACKLOG.md]}\nintake: {scan_seconds: 1}\n`,
    files: { 'docs/STATE.md': '# State\n', 'docs/BACKLOG.md': '# Backlog\n\n- [ ] **T-021** Proof — DoD: seen\n' },
  });
  const station = await s.up(t);
  const stale = () => report(s).reasons.filter((reason) => /INDEX|CORPUS/.test(reason));
  assert.deepEqual(stale(), ['warn: docs/INDEX.md is not there', 'warn: docs/CORPUS.md is not there']);
  assert.equal(s.waybill('docs', 'build').code, 0);
  assert.deepEqual([stale(), found(s)], [[], []]);
  assert.ok(!/BACKLOG/.test(s.read('docs/INDEX.md') + s.read('docs/CORPUS.md')));

  s.write('docs/BACKLOG.md', s.read('docs/BACKLOG.md').replace('[ ]', '[x]'));
  s.commitAll('Done');
  assert.deepEqual([stale(), found(s)], [[], []]);

  s.write('docs/a.md', '# First\n');
  s.commitAll('More');
  assert.deepEqual(stale(), [
    'warn: docs/INDEX.md is not what its documents make',
    'warn: docs/CORPUS.md is not what its documents make',
  ]);
  assert.equal(report(s).status, 'warn');
  assert.deepEqual(found(s), ['index-stale block', 'corpus-stale block'], 'each is told once');
  assert.equal(s.waybill('docs', 'build').code, 0);
  s.write('docs/STATE.md', '# State\n\n- W1-T01: DONE\n- W1-T01: OPEN\n');
  assert.equal(s.waybill('report', 'drift', '--feed').code, 0);
  await until(() => /ID: drift-/.test(s.git('show', 'HEAD:docs/BACKLOG.md')), 'the finding is an item');
  s.git('checkout', '--quiet', '--', 'docs/STATE.md');
  assert.deepEqual([stale(), found(s)], [[], []]);
  await station.stop();
});

test('a file that somebody wrote by hand is not replaced unless that is asked for', async (t) => {
  const s = inOrder(t, { index: 'docs/INDEX.md' }, { 'docs/INDEX.md': '# Mine\n' });
  const station = await s.up(t);
  const refused = s.waybill('docs', 'build');
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /NOT_GENERATED/);
  assert.equal(s.read('docs/INDEX.md'), '# Mine\n');
  const replaced = s.waybill('docs', 'build', '--replace');
  assert.equal(replaced.code, 0, replaced.stderr);
  assert.match(s.read('docs/INDEX.md'), /^<!-- Made by/);
  await station.stop();
  assert.ok(readdirSync(s.path('docs')).includes('STATE.md'));
});

test('without an index and a corpus there is nothing to build; another word is refused', (t) => {
  const s = inOrder(t);
  const none = s.waybill('docs', 'build');
  assert.equal(none.code, 64);
  assert.match(none.stderr, /documents\.index/);
  assert.equal(s.waybill('docs', 'mend').code, 64);
});

test.run();
