import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert, suite } from '../../support/suite.ts';
import { assertCause, between, COMPONENT, historyOf, run, withComponent } from '../../support/vanishing.ts';

/** Rule 15: a component that is there and does not work is told with since when, and by what. */

const test = suite('what became of a component that is there', { needs: ['git'] });

test('chmod -x: the mode is lost, at the time the file itself tells', async (t) => {
  const s = withComponent(t);
  const at = await between(s, () => chmodSync(s.path(COMPONENT), 0o644), { kind: 'not_executable' });
  const h = historyOf(s);
  assert.deepEqual([h.answer, h.fault], ['broken', 'mode_lost'], h.summary);
  assert.deepEqual([h.last_good?.at, h.first_bad?.at], [at.t1, at.t2]);
  assert.match(
    h.summary,
    new RegExp(`was working at ${at.t1}, and broke between ${at.t1} and ${at.t2} \\(it is not exec`),
  );
  assertCause(h, 'mode_change', 'likely');
  assert.ok((h.cause?.at ?? '') > at.t1 && (h.cause?.at ?? '') < at.t2);
  run(s, 'sh', '-c', h.advice?.command ?? 'false');
  assert.equal(historyOf(s).answer, 'fine', 'the advice mends it');
});

test('truncation: emptied, or cut in the middle', async (t) => {
  const s = withComponent(t);
  const at = await between(s, () => writeFileSync(s.path(COMPONENT), ''), { kind: 'truncated' });
  const h = historyOf(s);
  assert.deepEqual([h.answer, h.fault, h.last_good?.at, h.first_bad?.at], ['broken', 'truncated', at.t1, at.t2]);
  assertCause(h, 'truncation', 'likely');
  writeFileSync(s.path(COMPONENT), '#!/usr/bin/env zsh\necho ca');
  assert.equal(historyOf(s).fault, 'truncated', 'the beginning of what it was');
  run(s, 'sh', '-c', h.advice?.command ?? 'false');
  assert.equal(historyOf(s).answer, 'fine');
});

test('other content that nobody committed may be somebody at work: never told to be undone', async (t) => {
  const s = withComponent(t);
  const at = await between(s, () => appendFileSync(s.path(COMPONENT), 'echo more\n'), { kind: 'altered' });
  const h = historyOf(s);
  assert.deepEqual([h.fault, h.last_good?.at, h.advice?.do], ['altered', at.t1, 'investigate']);
  assertCause(h, 'edit', 'likely');
});

test('a reset to an older version of it: certain, and where the newer one is', async (t) => {
  const s = withComponent(t);
  s.write(COMPONENT, '#!/usr/bin/env zsh\necho better\n', 0o755);
  s.commitAll('Better');
  await between(s, () => s.git('reset', '--quiet', '--hard', 'HEAD~1'), { kind: 'reverted' });
  const h = historyOf(s);
  assert.deepEqual([h.answer, h.fault], ['broken', 'reverted'], h.summary);
  assertCause(h, 'reset', 'certain');
  run(s, 'sh', '-c', h.advice?.command ?? 'false');
  assert.match(s.read(COMPONENT), /better/, 'the advice brings the newer version');
});

test('what orders and people commit is no fault, and neither is a branch that keeps the file', (t) => {
  const s = withComponent(t);
  s.drop({
    wo_id: 'WO-CHANGE',
    title: 'Change',
    actions: [{ action: 'append', path: COMPONENT, content: 'echo x\n' }],
  });
  s.drain();
  s.git('checkout', '--quiet', '-b', 'feature');
  s.write('notes.md', 'more\n');
  s.commitAll('Notes');
  s.git('checkout', '--quiet', 'main');
  const h = historyOf(s);
  assert.deepEqual([h.answer, h.fault, h.cause, h.advice], ['fine', null, null, null], h.summary);
  assert.ok(h.recent.some(({ source, text }) => source === 'ledger' && /order WO-CHANGE changed it/.test(text)));
});

test('lessons and logs that name it stand in the answer', (t) => {
  const s = withComponent(t);
  rmSync(s.path(COMPONENT));
  const title = 'The executor goes where nobody committed it';
  assert.equal(s.waybill('lessons', 'add', '--type', 'pattern', '--title', title, '--tag', COMPONENT).code, 0);
  mkdirSync(s.path('logs'));
  s.write('logs/wo_executor.err', `${new Date().toISOString()} zsh: no such file or directory: ${s.path(COMPONENT)}\n`);
  s.write('mls/ledger/2025.jsonl', `${JSON.stringify({ title: 'Older lesson', context: COMPONENT })}\n`);
  const h = historyOf(s);
  assert.deepEqual(h.lessons, [title, 'Older lesson']);
  assert.ok(h.between.some(({ source, text }) => source === 'service log' && /no such file/.test(text)));
  const { stdout } = s.waybill('history', COMPONENT);
  assert.match(stdout, /^vanished: /);
  for (const part of ['last seen good', 'cause (likely)', 'between', 'lessons', 'what to do'])
    assert.ok(stdout.includes(part), part);
});

test('with settings that do not read, or gone, git still answers, and that is said', (t) => {
  const s = withComponent(t);
  s.git('reset', '--quiet', '--hard', 'HEAD~1');
  for (const text of ['version: [\n', null]) {
    if (text === null) rmSync(s.path('waybill.yaml'));
    else s.write('waybill.yaml', text);
    const h = historyOf(s);
    assert.deepEqual([h.answer, h.cause?.kind], ['vanished', 'reset']);
    assert.match(h.not_read[0] ?? '', /^settings: .*the default places were looked at/);
  }
});

test('outside of the repository the ledger tells, where orders may write', async (t) => {
  const s = withComponent(t);
  const outside = t.tempDir();
  s.write('policy.yaml', `version: 1\nroots: [${outside}]\n`);
  s.commitAll('A root');
  const path = join(outside, 'com.example.plist');
  s.drop({ wo_id: 'WO-OUT', title: 'Outside', files: [{ path, content: '<plist/>\n' }] });
  s.drain();
  assert.equal(readFileSync(path, 'utf8'), '<plist/>\n', JSON.stringify(s.state('WO-OUT')));
  assert.equal(historyOf(s, path).answer, 'fine');
  rmSync(path);
  const h = historyOf(s, path);
  assert.deepEqual([h.answer, h.last_good?.source, h.cause?.kind], ['vanished', 'ledger', 'outside_git']);
});

test('the answer conforms to its schema, names no more than asked, and starts nothing', (t) => {
  const s = withComponent(t);
  assert.deepEqual(s.waybill('history', '--hours', '0', COMPONENT).code, 64);
  const before = execFileSync('git', ['for-each-ref'], { cwd: s.root, encoding: 'utf8' });
  historyOf(s);
  assert.equal(execFileSync('git', ['for-each-ref'], { cwd: s.root, encoding: 'utf8' }), before);
});

test.run();
