import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { contradictionText } from '../../../src/documents/contradiction.ts';
import type { LedgerRecord, RuntimeFacts, RuntimeStatus } from '../../../src/order/generated.ts';
import { conforms } from '../../../src/platform/schema.ts';
import { idOf, ledgerOf } from '../../support/backups.ts';
import { ANYTHING, type TestStation, testStation, until } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

/** How a station stands, as a file: measured, never guessed, and the same for the same station (spine lessons, section 17). */

const test = suite('pipeline/report/status', { needs: ['git'], timeoutMs: 200_000 });

const FILE = 'state/artifacts/status/runtime_status.json';

function report(s: TestStation, ...more: string[]): RuntimeStatus {
  const { code, stdout, stderr } = s.waybill('report', 'status', '--json', ...more);
  assert.equal(code, 0, stderr);
  const status: unknown = JSON.parse(stdout);
  assert.ok(conforms('runtime-status', status));
  return status as RuntimeStatus;
}

const value = <K extends keyof RuntimeFacts>(status: RuntimeStatus, name: K): RuntimeFacts[K]['value'] =>
  status.facts[name].value;

const withoutTime = ({ generated_at_utc: _, ...rest }: RuntimeStatus) => rest;

function drop(s: TestStation, id: string, more: object = {}): void {
  s.drop({ wo_id: id, title: id, files: [{ path: `${id}.txt`, content: `${id}\n` }], ...more });
}

test('facts are what is on the disk, in git and in the ledger, and both files say the same', (t) => {
  const s = testStation(t, {
    policy: ANYTHING,
    files: {
      'BACKLOG.md': '- [ ] One — DoD: a\n- [x] Two — DoD: b\n- [~] Three — DoD: c\n- [?] What\n',
      'agents/builder/agent.yaml': 'version: 1\nuse: [{name: mine, adapter: command, command: [make, build]}]\n',
    },
    settings:
      'lanes: {MAIN: {}}\ndocuments: {claims: [{program: git, phrases: [git is missing]}, {path: no/such, phrases: [it is there]}, {program: no-such-program-here, phrases: [never]}]}\n',
  });
  drop(s, 'WO-1');
  drop(s, 'WO-2', { post_verify: ['false'] });
  drop(s, 'WO-3', { approval: { why: 'see first' } });
  drop(s, 'WO-4', { hold: true });
  s.write('bridge/inbox/MAIN/WO-5.json', '{"wo_id": "WO-5"}');
  s.drain();
  s.write('new.txt', 'new');
  s.write('BACKLOG.md', `${s.read('BACKLOG.md')}\n`);
  const status = report(s);
  const head = JSON.parse(ledgerOf(s).at(-1) ?? '') as LedgerRecord;
  assert.equal(status.repo_root, '.');
  assert.equal(value(status, 'station'), idOf(s));
  assert.equal(value(status, 'version'), s.waybill('--version').stdout.trim());
  assert.equal(value(status, 'branch'), 'main');
  assert.equal(value(status, 'head'), s.git('rev-parse', 'HEAD'));
  assert.deepEqual(value(status, 'work_tree'), { clean: false, changed: 1, untracked: 1 });
  const beat = JSON.parse(s.read('.git/waybill/heartbeat.json')) as { at: string };
  assert.deepEqual(value(status, 'process'), { state: 'none', since: null, heartbeat_at: beat.at });
  assert.deepEqual(value(status, 'orders'), {
    ready: 0,
    running: 0,
    parked: 2,
    waiting_for: { approval: 1, hold: 1 },
    ended: { done: 1, failed: 1, rejected: 1, cancelled: 0 },
  });
  const waits = ['WO-3', 'WO-4'].map((id) => s.state(id)).sort((a, b) => (a.updated_at < b.updated_at ? -1 : 1));
  assert.equal(value(status, 'oldest_wait')?.wo_id, waits[0]?.wo_id);
  assert.equal(value(status, 'oldest_wait')?.since, waits[0]?.updated_at);
  assert.deepEqual(value(status, 'ledger'), { seq: head.seq, hash: head.hash, fault: null });
  const trailer = s.git('log', '-1', '--format=%(trailers:key=Ledger,valueonly)', `refs/waybill/${idOf(s)}/journal`);
  assert.equal(value(status, 'journal')?.anchored, Number(trailer.split(' ')[0]));
  assert.equal(value(status, 'journal')?.behind, head.seq - Number(trailer.split(' ')[0]));
  const backlog = value(status, 'backlog');
  assert.deepEqual(backlog?.files, ['BACKLOG.md']);
  assert.deepEqual([backlog?.open, backlog?.done, backlog?.problems], [1, 1, 1]);
  assert.deepEqual(value(status, 'agents')?.roles, [{ role: 'builder', agents: ['mine'] }]);
  assert.deepEqual(
    value(status, 'claims')?.map(({ kind, name, there }) => [kind, name, there]),
    [
      ['program', 'git', true],
      ['path', 'no/such', false],
      ['program', 'no-such-program-here', false],
    ],
  );
  assert.deepEqual(JSON.parse(s.read(FILE)), status);
  const day = status.generated_at_utc.slice(0, 10).replaceAll('-', '');
  assert.equal(s.read(`state/artifacts/packets/status/checkpoint_report_${day}.json`), s.read(FILE));
  assert.ok(!s.git('status', '--porcelain').includes('artifacts'), 'kept out of git status');
  for (const fact of Object.values(status.facts)) assert.ok(fact.value !== null || (fact.why ?? '') !== '');
});

