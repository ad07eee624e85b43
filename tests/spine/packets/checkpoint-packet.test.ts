import { parse } from 'yaml';
import { hashOf } from '../../../src/order/canonical-json.ts';
import type { AskData, Recorded } from '../../../src/order/event.ts';
import type { CheckpointPacket } from '../../../src/order/generated.ts';
import { conforms, schemaOf } from '../../../src/platform/schema.ts';
import {
  checkpointPacket,
  checkpointPacketName,
  checkpointPacketText,
} from '../../../src/spine/packets/checkpoint-packet.ts';
import { admittedData } from '../../order/lives.ts';
import { assert, suite } from '../../support/suite.ts';
import { hash } from '../missions.ts';

const test = suite('checkpoint packets');

const JOB = { id: 'JOB-001', run_id: 'openclaw:JOB-001', sha256: hash('4') };
const ASK: AskData = {
  id: '01K9ZAAAAAAAAAAAAAAAAAAAAA',
  sha256: hash('1'),
  stage: 'checkpoint',
  at: 'close',
  proof: 'ssh',
  approvers: ['berta'],
  rulings: [
    {
      kind: 'order',
      subject: 'this order',
      rule: 'checkpoint',
      why: 'before close: "look" #1\n- at it',
      pattern: null,
    },
  ],
  expires_at: null,
  changed: [],
};

function asking(ask?: AskData): Recorded<'waits'> {
  const data = {
    waiting_for: 'checkpoint' as const,
    until: null,
    why: 'before close: "look" #1\n- at it',
    ...(ask === undefined ? {} : { ask }),
  };
  const ts = '2026-11-22T08:00:00.000Z';
  return {
    v: 1,
    seq: 21,
    ts,
    event: 'waits',
    wo_id: 'JOB-001',
    attempt: 1,
    from: 'running',
    to: 'parked',
    data,
    prev: hash('2'),
    hash: hash('3'),
  };
}

const LIFE = { woId: 'JOB-001', attempt: 1, revision: 1, admitted: admittedData({ title: 'Say hello', job: JOB }) };

test('rule 13: it names the ask and the hash that a decision is about; the same record gives the same bytes', () => {
  const packet = checkpointPacket(LIFE, asking(ASK));
  assert.ok(packet !== null && conforms('checkpoint-packet', packet));
  const { checkpoint_id, subject_sha256, trigger, step, approvers, asked_at, job } = packet;
  assert.deepEqual(
    { checkpoint_id, subject_sha256, trigger, step, approvers, asked_at, job },
    {
      checkpoint_id: ASK.id,
      subject_sha256: ASK.sha256,
      trigger: 'checkpoint',
      step: 'close',
      approvers: ['berta'],
      asked_at: '2026-11-22T08:00:00.000Z',
      job: { job_id: 'JOB-001', run_id: 'openclaw:JOB-001' },
    },
  );
  assert.deepEqual(packet.ledger, { seq: 21, hash: hash('3') });
  const { packet_hash, ...rest } = packet;
  assert.equal(packet_hash, hashOf(rest));
  const text = checkpointPacketText(packet);
  assert.deepEqual(parse(text) as CheckpointPacket, packet, 'whatever its words hold');
  assert.equal(
    checkpointPacketText(checkpointPacket(structuredClone(LIFE), structuredClone(asking(ASK))) as CheckpointPacket),
    text,
  );
  assert.equal(checkpointPacketName(checkpoint_id), 'CP_01K9ZAAAAAAAAAAAAAAAAAAAAA.yaml');
  assert.ok(conforms('checkpoint-packet', schemaOf('checkpoint-packet').examples[0]));
});

test('each stage has its trigger; an order that is no job has none in it; who waits for nobody has no packet', () => {
  for (const stage of ['start', 'landing', 'checkpoint', 'budget'] as const) {
    const { at: _, ...ask } = ASK;
    const packet = checkpointPacket({ ...LIFE, admitted: admittedData() }, asking({ ...ask, stage, approvers: null }));
    assert.ok(conforms('checkpoint-packet', packet), stage);
    assert.deepEqual([packet?.trigger, packet?.step, packet?.job, packet?.approvers], [stage, null, null, null]);
  }
  assert.equal(checkpointPacket(LIFE, asking()), null);
});

test.run();
