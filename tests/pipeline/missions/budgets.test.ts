import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import type { ApprovalSubject, TerminalPacket } from '../../../src/order/generated.ts';
import { withEnvironment } from '../../../src/platform/processes.ts';
import { decide, HELLO, ledgerOf, mission, missionStation, stepped, steps, whyOf } from '../../support/missions.ts';
import { type TestStation, until } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

const test = suite('pipeline/missions: budgets', { needs: ['script', 'linux'] });

const ACP = resolve(import.meta.dirname, '../../support/agents/acp-agent.mjs');
const WITH = (budget: Record<string, number>) => ({ constraints: { paths: ['src/**'], budget } });
const writes = (name: string) => [{ write: { [`src/${name}`]: `${name}\n` } }];

function figures(s: TestStation, woId: string): NonNullable<NonNullable<ApprovalSubject['mission']>['budget']> {
  const shown = JSON.parse(s.waybill('approvals', woId, '--json').stdout) as {
    approvals: [{ subject: ApprovalSubject }];
  };
  return shown.approvals[0].subject.mission?.budget ?? {};
}

function packet(s: TestStation, woId: string): TerminalPacket {
  return parse(s.read(`state/artifacts/terminal/TP_${woId}.yaml`)) as TerminalPacket;
}

/** The totals of the packet are those of the ledger, whatever happened on the way. */
function addsUp(s: TestStation, woId: string): void {
  const { usage } = packet(s, woId);
  const told = steps(s, woId).map((step) => step.usage);
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
  assert.equal(usage.tokens, sum(told.map((one) => one?.tokens ?? 0)));
  assert.ok(Math.abs((usage.usd ?? 0) - sum(told.map((one) => one?.usd ?? 0))) < 1e-9);
  assert.ok(Math.abs(usage.seconds - sum(steps(s, woId).map(({ seconds }) => seconds))) < 1e-6);
}

function parksFor(s: TestStation, woId: string, why: RegExp): void {
  assert.equal(s.state(woId).waiting_for, 'budget', whyOf(s, woId));
  assert.match(whyOf(s, woId), why);
}

test('at a limit of tokens, money or steps it parks with the figures, and goes on where it stopped when they are raised', (t) => {
  const ids = ['WO-TOKENS', 'WO-USD', 'WO-STEPS', 'WO-DENIED'];
  const { station: s, agents } = missionStation(t, Object.fromEntries(ids.map((id) => [`${id}/build`, writes(id)])));
  s.drop(mission('WO-TOKENS', WITH({ tokens: 250 })));
  s.drop(mission('WO-USD', WITH({ usd: 0.02 })));
  s.drop(mission('WO-STEPS', WITH({ attempts: 3 })));
  s.drop(mission('WO-DENIED', WITH({ tokens: 200 })));
  s.drain();
  parksFor(s, 'WO-TOKENS', /330 of 250 tokens; a yes raises tokens to 580/);
  assert.deepEqual(figures(s, 'WO-TOKENS')['tokens'], { used: 330, limit: 250, raise_to: 580 });
  assert.deepEqual(stepped(s, 'WO-TOKENS').at(-1), 'review', 'what was done counts');
  const review = ledgerOf(s, 'WO-TOKENS').find((record) => record.event === 'step' && record.data.step === 'review');
  assert.equal(review?.event === 'step' ? review.data.reserved.tokens : null, 30, 'only what is left was set aside');
  parksFor(s, 'WO-USD', /0\.02 of 0\.02 usd/);
  parksFor(s, 'WO-STEPS', /3 of 3 steps/);
  assert.deepEqual(stepped(s, 'WO-STEPS'), ['hydrate', 'policy', 'design']);
  for (const woId of ids) decide(s, woId, woId === 'WO-DENIED' ? 'deny' : 'approve');
  s.drain();
  for (const woId of ['WO-TOKENS', 'WO-USD']) assert.equal(s.state(woId).status, 'done', whyOf(s, woId));
  parksFor(s, 'WO-STEPS', /6 of 6 steps; a yes raises attempts to 9/);
  decide(s, 'WO-STEPS');
  s.drain();
  assert.equal(s.state('WO-STEPS').status, 'done', whyOf(s, 'WO-STEPS'));
  for (const woId of ['WO-TOKENS', 'WO-USD', 'WO-STEPS']) {
    addsUp(s, woId);
    assert.deepEqual(packet(s, woId).usage.complete, true);
    const done = agents.calls().flatMap(({ order, step }) => (order === woId ? [step] : []));
    // others landed meanwhile, so what it made stands on another commit, and may be reviewed again
    assert.deepEqual(done.slice(0, 3), ['design', 'build', 'review'], woId);
    assert.equal(
      done.slice(3).some((step) => step === 'build' || step === 'design'),
      false,
      woId,
    );
  }
  assert.equal(s.state('WO-DENIED').last_error?.code, 'DENIED', whyOf(s, 'WO-DENIED'));
  assert.match(s.waybill('keep', 'show', 'WO-DENIED').stdout, /WO-DENIED/);
  addsUp(s, 'WO-DENIED');
});

