import { readdirSync } from 'node:fs';
import { runDashboard } from '../support/dashboard.ts';
import { newKey } from '../support/deciding.ts';
import { type TestStation, testStation, until } from '../support/station.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';
import { Visitor } from '../support/visiting.ts';

/** Acting in a browser, beside a real station and through a real `waybill dashboard` (issue 10, rule 13). */

const test = suite('web/actions', { needs: ['git', 'ssh-keygen'] });

/** Asks for every command, and runs them at the root. */
const ASKING = 'version: 1\nisolation: {commands: in_place}\n';

function asking(woId: string, command = `touch ran-${woId}.txt`) {
  return {
    wo_id: woId,
    title: `Please ${woId}`,
    actions: [{ action: 'command', command, outputs: [`ran-${woId}.txt`] }],
  };
}

/** Somebody who opened the address that the dashboard printed. */
async function visiting(t: TestContext, s: TestStation): Promise<Visitor> {
  const { actingUrl } = await runDashboard(t, s.root);
  const visitor = new Visitor(actingUrl);
  assert.equal((await visitor.signIn(actingUrl)).status, 303);
  return visitor;
}

const at = (s: TestStation, woId: string) =>
  s.exists(`state/orders/${woId}.json`) ? (s.state(woId).waiting_for ?? s.state(woId).status) : null;

test('a yes and a no, given in a browser, are recorded as that and carried out', async (t) => {
  const s = testStation(t, { policy: ASKING });
  for (const woId of ['WO-YES', 'WO-NO']) s.drop(asking(woId));
  s.drain();
  await s.up(t);
  const visitor = await visiting(t, s);
  const list = await visitor.get('/approvals');
  assert.match(list.text, /WO-YES.*Please WO-YES/s);
  assert.match(list.text, /WO-NO/);
  const asked = await visitor.get('/approvals/WO-YES');
  assert.equal(asked.status, 303);
  const address = asked.headers.get('location') ?? '';
  const review = await visitor.get(address);
  for (const told of ['touch ran-WO-YES.txt', 'makes ran-WO-YES.txt', 'no rule speaks of it', 'in a browser'])
    assert.ok(review.text.includes(told), told);
  assert.equal(s.exists('ran-WO-YES.txt'), false);

  const yes = await visitor.submit(address, '/approvals/WO-YES', { decision: 'approve' });
  assert.equal(yes.headers.get('location'), '/orders/WO-YES?done=approved');
  await until(() => at(s, 'WO-YES') === 'done', 'the approved order is done');
  assert.ok(s.exists('ran-WO-YES.txt'));

  const no = (await visitor.get('/approvals/WO-NO')).headers.get('location') ?? '';
  const mute = await visitor.submit(no, '/approvals/WO-NO', { decision: 'deny', reason: ' ' });
  assert.equal(mute.status, 422);
  assert.match(mute.text, /needs a reason/);
  const denied = await visitor.submit(no, '/approvals/WO-NO', { decision: 'deny', reason: 'not <b>today</b>' });
  assert.equal(denied.headers.get('location'), '/orders/WO-NO?done=denied');
  await until(() => at(s, 'WO-NO') === 'failed', 'the denied order failed');
  assert.equal(s.exists('ran-WO-NO.txt'), false);
  assert.equal(s.state('WO-NO').last_error?.code, 'DENIED');

  // records and every face tell where it was decided
  assert.match(s.waybill('log', 'WO-YES').stdout, /approved .* in a browser/);
  assert.match(s.waybill('show', 'WO-NO').stdout, /in a browser: not <b>today<\/b>/);
  const proofs = s
    .waybill('log', 'WO-YES', '--json')
    .stdout.match(/"proof":\s*\{[^}]*\}/g)
    ?.map((text) => JSON.parse(text.slice(text.indexOf('{'))) as { kind: string; pid: number });
  assert.equal(proofs?.[0]?.kind, 'browser');
  assert.equal(s.waybill('verify').code, 0);
  const over = await visitor.get(no);
  assert.match(over.text, /asks for nothing now/);
});
test.run();
