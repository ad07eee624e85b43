import type { ApprovalSubject } from '../../../src/order/generated.ts';
import { missionLines } from '../../../src/views/missions/mission-lines.ts';
import { assert, suite } from '../../support/suite.ts';

/** Rule 13: whoever decides reads what a yes means, and it is what the next step makes of it (tests/spine/next-step.test.ts). */

const test = suite('views/mission-lines');

type Stop = NonNullable<ApprovalSubject['mission']>;

const SHA = `sha256:${'a'.repeat(64)}`;
const STOP: Stop = {
  at: 'build',
  why: 'policy asks before build',
  chain: 'full',
  chain_sha256: SHA,
  policy_sha256: SHA,
  base: 'b'.repeat(40),
  history_sha256: SHA,
  steps: [{ step: 'plan_review', ok: true, agent: 'one', verdict: 'approved', why: null, outputs: [] }],
};

function yes(stop: Partial<Stop>, stage: ApprovalSubject['stage'] = 'checkpoint'): string {
  return missionLines('WO-1', stage, { ...STOP, ...stop }).find(([name]) => name === 'a yes')?.[1] ?? '';
}

test('rule 13: what a yes means follows from where it stopped', () => {
  const step = (more: object): Stop['steps'] => [{ step: 'review', ok: true, ...more }];
  assert.equal(yes({}), 'goes on with build');
  assert.equal(yes({ steps: [] }), 'goes on with build');
  assert.match(yes({ at: 'review', steps: step({ verdict: 'escalate' }) }), /^stands in for review: .* by you/);
  assert.match(yes({ at: 'review', steps: step({ verdict: 'needs_revision' }) }), /^stands in for review/);
  assert.equal(yes({ at: 'review', steps: step({ verdict: 'approved' }) }), 'goes on after review');
  assert.equal(yes({ at: 'review', steps: step({ ok: false }) }), 'does review again');
  assert.match(
    yes({ why: 'POLICY_CHANGED_MID_RUN: another' }),
    /^goes on with build, under the policy that counts now$/,
  );
  assert.match(yes({}, 'budget'), /^raises what is marked above, and goes on with build$/);
});

test('the figures of a budget, and what failed', () => {
  const lines = missionLines('WO-1', 'budget', {
    ...STOP,
    steps: [
      {
        step: 'build',
        ok: false,
        agent: null,
        verdict: null,
        why: 'CHECK_FAILED',
        outputs: [{ name: 'x', sha256: SHA }],
      },
    ],
    budget: {
      tokens: { used: 220, limit: 150, raise_to: 370 },
      usd: { used: 0, limit: null },
      seconds: { used: 1.6, limit: null },
    },
  });
  const texts = lines.map(([name, text]) => `${name}: ${text}`);
  assert.ok(texts.includes('did: build: failed, CHECK_FAILED, gave x sha256:aaaaaaaaaa'), texts.join('\n'));
  assert.ok(texts.includes('used: 220 of 150 tokens; a yes raises the limit to 370'));
  assert.ok(texts.includes('used: 2 seconds'));
  assert.equal(
    texts.filter((text) => text.startsWith('used')).length,
    2,
    'what nobody used and nobody bounds is no news',
  );
});

test.run();