test('time at work is limited, by a hard end of the agent, and waiting for people is not counted', async (t) => {
  const { station: s } = missionStation(t, { ...HELLO, design: [{ sleep: 60_000 }, {}] });
  s.drop(mission('WO-1', WITH({ seconds: 6 })));
  s.drain();
  parksFor(s, 'WO-1', /6 seconds/);
  assert.equal(steps(s, 'WO-1').at(-1)?.code, 'AGENT_TIMEOUT');
  const before = figures(s, 'WO-1')['seconds']?.used ?? 0;
  await new Promise((done) => setTimeout(done, 3000));
  for (let n = 0; n < 5 && s.state('WO-1').waiting_for === 'budget'; n++) {
    assert.equal(figures(s, 'WO-1')['seconds']?.used, n === 0 ? before : figures(s, 'WO-1')['seconds']?.used);
    decide(s, 'WO-1');
    s.drain();
  }
  assert.equal(s.state('WO-1').status, 'done', whyOf(s, 'WO-1'));
  addsUp(s, 'WO-1');
  const { started, ended, usage } = packet(s, 'WO-1');
  const whole = (Date.parse(ended) - Date.parse(started ?? '')) / 1000;
  assert.ok(usage.seconds <= whole - 3, `${usage.seconds} of ${whole} s at work`);
});

test('lessons 7 and 16: usage that is missing or zero where a budget needs it fails the step, whichever it is, and asks', (t) => {
  const unknown = ['WO-DESIGN', 'WO-BUILD', 'WO-REVIEW', 'WO-STEWARD'];
  const bad: Record<string, unknown> = {
    'WO-DESIGN': null,
    'WO-REVIEW': { input: 0, output: 0, usd: 0 },
    'WO-STEWARD': null,
  };
  const scripts = unknown.map((woId) => {
    const step = woId.slice(3).toLowerCase();
    const work = step === 'build' ? writes(woId)[0] : {};
    return [`${woId}/${step}`, [{ ...work, usage: bad[woId] ?? null }, {}]] as const;
  });
  const { station: s } = missionStation(
    t,
    {
      ...Object.fromEntries(unknown.map((woId) => [`${woId}/build`, writes(woId)])),
      ...Object.fromEntries(scripts),
      'WO-FREE/design': [{ usage: null }],
      'WO-FREE/build': writes('free'),
    },
    { policy: 'version: 1\nmissions: {step: {tokens: 1000}}\n' },
  );
  for (const woId of unknown) s.drop(mission(woId, WITH({ tokens: 100_000 })));
  s.drop(mission('WO-FREE'));
  s.drain();
  for (const woId of unknown) {
    assert.equal(s.state(woId).waiting_for, 'checkpoint', whyOf(s, woId));
    assert.match(whyOf(s, woId), /TOKEN_ACCOUNTING_UNAVAILABLE/);
    const last = steps(s, woId).at(-1);
    assert.deepEqual([last?.step, last?.ok, last?.verdict], [woId.slice(3).toLowerCase(), false, null]);
    assert.equal(s.commitsOf(woId).length, 0);
  }
  assert.equal(s.state('WO-FREE').status, 'done', 'nothing is limited, so nobody has to tell');
  assert.equal(packet(s, 'WO-FREE').usage.complete, false, 'and the packet says that nobody knows');
  for (const woId of unknown) decide(s, woId);
  s.drain();
  for (const woId of unknown) {
    assert.equal(s.state(woId).status, 'done', whyOf(s, woId));
    assert.equal(packet(s, woId).usage.complete, false);
    assert.equal(packet(s, woId).usage.reserved_tokens, 1000, 'what counted against the limit');
    addsUp(s, woId);
  }
});

