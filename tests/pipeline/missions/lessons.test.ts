import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import type { TerminalPacket } from '../../../src/order/generated.ts';
import { ask } from '../../../src/spine/gates/gate.ts';
import { checkTerminalPacket } from '../../../src/spine/packets/check-terminal-packet.ts';
import { HELLO, ledgerOf, mission, missionStation, stepped, whyOf } from '../../support/missions.ts';
import { assert, suite } from '../../support/suite.ts';

/**
 * The forty sharpest cases of an earlier spine (shared/spine-lessons.md, section 20), each with the tests that hold it here, or why it cannot occur.
 * The weaknesses of the other sections stand in docs/decisions/0039-spine-lessons.md.
 */
const test = suite('pipeline/missions/lessons');

/** A file below tests/, and the beginning of the title of a test in it. */
type Held = readonly [file: string, title: string];

const HERE = 'pipeline/missions/lessons.test.ts';
const NEXT_ACTION = 'policy/missions/next-action.test.ts';
const LEDGER = 'record/ledger.test.ts';
const VERIFY = 'pipeline/verify.test.ts';
const GATES = 'rule 14: PASS needs a commit, evidence, a review packet';

const LESSONS: Readonly<Record<number, { held: readonly Held[]; cannot?: string }>> = {
  1: {
    held: [
      [HERE, 'lessons 1 and 12'],
      ['spine/packets/terminal-packet.test.ts', 'lessons 1: a packet conforms'],
    ],
  },
  2: {
    held: [
      ['pipeline/missions/packets.test.ts', 'seed 004, rule 14: prose is repaired'],
      ['spine/packets/terminal-packet.test.ts', 'lessons 2: a blocked mission keeps its reason'],
    ],
  },
  3: {
    held: [['platform/lock.test.ts', 'rule 3: a second process is refused']],
    cannot:
      'missions have no lock of their own: one station, one writer; a second one begins nothing that could need a packet',
  },
  4: { held: [[HERE, 'lesson 4: uncommitted work at the root']] },
  5: { held: [['pipeline/missions/reviews.test.ts', 'lessons 5 and 6']] },
  6: { held: [['pipeline/missions/reviews.test.ts', 'lessons 5 and 6']] },
  7: {
    held: [
      ['pipeline/missions/checkpoints.test.ts', 'lessons 5, 7, 10, 12 and 34'],
      ['spine/next-step.test.ts', 'lesson 7: completed steps are not done again'],
    ],
  },
  8: {
    held: [['pipeline/missions/checkpoints.test.ts', 'lessons 5, 7, 10, 12 and 34']],
    cannot: 'a run takes no lock; the lock of the station is freed by the kernel when its holder dies',
  },
  9: { held: [['pipeline/missions/moved.test.ts', 'lesson 9: a changed policy stops it']] },
  10: { held: [['pipeline/missions/checkpoints.test.ts', 'lessons 10 and 33']] },
  11: { held: [['pipeline/missions/budgets.test.ts', 'lesson 40: a step that a SIGKILL cut short']] },
  12: {
    held: [
      [HERE, 'lessons 1 and 12'],
      ['pipeline/missions/checkpoints.test.ts', 'lessons 5, 7, 10, 12 and 34'],
    ],
  },
  13: {
    held: [
      ['pipeline/missions/checks.test.ts', 'a check that runs too long is ended, and one that fails only on the clean'],
      ['spine/packets/terminal-packet.test.ts', GATES],
    ],
  },
  14: { held: [[HERE, 'lesson 14: a gate that throws']] },
  15: {
    held: [['pipeline/missions/budgets.test.ts', 'at a limit of tokens, money or steps it parks']],
    cannot:
      'tokens are never estimated, so nothing is mixed: what nobody told makes the sums incomplete, and the packet says so',
  },
  16: { held: [['pipeline/missions/budgets.test.ts', 'lessons 7 and 16']] },
  17: { held: [['pipeline/missions/budgets.test.ts', 'lesson 17: a step over its bounds']] },
  18: { held: [['pipeline/missions/reviews.test.ts', 'lessons 3 and 18']] },
  19: {
    held: [
      [HERE, 'lesson 19: a budget that is no amount'],
      ['policy/missions/missions.test.ts', 'nothing can be set to a value with which'],
    ],
  },
  20: {
    held: [
      [HERE, 'lessons 20, 21 and 38'],
      [VERIFY, 'an edited ledger line'],
      [VERIFY, 'a deleted middle line'],
    ],
  },
  21: { held: [[VERIFY, 'a tail cut back past an anchor']] },
  22: {
    held: [[LEDGER, 'rule 7: a line that is no record is LEDGER_BROKEN, one of a newer version']],
    cannot: 'there is one format of records, and no legacy of another',
  },
  23: { held: [], cannot: 'versions are whole numbers, so no text is compared' },
  24: {
    held: [
      [LEDGER, 'rule 7: a line that is no record is LEDGER_BROKEN, one of a newer version'],
      ['order/transition.test.ts', 'order states: what is not in the table throws'],
    ],
  },
  25: {
    held: [
      [LEDGER, 'rule 5: a torn last line was never acknowledged'],
      [LEDGER, 'rule 7: a line that is no record is LEDGER_BROKEN, one of a newer version'],
    ],
  },
  26: { held: [[NEXT_ACTION, 'the third failure in a row of a class exhausts two retries']] },
  27: { held: [[NEXT_ACTION, 'another class or a success begins the row anew']] },
  28: { held: [[NEXT_ACTION, 'what was changed and may not be is for a person, before all else']] },
  29: {
    held: [[NEXT_ACTION, 'routing decides by class; what nobody knows is for a person']],
    cannot: 'no step can be bypassed: what policy waives counts only where the chain calls the step optional',
  },
  30: { held: [[NEXT_ACTION, 'one failure alone, and changes that are none, never are no progress']] },
  31: {
    held: [[NEXT_ACTION, 'a waiver is for one failure of one step and class']],
    cannot:
      'a waiver is no file: it is a rule of policy, and an answer of a person is bound to the hash of what was asked',
  },
  32: { held: [], cannot: 'there is no bypass to count' },
  33: { held: [['pipeline/missions/checkpoints.test.ts', 'lessons 10 and 33']] },
  34: {
    held: [
      ['pipeline/missions/checkpoints.test.ts', 'lessons 5, 7, 10, 12 and 34'],
      ['pipeline/approvals/lessons.test.ts', 'lesson 9: twenty that ask at once are twenty, oldest first'],
    ],
  },
  35: { held: [[HERE, 'lessons 35 and 37']] },
  36: {
    held: [
      ['pipeline/isolation/worktree.test.ts', 'spine-lessons 0.4: the work of an order that failed is kept'],
      ['pipeline/isolation/many.test.ts', 'leave no stray worktree'],
    ],
    cannot: 'worktrees have names that are used once, so none can be there already',
  },
  37: {
    held: [[HERE, 'lessons 35 and 37']],
    cannot: 'there is no bridge: an order dropped by anyone is the job, and its result is one document with one status',
  },
  38: {
    held: [
      [HERE, 'lessons 20, 21 and 38'],
      [VERIFY, 'a changed, a missing, a stray evidence file'],
    ],
  },
  39: {
    held: [
      ['platform/lock.test.ts', 'rule 3: the kernel frees the lock when its holder is killed'],
      ['platform/lock.test.ts', 'rule 3: a stopped holder keeps the lock'],
    ],
    cannot: 'the kernel holds the lock: there is no age, no grace and no id that could be wrong',
  },
  40: { held: [['pipeline/missions/budgets.test.ts', 'lesson 40: a step that a SIGKILL cut short']] },
};

