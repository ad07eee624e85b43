import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { guarded, guardedStation, guardrailOf } from '../support/guarded.ts';
import type { TestStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** Files as components, in a real repository: what is at fault, and what is somebody's work. */

const test = suite('guardrail/check-file', { needs: ['git'], timeoutMs: 120_000 });

const TOOL = '#!/bin/sh\necho whole\n';
const ONE = { components: ['{kind: file, path: tool.sh}'], files: { 'tool.sh': TOOL, 'other.txt': 'other\n' } };

function commit(s: TestStation, text: string, subject: string): string {
  s.write('tool.sh', text);
  s.commitAll(subject);
  return s.git('rev-parse', 'HEAD');
}

test('a file that is there and whole is no fault; one that goes is missing, and comes back', async (t) => {
  const g = await guarded(t, ONE);
  assert.deepEqual(await g.faults(), []);
  renameSync(g.s.path('tool.sh'), g.s.path('tool.sh.backup'));
  const fault = await g.fault('tool.sh');
  assert.equal(fault?.kind, 'missing');
  assert.equal(fault?.message, 'is not there any more');
  assert.equal(fault?.mend, 'from HEAD');
  renameSync(g.s.path('tool.sh.backup'), g.s.path('tool.sh'));
  assert.deepEqual(await g.faults(), []);
});

test('one that never was there, one whose folder is gone, and one whose folder is a file are missing', async (t) => {
  const components = ['a.txt', 'deep/b.txt', 'other.txt/c.txt'].map((path) => `{kind: file, path: ${path}}`);
  const g = await guarded(t, { ...ONE, components });
  assert.deepEqual(await g.faults(), ['a.txt missing', 'deep/b.txt missing', 'other.txt/c.txt missing']);
  assert.equal((await g.fault('a.txt'))?.message, 'is not there');
});

test('a lost mode: as HEAD has it, as it was seen, or as it is asked for', async (t) => {
  const components = [
    '{kind: file, path: tool.sh}',
    '{kind: file, path: new.sh}',
    '{kind: file, path: other.txt, executable: true}',
  ];
  const s = guardedStation(t, { ...ONE, components });
  chmodSync(s.path('tool.sh'), 0o755);
  s.commitAll('Make it executable');
  s.write('new.sh', 'x\n', 0o755);
  const g = await guardrailOf(t, s);
  assert.deepEqual(await g.faults(), ['other.txt not_executable']);
  chmodSync(s.path('tool.sh'), 0o644);
  chmodSync(s.path('new.sh'), 0o644);
  assert.deepEqual((await g.faults()).sort(), [
    'new.sh not_executable',
    'other.txt not_executable',
    'tool.sh not_executable',
  ]);
});

test('cut off: to nothing, and to its beginning, also where any content will do', async (t) => {
  const g = await guarded(t, { ...ONE, guardrail: ['altered_after_minutes: 10'] });
  await g.look();
  truncateSync(g.s.path('tool.sh'), 12);
  assert.equal((await g.fault('tool.sh'))?.message, `ends after 12 of ${TOOL.length} bytes`);
  truncateSync(g.s.path('tool.sh'), 0);
  assert.equal((await g.fault('tool.sh'))?.message, 'is empty');
  assert.deepEqual(await g.faults(), ['tool.sh truncated'], 'and at the next look');
  g.s.write('waybill.yaml', g.s.read('waybill.yaml').replace('path: tool.sh', 'path: tool.sh, content: any'));
  assert.deepEqual(await g.faults(), ['tool.sh truncated']);
  g.s.write('tool.sh', 'anything\n');
  assert.deepEqual(await g.faults(), []);
});

test('altered: told when it has lasted, not while somebody may be at work', async (t) => {
  const g = await guarded(t, { ...ONE, guardrail: ['altered_after_minutes: 10'] });
  await g.look();
  g.s.write('tool.sh', '#!/bin/sh\necho mine\n');
  assert.deepEqual(await g.faults(), []);
  assert.deepEqual(await g.faults(), [], 'nor at the next look');
  g.s.write('waybill.yaml', g.s.read('waybill.yaml').replace('minutes: 10', 'minutes: 0'));
  const fault = await g.fault('tool.sh');
  assert.equal(fault?.kind, 'altered');
  assert.equal(fault?.message, 'differs from HEAD');
  assert.equal(fault?.mend, undefined, 'it may be a person’s work');
  g.s.commitAll('Mine');
  assert.deepEqual(await g.faults(), []);
});

test('content that changes with size and times as they were is found by a deep look', async (t) => {
  const g = await guarded(t, ONE);
  await g.look();
  const path = g.s.path('.git/waybill/guardrail/seen.json');
  g.s.write('tool.sh', TOOL.replace('whole', 'other'));
  // as if the disk gave it the times it had
  const stat = statSync(g.s.path('tool.sh'));
  const stamp = `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeMs}:${stat.ctimeMs}`;
  writeFileSync(path, readFileSync(path, 'utf8').replace(/"stamp":"[^"]*"/, `"stamp":"${stamp}"`));
  assert.deepEqual(await g.faults(), []);
  assert.deepEqual(await g.faults({ deep: true }), ['tool.sh altered']);
});

test('what a person accepts is good, tracked or not, until it changes again', async (t) => {
  const g = await guarded(t, { ...ONE, components: ['{kind: file, path: tool.sh}', '{kind: file, path: g/new.txt}'] });
  g.s.write('g/new.txt', 'first\n');
  assert.deepEqual(await g.faults(), []);
  g.s.write('g/new.txt', 'second\n');
  g.s.write('tool.sh', 'hers\n');
  assert.deepEqual(await g.faults(), ['tool.sh altered', 'g/new.txt altered']);
  assert.equal(await g.guardrail.accept('./g/new.txt'), 'g/new.txt');
  assert.equal(await g.guardrail.accept(g.s.path('tool.sh')), 'tool.sh');
  assert.deepEqual(await g.faults(), []);
  assert.deepEqual(await g.faults({ deep: true }), []);
  g.s.write('tool.sh', 'another one\n');
  assert.deepEqual(await g.faults(), ['tool.sh altered']);
});

test('what another process accepts counts for a guardrail that runs on', async (t) => {
  const g = await guarded(t, { ...ONE, components: ['{kind: file, path: new.txt}'] });
  g.s.write('new.txt', 'first\n');
  await g.look();
  g.s.write('new.txt', 'second\n');
  assert.deepEqual(await g.faults(), ['new.txt altered']);
  const { code, stderr } = g.s.waybill('guardrail', '--accept', 'new.txt');
  assert.equal(code, 0, stderr);
  assert.deepEqual(await g.faults(), []);
  assert.match(g.s.read('.git/waybill/guardrail/seen.json'), /"new.txt"/);
});

test('links are as good as what they lead to, and those in HEAD lead where HEAD says', async (t) => {
  const names = ['kept', 'dangling', 'turned', 'instead.txt'];
  const s = guardedStation(t, {
    components: names.map((path) => `{kind: file, path: ${path}}`),
    files: { 'real.txt': 'real\n', 'more.txt': 'more\n', 'instead.txt': 'a file\n' },
  });
  for (const name of names.slice(0, 3)) symlinkSync('real.txt', s.path(name));
  s.commitAll('Link');
  const g = await guardrailOf(t, s);
  assert.deepEqual(await g.faults(), []);
  for (const name of names.slice(1)) rmSync(s.path(name));
  symlinkSync('nowhere', s.path('dangling'));
  symlinkSync('more.txt', s.path('turned'));
  symlinkSync('real.txt', s.path('instead.txt'));
  assert.deepEqual(await g.faults(), ['dangling altered', 'turned altered', 'instead.txt not_a_file']);
  rmSync(s.path('real.txt'));
  assert.ok((await g.faults()).includes('kept missing'));
});

test('a folder, or a pipe, in place of a file is told', async (t) => {
  const g = await guarded(t, ONE);
  rmSync(g.s.path('tool.sh'));
  mkdirSync(g.s.path('tool.sh'));
  assert.deepEqual(await g.faults(), ['tool.sh not_a_file']);
});

test('reset --hard to a commit before it moves a file back; the way forward mends it', async (t) => {
  const g = await guarded(t, ONE);
  const newer = commit(g.s, '#!/bin/sh\necho newer\n', 'Newer');
  await g.look();
  g.s.git('reset', '--quiet', '--hard', 'HEAD~1');
  const fault = await g.fault('tool.sh');
  assert.equal(fault?.kind, 'moved_back');
  assert.ok(fault?.message.includes(newer.slice(0, 10)));
  assert.deepEqual(await g.faults(), ['tool.sh moved_back'], 'it lasts');
  g.s.git('reset', '--quiet', '--hard', newer);
  assert.deepEqual(await g.faults(), []);
});

test('checkout of an older branch moves a file back, and of a commit takes a file away', async (t) => {
  const g = await guarded(t, { ...ONE, components: ['{kind: file, path: tool.sh}', '{kind: file, path: late.txt}'] });
  g.s.git('branch', 'old');
  g.s.write('late.txt', 'late\n');
  commit(g.s, '#!/bin/sh\necho newer\n', 'Newer');
  assert.deepEqual(await g.faults(), []);
  g.s.git('checkout', '--quiet', 'old');
  assert.deepEqual(await g.faults(), ['tool.sh moved_back', 'late.txt missing']);
  g.s.git('checkout', '--quiet', '--detach', 'main');
  assert.deepEqual(await g.faults(), [], 'a detached HEAD that has them is none');
});

test('what commits do is nobody’s fault: change, amend, revert, rebase, another branch', async (t) => {
  const g = await guarded(t, ONE);
  const { s } = g;
  await g.look();
  const step = async (what: string) => assert.deepEqual(await g.faults(), [], what);
  commit(s, 'v2\n', 'v2');
  await step('a change');
  s.git('commit', '--quiet', '--amend', '-m', 'v2 again');
  await step('an amend');
  s.git('revert', '--no-edit', 'HEAD');
  await step('a revert on top of an amend: an older version, by a commit');
  s.git('checkout', '--quiet', '-b', 'side', 'HEAD~1');
  commit(s, 'v2 side\n', 'side');
  await step('a branch with a version of its own');
  s.git('checkout', '--quiet', 'main');
  s.write('other.txt', 'main goes on\n');
  s.commitAll('Go on');
  s.git('checkout', '--quiet', 'side');
  await g.look();
  s.git('rebase', '--quiet', '--strategy-option=theirs', 'main');
  await step('a rebase');
  s.git('rm', '--quiet', 'tool.sh');
  s.git('commit', '--quiet', '-m', 'It goes');
  assert.deepEqual(
    await g.faults(),
    ['tool.sh missing'],
    'a component that a commit took away is missing all the same',
  );
  assert.equal((await g.fault('tool.sh'))?.mend, undefined, 'and not to be brought back');
});

test('end-of-line rules and clean filters: what git calls unchanged is', async (t) => {
  const components = ['crlf.txt', 'up.txt'].map((path) => `{kind: file, path: ${path}}`);
  const s = guardedStation(t, { components, files: { 'other.txt': 'other\n' } });
  s.write('.gitattributes', 'crlf.txt text eol=crlf\nup.txt filter=up\n');
  s.git('config', 'filter.up.clean', 'tr a-z A-Z');
  s.git('config', 'filter.up.smudge', 'tr A-Z a-z');
  s.write('crlf.txt', 'one\r\ntwo\r\n');
  s.write('up.txt', 'quiet\n');
  s.commitAll('Filters');
  assert.equal(s.git('show', 'HEAD:up.txt'), 'QUIET');
  const g = await guardrailOf(t, s);
  assert.deepEqual(await g.faults(), []);
  s.write('crlf.txt', 'one\r\n');
  s.write('up.txt', 'loud\n');
  assert.deepEqual(await g.faults(), ['crlf.txt truncated', 'up.txt altered']);
  s.git('config', 'core.autocrlf', 'true');
  s.write('.gitattributes', '');
  s.write('crlf.txt', 'one\r\ntwo\r\n');
  s.write('up.txt', 'QUIET\r\n');
  assert.deepEqual(await (await guardrailOf(t, s)).faults(), []);
});

test('a branch without a commit: what stands there is what is recorded', async (t) => {
  const g = await guarded(t, ONE);
  g.s.git('checkout', '--quiet', '--orphan', 'fresh');
  assert.deepEqual(await g.faults(), []);
  g.s.write('tool.sh', 'another\n');
  assert.deepEqual(await g.faults(), ['tool.sh altered']);
});

test('a file in a submodule is looked after as it was first seen', async (t) => {
  const s = guardedStation(t, {
    components: ['{kind: file, path: sub/in.txt}', '{kind: folder, path: sub}'],
    files: ONE.files,
  });
  const other = guardedStation(t, { files: { 'in.txt': 'in\n' } });
  s.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', other.root, 'sub');
  s.commitAll('Submodule');
  const g = await guardrailOf(t, s);
  assert.deepEqual(await g.faults(), []);
  s.write('sub/in.txt', 'changed\n');
  assert.deepEqual(await g.faults(), ['sub/in.txt altered']);
  rmSync(s.path('sub'), { recursive: true });
  assert.deepEqual(await g.faults(), ['sub missing', 'sub/in.txt missing']);
});

test('a file outside of the root that orders write: the last order says what it is to hold', async (t) => {
  const folder = join(t.tempDir(), 'agents');
  mkdirSync(folder);
  const path = join(folder, 'x.plist');
  const s = guardedStation(t, {
    components: [`{kind: file, path: ${path}}`],
    policy: `version: 1\nroots: ["${folder}"]\n`,
  });
  const order = (n: number) => s.drop({ wo_id: `WO-${n}`, title: 'x', files: [{ path, content: `by order ${n}\n` }] });
  order(1);
  s.drain();
  assert.equal(s.state('WO-1').status, 'done', JSON.stringify(s.state('WO-1').last_error));
  const g = await guardrailOf(t, s);
  assert.deepEqual(await g.faults(), []);
  order(2);
  s.drain();
  assert.equal(readFileSync(path, 'utf8'), 'by order 2\n');
  assert.deepEqual(await g.faults(), [], 'an order may change it');
  writeFileSync(path, 'by nobody\n');
  assert.deepEqual(await g.faults(), [`${path} altered`]);
  rmSync(path);
  assert.match((await g.fault(path))?.mend ?? '', /recorded|last order/);
});

test('capitals are a difference where the disk says so', async (t) => {
  const g = await guarded(t, { ...ONE, components: ['{kind: file, path: Tool.sh}'] });
  const isOne = g.s.exists('TOOL.SH');
  assert.deepEqual(await g.faults(), isOne ? [] : ['Tool.sh missing']);
});

test('rule 10: a file that cannot be looked at is told, and the others are looked at', async (t) => {
  const g = await guarded(t, {
    ...ONE,
    components: [`{kind: file, path: ${'n'.repeat(300)}}`, '{kind: file, path: gone.txt}'],
  });
  assert.deepEqual(await g.faults(), [`${'n'.repeat(300)} check_failed`, 'gone.txt missing']);
});

test.run();