test('rule 11: what ended before the newest segment of the ledger, and an order brought back from before it, are known', (t) => {
  const s = testStation(t);
  drop(s, 'WO-1', { depends_on: ['WO-9'] });
  drop(s, 'WO-2', { actions: [{ action: 'edit', path: 'none.txt', find: 'a', replace: 'b' }], files: [] });
  s.drain();
  // the segment is sealed as a station does it: a checkpoint, and a new file
  const all = ledgerOf(s);
  const { seq, hash } = JSON.parse(all.at(-1) ?? '') as LedgerRecord;
  const first = String(seq + 1).padStart(12, '0');
  s.write(
    `.git/waybill/ledger/${first}.checkpoint.json`,
    JSON.stringify({ v: 1, head: { seq, hash }, live: [livesOf(s, 'WO-1')] }),
  );
  s.write(`.git/waybill/ledger/${first}.jsonl`, '');
  assert.equal(value(report(s), 'orders')?.parked, 1);
  assert.equal(value(report(s), 'orders')?.ended.failed, 1);
  s.waybill('retry', 'WO-2');
  s.waybill('hold', 'WO-2');
  s.drain();
  const orders = value(report(s), 'orders');
  assert.deepEqual([orders?.parked, orders?.ended.failed], [2, 0], JSON.stringify(orders));
});

function livesOf(s: TestStation, woId: string): unknown {
  const ref = `refs/waybill/${idOf(s)}/journal`;
  const path = s
    .git('ls-tree', '-r', '--name-only', ref)
    .split('\n')
    .find((name) => name.endsWith(`${woId}/life.json`));
  return JSON.parse(s.git('cat-file', 'blob', `${ref}:${path}`));
}

test('two looks at the same station say the same, apart from the time; --no-write writes nothing', (t) => {
  const s = testStation(t, { files: { 'docs/state.md': '- W1-T01: DONE\n\n- W1-T01: OPEN\n' }, settings: DOCS });
  drop(s, 'WO-1');
  s.drain();
  s.waybill('guardrail', '--once');
  const first = report(s, '--no-write');
  assert.ok(!s.exists(FILE));
  const second = report(s);
  assert.deepEqual(withoutTime(second), withoutTime(first));
  assert.deepEqual(withoutTime(report(s)), withoutTime(first), 'the report itself changes nothing that it measures');
});

const DOCS = 'lanes: {MAIN: {}}\ndocuments: {state: ["docs/*.md"], register: docs/register.yaml}\n';
const REGISTER = 'version: 1\nplans: [{path: docs/plan.md, status: active}]\n';

