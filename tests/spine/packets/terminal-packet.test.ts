import { hashOf } from '../../../src/order/canonical-json.ts';
import type { TerminalPacket } from '../../../src/order/generated.ts';
import { conforms, schemaOf } from '../../../src/platform/schema.ts';
import { spentOf } from '../../../src/policy/missions/budget.ts';
import { checkTerminalPacket } from '../../../src/spine/packets/check-terminal-packet.ts';
import {
  type TerminalSource,
  terminalPacket,
  terminalPacketName,
  terminalPacketText,
  whyNoPass,
} from '../../../src/spine/packets/terminal-packet.ts';
import { admittedData } from '../../order/lives.ts';
import { assert, suite } from '../../support/suite.ts';
import { BASE, begun, hash, missionOf, REVIEWED, stepped } from '../missions.ts';

const test = suite('terminal packets');

const SOURCE: TerminalSource = {
  life: {
    woId: 'WO-1',
    attempt: 1,
    revision: 1,
    admitted: admittedData({ title: 'Greet: "yes" #1\n- no' }),
    startedAt: '2026-11-20T10:00:00.000Z',
  },
  mission: missionOf(REVIEWED),
  status: 'done',
  endedAt: '2026-11-20T10:05:00.000Z',
  outcome: { commits: ['91c0de3f2a'.repeat(4)], error: null, evidence: { manifest_sha256: hash('f') } },
  gates: [
    { name: 'policy_hash', phase: 'pre', ok: true, why: null },
    { name: 'checks', phase: 'post', ok: true, why: null },
  ],
  ledger: { seq: 42, hash: hash('1') },
  reviewPacket: { path: 'artifacts/review_packets/Review_Packet_WO-1_v1.0.md', sha256: hash('2') },
};
const ERROR = { code: 'BUDGET_EXHAUSTED', message: 'no tokens left', hint: 'x', at: '2026-11-20T10:05:00.000Z' };
const textOf = (packet: TerminalPacket) => terminalPacketText(packet);
/** As somebody would who edits it and knows how the hash is made. */
const forged = (packet: TerminalPacket, change: Partial<TerminalPacket>): TerminalPacket => {
  const { packet_hash: _, ...rest } = { ...packet, ...change };
  return { ...rest, packet_hash: hashOf(rest) };
};

test('lessons 1: a packet conforms, its hash recomputes, and the same records give the same bytes', () => {
  const packet = terminalPacket(SOURCE);
  assert.ok(conforms('terminal-packet', packet));
  assert.deepEqual([packet.outcome, packet.reason, packet.why], ['PASS', 'PASS', null]);
  assert.deepEqual(checkTerminalPacket(textOf(packet), packet), []);
  assert.equal(textOf(terminalPacket(structuredClone(SOURCE))), textOf(packet));
  const [example] = schemaOf('terminal-packet').examples;
  assert.deepEqual(checkTerminalPacket(textOf(example as TerminalPacket), null), []);
  // its hash is of what it says, not of how the YAML is written
  assert.deepEqual(checkTerminalPacket(JSON.stringify(packet), packet), []);
});

test('lessons 2: a blocked mission keeps its reason, and the step that failed stands in it', () => {
  const failing = stepped(3, 'close', { ok: false, code: 'TIMED_OUT', why: 'its time was up', usage: null });
  const packet = terminalPacket({
    ...SOURCE,
    status: 'failed',
    mission: missionOf([...REVIEWED, failing], begun(4, 'close')),
    outcome: { ...SOURCE.outcome, commits: [], error: ERROR },
  });
  assert.ok(conforms('terminal-packet', packet));
  assert.deepEqual([packet.outcome, packet.reason, packet.why], ['BLOCKED', 'BUDGET_EXHAUSTED', 'no tokens left']);
  assert.deepEqual(
    packet.steps.map(({ n, outcome, code }) => [n, outcome, code]),
    [
      [1, 'ok', null],
      [2, 'ok', null],
      [3, 'failed', 'TIMED_OUT'],
      [4, 'lost', null],
    ],
  );
  assert.deepEqual(checkTerminalPacket(textOf(packet), packet), []);
  const cancelled = terminalPacket({ ...SOURCE, status: 'cancelled' });
  assert.deepEqual([cancelled.outcome, cancelled.reason], ['CANCELLED', 'CANCELLED']);
  const early = terminalPacket({ ...SOURCE, status: 'failed', mission: null, gates: [], reviewPacket: null });
  assert.ok(conforms('terminal-packet', early));
  assert.deepEqual([early.outcome, early.base, early.chain, early.steps], ['BLOCKED', null, null, []]);
});

