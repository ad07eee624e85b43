import { spawn, spawnSync } from 'node:child_process';
import { userInfo } from 'node:os';
import { html } from 'hono/html';
import { startTimeOf } from '../../src/platform/processes.ts';
import { orderActions } from '../../src/web/actions/order-actions.ts';
import type { PageContext } from '../../src/web/page.ts';
import { runDashboard, runDashboardAtTerminal } from '../support/dashboard.ts';
import { askOf, forge, newKey, refusalOf } from '../support/deciding.ts';
import { ANYTHING, type TestStation, testStation, until } from '../support/station.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';
import { fieldsOf, Visitor } from '../support/visiting.ts';

/** Acting in a browser, beside a real station and through a real `waybill dashboard` (issue 10, rule 13). */

const test = suite('web/actions', { needs: ['git', 'script', 'ssh-keygen'] });

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
  const { actingUrl } = await runDashboardAtTerminal(t, s.root);
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

test('where policy wants a key a click is none: the page shows what to sign, and takes the signature', async (t) => {
  const anna = newKey(t, 'anna');
  const s = testStation(t, {
    policy: `${ASKING}approvals: {proof: ssh}\napprovers: [{name: anna, users: [${userInfo().username}], keys: ["${anna.publicKey}"]}]\n`,
  });
  for (const woId of ['WO-KEY', 'WO-NO']) s.drop(asking(woId));
  s.drain();
  await s.up(t);
  const visitor = await visiting(t, s);
  const address = (await visitor.get('/approvals/WO-KEY')).headers.get('location') ?? '';
  const { text } = await visitor.get(address);
  assert.match(text, /waybill approve WO-KEY --key FILE/);
  const toSign = /waybill decision 1\n[^<]*reason &quot;&quot;\n/.exec(text)?.[0].replaceAll('&quot;', '"') ?? '';
  assert.equal(toSign, s.waybill('approvals', 'WO-KEY', '--text').stdout, 'what is shown is what is to be signed');

  const fields = fieldsOf(text, '/approvals/WO-KEY', { decision: 'approve' });
  const click = await visitor.post('/approvals/WO-KEY', fields);
  assert.equal(click.status, 403);
  assert.match(click.text, /needs a signature by ssh, and a click is none/);
  const forged = await visitor.post('/approvals/WO-KEY', { ...fields, signature: 'x' });
  assert.equal(forged.status, 403);
  assert.equal(at(s, 'WO-KEY'), 'approval');

  const args = ['-q', '-Y', 'sign', '-n', 'waybill', '-f', anna.file];
  const signature = spawnSync('ssh-keygen', args, { input: toSign, encoding: 'utf8' }).stdout;
  // browsers send the lines of a field with carriage returns
  const signed = { ...fields, signature: signature.replaceAll('\n', '\r\n') };
  assert.equal((await visitor.post('/approvals/WO-KEY', signed)).status, 303);
  await until(() => at(s, 'WO-KEY') === 'done', 'it is approved');
  assert.match(s.waybill('log', 'WO-KEY').stdout, /anna by ED25519 key/);

  // a denial only makes things stricter
  const no = (await visitor.get('/approvals/WO-NO')).headers.get('location') ?? '';
  const denied = await visitor.submit(no, '/approvals/WO-NO', { decision: 'deny', reason: 'no' });
  assert.equal(denied.status, 303);
  await until(() => at(s, 'WO-NO') === 'failed', 'it is denied');
});

test('what changed since it was shown is not decided: the review is shown anew, with what changed', async (t) => {
  const s = testStation(t, { policy: ASKING, files: { 'tool.sh': 'true\n' } });
  s.drop(asking('WO-TOOL', 'sh tool.sh'));
  s.drain();
  await s.up(t);
  const visitor = await visiting(t, s);
  const address = (await visitor.get('/approvals/WO-TOOL')).headers.get('location') ?? '';
  const before = fieldsOf((await visitor.get(address)).text, '/approvals/WO-TOOL', { decision: 'approve' });
  s.write('tool.sh', 'touch ran-WO-TOOL.txt\n');
  // it is agreed to as it was, and asks again as it is
  assert.equal((await visitor.post('/approvals/WO-TOOL', before)).status, 303);
  const asks = () => (s.state('WO-TOOL').meta['approval'] as { ask?: string } | undefined)?.ask;
  await until(() => asks() !== undefined && asks() !== before['ask'], 'it asks again');
  const again = await visitor.post('/approvals/WO-TOOL', before);
  assert.equal(again.status, 409);
  assert.match(again.text, /asks for something else now/);
  assert.match(again.text, /tool\.sh/);
  assert.equal(s.exists('ran-WO-TOOL.txt'), false);
  // the old address leads to what is asked now
  assert.match((await visitor.get(address)).headers.get('location') ?? '', new RegExp(`ask=${asks()}$`));
  const stream = await fetch(`${visitor.origin}${address}`, { headers: { accept: 'text/event-stream' } });
  const told = await readUntil(stream, /Look at it anew/);
  assert.match(told, /asks for something else now/);
});

