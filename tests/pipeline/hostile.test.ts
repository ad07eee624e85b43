import { mkdirSync, symlinkSync } from 'node:fs';
import { ANYTHING, testStation, until } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** Rule 10: whatever lies in the inbox or in the live folder, the station goes on with the rest. */

const test = suite('hostile input');
const good = { wo_id: 'WO-GOOD', title: 'x', files: [{ path: 'good', content: 'x' }] };

test('a bad file with a name of 250 bytes is rejected under a shorter one', (t) => {
  const s = testStation(t);
  const name = `${'ü'.repeat(120)}.yaml`;
  s.write(`bridge/inbox/MAIN/${name}`, 'wo_id: [\n...\n');
  s.drop(good);
  s.drain();
  assert.equal(s.state('WO-GOOD').status, 'done');
  assert.deepEqual(
    s.rejections().map((r) => [r.file, r.error?.code]),
    [[name, 'YAML_INVALID']],
  );
});

test('claims that cannot be read are rejected and kept', (t) => {
  const s = testStation(t);
  s.write('.git/waybill/claimed/01JD0000000000000000000000/drop.json', '{');
  mkdirSync(s.path('.git/waybill/claimed/01JD0000000000000000000001/MAIN'), { recursive: true });
  symlinkSync('/etc/passwd', s.path('.git/waybill/claimed/01JD0000000000000000000001/MAIN/x.yaml'));
  s.drop(good);
  s.drain();
  assert.equal(s.state('WO-GOOD').status, 'done');
  assert.deepEqual(
    s.rejections().map((r) => r.error?.code),
    ['UNCLAIMABLE', 'UNCLAIMABLE'],
  );
  assert.deepEqual(s.kept(), ['claim-01JD0000000000000000000000', 'claim-01JD0000000000000000000001']);
  assert.deepEqual(s.names('.git/waybill/unreadable'), []);
  assert.deepEqual(s.leftovers(), []);
});

test('folders and links in an inbox are refused in place, once', (t) => {
  const s = testStation(t);
  s.write('bridge/inbox/MAIN/folder/notes.txt', 'no order');
  symlinkSync('/etc/passwd', s.path('bridge/inbox/MAIN/link.yaml'));
  s.drop(good);
  s.drain();
  s.drain();
  assert.equal(s.state('WO-GOOD').status, 'done');
  assert.deepEqual(
    s
      .rejections()
      .map((r) => `${r.file} ${r.error?.code}`)
      .sort(),
    ['folder NOT_A_FILE', 'link.yaml NOT_A_FILE'],
  );
  assert.ok(s.exists('bridge/inbox/MAIN/folder'));
});

test('an invalid policy stops starting, not intake; a mended one counts at once (rule 7)', async (t) => {
  const s = testStation(t);
  await s.up(t);
  s.write('policy.yaml', 'rulse: []\n');
  s.drop(good);
  await until(() => s.exists('state/orders/WO-GOOD.json'), 'it is admitted');
  await new Promise((done) => setTimeout(done, 300));
  assert.equal(s.state('WO-GOOD').status, 'ready');
  // safe by the new policy alone: it counts for this start already
  s.write('policy.yaml', 'version: 1\nrules: [{class: safe, commands: [echo hi]}]\nisolation: {commands: in_place}\n');
  s.drop({ wo_id: 'WO-2', title: 'x', actions: [{ action: 'command', command: 'echo hi' }] });
  await until(
    () => s.exists('bridge/outbox/MAIN/WO-2.result.json') && s.exists('bridge/outbox/MAIN/WO-GOOD.result.json'),
    'both end',
  );
  assert.equal(s.state('WO-2').status, 'done', JSON.stringify(s.state('WO-2').last_error));
});

test('a policy that is gone stops starting too, and is not written anew by itself (rule 7)', (t) => {
  const s = testStation(t);
  s.git('rm', '--quiet', 'policy.yaml');
  s.git('commit', '--quiet', '-m', 'Nobody asked');
  s.drop(good);
  assert.match(s.drain(), /there is no policy\.yaml/);
  assert.equal(s.state('WO-GOOD').status, 'ready');
  assert.ok(!s.exists('policy.yaml') && !s.exists('good'));
  assert.equal(s.waybill('policy', 'init').code, 0);
  s.drain();
  assert.equal(s.state('WO-GOOD').status, 'done');
});