test('ok only when nothing is wrong, warn for what is, fail for a contradiction that blocks', (t) => {
  const s = testStation(t, {
    files: { 'docs/state.md': '- W1-T01: DONE\n', 'docs/plan.md': '# Plan\n', 'docs/register.yaml': REGISTER },
    settings: DOCS,
  });
  drop(s, 'WO-1');
  s.drain();
  const before = report(s);
  assert.equal(before.status, 'warn');
  assert.deepEqual(before.reasons, ['warn: the guardrail never looked']);
  s.waybill('guardrail', '--once');
  const ok = report(s);
  assert.deepEqual([ok.status, ok.reasons, ok.contradictions], ['ok', [], []], JSON.stringify(ok));
  assert.equal(value(ok, 'plan'), 'docs/plan.md');

  s.write('docs/state.md', '- W1-T01: DONE\n- W1-T01: OPEN\n');
  const fail = report(s);
  assert.equal(fail.status, 'fail');
  assert.equal(fail.contradictions.length, 1);
  assert.match(fail.contradictions[0] ?? '', /^block: task-open-and-done: W1-T01 .*docs\/state\.md:2/);
  s.write('docs/state.md', '- W1-T01: DONE, landed in commit 1234abc\n');
  const warn = report(s);
  assert.equal(warn.status, 'warn');
  assert.match(warn.contradictions[0] ?? '', /^warn: commit-not-in-history: commit 1234abc/);
  const head = s.git('rev-parse', 'HEAD');
  s.write('docs/state.md', `- W1-T01: DONE, landed in commit ${head.slice(0, 12)}\n`);
  assert.equal(report(s).status, 'ok');
  // what was measured, against a phrase
  s.write(
    'waybill.yaml',
    `${DOCS.replace('register:', 'claims: [{program: git, phrases: [git is missing]}], register:')}`,
  );
  s.write('docs/state.md', 'Here git\nis missing.\n');
  assert.match(report(s).contradictions[0] ?? '', /^block: claim-against-fact: .*program git is there/);
  // two active plans
  s.write('docs/state.md', 'Nothing.\n');
  s.write('docs/register.yaml', `${REGISTER.replace(']', ', {path: docs/state.md, status: active}]')}`);
  const two = report(s);
  assert.equal(two.status, 'fail');
  assert.equal(value(two, 'plan'), null);
  assert.match(two.contradictions.join('\n'), /several-active-plans/);
  assert.equal(contradictionText({ id: 'a', severity: 'warn', message: 'b', refs: ['c:1'] }), 'warn: a: b (c:1)');
});

test('a critical component at fault fails, another one warns; an old look says nothing of now', (t) => {
  const s = testStation(t, {
    files: { 'a.txt': 'a', 'b.txt': 'b' },
    settings:
      'lanes: {MAIN: {}}\nguardrail: {components: [{kind: file, path: a.txt, severity: warning}, {kind: file, path: b.txt}]}\n',
  });
  s.drain();
  s.waybill('guardrail', '--once');
  assert.equal(report(s).status, 'ok');
  unlinkSync(s.path('a.txt'));
  s.waybill('guardrail', '--once');
  const warn = report(s);
  assert.deepEqual([warn.status, warn.reasons], ['warn', ['warn: component a.txt: missing']]);
  assert.deepEqual(value(warn, 'guardrail')?.drifted, 1);
  unlinkSync(s.path('b.txt'));
  s.waybill('guardrail', '--once');
  const fail = report(s);
  assert.equal(fail.status, 'fail');
  assert.ok(fail.reasons.includes('fail: component b.txt: missing'));
  const look = JSON.parse(s.read('.git/waybill/guardrail/look.json')) as Record<string, unknown>;
  const at = '2026-01-01T00:00:00.000Z';
  s.write('.git/waybill/guardrail/look.json', JSON.stringify({ ...look, at, interval: { at, pid: 1, seconds: 300 } }));
  const old = report(s);
  const components = value(old, 'guardrail');
  assert.deepEqual([components?.ok, components?.unknown], [0, components?.components]);
  assert.match(old.reasons.join('\n'), /warn: the guardrail looked last at 2026-01-01/);
});

test('rule 7: a ledger that does not hold fails, whether a record was changed or the tail was cut', (t) => {
  const s = testStation(t);
  drop(s, 'WO-1');
  s.drain();
  const path = '.git/waybill/ledger/000000000001.jsonl';
  const whole = s.read(path);
  s.write(path, whole.replace('"title":"WO-1"', '"title":"WO-X"'));
  const changed = report(s);
  assert.equal(changed.status, 'fail');
  assert.match(changed.facts.ledger.value?.fault ?? '', /not what its hash says/);
  s.write(path, `${whole.trimEnd().split('\n').slice(0, -1).join('\n')}\n`);
  const cut = report(s);
  assert.equal(cut.status, 'fail');
  assert.match(cut.facts.ledger.value?.fault ?? '', /it ends at record \d+, and the journal tells of record/);
  s.write(path, whole);
  assert.equal(report(s).facts.ledger.value?.fault, null);
});

