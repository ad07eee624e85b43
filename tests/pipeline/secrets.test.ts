import { execFileSync, spawnSync } from 'node:child_process';
import { atTerminal } from '../support/deciding.ts';
import { ANYTHING, CLI, type TestStation, testStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';
import { whereItStands } from '../support/traces.ts';

/** "Secrets are cut from everything that is recorded": a real station, and then every byte that it wrote is looked through. Nothing here is a real key. */

const test = suite('secrets in a station', { needs: ['git', 'script'] });

const HALVES = [['q8', 'Zr4t'].join(''), ['Lm', '0Xw9'].join('')] as const;
const VALUE = HALVES.join('');
const TOKEN = ['gh', 'p_', 'aB3dE5gH7jK9mN1pQ3sT5vW7yZ2cF4hJ6lM8'].join('');
const SETTINGS = 'commands: {env: [PATH, HOME, DEPLOY_TOKEN], max_output_bytes: 4096}\n';
const CUT = '[secret removed]';

/** Drains with the secret in the station's environment; returns its log. */
function drain(s: TestStation, env: Record<string, string> = { DEPLOY_TOKEN: VALUE }): string {
  const { status, stderr } = spawnSync(process.execPath, [CLI, 'up', '--drain'], {
    cwd: s.root,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  assert.equal(status, 0, stderr);
  return stderr;
}

/** What carries a secret asks first: somebody agrees, and it runs. */
function drainApproved(s: TestStation, woId: string): void {
  drain(s);
  assert.equal(s.state(woId).waiting_for, 'approval');
  assert.equal(atTerminal(s, 'y\n', ['approve', woId]).code, 0);
  drain(s);
}

function verifies(s: TestStation): void {
  const { code, stdout, stderr } = s.waybill('verify');
  assert.equal(code, 0, stdout + stderr);
}

test('what commands print is cut, in two writes, on both streams, in evidence, errors, states and results', (t) => {
  const s = testStation(t, { settings: SETTINGS, policy: ANYTHING });
  const halves = `printf %s "$(echo $DEPLOY_TOKEN | cut -c1-6)"; sleep 0.2; printf "%s\\n" "$(echo $DEPLOY_TOKEN | cut -c7-)"`;
  s.drop({
    wo_id: 'WO-PRINT',
    title: 'prints',
    files: [{ path: 'a', content: 'a' }],
    actions: [
      {
        action: 'command',
        name: 'print',
        command: `${halves}; { ${halves}; } >&2; printf %s "$DEPLOY_TOKEN" | base64; (head -c 4090 /dev/zero | tr '\\0' x; echo $DEPLOY_TOKEN) >&2`,
      },
    ],
  });
  s.drop({
    wo_id: 'WO-CHECK',
    title: 'checks',
    files: [{ path: 'b', content: 'b' }],
    tests: [{ name: 'says it', command: 'echo "got $DEPLOY_TOKEN"', expected: 'something else' }],
  });
  s.drop({
    wo_id: 'WO-EXACT',
    title: 'decides by what was said, not by what is told',
    files: [{ path: 'c', content: 'c' }],
    tests: [
      { name: 'says it', command: 'echo "$DEPLOY_TOKEN" | wc -c | tr -d " "', expected: String(VALUE.length + 1) },
    ],
  });
  const log = drain(s);
  assert.deepEqual(whereItStands(s, VALUE), []);
  assert.deepEqual(whereItStands(s, Buffer.from(VALUE).toString('base64').slice(0, 12)), []);
  assert.ok(!log.includes(VALUE));
  assert.equal(s.state('WO-PRINT').status, 'done');
  const [out = ''] = s.names('state/evidence/WO-PRINT/commands').filter((n) => n.endsWith('.stdout'));
  assert.ok(s.read(`state/evidence/WO-PRINT/commands/${out}`).startsWith(`${CUT}\n`));
  const err = s.read(`state/evidence/WO-PRINT/commands/${out.replace('stdout', 'stderr')}`);
  // the limit leaves no half of it
  assert.ok(!err.includes(HALVES[0]) && /x\[secret rem|bytes more were cut/.test(err.slice(-200)));
  assert.match(s.result('WO-CHECK').error?.message ?? '', /got "got \[secret removed\]"/);
  assert.equal(s.result('WO-CHECK').checks[0]?.actual, `got ${CUT}`);
  assert.equal(s.state('WO-EXACT').status, 'done');
  verifies(s);
});

test('an order that carries one: title, commit subject, command line, file and request; what lands is not altered', (t) => {
  const s = testStation(t, { settings: SETTINGS, policy: ANYTHING });
  s.drop({
    wo_id: 'WO-CARRY',
    title: `deploy with ${VALUE}`,
    summary: `use ${TOKEN}`,
    tags: [VALUE],
    files: [{ path: 'config.txt', content: `key ${TOKEN}\n` }],
    actions: [{ action: 'command', command: `echo ${VALUE}` }],
    tests: [{ name: `is ${VALUE}`, command: `test ${VALUE} = ${VALUE}` }],
  });
  drainApproved(s, 'WO-CARRY');
  // the file is what was ordered, and nothing else holds it
  assert.equal(s.read('config.txt'), `key ${TOKEN}\n`);
  const blob = s.git('rev-parse', 'HEAD:config.txt');
  assert.deepEqual(
    whereItStands(s, TOKEN).filter((where) => where !== `object ${blob}`),
    ['./config.txt'],
  );
  assert.deepEqual(whereItStands(s, VALUE), []);
  assert.equal(s.git('log', '-1', '--format=%s'), `wo(WO-CARRY): deploy with ${CUT}`);
  const state = s.state('WO-CARRY');
  assert.equal(state.title, `deploy with ${CUT}`);
  const warning = s.result('WO-CARRY').warnings.find((w) => w.code === 'secret');
  assert.match(warning?.message ?? '', /carries a secret .* name an environment variable/);
  const redacted = JSON.parse(s.read('state/evidence/WO-CARRY/redacted.json')) as {
    request_sha256: string;
    files: { path: string; cuts: number }[];
  };
  assert.equal(redacted.request_sha256, state.request.sha256);
  assert.deepEqual(
    redacted.files.map((f) => f.path).filter((path) => !path.startsWith('approvals/')),
    ['request.json', 'changes.patch', 'plan.json'],
  );
  assert.ok((redacted.files[0]?.cuts ?? 0) >= 6);
  verifies(s);
});

test('an order whose request was cut is not run again from the records, but from a drop', (t) => {
  const s = testStation(t, { settings: SETTINGS, policy: ANYTHING });
  const order = {
    wo_id: 'WO-AGAIN',
    title: 'fails at first',
    files: [{ path: 'config.txt', content: Buffer.from(`key ${TOKEN}\n`).toString('base64'), encoding: 'base64' }],
    tests: [{ name: 'is there', command: 'test -e .git/ready' }],
  };
  s.drop(order);
  drainApproved(s, 'WO-AGAIN');
  assert.equal(s.state('WO-AGAIN').status, 'failed');
  // in base64 it cannot be cut out, so nothing of the request is there
  assert.equal(s.read('state/evidence/WO-AGAIN/request.json'), `${CUT}\n`);
  assert.deepEqual(whereItStands(s, Buffer.from(`key ${TOKEN}`).toString('base64').slice(0, 20)), []);
  s.write('.git/ready', '');
  s.waybill('retry', 'WO-AGAIN');
  assert.match(drain(s), /REQUEST_CUT/);
  assert.equal(s.state('WO-AGAIN').status, 'failed');
  s.drop(order);
  drainApproved(s, 'WO-AGAIN');
  assert.equal(s.state('WO-AGAIN').status, 'done');
  assert.equal(s.read('config.txt'), `key ${TOKEN}\n`);
  verifies(s);
});

test('an order that waits with one in it never gets into the journal', (t) => {
  const s = testStation(t, { settings: SETTINGS, policy: ANYTHING });
  s.drop({ wo_id: 'WO-HELD', title: 'x', hold: true, files: [{ path: 'config.txt', content: `key ${TOKEN}\n` }] });
  s.drop({ wo_id: 'WO-OTHER', title: 'x', files: [{ path: 'a', content: 'a' }] });
  drain(s);
  assert.equal(s.state('WO-HELD').status, 'parked');
  const where = whereItStands(s, TOKEN);
  assert.ok(where.length === 1 && where[0]?.includes('/claimed/'), where.join(' '));
  s.waybill('release', 'WO-HELD');
  drainApproved(s, 'WO-HELD');
  assert.equal(s.state('WO-HELD').status, 'done');
});

test('a rejection shows none; quarantine keeps the file as it is, and restore leaves it so', (t) => {
  const s = testStation(t, { settings: SETTINGS, policy: ANYTHING });
  const bad = `wo_id: WO-BAD\ntitle: "uses ${TOKEN}"\nfiles:\n  - path: a\n    contnt: ${TOKEN}\n...\n`;
  s.write('bridge/inbox/MAIN/bad.yaml', bad);
  // a drop of the command line comes in base64; this one is refused because the id is taken
  s.drop({ wo_id: 'WO-TAKEN', title: 'x', files: [{ path: 'a', content: 'a' }] });
  drain(s);
  const taken = `wo_id: WO-TAKEN\ntitle: "uses ${TOKEN}"\nfiles:\n  - path: a\n    content: ${TOKEN}\n...\n`;
  s.write('drop/taken.yaml', taken);
  assert.equal(s.waybill('drop', 'drop/taken.yaml').code, 0);
  drain(s);
  assert.equal(s.rejections().length, 2);
  const inQuarantine = s.names('bridge/quarantine/MAIN').filter((n) => n.endsWith('.yaml'));
  const kept = inQuarantine.filter((n) => s.read(`bridge/quarantine/MAIN/${n}`) === bad);
  assert.deepEqual([inQuarantine.length, kept.length], [2, 1]);
  const allowed = (where: string) => where.startsWith('./bridge/quarantine/') || where === './drop/taken.yaml';
  assert.deepEqual(
    whereItStands(s, TOKEN).filter((w) => !allowed(w)),
    [],
  );
  const base64 = Buffer.from(taken).toString('base64').slice(60, 90);
  assert.deepEqual(whereItStands(s, base64), []);
  assert.equal(s.read(`bridge/quarantine/MAIN/${kept[0]}`), bad);
  assert.equal(s.waybill('restore', '--all').code, 0);
  assert.equal(s.read(`bridge/quarantine/MAIN/${kept[0]}`), bad);
  // without the file, the journal tells what is left of it
  execFileSync('rm', ['-r', s.path('bridge/quarantine/MAIN')]);
  assert.equal(s.waybill('restore', '--all').code, 0);
  assert.equal(s.read(`bridge/quarantine/MAIN/${kept[0]}`), bad.replaceAll(TOKEN, CUT));
  verifies(s);
});

test('alerts, what their command says, and telemetry', (t) => {
  const s = testStation(t, {
    policy: ANYTHING,
    settings: `${SETTINGS}guardrail:\n  components:\n    - {path: "no/${VALUE}/here", kind: file}\n  alerts: {command: {argv: [sh, -c, 'cat >> .git/alerts; printenv DEPLOY_TOKEN >&2; exit 1']}}\n`,
  });
  const { stdout, stderr } = spawnSync(process.execPath, [CLI, 'guardrail', '--once', '--json'], {
    cwd: s.root,
    encoding: 'utf8',
    env: { ...process.env, DEPLOY_TOKEN: VALUE },
  });
  const alerts = s.read('logs/guardrail_alerts.log');
  assert.ok(alerts.includes(`no/${CUT}/here`) && !alerts.includes(VALUE), alerts);
  const told = s.read('.git/alerts');
  assert.ok(told.includes(`no/${CUT}/here`), told);
  assert.ok(!stderr.includes(VALUE));
  const { sink_faults: faults } = JSON.parse(stdout) as { sink_faults: { sink: string; message: string }[] };
  assert.deepEqual(
    faults.map((f) => f.message),
    [`sh ended with 1: ${CUT}`],
  );
  assert.ok(!s.read('state/telemetry/unified.jsonl').includes(VALUE));
});

test.run();