test('rule 14: PASS needs a commit, evidence, a review packet, steps, and every gate of both phases', () => {
  const lacking: Partial<TerminalSource>[] = [
    { outcome: { ...SOURCE.outcome, commits: [] } },
    { outcome: { ...SOURCE.outcome, evidence: null } },
    { outcome: { ...SOURCE.outcome, error: ERROR } },
    { reviewPacket: null },
    { mission: null },
    { mission: missionOf([]) },
    { mission: missionOf(REVIEWED, begun(3, 'close')) },
    { gates: [] },
    { gates: SOURCE.gates.slice(0, 1) },
    { gates: SOURCE.gates.slice(1) },
    { gates: [...SOURCE.gates, { name: 'ledger', phase: 'post', ok: false, why: 'broken' }] },
    { status: 'failed' },
    { status: 'cancelled' },
  ];
  assert.deepEqual(whyNoPass(SOURCE), []);
  for (const more of lacking) {
    const packet = terminalPacket({ ...SOURCE, ...more });
    assert.notEqual(packet.outcome, 'PASS', JSON.stringify(more));
    assert.notEqual(packet.reason, 'PASS');
    assert.ok(conforms('terminal-packet', packet));
  }
});

test('rule 14: a mission that writes nothing passes with no commit and no review, but not without gates, steps or evidence', () => {
  const { begun: short, ...mission } = missionOf([stepped(1, 'close', { role: null, agent: null, usage: null })]);
  const readsOnly: TerminalSource = {
    ...SOURCE,
    mission: { ...mission, begun: { ...short, chain: 'checks', reviewers: 0, reads_only: true } },
    outcome: { ...SOURCE.outcome, commits: [] },
    reviewPacket: null,
  };
  const packet = terminalPacket(readsOnly);
  assert.deepEqual([packet.outcome, packet.chain?.reads_only], ['PASS', true]);
  assert.deepEqual(checkTerminalPacket(textOf(packet), packet), []);
  for (const lack of [{ gates: [] }, { outcome: { ...readsOnly.outcome, evidence: null } }])
    assert.equal(terminalPacket({ ...readsOnly, ...lack }).outcome, 'BLOCKED');
  // and nobody can call any other mission one
  const plain = terminalPacket({ ...SOURCE, outcome: readsOnly.outcome, reviewPacket: null });
  assert.equal(plain.outcome, 'BLOCKED');
  const chain = plain.chain === null ? null : { ...plain.chain, reads_only: true as const };
  const lie = forged(plain, { outcome: 'PASS', reason: 'PASS', why: null, chain });
  assert.match(checkTerminalPacket(textOf(lie), plain).join('; '), /chain is not what the ledger tells/);
  assert.match(
    checkTerminalPacket(textOf(forged(packet, { commits: ['a'.repeat(40)] })), null).join(),
    /nothing of it/,
  );
});

test('budgets add up: what was told, what was reserved by lost steps, and whether anybody kept silent', () => {
  const usage = (history: Parameters<typeof missionOf>[0], open: Parameters<typeof missionOf>[1] = null) =>
    terminalPacket({ ...SOURCE, mission: missionOf(history, open) }).usage;
  const whole = usage(REVIEWED);
  assert.deepEqual(
    [whole.tokens, whole.usd, whole.seconds, whole.complete, whole.usd_complete],
    [270, 0.2, 3, true, true],
  );
  const runner = stepped(3, 'policy', { role: null, agent: null, usage: null });
  assert.ok(usage([...REVIEWED, runner]).complete);
  const told = (more: Parameters<typeof stepped>[2]) => usage([...REVIEWED, stepped(3, 'close', more)]);
  assert.ok(!told({ usage: null }).complete);
  const zero = { input: 0, cache_read: 0, cache_write: 0, output: 0, tokens: 0, usd: 0 };
  assert.ok(!told({ usage: zero }).complete);
  assert.ok(!told({ ok: false, usage: null }).complete);
  const free = told({ usage: { ...zero, input: 1, tokens: 1, usd: null } });
  assert.deepEqual([free.complete, free.usd_complete, free.usd], [true, false, 0.2]);
  const lost = usage([...REVIEWED, { kind: 'lost', ...begun(3, 'close') }], begun(4, 'close'));
  assert.deepEqual([lost.tokens, lost.reserved_tokens, lost.reserved_usd, lost.complete], [270, 10_000, 2.5, false]);
  const reserved = { tokens: 500, usd: 0.5, seconds: null };
  for (const unknown of [{ usage: null }, { usage: zero }]) {
    const { reserved_tokens: tokens, reserved_usd: usd } = usage([
      ...REVIEWED,
      { ...stepped(3, 'close', unknown), reserved } as (typeof REVIEWED)[number],
    ]);
    assert.deepEqual([tokens, usd], [500, 0.5], 'what the budget counted');
  }
  // parts that come to more than the sum that was told
  const short = stepped(3, 'close', { usage: { ...zero, input: 10, cache_read: 20, output: 5, tokens: 12 } });
  const both = [...REVIEWED, short];
  assert.deepEqual([usage(both).tokens, usage(both).tokens - whole.tokens], [spentOf(both).tokens, 35], 'one sum');
  assert.equal(usage([]).usd, null);
});

