import { readFileSync, rmSync, truncateSync } from 'node:fs';
import { askOf, newKey } from '../../support/deciding.ts';
import { type Guarded, guarded } from '../../support/guarded.ts';
import { assert, suite, type TestContext } from '../../support/suite.ts';

/** Repair that asks (rule 13): a person sees what would come back and says yes or no, once for each fault. */

const test = suite('pipeline/guardrail/repair-ask', { needs: ['git', 'ssh-keygen'], timeoutMs: 120_000 });

const TOOL = '#!/bin/sh\necho whole\n';

interface Asking {
  readonly g: Guarded;
  /** Decides what an order asks, by the key of an approver. */
  readonly decide: (decision: 'approve' | 'deny', woId: string) => void;
}

async function asking(t: TestContext): Promise<Asking> {
  const key = newKey(t, 'anna');
  const g = await guarded(t, {
    components: ['{kind: file, path: agents/tool.sh, repair: ask}'],
    guardrail: ['repairs_a_day: 2'],
    files: { 'agents/tool.sh': TOOL },
    policy: `version: 1\napprovers: [{name: anna, keys: ["${key.publicKey}"]}]\n`,
  });
  await g.look();
  const decide = (decision: 'approve' | 'deny', woId: string) => {
    const because = decision === 'deny' ? ['--reason', 'it is mine'] : [];
    const { code, stderr } = g.s.waybill(decision, woId, '--key', key.file, '--yes', ...because);
    assert.equal(code, 0, stderr);
    g.s.drain();
  };
  return { g, decide };
}

const repairs = (g: Guarded) => g.guardrail.last?.repairs.map((repair) => repair.wo_id) ?? [];

/** Harms the component, and has the station take the repair. Returns its order. */
async function harmed(g: Guarded, harm: () => void): Promise<string> {
  harm();
  await g.look();
  g.s.drain();
  return repairs(g).at(-1) ?? '';
}

test('it parks with what would come back, is handed in once, and an approval repairs', async (t) => {
  const { g, decide } = await asking(t);
  const woId = await harmed(g, () => rmSync(g.s.path('agents/tool.sh')));
  assert.deepEqual([g.s.state(woId).status, g.s.state(woId).waiting_for], ['parked', 'approval']);
  assert.equal(g.s.exists('agents/tool.sh'), false);
  const { ask, claim } = askOf(g.s, woId);
  const diff = readFileSync(g.s.path(`.git/waybill/claimed/${claim}/.approvals/${ask}.diff`), 'utf8');
  assert.match(diff, /\+echo whole/);
  assert.match(g.alerts().join('\n'), new RegExp(`APPROVAL: ${woId} asks: .*agents/tool.sh is not there any more`));
  for (let look = 0; look < 2; look++) {
    await g.look();
    g.s.drain();
  }
  assert.deepEqual(repairs(g), [woId]);
  decide('approve', woId);
  assert.equal(g.s.read('agents/tool.sh'), TOOL);
  assert.deepEqual(await g.faults(), []);
  assert.match(g.alerts().at(-1) ?? '', new RegExp(`REPAIRED: agents/tool.sh by ${woId}`));
});

test('a denial is remembered for as long as the fault lasts, also when its state file is gone; another fault asks again', async (t) => {
  const { g, decide } = await asking(t);
  const first = await harmed(g, () => rmSync(g.s.path('agents/tool.sh')));
  decide('deny', first);
  assert.deepEqual(await g.faults(), ['agents/tool.sh missing']);
  const path = '.git/waybill/guardrail/look.json';
  const look = JSON.parse(g.s.read(path)) as {
    repairs: { at: string; denied?: boolean }[];
    faults: { since: string }[];
  };
  assert.equal(look.repairs[0]?.denied, true);
  // two days later
  const twoDaysAgo = (at: string) => new Date(Date.parse(at) - 2 * 86_400_000).toISOString();
  for (const repair of look.repairs) repair.at = twoDaysAgo(repair.at);
  for (const fault of look.faults) fault.since = twoDaysAgo(fault.since);
  g.s.write(path, JSON.stringify(look));
  rmSync(g.s.path(`state/orders/${first}.json`));
  await g.look();
  assert.deepEqual([repairs(g), g.s.names('.git/waybill/commands')], [[first], []]);

  g.s.write('agents/tool.sh', TOOL);
  assert.deepEqual(await g.faults(), []);
  const second = await harmed(g, () => truncateSync(g.s.path('agents/tool.sh'), 9));
  assert.notEqual(second, first);
  assert.equal(g.s.state(second).waiting_for, 'approval');
});

test('one that still asks ends when what it is about is there again, and each asking counts once', async (t) => {
  const { g } = await asking(t);
  for (let time = 0; time < 2; time++) {
    const woId = await harmed(g, () => rmSync(g.s.path('agents/tool.sh')));
    g.s.write('agents/tool.sh', TOOL);
    assert.deepEqual(await g.faults(), []);
    g.s.drain();
    assert.equal(g.s.state(woId).status, 'cancelled');
  }
  assert.equal(new Set(repairs(g)).size, 2);
  // repairs_a_day
  await harmed(g, () => rmSync(g.s.path('agents/tool.sh')));
  assert.equal(repairs(g).length, 2);
  assert.match(g.alerts().at(-1) ?? '', /ESCALATED: agents\/tool.sh/);
});

test.run();
