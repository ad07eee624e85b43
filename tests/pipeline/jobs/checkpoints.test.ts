import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { hashOf } from '../../../src/order/canonical-json.ts';
import type { CheckpointPacket } from '../../../src/order/generated.ts';
import { conforms } from '../../../src/platform/schema.ts';
import {
  BUILD_JOB,
  BUNDLES,
  badSums,
  bundleOf,
  dropJob,
  jobStation,
  removeFrom,
  resultOf,
  verifyJob,
} from '../../support/bundles.ts';
import { askOf } from '../../support/deciding.ts';
import { decide, ledgerOf, whyOf } from '../../support/missions.ts';
import { type TestStation, until } from '../../support/station.ts';
import { assert, suite, type TestContext } from '../../support/suite.ts';

/** A job that waits for a person has a result that says so, and another in the same place when it went on, whatever was killed meanwhile. */

const test = suite('pipeline/jobs: checkpoints', { needs: ['script', 'sha256sum'], timeoutMs: 250_000 });
const HERE = `${BUNDLES}/JOB-001`;
const POLICY = 'version: 1\nrules: [{class: safe, commands: ["*"]}]\nmissions: {checkpoints: [build, close]}\n';

const waiting = (t: TestContext) => {
  const made = jobStation(t, undefined, { policy: POLICY });
  dropJob(made.station, BUILD_JOB);
  return made;
};

const packets = (s: TestStation) => s.names(`${HERE}/packets`);

/** The result is of a checkpoint, the one that the order waits at, and the bundle holds. */
function isAtCheckpoint(s: TestStation, step: string): void {
  const { ask, sha256 } = askOf(s, 'JOB-001');
  const result = resultOf(s, 'JOB-001');
  assert.ok(conforms('job-result', result), JSON.stringify(result));
  assert.deepEqual([result['state'], result['trigger'], result['checkpoint_id']], ['checkpoint', 'checkpoint', ask]);
  assert.equal(result['outcome'], undefined);
  const packet = parse(s.read(String(result['checkpoint_packet_ref']))) as CheckpointPacket;
  assert.ok(conforms('checkpoint-packet', packet), JSON.stringify(packet));
  const { packet_hash, ...rest } = packet;
  assert.equal(packet_hash, hashOf(rest));
  assert.deepEqual([packet.step, packet.subject_sha256, packet.approvers], [step, sha256, null]);
  const record = ledgerOf(s, 'JOB-001').findLast(({ event }) => event === 'waits');
  assert.deepEqual(packet.ledger, { seq: record?.seq, hash: record?.hash });
  assert.equal(packet.asked_at, result['checkpoint_at']);
  assert.equal(badSums(s, 'JOB-001'), '');
  assert.deepEqual(verifyJob(s, 'JOB-001').faults, []);
}

function isDone(s: TestStation): void {
  assert.equal(s.state('JOB-001').status, 'done', whyOf(s, 'JOB-001'));
  const result = resultOf(s, 'JOB-001');
  assert.deepEqual([result['state'], result['outcome']], ['terminal', 'PASS']);
  assert.equal(result['checkpoint_id'], undefined);
  assert.equal(s.commitsOf('JOB-001').length, 1);
  assert.equal(badSums(s, 'JOB-001'), '');
  assert.deepEqual(verifyJob(s, 'JOB-001').faults, []);
  assert.equal(s.waybill('verify').code, 0);
}

test('rule 13: two checkpoints, and the end: each time the result in the same place is what the ledger says', (t) => {
  const { station: s, agents } = waiting(t);
  s.drain();
  isAtCheckpoint(s, 'build');
  const first = packets(s);
  assert.equal(first.length, 1);
  assert.deepEqual(s.names(BUNDLES), ['JOB-001']);
  const before = bundleOf(s, 'JOB-001');
  // sent again while it waits: answered with what is known
  dropJob(s, BUILD_JOB, 'again.json');
  s.drain();
  assert.deepEqual(bundleOf(s, 'JOB-001'), before);
  decide(s, 'JOB-001');
  s.drain();
  isAtCheckpoint(s, 'close');
  assert.equal(packets(s).length, 2);
  removeFrom(s, HERE);
  assert.equal(s.waybill('restore').code, 0);
  isAtCheckpoint(s, 'close');
  decide(s, 'JOB-001');
  s.drain();
  isDone(s);
  // what was asked on the way stays in it
  assert.deepEqual(packets(s).filter((name) => name.startsWith('CP_')).length, 2);
  assert.ok(first.every((name) => packets(s).includes(name)));
  assert.equal(agents.steps().filter((step) => step === 'build').length, 1);
  const whole = bundleOf(s, 'JOB-001');
  removeFrom(s, 'state');
  assert.equal(s.waybill('restore').code, 0);
  assert.deepEqual(bundleOf(s, 'JOB-001'), whole);
});

test('a denial: BLOCKED in the same place, with what was asked', (t) => {
  const { station: s } = waiting(t);
  s.drain();
  decide(s, 'JOB-001', 'deny');
  s.drain();
  const { state, outcome, reason } = resultOf(s, 'JOB-001');
  assert.deepEqual([state, outcome], ['terminal', 'BLOCKED']);
  assert.match(String(reason), /^DENIED: /);
  assert.deepEqual(
    packets(s).map((name) => name.slice(0, 3)),
    ['CP_', 'TP_'],
  );
  assert.deepEqual(verifyJob(s, 'JOB-001').faults, []);
});

test('rule 5: SIGKILL between the record of a stop and the bundle: it is shown by the next start, never before the ledger', (t) => {
  const { station: s } = waiting(t);
  const killedAfter = (step: string) => {
    const { killed, steps } = s.drainKilledAt(0, { at: step, command: 'kill -9 $PPID' });
    assert.ok(killed && steps.at(-1) === step, `${step} was not reached`);
  };
  killedAfter('ledger: waits');
  assert.equal(s.exists(HERE), false, 'nothing is shown yet');
  s.drain();
  isAtCheckpoint(s, 'build');
  decide(s, 'JOB-001');
  s.drain();
  isAtCheckpoint(s, 'close');
  decide(s, 'JOB-001');
  killedAfter('ledger: succeeded');
  // the result before is still whole
  const result = resultOf(s, 'JOB-001');
  assert.equal(result['state'], 'checkpoint');
  assert.equal(badSums(s, 'JOB-001'), '');
  s.drain();
  isDone(s);
});

test('who reads while it is written sees the bundle before or the one after, whole', async (t) => {
  const { station: s } = waiting(t);
  s.drain();
  decide(s, 'JOB-001');
  const up = await s.up(t);
  const seen = new Set<string>();
  const states = () => {
    // the folder may be another one from one file to the next, but is never without one of them
    const text = readFileSync(s.path(HERE, 'result.json'), 'utf8');
    assert.ok(s.exists(`${HERE}/hash_manifest.sha256`));
    const result = JSON.parse(text) as { checkpoint_id?: string };
    seen.add(result.checkpoint_id ?? '');
    return seen.size;
  };
  await until(() => states() === 2, 'the next checkpoint is shown');
  assert.equal(await up.stop(), 0);
  isAtCheckpoint(s, 'close');
});

test.run();
