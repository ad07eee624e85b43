import { rmSync } from 'node:fs';
import { openStation } from '../../src/station/station.ts';
import { stateOf } from '../../src/views/order-state.ts';
import { type Explanation, explainOrder } from '../../src/views/why.ts';
import { newKey } from '../support/deciding.ts';
import { mission, missionStation } from '../support/missions.ts';
import { ANYTHING, type TestStation, testStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** `waybill why` and an order's page: what it waits for, who can release it, what its failure means, what to do; held against real stations. */

const test = suite('views/why', { needs: ['git', 'script', 'ssh-keygen'], timeoutMs: 120_000 });

type Told = Explanation & { ok: boolean; error: { code: string } | null };

/** As `--json` has it; the lines for people are held against it. */
function why(s: TestStation, woId: string): Told {
  const json = JSON.parse(s.waybill('why', woId, '--json').stdout) as Told;
  const text = s.waybill('why', woId).stdout;
  assert.ok(text.split('\n').length > 1 || json.status === 'done', text);
  for (const { command } of json.next) if (command !== null) assert.ok(text.includes(command), `${command} in ${text}`);
  return json;
}

const order = (woId: string, more: object = {}) => ({
  wo_id: woId,
  title: `Order ${woId}`,
  files: [{ path: `${woId}.txt`, content: 'x\n' }],
  ...more,
});
const commands = ({ next }: Told) => next.map(({ command }) => command);
const factOf = ({ facts }: Told, about: string) => facts.find((fact) => fact.about === about)?.text ?? '';

test('who can say yes: the owner, the approvers by name, or those with a key; and nobody, where that is so', (t) => {
  const asks = (policy: string) => {
    const s = testStation(t, { policy });
    s.drop(order('WO-1', { approval: { why: 'I am not sure' } }));
    s.drain();
    return s;
  };
  const owner = why(asks('version: 1\n'), 'WO-1');
  assert.match(owner.released_by.join(), /^the user who runs the station \(.+\), at a terminal$/);
  assert.deepEqual(commands(owner).slice(-3), [
    'waybill approvals WO-1',
    'waybill approve WO-1',
    'waybill deny WO-1 --reason TEXT',
  ]);
  assert.match(factOf(owner, 'because'), /I am not sure/);
  assert.equal(owner.until, null, 'a reminder ends nothing');
  const { publicKey } = newKey(t);
  const named = asks(`version: 1\napprovers: [{name: anna, users: [anna]}, {name: bo, keys: ["${publicKey}"]}]\n`);
  assert.deepEqual(why(named, 'WO-1').released_by, ['anna, at a terminal as anna', 'bo, by a signature']);
  const signed = asks(
    `version: 1\napprovals: {proof: ssh}\napprovers: [{name: anna, users: [anna]}, {name: bo, keys: ["${publicKey}"]}]\n`,
  );
  assert.deepEqual(why(signed, 'WO-1').released_by, ['bo, by a signature']);
  assert.ok(commands(why(signed, 'WO-1')).includes('waybill approve WO-1 --key FILE'));
  rmSync(signed.path('policy.yaml'));
  assert.deepEqual(why(signed, 'WO-1').released_by, ['nobody, until policy.yaml can be read again']);
});

test('other orders: each as it is now, followed to what all of it hangs on; ids that nobody ever saw', (t) => {
  const s = testStation(t);
  s.drop(order('WO-A', { hold: true }));
  s.drop(order('WO-B', { depends_on: ['WO-A'] }));
  s.drop(order('WO-C', { depends_on: ['WO-B', 'WO-NEVER', 'WO-DONE'] }));
  s.drop(order('WO-DONE'));
  s.drain();
  const told = why(s, 'WO-C');
  assert.deepEqual(
    told.dependencies.map(({ wo_id, status, waiting_for, wanted_by, root }) => [
      wo_id,
      status,
      waiting_for,
      wanted_by,
      root,
    ]),
    [
      ['WO-B', 'parked', 'dependency', 'WO-C', false],
      ['WO-NEVER', 'unknown', null, 'WO-C', true],
      ['WO-DONE', 'done', null, 'WO-C', false],
      ['WO-A', 'parked', 'hold', 'WO-B', true],
    ],
  );
  assert.match(told.why, /depends on WO-B \(parked, dependency\), WO-NEVER \(never seen\)\.$/, 'as they are now');
  assert.match(factOf(told, 'unknown'), /^no order WO-NEVER was ever seen here; it fails with DEPENDENCY_UNKNOWN/);
  assert.ok(commands(told).includes('waybill release WO-A'), 'what is to be done lies two orders away');
  s.waybill('cancel', 'WO-A');
  s.drain();
  const failed = why(s, 'WO-C');
  assert.deepEqual([failed.status, failed.failure?.code], ['failed', 'DEPENDENCY_FAILED']);
  assert.match(factOf(failed, 'began with'), /WO-A \(cancelled: CANCELLED/, 'followed to the one that began it');
});

test('what is released though its dependencies are not done waits on, until the same deadline', (t) => {
  const s = testStation(t);
  s.drop(order('WO-A', { hold: true }));
  // dropped together with it, it would not know it yet
  s.drain();
  s.drop(order('WO-KNOWN', { depends_on: ['WO-A'] }));
  s.drop(order('WO-UNKNOWN', { depends_on: ['WO-NEVER'] }));
  s.drain();
  const ids = ['WO-KNOWN', 'WO-UNKNOWN'];
  const before = ids.map((id) => why(s, id).until);
  assert.equal(before[0], null);
  for (const id of ids) s.waybill('release', id);
  s.drain();
  assert.equal(s.waybill('log', 'WO-KNOWN').stdout.includes('released'), true);
  assert.deepEqual(
    ids.map((id) => s.state(id).waiting_for),
    ['dependency', 'dependency'],
  );
  assert.deepEqual(
    ids.map((id) => why(s, id).until),
    before,
  );
  // it still hears of what it waits for
  s.waybill('release', 'WO-A');
  s.drain();
  assert.equal(s.state('WO-KNOWN').status, 'done');
});

test('orders that wait for each other are told as a circle', async (t) => {
  const s = testStation(t);
  s.drop(order('WO-A', { depends_on: ['WO-B'] }));
  s.drain();
  const station = await openStation(s.root);
  const state = await stateOf(station, 'WO-A');
  // a station refuses the order that would close it: so only the records of an older one can hold a circle
  const { aliveNow } = await import('../../src/pipeline/report/orders-seen.ts');
  const [life] = await aliveNow(station.layout.ledger, station.layout.ids);
  assert.ok(life?.admitted != null);
  const other = { ...life, woId: 'WO-B', admitted: { ...life.admitted, depends_on: ['WO-A'] } };
  const told = await explainOrder(station, state, [life, other]);
  assert.equal(
    told.facts.find(({ about }) => about === 'a circle')?.text,
    'WO-A waits for WO-B waits for WO-A: none of them can ever start',
  );
});

test('the clock: until when, and which try comes then', (t) => {
  const s = testStation(t, { policy: ANYTHING, settings: 'retry: {backoff_seconds: 3600}\n' });
  s.drop(order('WO-LATER', { not_before: '2099-01-01T00:00:00Z' }));
  s.drop(order('WO-AGAIN', { retries: 2, tests: [{ name: 'bad', command: 'false' }] }));
  s.drain();
  const later = why(s, 'WO-LATER');
  assert.deepEqual(
    [later.until, later.released_by],
    [
      '2099-01-01T00:00:00.000Z',
      ['the clock, at 2099-01-01T00:00:00.000Z', 'anybody who may use the command line here'],
    ],
  );
  assert.deepEqual(commands(later).slice(-2), ['waybill release WO-LATER', 'waybill cancel WO-LATER']);
  const again = why(s, 'WO-AGAIN');
  assert.match(factOf(again, 'tried'), /^try 2 of 3 comes then/);
  assert.deepEqual([again.failure?.code, again.waiting_for], ['CHECK_FAILED', 'time']);
  assert.match(again.failure?.what ?? '', /check did not pass/);
});

test('a hold: by whom; ready: what comes before it, and that nothing starts where no process runs or policy cannot be read', (t) => {
  const s = testStation(t);
  s.drop(order('WO-OWN', { hold: true }));
  s.drop(order('WO-HELD', { not_before: '2099-01-01T00:00:00Z' }));
  s.drain();
  s.waybill('hold', 'WO-HELD');
  s.drain();
  assert.equal(factOf(why(s, 'WO-OWN'), 'held'), 'by its author: `hold: true`');
  assert.match(factOf(why(s, 'WO-HELD'), 'held'), /^by .+ on the command line at \d{4}-.*: held by /);
  assert.equal(factOf(why(s, 'WO-HELD'), 'station'), 'no station process is running: nothing goes on');
  assert.equal(commands(why(s, 'WO-HELD'))[0], 'waybill up', 'what gets the station going comes first');
  s.write('policy.yaml', 'version: 7\n');
  for (const id of ['WO-1', 'WO-2']) s.drop(order(id));
  s.drain();
  const [first, second] = [why(s, 'WO-1'), why(s, 'WO-2')];
  assert.deepEqual([first.status, second.status], ['ready', 'ready']);
  const before = [first, second].map((told) => factOf(told, 'before it').slice(0, 8)).sort();
  assert.deepEqual(before, ['0 orders', '1 order ']);
  assert.match(factOf(first, 'policy'), /policy\.yaml/);
  assert.ok(commands(first).includes('waybill policy check'));
});

test('the repository: what is under way now, what was recorded, and how it ends', (t) => {
  const s = testStation(t);
  s.write('.git/MERGE_HEAD', `${s.git('rev-parse', 'HEAD')}\n`);
  s.drop(order('WO-1'));
  s.drain();
  const busy = why(s, 'WO-1');
  assert.equal(busy.waiting_for, 'repository');
  assert.equal(factOf(busy, 'now'), 'a merge is under way');
  assert.ok(commands(busy).includes('git merge --abort'));
  rmSync(s.path('.git/MERGE_HEAD'));
  assert.match(factOf(why(s, 'WO-1'), 'now'), /nothing of that is in the way any more/);
  s.write('.git/index.lock', '');
  assert.ok(commands(why(s, 'WO-1')).includes('rm .git/index.lock'));
  rmSync(s.path('.git/index.lock'));
  s.git('checkout', '--quiet', '--detach');
  assert.match(factOf(why(s, 'WO-1'), 'now'), /HEAD is detached/);
});

test('an agent that is missing; and of a failure all that was tried', (t) => {
  const { station: m } = missionStation(t);
  for (const role of ['designer', 'planner', 'builder', 'reviewer', 'steward'])
    rmSync(m.path(`agents/${role}`), { recursive: true });
  m.drop(mission('WO-M', { agents: ['claude'] }));
  m.drain();
  const waits = why(m, 'WO-M');
  assert.equal(waits.waiting_for, 'agent');
  assert.equal(factOf(waits, 'only'), 'claude may do it, says the order');
  assert.ok(commands(waits).includes('waybill agents check'));

  const s = testStation(t, { policy: ANYTHING });
  s.drop(order('WO-1', { tests: [{ name: 'bad', command: 'false' }] }));
  s.drain();
  s.waybill('retry', 'WO-1');
  s.drain();
  const failed = why(s, 'WO-1');
  assert.deepEqual(
    failed.tried.map(({ attempt, code }) => [attempt, code]),
    [
      [1, 'CHECK_FAILED'],
      [2, 'CHECK_FAILED'],
    ],
  );
  assert.deepEqual(commands(failed), [
    'waybill explain CHECK_FAILED',
    'ls state/evidence/WO-1@2',
    'waybill retry WO-1',
  ]);
  assert.deepEqual([failed.ok, failed.error?.code, failed.released_by], [true, 'CHECK_FAILED', []]);
  assert.equal(s.waybill('why', 'WO-1').code, 1);
});

test.run();