test('retry, hold, release and cancel: each where the table has it, as it was shown, once', async (t) => {
  const s = testStation(t, { policy: ANYTHING });
  s.drop({ wo_id: 'WO-FAILS', title: 'x', actions: [{ action: 'command', command: 'test -e good' }] });
  s.drop({ wo_id: 'WO-HELD', title: 'x', hold: true, files: [{ path: 'held.txt', content: 'x\n' }] });
  await s.up(t);
  await until(() => at(s, 'WO-FAILS') === 'failed' && at(s, 'WO-HELD') === 'hold', 'one failed and one is held');
  const visitor = await visiting(t, s);
  assert.deepEqual(actionsOf(s, 'WO-FAILS'), ['retry']);
  assert.deepEqual(actionsOf(s, 'WO-HELD'), ['release', 'cancel']);
  const { csrf = '' } = fieldsOf((await visitor.get('/orders/WO-HELD/cancel')).text, '/orders/WO-HELD/cancel');
  const shownAs = (woId: string) => {
    const { status, attempt } = s.state(woId);
    return { csrf, status, attempt: String(attempt) };
  };

  const failed = shownAs('WO-FAILS');
  s.write('good', '');
  const retried = await visitor.post('/orders/WO-FAILS/retry', failed);
  assert.equal(retried.headers.get('location'), '/orders/WO-FAILS?done=retry');
  await until(() => at(s, 'WO-FAILS') === 'done', 'it is tried again');
  const twice = await visitor.post('/orders/WO-FAILS/retry', failed);
  assert.equal(twice.status, 409);
  assert.match(twice.text, /by now/);

  assert.equal((await visitor.post('/orders/WO-HELD/hold', shownAs('WO-HELD'))).status, 409);
  assert.equal((await visitor.post('/orders/WO-HELD/release', shownAs('WO-HELD'))).status, 303);
  await until(() => at(s, 'WO-HELD') === 'done', 'it is released');
  assert.match(s.waybill('log', 'WO-HELD').stdout, /in a browser/);

  const command = 'touch long.txt; sleep 300';
  s.drop({ wo_id: 'WO-LONG', title: 'x', actions: [{ action: 'command', command, outputs: ['long.txt'] }] });
  await until(() => s.exists('long.txt') && at(s, 'WO-LONG') === 'running', 'it runs');
  assert.deepEqual(actionsOf(s, 'WO-LONG'), ['cancel']);
  assert.equal(
    (await visitor.post('/orders/WO-LONG/cancel', shownAs('WO-LONG'))).status,
    409,
    'not without being sure',
  );
  assert.equal(at(s, 'WO-LONG'), 'running');
  const sure = await visitor.submit('/orders/WO-LONG/cancel', '/orders/WO-LONG/cancel', { reason: 'too long' });
  assert.equal(sure.headers.get('location'), '/orders/WO-LONG?done=cancelling');
  await until(() => at(s, 'WO-LONG') === 'cancelled', 'it is cancelled');
  assert.equal((await visitor.post('/orders/WO-LONG/purge', shownAs('WO-LONG'))).status, 404);
});

test('release is offered where it ends the wait, and the command line tells what came of it', async (t) => {
  const s = testStation(t);
  const files = (path: string) => ({ title: 'x', files: [{ path, content: 'x\n' }] });
  const later = ['WO-T1', 'WO-T2', 'WO-T3'];
  for (const woId of later) s.drop({ wo_id: woId, not_before: '2099-01-01T00:00:00Z', ...files(woId) });
  s.drop({ wo_id: 'WO-DEPENDS', depends_on: ['WO-NEVER'], ...files('depends') });
  await s.up(t);
  await until(() => later.every((woId) => at(s, woId) === 'time') && at(s, 'WO-DEPENDS') === 'dependency', 'all wait');
  assert.deepEqual(actionsOf(s, 'WO-DEPENDS'), ['hold', 'cancel']);
  assert.deepEqual(actionsOf(s, 'WO-T1'), ['release', 'hold', 'cancel']);
  const visitor = await visiting(t, s);
  const { csrf = '' } = fieldsOf((await visitor.get('/orders/WO-T1/cancel')).text, '/orders/WO-T1/cancel');
  const forced = await visitor.post('/orders/WO-DEPENDS/release', { csrf, status: 'parked', attempt: '1' });
  assert.equal(forced.status, 409);
  for (const woId of later) assert.ok(!s.waybill('release', woId).stdout.includes('parked'), `${woId} is not parked`);
});

test('with no station running a decision waits for it, and the page says so', async (t) => {
  const s = testStation(t, { policy: ASKING });
  s.drop(asking('WO-LATER'));
  s.drain();
  const visitor = await visiting(t, s);
  const address = (await visitor.get('/approvals/WO-LATER')).headers.get('location') ?? '';
  const sent = await visitor.submit(address, '/approvals/WO-LATER', { decision: 'approve' });
  assert.equal(sent.headers.get('location'), '/orders/WO-LATER?done=waiting');
  assert.equal(s.names('.git/waybill/commands').length, 1);
  s.drain();
  assert.equal(at(s, 'WO-LATER'), 'done');
});