test('every one of the forty cases is held by a test that is there, or cannot occur for a reason', () => {
  assert.deepEqual(
    Object.keys(LESSONS).map(Number),
    Array.from({ length: 40 }, (_, n) => n + 1),
  );
  for (const [n, { held, cannot }] of Object.entries(LESSONS)) {
    assert.ok(held.length > 0 || cannot !== undefined, n);
    for (const [file, title] of held) {
      const path = resolve(import.meta.dirname, '../..', file);
      assert.ok(existsSync(path), `${n}: ${file}`);
      const titles = readFileSync(path, 'utf8').split(/^\s*\w+\(\s*(?=['"`])/m);
      assert.ok(
        titles.slice(1).some((text) => text.slice(1).startsWith(title)),
        `${n}: ${file} has no test "${title}"`,
      );
    }
  }
});

test('lessons 1 and 12: a whole mission has one terminal packet and one terminal record, whose hash and anchors are right', (t) => {
  const { station: s } = missionStation(t, HELLO);
  s.drop(mission('WO-1'));
  s.drain();
  assert.equal(s.state('WO-1').status, 'done', whyOf(s, 'WO-1'));
  assert.deepEqual(s.names('state/artifacts/terminal'), ['TP_WO-1.yaml']);
  const ends = ledgerOf(s, 'WO-1').filter(({ event }) => ['succeeded', 'failed', 'cancelled'].includes(event));
  assert.equal(ends.length, 1);
  const text = s.read('state/artifacts/terminal/TP_WO-1.yaml');
  const packet = parse(text) as TerminalPacket;
  assert.deepEqual(packet.ledger, { seq: ends[0]?.seq, hash: ends[0]?.hash }, 'the record that ended it');
  assert.deepEqual(packet.commits, s.commitsOf('WO-1'), 'a commit of its own, and not just HEAD');
  assert.deepEqual(
    packet.gates.filter(({ ok }) => !ok),
    [],
  );
  assert.equal(packet.gates.length > 8, true, 'every gate is told');
  assert.deepEqual(checkTerminalPacket(text, null), []);
  assert.notDeepEqual(checkTerminalPacket(text.replace('outcome: PASS', 'outcome: BLOCKED'), null), []);
});

test('lesson 4: uncommitted work at the root is neither looked at, nor changed, nor landed', (t) => {
  const { station: s } = missionStation(t, {
    build: [{ write: { 'src/hello.txt': 'hello\n' }, run: 'cat src/old.txt; test ! -e untracked.txt' }],
  });
  s.write('src/old.txt', 'a person is at work here\n');
  s.write('untracked.txt', 'mine\n');
  s.drop(mission('WO-1'));
  s.drain();
  assert.equal(s.state('WO-1').status, 'done', whyOf(s, 'WO-1'));
  assert.equal(s.read('src/old.txt'), 'a person is at work here\n');
  assert.equal(s.read('untracked.txt'), 'mine\n');
  assert.equal(s.git('show', 'HEAD:src/old.txt'), 'old');
  assert.match(s.read('state/evidence/WO-1/mission/04-build/stream.out'), /^old$/m, 'it worked on what is committed');
  assert.equal(s.git('show', '--name-only', '--format=', 'HEAD'), 'src/hello.txt');
});

test('lesson 14: a gate that throws was not passed, and those after it are asked', () => {
  const asked: string[] = [];
  const gate = (name: string, answer: () => string | null) => ({
    name,
    why: () => {
      asked.push(name);
      return answer();
    },
  });
  const broken = () => {
    throw new Error('out of order');
  };
  const results = ask('post', [gate('one', broken), gate('two', () => null), gate('three', () => 'no')], {});
  assert.deepEqual(asked, ['one', 'two', 'three']);
  assert.deepEqual(
    results.map(({ ok, why }) => [ok, why]),
    [
      [false, 'the gate broke: out of order'],
      [true, null],
      [false, 'no'],
    ],
  );
});

test('lesson 19: a budget that is no amount above nothing is refused at the door, with its place', (t) => {
  const { station: s, agents } = missionStation(t, HELLO);
  const bad = [
    { tokens: 0 },
    { tokens: -5 },
    { tokens: true },
    { attempts: 1.5 },
    { usd: '3' },
    { seconds: null },
    { token: 5 },
  ];
  for (const [n, budget] of bad.entries()) s.drop(mission(`WO-${n}`, { constraints: { paths: ['src/**'], budget } }));
  s.drain();
  assert.equal(s.rejections().length, bad.length, JSON.stringify(s.rejections().map(({ wo_id }) => wo_id)));
  assert.deepEqual(agents.calls(), []);
});

test('lessons 20, 21 and 38: a step, a packet or the evidence of a mission that was changed afterwards is found', (t) => {
  const { station: s } = missionStation(t, HELLO);
  s.drop(mission('WO-1'));
  s.drain();
  assert.equal(s.waybill('verify').code, 0);
  const harm = (path: string, from: string, to: string) => {
    const text = s.read(path);
    assert.ok(text.includes(from), `${path} has ${from}`);
    s.write(path, text.replace(from, to));
    const { code, stdout, stderr } = s.waybill('verify');
    s.write(path, text);
    assert.notEqual(code, 0, path);
    return stdout + stderr;
  };
  const ledger = join('.git/waybill/ledger', s.names('.git/waybill/ledger')[0] ?? '');
  harm(ledger, '"verdict":"approved"', '"verdict":"rejected"');
  assert.match(harm('state/evidence/WO-1/mission/05-review/verdict.json', 'approved', 'rejected'), /verdict\.json/);
  assert.match(harm('state/evidence/WO-1/mission/chain.yaml', 'reviewer', 'nobody'), /chain\.yaml/);
  assert.equal(s.waybill('verify').code, 0, 'put back, all is well');
});

test('lessons 35 and 37: what waits keeps nobody else waiting, and what is no order is answered, not thrown', (t) => {
  const { station: s, agents } = missionStation(t, HELLO);
  s.drop(mission('WO-WAITS', { depends_on: ['WO-NEVER'] }));
  s.write('bridge/inbox/MAIN/job.json', JSON.stringify({ job_id: '..', kind: 'lifeos.job.v0.1', objective: 'x' }));
  s.write('bridge/inbox/MAIN/dots.json', JSON.stringify({ ...mission('WO-X'), wo_id: '..' }));
  s.drop(mission('WO-1'));
  s.drain();
  assert.equal(s.state('WO-1').status, 'done', whyOf(s, 'WO-1'));
  assert.equal(s.state('WO-WAITS').waiting_for, 'dependency');
  assert.deepEqual(stepped(s, 'WO-1').at(-1), 'close');
  assert.equal(s.rejections().length, 2);
  for (const { error } of s.rejections()) assert.ok(error?.code && error.hint, JSON.stringify(error));
  assert.equal(
    agents.calls().every(({ order }) => order === 'WO-1'),
    true,
  );
});

test.run();