test('the base is the one that the work was made to last', () => {
  const moved = missionOf([...REVIEWED, { kind: 'rebased', base: '0'.repeat(40), changes: [], review: true }]);
  assert.equal(terminalPacket(SOURCE).base, BASE);
  assert.equal(terminalPacket({ ...SOURCE, mission: moved }).base, '0'.repeat(40));
});

test('an edit is found by the hash, and one with a new hash by the ledger or by what it says against itself', () => {
  const packet = terminalPacket(SOURCE);
  const blocked = terminalPacket({ ...SOURCE, outcome: { ...SOURCE.outcome, commits: [] } });
  const changes: Partial<TerminalPacket>[] = [
    { title: 'x' },
    { outcome: 'BLOCKED' },
    { commits: ['0'.repeat(40)] },
    { steps: packet.steps.slice(1) },
    { usage: { ...packet.usage, usd: 0.01 } },
    { ledger: { ...packet.ledger, seq: 43 } },
    { ended: '2026-11-20T10:05:00.001Z' },
  ];
  for (const change of changes) {
    const [key] = Object.keys(change);
    const edited = checkTerminalPacket(textOf({ ...packet, ...change }), null);
    assert.ok(
      edited.some((why) => why.startsWith('its hash is')),
      key,
    );
    const told = checkTerminalPacket(textOf(forged(packet, change)), packet);
    assert.ok(told.includes(`${key} is not what the ledger tells`), `${key}: ${told}`);
    assert.ok(!told.some((why) => why.startsWith('its hash')));
  }
  const against: Partial<TerminalPacket>[] = [
    { outcome: 'PASS', reason: 'PASS', why: null },
    { reason: 'PASS' },
    { usage: { ...packet.usage, tokens: 1 } },
    { steps: [...packet.steps].reverse() },
    { started: '2026-11-20T10:06:00.000Z' },
  ];
  for (const change of against)
    assert.equal(checkTerminalPacket(textOf(forged(blocked, change)), null).length, 1, JSON.stringify(change));
  for (const change of [{ evidence_sha256: null }, { review_packet: null }, { gates: [] }, { steps: [] }])
    assert.notDeepEqual(checkTerminalPacket(textOf(forged(packet, change)), null), [], JSON.stringify(change));
});

test('rule 7: what is no packet is told, never thrown', () => {
  const text = textOf(terminalPacket(SOURCE));
  for (const bad of [
    '',
    'PASS',
    '[]',
    'v: 2',
    `${text}surprise: 1\n`,
    text.slice(0, 300),
    `${text}v: 1\n`,
    '\0',
    'a: &x 1\nb: *x',
  ])
    assert.notDeepEqual(checkTerminalPacket(bad, null), [], bad.slice(0, 20));
  assert.notDeepEqual(checkTerminalPacket(Buffer.from([0xff]), null), []);
});

test('a run has a name of its own, fit for a file', () => {
  const names = [
    terminalPacketName('WO-1', 1),
    terminalPacketName('WO-1', 2),
    terminalPacketName('WO-1-2', 1),
    terminalPacketName('../x', 1),
    terminalPacketName('..', 1),
  ];
  assert.deepEqual(names.slice(0, 2), ['TP_WO-1.yaml', 'TP_WO-1@2.yaml']);
  assert.equal(new Set(names).size, names.length);
  for (const name of names) assert.match(name, /^TP_[\w.@-]+\.yaml$/);
});

test.run();