test('rule 13: a dashboard that a coding agent or an order started, or nobody at a terminal, decides nothing, and says so', async (t) => {
  const s = testStation(t, { policy: ASKING });
  s.drop(asking('WO-1'));
  s.drain();
  await s.up(t);
  for (const [name, told] of [
    ['CLAUDECODE', 'This dashboard was started by a coding agent'],
    ['WAYBILL_RUN', 'This dashboard was started by a command of an order'],
    // what starts it away from its parents cannot be told from a service, and neither is a person
    [null, 'This dashboard was not started at a terminal: it shows, and decides nothing; sign with a key'],
  ] as const) {
    const { actingUrl, stop } = await (name === null
      ? runDashboard(t, s.root)
      : runDashboardAtTerminal(t, s.root, 0, { ...process.env, [name]: '1' }));
    const visitor = new Visitor(actingUrl);
    await visitor.signIn(actingUrl);
    const address = (await visitor.get('/approvals/WO-1')).headers.get('location') ?? '';
    const { text } = await visitor.get(address);
    assert.match(text, new RegExp(told));
    assert.ok(!text.includes('name="decision"'));
    // not by a form of its own making either
    const { ask, sha256 } = askOf(s, 'WO-1');
    const csrf = fieldsOf((await visitor.get('/orders/WO-1/cancel')).text, '/orders/WO-1/cancel')['csrf'] ?? '';
    const refused = await visitor.post('/approvals/WO-1', { csrf, ask, sha256, decision: 'approve' });
    assert.equal(refused.status, 403);
    assert.equal(at(s, 'WO-1'), 'approval');
    await stop();
  }
});

test('rule 13: forged decisions in browsers that are none are refused by the station itself', async (t) => {
  const s = testStation(t, { policy: ASKING });
  const child = (env: NodeJS.ProcessEnv) => {
    const started = spawn('setsid', ['sleep', '300'], { stdio: 'ignore', env: { ...process.env, ...env } });
    t.defer(() => started.kill('SIGKILL'));
    return started.pid ?? 0;
  };
  const browser = (pid: number, start_time: string | null = startTimeOf(pid) ?? '1') => ({
    proof: { kind: 'browser', tty: '/dev/pts/0', pid, start_time },
  });
  const { pid: station } = await s.up(t);
  const rows = [
    ['gone', 'APPROVAL_REFUSED', browser(9_999_999)],
    ['an agent', 'APPROVAL_REFUSED', browser(child({ CLAUDECODE: '1' }))],
    ['an order', 'APPROVAL_REFUSED', browser(child({ WAYBILL_RUN: 'x' }))],
    ['a number that is used again', 'APPROVAL_REFUSED', browser(child({}), '1')],
    ['one without a terminal', 'APPROVAL_REFUSED', browser(child({}))],
    ['a number without its time', 'APPROVAL_REFUSED', browser(child({}), null)],
    ['the station itself', 'APPROVAL_REFUSED', browser(station)],
    ['the station itself, without its time', 'APPROVAL_REFUSED', browser(station, null)],
    ['the first process', 'APPROVAL_REFUSED', browser(1)],
    ['the first process, without its time', 'APPROVAL_REFUSED', browser(1, null)],
    ['more than a proof', 'UNKNOWN_COMMAND', { proof: { ...browser(station).proof, user: 'anna' } }],
    ['less', 'UNKNOWN_COMMAND', { proof: { kind: 'browser' } }],
  ] as const;
  for (const n of rows.keys()) s.drop(asking(`WO-F${n}`));
  await until(() => [...rows.keys()].every((n) => at(s, `WO-F${n}`) === 'approval'), 'all ask');
  const names = rows.map(([, , document], n) => forge(s, `WO-F${n}`, document));
  for (const name of names) await until(() => s.exists(`.git/waybill/commands/${name}`), `${name} is refused`);
  assert.deepEqual(
    names.map((name, n) => [rows[n]?.[0], refusalOf(s, name).code]),
    rows.map(([name, code]) => [name, code]),
  );
  for (const n of rows.keys()) assert.equal(at(s, `WO-F${n}`), 'approval');
});

/** Reads a stream until it said this, and ends it. */
async function readUntil(answer: Response, wanted: RegExp): Promise<string> {
  const reader = answer.body?.getReader();
  let text = '';
  for (const until = Date.now() + 30_000; !wanted.test(text) && Date.now() < until; ) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done) break;
    text += Buffer.from(value).toString('utf8');
  }
  await reader?.cancel();
  return text;
}

/** The actions of an order, as its page has them for somebody who may act. */
function actionsOf(s: TestStation, woId: string): (string | undefined)[] {
  const visitor = { mayAct: true, startedAt: { tty: '/dev/pts/0' }, csrfField: () => html`` };
  const drawn = String(orderActions({ visitor } as unknown as PageContext, s.state(woId)));
  return [...drawn.matchAll(/orders\/[^/"]+\/(\w+)"/g)].map(([, name]) => name);
}

test.run();