test('what cannot be read is null with the reason, and the rest is measured', (t) => {
  const s = testStation(t, {
    files: { 'docs/register.yaml': 'plans: 5\n', 'agents/builder/agent.yaml': 'version: 1\nuse: x\n' },
    settings: `${DOCS}guardrail: {enabled: false}\n`,
  });
  drop(s, 'WO-1');
  s.drain();
  writeFileSync(s.path('.git/index'), 'no index');
  mkdirSync(s.path('BACKLOG.md'));
  s.write('policy.yaml', 'rules: 5\n');
  const status = report(s, '--no-write');
  for (const name of ['work_tree', 'backlog', 'plan'] as const) {
    assert.equal(value(status, name), null, name);
    assert.ok((status.facts[name].why ?? '').length > 5, name);
  }
  assert.match(status.reasons.join('\n'), /warn: work_tree could not be measured: git status ended with 128/);
  assert.match(status.reasons.join('\n'), /warn: backlog could not be measured/);
  assert.match(status.reasons.join('\n'), /warn: nothing is started: policy\.yaml/);
  assert.match(status.reasons.join('\n'), /warn: agents\/builder/);
  assert.notEqual(status.status, 'ok');
  assert.equal(value(status, 'orders')?.ended.done, 1);
  rmSync(s.path('.git/waybill/ledger/000000000001.jsonl'));
  s.write('.git/waybill/ledger/000000000001.jsonl', 'no record\n');
  const broken = report(s, '--no-write');
  assert.equal(value(broken, 'orders'), null);
  assert.match(broken.facts.orders.why ?? '', /no JSON/);
});

test('no absolute path stands in the file, not even where something says one', (t) => {
  const s = testStation(t, {
    files: { 'docs/state.md': 'Landed in commit 1234abc. See /home/anna/work/x.md\n' },
    settings: `lanes: {MAIN: {}}\nguardrail: {components: [{kind: file, path: /opt/tools/none/x.sh}]}\ndocuments: {state: [docs/state.md, /etc/hostname/none.md], claims: [{path: /usr/lib/none, phrases: [never]}, {program: /usr/local/bin/none, phrases: [never]}]}\n`,
  });
  drop(s, 'WO-1');
  s.drain();
  s.waybill('guardrail', '--once');
  writeFileSync(s.path('.git/waybill/ledger/000000000001.jsonl'), 'no record\n');
  report(s);
  const text = s.read(FILE);
  assert.ok(!text.includes(s.root), text);
  assert.deepEqual(text.match(/"[^"]*(?<![\w.~…])\/(?:opt|usr|etc|home|tmp|root)\/[^"]*"/g), null);
  assert.match(text, /x\.sh/);
});

test('rule 9: a link on the way, a link in place of the file, and a tracked file are left alone', (t) => {
  const s = testStation(t);
  s.drain();
  const outside = t.tempDir();
  mkdirSync(s.path('state/artifacts'), { recursive: true });
  symlinkSync(outside, s.path('state/artifacts/status'));
  const linked = s.waybill('report', 'status');
  assert.notEqual(linked.code, 0);
  assert.match(linked.stderr, /PATH_DENIED/);
  assert.ok(!existsSync(join(outside, 'runtime_status.json')));
  unlinkSync(s.path('state/artifacts/status'));
  mkdirSync(s.path('state/artifacts/status'));
  writeFileSync(join(outside, 'theirs.json'), 'theirs');
  symlinkSync(join(outside, 'theirs.json'), s.path(FILE));
  assert.match(s.waybill('report', 'status').stderr, /PATH_DENIED/);
  assert.equal(readFileSync(join(outside, 'theirs.json'), 'utf8'), 'theirs');
  unlinkSync(s.path(FILE));
  s.write(FILE, 'ours\n');
  s.git('add', '--force', FILE);
  s.git('commit', '--quiet', '-m', 'Track it');
  const { code, stderr } = s.waybill('report', 'status');
  assert.equal(code, 69);
  assert.match(stderr, /TRACKED_STATE .*runtime_status\.json is tracked/);
  assert.equal(s.read(FILE), 'ours\n');
});

