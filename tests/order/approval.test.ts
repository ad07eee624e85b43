import { changedSince, decisionText, subjectChanges, subjectHash } from '../../src/order/approval.ts';
import { sha256 } from '../../src/order/canonical-json.ts';
import type { ApprovalSubject } from '../../src/order/generated.ts';
import { conforms } from '../../src/platform/schema.ts';
import { assert, suite } from '../support/suite.ts';
import { content, planOf } from './plans.ts';

/** Rule 13: what a decision is about. */
const test = suite('order/approval');

const HASH = `sha256:${'0'.repeat(64)}`;
const OTHER = `sha256:${'1'.repeat(64)}`;

const SUBJECT: ApprovalSubject = {
  v: 1,
  station: 'demo-k3v9',
  wo_id: 'WO-1',
  attempt: 1,
  ask: '01JD3Q0000000000000000ASKS',
  stage: 'start',
  title: 'Raise the version',
  type: 'apply_patch',
  request_sha256: HASH,
  lane: 'MAIN',
  requester: { uid: 501, user: 'anna' },
  changes: [{ path: 'a', before: null, after: { mode: '100644', sha256: HASH, size: 1 } }],
  commands: [
    {
      name: 'test',
      kind: 'check',
      run: 'npm test',
      argv: null,
      program: '/usr/bin/npm',
      cwd: null,
      timeout_seconds: 60,
      idempotent: true,
      outputs: [],
      reads: [{ path: 'package.json', sha256: HASH }],
    },
  ],
  isolation: 'worktree',
  sandbox: 'off',
  rulings: [
    { subject: '"npm test"', rule: 'tests', why: 'policy says ask', proof: 'terminal', approvers: null, pattern: null },
  ],
  diff_sha256: HASH,
};

/** The subject with something other in it. */
function other(change: (subject: ApprovalSubject) => void): ApprovalSubject {
  const copy = structuredClone(SUBJECT);
  change(copy);
  return copy;
}

type Case = readonly [string, (subject: ApprovalSubject) => void];
const one = <T>(items: readonly T[]): T => items[0] as T;
const side = { mode: '100644', sha256: OTHER, size: 2 };

/** Each change there can be, and how it is told. */
const CHANGES: readonly Case[] = [
  ['b is changed now too', (s) => s.changes.push({ path: 'b', before: null, after: side })],
  ['a is not changed any more', (s) => s.changes.splice(0)],
  ['a is not what it was', (s) => Object.assign(one(s.changes), { before: side })],
  ['a would become something else', (s) => Object.assign(one(s.changes), { after: side })],
  ['a would become something else', (s) => Object.assign(one(s.changes), { after: null })],
  ['the order itself', (s) => Object.assign(s, { request_sha256: OTHER })],
  ['it runs in_place now, not worktree', (s) => Object.assign(s, { isolation: 'in_place' })],
  ['its sandbox is prefer now, not off', (s) => Object.assign(s, { sandbox: 'prefer' })],
  ['the command "test"', (s) => Object.assign(one(s.commands), { run: 'npm test -- x' })],
  ['the command "test"', (s) => Object.assign(one(s.commands), { program: '/tmp/npm' })],
  ['the command "test"', (s) => Object.assign(one(s.commands), { cwd: 'sub' })],
  ['the command "test"', (s) => Object.assign(one(s.commands), { outputs: ['made'] })],
  ['the command "test"', (s) => Object.assign(one(s.commands), { timeout_seconds: null })],
  ['package.json, which "test" runs by', (s) => Object.assign(one(one(s.commands).reads), { sha256: OTHER })],
  ['package.json, which "test" runs by', (s) => Object.assign(one(one(s.commands).reads), { sha256: null })],
  ['.npmrc, which "test" runs by', (s) => one(s.commands).reads.unshift({ path: '.npmrc', sha256: null })],
  ['how many commands it has', (s) => s.commands.push({ ...one(s.commands), name: 'more' })],
  ['how many commands it has', (s) => s.commands.splice(0)],
  ['the rules that decide', (s) => Object.assign(one(s.rulings), { why: 'other' })],
  ['the rules that decide', (s) => s.rulings.splice(0)],
  ['what is asked', (s) => Object.assign(s, { title: 'other' })],
  ['what is asked', (s) => Object.assign(s, { lane: 'OPS' })],
  ['what is asked', (s) => Object.assign(s, { stage: 'landing' })],
  ['what is asked', (s) => Object.assign(s, { diff_sha256: OTHER })],
  ['what is asked', (s) => Object.assign(s.requester, { uid: 0 })],
];

