import { rmSync } from 'node:fs';
import { missionOrder } from '../../../src/torture/mission-agent.ts';
import {
  assertEndedWell,
  assertNothingLeft,
  type Key,
  keyFor,
  strikeStation,
  toTheEnd,
} from '../../support/mission-kill.ts';
import { type TestStation, until } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

/** Terminal packets and review packets are projections of ledger and evidence: they come back, and verify holds them against both. */

const test = suite('pipeline/missions: packets', { needs: ['ssh-keygen'] });
const TERMINAL = 'state/artifacts/terminal/TP_WO-M.yaml';
const REVIEW = 'state/artifacts/review_packets/Review_Packet_WO-M_v1.1.md';
let key: Key;
/** One that has ended, with the packets as they were shown. */
let s: TestStation;
let shown: readonly [string, string];

test.before((t) => {
  key = keyFor(t);
  s = strikeStation(t, key, { checkpoints: [] });
  s.drop(missionOrder('WO-M') as { wo_id: string });
  toTheEnd(s, key, ['WO-M']);
  shown = [s.read(TERMINAL), s.read(REVIEW)];
});

/** At once: a station that runs writes into it meanwhile. */
function takeAway(name: string): void {
  s.move(name, '../gone');
  rmSync(s.path('../gone'), { recursive: true });
}

const now = () => [s.read(TERMINAL), s.read(REVIEW)];

test('rule 5: what `rm -rf state` took, packets included, comes back with `waybill restore`, byte for byte', () => {
  takeAway('state');
  const restored = s.waybill('restore', '--json');
  assert.equal(restored.code, 0, restored.stdout + restored.stderr);
  assert.equal((JSON.parse(restored.stdout) as { packets: number }).packets, 2);
  assert.deepEqual(now(), shown);
  assertNothingLeft(s, 'restored');
});

test('rule 5: a running station brings it back by itself', async (t) => {
  const up = await s.up(t);
  takeAway('state');
  await until(() => s.exists(TERMINAL) && s.exists(REVIEW), 'the packets are back');
  assert.equal(await up.stop(), 0);
  assert.deepEqual(now(), shown);
});

test('rule 5: also where nothing but the packets is gone', async (t) => {
  takeAway('state/artifacts');
  s.drain();
  assert.deepEqual(now(), shown);
  const up = await s.up(t);
  takeAway('state/artifacts');
  await until(() => s.exists(TERMINAL) && s.exists(REVIEW), 'the packets are back');
  assert.equal(await up.stop(), 0);
  assert.deepEqual(now(), shown);
});

test('verify tells of a packet that is missing, and does not fail for it', () => {
  rmSync(s.path(TERMINAL));
  const { code, stdout } = s.waybill('verify');
  assert.equal(code, 0, stdout);
  assert.match(stdout, /TP_WO-M\.yaml is missing/);
  s.write(TERMINAL, shown[0]);
});

const ALTERED: Record<string, (text: string) => string> = {
  'its outcome': (text) => text.replace('outcome: PASS', 'outcome: BLOCKED'),
  'its hash': (text) =>
    text.replace(/packet_hash: sha256:./, (found) => `${found.slice(0, -1)}${found.endsWith('0') ? '1' : '0'}`),
  'its commits': (text) => text.replace(/^( {2}- )[0-9a-f]{40}$/m, `$1${'0'.repeat(40)}`),
  'its anchor in the ledger': (text) => text.replace(/seq: \d+/, 'seq: 1'),
  'the hash of its evidence': (text) =>
    text.replace(/evidence_sha256: sha256:.{8}/, 'evidence_sha256: sha256:00000000'),
  'the end of it': (text) => text.slice(0, -40),
};

test('rule 14: verify finds each of them altered, and restore --all mends it', () => {
  for (const [what, alter] of Object.entries(ALTERED)) {
    const altered = alter(shown[0]);
    assert.notEqual(altered, shown[0], what);
    s.write(TERMINAL, altered);
    const found = s.waybill('verify', '--skip-commits');
    assert.equal(found.code, 1, `${what}: ${found.stdout}`);
    assert.match(found.stdout, /^packet WO-M: terminal\/TP_WO-M\.yaml: /m, what);
  }
  assert.equal(s.waybill('restore', '--all').code, 0);
  assert.deepEqual(now(), shown);
});

test('rule 14: verify finds an altered review packet, and a terminal packet of no mission', () => {
  s.write(REVIEW, shown[1].replace('second', 'secund'));
  s.write('state/artifacts/terminal/TP_WO-NO.yaml', shown[0].replaceAll('WO-M', 'WO-NO'));
  const { code, stdout } = s.waybill('verify');
  assert.equal(code, 1);
  assert.match(stdout, /^packet WO-M: review_packets\/.*: it is not what the ledger has the hash of$/m);
  assert.match(stdout, /^packet TP_WO-NO\.yaml: the terminal packet is stray/m);
  rmSync(s.path('state/artifacts/terminal/TP_WO-NO.yaml'));
  s.write(REVIEW, shown[1]);
});

test('rule 5: a kill between the record of its end and the show', (t) => {
  const again = strikeStation(t, key, { checkpoints: [] });
  again.drop(missionOrder('WO-M') as { wo_id: string });
  const steps = seamsOf(t);
  const at = steps.lastIndexOf('ledger: succeeded') + 1;
  assert.ok(at > 0, steps.join('\n'));
  assert.ok(again.drainKilledAt(at).killed);
  assert.ok(!again.exists(TERMINAL));
  again.drain();
  assertEndedWell(again, 'WO-M', 0, 'killed before the show');
  assertNothingLeft(again, 'killed before the show');
  assert.match(again.read(REVIEW), /second/);
});

function seamsOf(t: Parameters<typeof strikeStation>[0]): string[] {
  const one = strikeStation(t, key, { checkpoints: [] });
  one.drop(missionOrder('WO-M') as { wo_id: string });
  return one.drainKilledAt(0).steps;
}

test('purge takes the packets along', () => {
  const purged = s.waybill('purge', 'WO-M', '--secret', '--reason', 'test');
  assert.equal(purged.code, 0, purged.stdout + purged.stderr);
  s.drain();
  assert.ok(!s.exists(TERMINAL));
  assert.ok(!s.exists(REVIEW));
  assert.equal(s.waybill('verify').code, 0, s.waybill('verify').stdout);
});

test.run();