test('rule 12: a running station keeps the status young by what it says itself, where documents are in use, and else writes none', async (t) => {
  const plain = testStation(t, { settings: 'lanes: {MAIN: {}}\nintake: {scan_seconds: 1}\n' });
  const s = testStation(t, {
    files: { 'docs/state.md': '- W1-T01: DONE\n', 'docs/plan.md': '# Plan\n', 'docs/register.yaml': REGISTER },
    settings: `${DOCS}intake: {scan_seconds: 1}\n`,
  });
  s.write(FILE, JSON.stringify({ ...report(s), generated_at_utc: '2020-01-01T00:00:00.000Z' }));
  // a fresh checkout makes an old file young
  utimesSync(s.path(FILE), new Date(), new Date());
  await plain.up(t);
  await s.up(t);
  const shown = () => JSON.parse(s.read(FILE)) as RuntimeStatus;
  await until(() => !shown().generated_at_utc.startsWith('2020'), 'the station measures');
  assert.equal(value(shown(), 'process')?.state, 'running');
  const { generated_at_utc: first } = shown();
  // idle: nothing is written again
  const beats = new Set<string>();
  await until(() => beats.add(s.read('.git/waybill/heartbeat.json')).size > 3, 'the loop turns');
  assert.equal(shown().generated_at_utc, first);
  unlinkSync(s.path(FILE));
  await until(() => s.exists(FILE), 'one that went is written again');
  assert.ok(!plain.exists(FILE));
});

test('an order that changes a document makes the status old, long before its age does', async (t) => {
  const s = testStation(t, {
    files: { 'docs/state.md': '- W1-T01: DONE\n', 'docs/plan.md': '# Plan\n', 'docs/register.yaml': REGISTER },
    settings: `${DOCS}intake: {scan_seconds: 1}\n`,
  });
  const at = new Date(Date.now() - 120_000).toISOString();
  s.write(FILE, JSON.stringify({ ...report(s), generated_at_utc: at }));
  await s.up(t);
  const shown = () => JSON.parse(s.read(FILE)) as RuntimeStatus;
  s.drop({ wo_id: 'WO-1', files: [{ path: 'other.txt', content: 'other' }] });
  await until(() => s.exists('bridge/outbox/MAIN/WO-1.result.json'), 'another order is done');
  const beats = new Set<string>();
  await until(() => beats.add(s.read('.git/waybill/heartbeat.json')).size > 2, 'the loop turns');
  assert.equal(shown().generated_at_utc, at);
  s.drop({ wo_id: 'WO-2', files: [{ path: 'docs/state.md', content: '- W1-T01: DONE\n- W1-T01: OPEN\n' }] });
  await until(() => shown().generated_at_utc !== at, 'it is measured anew');
  assert.equal(shown().status, 'fail');
});

test('so does one that changes the index, wherever that stands', async (t) => {
  const s = testStation(t, {
    settings: 'lanes: {MAIN: {}}\ndocuments: {index: INDEX.md}\nintake: {scan_seconds: 1}\n',
  });
  const at = new Date(Date.now() - 120_000).toISOString();
  s.write(FILE, JSON.stringify({ ...report(s), generated_at_utc: at }));
  await s.up(t);
  assert.equal(s.waybill('docs', 'build').code, 0);
  const shown = () => JSON.parse(s.read(FILE)) as RuntimeStatus;
  await until(() => shown().generated_at_utc !== at, 'it is measured anew');
  assert.ok(!shown().reasons.join('\n').includes('INDEX'));
});

test('with the lifeos preset both files stand where seed 000 says', (t) => {
  const s = testStation(t, { preset: 'lifeos' });
  s.drain();
  const status = report(s);
  const day = status.generated_at_utc.slice(0, 10).replaceAll('-', '');
  assert.equal(
    s.read('artifacts/status/runtime_status.json'),
    s.read(`artifacts/packets/status/checkpoint_report_${day}.json`),
  );
  assert.equal(s.git('status', '--porcelain'), '');
  const aboutRegister = status.reasons.filter((reason) => reason.includes('Plan_Supersession_Register'));
  assert.equal(aboutRegister.length, 1, `told once: ${aboutRegister.join('\n')}`);
  for (const key of ['generated_at_utc', 'repo_root', 'facts', 'contradictions', 'status']) assert.ok(key in status);
});

test.run();