test('rule 13: whatever is other in what was shown makes another hash, and is told in words', () => {
  assert.ok(conforms('approval-subject', SUBJECT));
  for (const [told, change] of CHANGES) {
    const now = other(change);
    assert.notEqual(subjectHash(now), subjectHash(SUBJECT), told);
    assert.deepEqual(changedSince(SUBJECT, now), [told], JSON.stringify(now));
  }
  const both = other((s) => {
    s.changes.push({ path: 'b', before: null, after: side });
    Object.assign(s, { sandbox: 'require' });
  });
  assert.deepEqual(changedSince(SUBJECT, both), ['b is changed now too', 'its sandbox is require now, not off']);
});

test('rule 13: a file that a command does not run by any more is told', () => {
  const now = other((s) => one(s.commands).reads.splice(0));
  assert.equal(changedSince(SUBJECT, now).length, 1);
});

test('another asking of the same has another hash, so that no decision counts twice, and nothing to tell', () => {
  const again = other((s) => Object.assign(s, { ask: '01JD3Q0000000000000000ASK2' }));
  assert.notEqual(subjectHash(again), subjectHash(SUBJECT));
  assert.deepEqual(changedSince(SUBJECT, again), []);
  assert.deepEqual(changedSince(SUBJECT, structuredClone(SUBJECT)), []);
  const { v, ...rest } = SUBJECT;
  assert.equal(subjectHash({ ...rest, v }), subjectHash(SUBJECT), 'whatever order its keys stand in');
});

test("a plan's changes are told by path, with the hashes that sha256sum tells", () => {
  const plan = planOf(
    { z: 'old\n', gone: 'x' },
    {
      files: [{ path: 'z', content: 'new\n' }],
      actions: [
        { action: 'write', path: 'a', content: 'a', mode: '0755' },
        { action: 'delete', path: 'gone' },
      ],
    },
  );
  assert.deepEqual(subjectChanges([...plan.changes].reverse()), [
    { path: 'a', before: null, after: { mode: '100755', sha256: sha256(Buffer.from('a')), size: 1 } },
    { path: 'gone', before: { mode: '100644', sha256: sha256(Buffer.from('x')), size: 1 }, after: null },
    {
      path: 'z',
      before: { mode: '100644', sha256: sha256(Buffer.from('old\n')), size: 4 },
      after: { mode: '100644', sha256: sha256(Buffer.from('new\n')), size: 4 },
    },
  ]);
  assert.deepEqual(subjectChanges([{ path: 'e', before: null, after: content('') }])[0]?.after?.size, 0);
});

test('rule 13: one decision has one text, and no value in it can pass for another line', () => {
  const decision = {
    station: 'demo-k3v9',
    woId: 'WO-1',
    ask: SUBJECT.ask,
    sha256: HASH,
    decision: 'approve',
    always: false,
    reason: '',
  } as const;
  assert.equal(
    decisionText(decision),
    `waybill decision 1\nstation demo-k3v9\norder WO-1\nask ${SUBJECT.ask}\nsubject ${HASH}\ndecision approve\nreason ""\n`,
  );
  assert.match(decisionText({ ...decision, always: true }), /^decision approve always$/m);
  assert.match(decisionText({ ...decision, decision: 'deny', reason: 'no' }), /^decision deny\nreason "no"$/m);
  const sly = decisionText({ ...decision, decision: 'deny', reason: 'no"\ndecision approve always\nreason "' });
  assert.equal(sly.split('\n').length, decisionText(decision).split('\n').length);
  const texts = [
    decision,
    { ...decision, station: 'other' },
    { ...decision, woId: 'WO-2' },
    { ...decision, ask: 'other' },
    { ...decision, sha256: OTHER },
    { ...decision, decision: 'deny' as const },
    { ...decision, always: true },
    { ...decision, reason: 'x' },
  ].map(decisionText);
  assert.equal(new Set(texts).size, texts.length);
});

test.run();
