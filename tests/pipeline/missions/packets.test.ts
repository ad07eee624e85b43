import { HELLO, ledgerOf, mission, missionStation, stepped, steps, whyOf } from '../../support/missions.ts';
import type { TestStation } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';
import { whereItStands } from '../../support/traces.ts';

const test = suite('pipeline/missions: what agents hand in');

/** What the designer of seed 004 answered, in place of a packet. */
const PROSE =
  "The `hash_json` function already has a docstring. I'll add it there: Done. Added `hash_json` function with docstring to `runtime/util/crypto.py:6-18`.";

function evidence(s: TestStation, woId: string, path: string): string {
  return s.read(`state/evidence/${woId}/${path}`);
}

test('seed 004, rule 14: prose is repaired into a packet or ends the mission as PACKET_INVALID, and is never accepted', (t) => {
  const { station: s, agents } = missionStation(t, {
    ...HELLO,
    'WO-FILE/design': [{ packet: PROSE, say: PROSE }, {}],
    'WO-SAID/design': [{ packet: null, say: PROSE }, { packet: { goal: PROSE } }, {}],
    'WO-NEVER/design': [{ packet: null, say: PROSE }],
    'WO-VERDICT/review': [{ packet: { summary: 'Looks good to me, approved!' } }],
  });
  const head = s.git('rev-parse', 'HEAD');
  s.drop(mission('WO-NEVER'));
  s.drop(mission('WO-VERDICT'));
  s.drain();
  assert.equal(s.git('rev-parse', 'HEAD'), head, 'nothing lands');
  const [never, verdict] = ['WO-NEVER', 'WO-VERDICT'].map((woId) => s.state(woId));
  assert.equal(never?.last_error?.code, 'PACKET_INVALID', whyOf(s, 'WO-NEVER'));
  assert.equal(verdict?.last_error?.code, 'PACKET_INVALID', 'praise is no verdict');
  const asked = agents.calls().filter(({ order }) => order === 'WO-NEVER');
  assert.deepEqual(
    asked.map(({ step }) => step),
    ['design', 'design', 'design'],
    'asked again twice, and nothing was built on it',
  );
  assert.match(asked[1]?.prompt ?? '', /no packet|not there|was handed in|PACKET_INVALID/i);
  assert.ok(evidence(s, 'WO-NEVER', 'mission/03-design/stream.out').includes(PROSE), 'what it said is evidence');
  assert.match(
    s.read('state/artifacts/terminal/TP_WO-NEVER.yaml'),
    /^outcome: BLOCKED$[\s\S]*^reason: PACKET_INVALID$/m,
  );
  assert.deepEqual(steps(s, 'WO-NEVER').at(-1)?.outputs, [], 'and it gave nothing');

  s.drop(mission('WO-FILE'));
  s.drain();
  s.git('revert', '--no-edit', 'HEAD');
  s.drop(mission('WO-SAID'));
  s.drain();
  for (const woId of ['WO-FILE', 'WO-SAID']) {
    assert.equal(s.state(woId).status, 'done', whyOf(s, woId));
    assert.deepEqual(
      stepped(s, woId).filter((step) => step === 'design'),
      ['design'],
      'a repair is a part of its step',
    );
  }
  assert.equal(evidence(s, 'WO-FILE', 'mission/03-design/handed-in-0.json'), PROSE);
  assert.equal(JSON.parse(evidence(s, 'WO-FILE', 'mission/03-design/handed-in-1.json')).goal, 'The file says hello.');
  assert.match(evidence(s, 'WO-SAID', 'mission/03-design/repair-2.md'), /approach/, 'each fault is told');
  const usage = steps(s, 'WO-SAID').find(({ step }) => step === 'design')?.usage;
  assert.equal(usage?.tokens, 330, 'repairs are counted too');
  const verified = s.waybill('verify');
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
});

test('what an agent says, hands in and writes of itself reaches no record with a secret in it', (t) => {
  const secret = ['gh', 'p_', 'aB3dE5gH7jK9mN1pQ3sT5vW7yZ2cF4hJ6lM8'].join('');
  const said = `the token is ${secret}`;
  const { station: s } = missionStation(t, {
    design: [
      {
        say: said,
        packet: {
          goal: said,
          approach: said,
          steps: [said],
          files: [{ path: 'src/hello.txt', change: 'create', why: said }],
          tests: [],
          risks: [said],
        },
      },
    ],
    build: [
      {
        write: { 'src/hello.txt': 'hello\n' },
        say: said,
        packet: {
          summary: said,
          changed: [{ path: 'src/hello.txt', what: said }],
          tests_run: [],
          open_questions: [said],
        },
      },
    ],
    review: [{ packet: { verdict: 'approved', summary: said, findings: [], required_changes: [] } }],
    'WO-BAD/design': [{ packet: said, say: said, exit: 3 }],
  });
  s.drop(mission('WO-SECRET'));
  s.drop(mission('WO-BAD'));
  s.drain();
  assert.equal(s.state('WO-SECRET').status, 'done', whyOf(s, 'WO-SECRET'));
  assert.deepEqual(whereItStands(s, secret), []);
  assert.match(s.read('state/artifacts/review_packets/Review_Packet_WO-SECRET_v1.0.md'), /secret removed/);
  const packet = steps(s, 'WO-SECRET').find(({ step }) => step === 'design')?.outputs[0];
  assert.match(evidence(s, 'WO-SECRET', 'mission/03-design/build_packet.json'), /secret removed/);
  assert.ok(
    evidence(s, 'WO-SECRET', 'manifest.json').includes(packet?.sha256 ?? 'none'),
    'the hash is of what is kept',
  );
  assert.equal(s.waybill('verify').code, 0);
  assert.ok(ledgerOf(s, 'WO-BAD').length > 0);
});

test.run();