test('lesson 40: a step that a SIGKILL cut short counts with what was set aside, and is done again, with nobody left of it', async (t) => {
  const { station: s, agents } = missionStation(
    t,
    { ...HELLO, design: [{ sleep: 60_000 }, {}] },
    { policy: 'version: 1\nmissions: {step: {tokens: 1000, usd: 0.5}}\n' },
  );
  const up = await s.up(t);
  s.drop(mission('WO-1', WITH({ tokens: 1400 })));
  await until(() => agents.steps().length === 1, 'the agent is at work');
  await up.stop('SIGKILL');
  s.drain();
  // 1000 set aside for the lost one, and 110 for each after it
  parksFor(s, 'WO-1', /1440 of 1400 tokens/);
  assert.deepEqual(withEnvironment('WAYBILL_STATION', s.root), [], 'nothing lives of the agent of before');
  decide(s, 'WO-1');
  s.drain();
  assert.equal(s.state('WO-1').status, 'done', whyOf(s, 'WO-1'));
  assert.deepEqual(agents.steps(), ['design', 'design', 'build', 'review', 'steward']);
  const { usage, steps: told } = packet(s, 'WO-1');
  assert.equal(usage.reserved_tokens, 1000);
  assert.equal(usage.complete, false);
  assert.deepEqual(told.map(({ step, outcome }) => `${step} ${outcome}`).slice(2, 4), ['design lost', 'design ok']);
  addsUp(s, 'WO-1');
});

test('lesson 17: a step over its bounds is ended and closed with the code: over its own it has failed, over the mission it asks', (t) => {
  const folder = t.tempDir();
  mkdirSync(folder, { recursive: true });
  // an agent that tells while it works what it used, and does not stop
  const used = { sessionUpdate: 'usage_update', used: 1100, size: 200_000 };
  const turns = [{ do: 'update', update: used }, { do: 'hang' }];
  writeFileSync(join(folder, 'script.json'), JSON.stringify({ steps: turns }));
  const command = JSON.stringify([process.execPath, ACP, join(folder, 'script.json')]);
  const { station: s } = missionStation(t, HELLO, {
    policy: 'version: 1\nmissions: {step: {tokens: 1000}}\n',
    files: { 'agents/designer/agent.yaml': `version: 1\nuse: [{name: own, adapter: acp, command: ${command}}]\n` },
  });
  s.drop(mission('WO-OWN', WITH({ tokens: 100_000 })));
  s.drop(mission('WO-WHOLE', WITH({ tokens: 800 })));
  s.drain();
  const design = 'design!BUDGET_EXHAUSTED';
  assert.deepEqual(stepped(s, 'WO-OWN').slice(2), [design, design, design], whyOf(s, 'WO-OWN'));
  assert.equal(s.state('WO-OWN').last_error?.code, 'RETRIES_EXHAUSTED', 'it would not fit into the next one either');
  assert.deepEqual(stepped(s, 'WO-WHOLE').slice(2), [design]);
  parksFor(s, 'WO-WHOLE', /800 of 800 tokens/);
});

test('rule 7: no packet is asked for again with nothing left, or with usage that a limit needs and nobody told; a tracked .waybill stays', (t) => {
  const prose = { packet: null, say: 'All of it is done.' };
  const { station: s, agents } = missionStation(
    t,
    { ...HELLO, 'WO-SPENT/design': [prose], 'WO-UNTOLD/design': [{ ...prose, usage: null }] },
    { files: { '.waybill/own.txt': 'the own one\n' } },
  );
  s.drop(mission('WO-SPENT', WITH({ tokens: 100 })));
  s.drop(mission('WO-UNTOLD', WITH({ tokens: 100_000 })));
  s.drop(mission('WO-OWN'));
  s.drain();
  const runs = (woId: string) => agents.calls().filter(({ order }) => order === woId).length;
  parksFor(s, 'WO-SPENT', /110 of 100 tokens/);
  assert.deepEqual(stepped(s, 'WO-SPENT').slice(2), ['design!BUDGET_EXHAUSTED']);
  assert.equal(runs('WO-SPENT'), 1);
  assert.deepEqual(stepped(s, 'WO-UNTOLD').slice(2, 3), ['design!TOKEN_ACCOUNTING_UNAVAILABLE']);
  assert.equal(runs('WO-UNTOLD'), 1);
  assert.equal(s.state('WO-OWN').status, 'done', whyOf(s, 'WO-OWN'));
  assert.equal(s.read('.waybill/own.txt'), 'the own one\n');
});

test.run();