test('invalid settings stop starting, not intake; mended settings count at once (rule 7)', async (t) => {
  const s = testStation(t, { policy: ANYTHING });
  await s.up(t);
  s.write('waybill.yaml', 'lanse: {}\n');
  s.drop(good);
  await until(() => s.exists('state/orders/WO-GOOD.json'), 'it is admitted');
  await new Promise((done) => setTimeout(done, 300));
  assert.equal(s.state('WO-GOOD').status, 'ready');
  s.write('waybill.yaml', 'commands: {env: [MARK]}\n');
  s.drop({ wo_id: 'WO-2', title: 'x', actions: [{ action: 'command', command: 'echo hi' }] });
  await until(
    () => s.exists('bridge/outbox/MAIN/WO-2.result.json') && s.exists('bridge/outbox/MAIN/WO-GOOD.result.json'),
    'both end',
  );
  assert.equal(s.state('WO-2').status, 'done', JSON.stringify(s.state('WO-2').last_error));
});

test("a full queue slows intake down with a clear line, and drops stay their authors' files", (t) => {
  const s = testStation(t, { settings: 'intake: {max_waiting: 2}\n' });
  for (const n of [1, 2])
    s.drop({ wo_id: `WO-H${n}`, title: 'x', hold: true, files: [{ path: `h${n}`, content: 'x' }] });
  s.drain();
  s.drop(good);
  const { code, stderr } = s.waybill('up', '--drain');
  assert.equal(code, 0, stderr);
  assert.match(stderr, /2 orders are alive, intake waits/);
  assert.ok(s.exists('bridge/inbox/MAIN/WO-GOOD.json'));
  s.waybill('cancel', 'WO-H1');
  s.drain();
  s.drain();
  assert.equal(s.state('WO-GOOD').status, 'done');
});

test('a disk that is nearly full slows intake down with a clear line, for files and for drop commands; nothing is lost', (t) => {
  const s = testStation(t, { settings: 'intake: {min_free_mb: 999999999}\n' });
  s.drop(good);
  s.write('../o.yaml', 'wo_id: WO-CMD\ntitle: x\nfiles: [{path: y, content: y}]\n');
  s.waybill('drop', '../o.yaml');
  const { code, stderr } = s.waybill('up', '--drain');
  assert.equal(code, 0, stderr);
  assert.match(stderr, /only \d+ MB of disk are free, intake waits for 999999999/);
  assert.ok(s.telemetry().some((e) => e.event === 'intake_slowed'));
  assert.ok(s.exists('bridge/inbox/MAIN/WO-GOOD.json'));
  assert.equal(s.names('.git/waybill/commands').length, 1);
  s.write('waybill.yaml', '{}\n');
  s.drain();
  for (const woId of ['WO-GOOD', 'WO-CMD']) assert.equal(s.state(woId).status, 'done');
});

test('a ledger that lost its tail is not written on; restore --ledger rebuilds it from the journal', (t) => {
  const s = testStation(t);
  s.drop(good);
  s.drain();
  const path = '.git/waybill/ledger/000000000001.jsonl';
  const whole = s.read(path);
  s.write(path, `${whole.split('\n').slice(0, 2).join('\n')}\n`);
  const { code, stderr } = s.waybill('up', '--drain');
  assert.equal(code, 65);
  assert.match(stderr, /LEDGER_BROKEN.*restore --ledger/s);
  assert.equal(s.waybill('restore', '--ledger').code, 0);
  assert.equal(s.read(path), whole);
  assert.equal(s.waybill('verify').code, 0);
  s.drain();
  assert.equal(s.commitsOf('WO-GOOD').length, 1, 'nothing is done twice');
});

test('a command runs in no folder outside the fence', (t) => {
  const s = testStation(t, { policy: ANYTHING });
  s.drop({ wo_id: 'WO-1', title: 'x', actions: [{ action: 'command', argv: ['pwd'], cwd: '../..' }] });
  s.drain();
  assert.equal(s.state('WO-1').last_error?.code, 'PATH_DENIED');
});

test.run();
