import { spawn, spawnSync } from 'node:child_process';
import { startTimeOf } from '../../../src/platform/processes.ts';
import { askOf, atTerminal, forge, newKey, refusalOf } from '../../support/deciding.ts';
import { CLI, type TestStation, testStation, until } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

const test = suite('pipeline/approvals', { needs: ['git', 'script'] });

/** Asks for every command, and runs them at the root. */
const ASKING = 'version: 1\nisolation: {commands: in_place}\n';
const FILES = { 'a.txt': 'before\n', 'b.txt': 'other\n' };

function touching(woId: string, command = 'touch ran.txt'): { wo_id: string; [key: string]: unknown } {
  return { wo_id: woId, title: `Order ${woId}`, actions: [{ action: 'command', command, outputs: ['ran.txt'] }] };
}

function editing(woId: string): { wo_id: string; [key: string]: unknown } {
  return {
    wo_id: woId,
    title: 'Edit a file',
    approval: { why: 'I am not sure' },
    actions: [{ action: 'edit', path: 'a.txt', find: 'before', replace: 'after' }],
  };
}

function parked(s: TestStation, woId: string): void {
  const state = s.state(woId);
  assert.deepEqual([state.status, state.waiting_for], ['parked', 'approval'], state.progress ?? '');
}

test('rule 13: what asks parks with all that would happen, does nothing, frees its slot, and is told to people', (t) => {
  const s = testStation(t, { files: FILES, policy: ASKING });
  s.drop({ ...touching('WO-1'), files: [{ path: 'c.txt', content: 'new\n' }] });
  s.drop({ wo_id: 'WO-2', title: 'Free', files: [{ path: 'd.txt', content: 'd\n' }] });
  s.drain();
  parked(s, 'WO-1');
  assert.equal(s.state('WO-2').status, 'done', 'nobody waits behind it');
  assert.equal(s.exists('c.txt'), false);
  assert.equal(s.exists('ran.txt'), false);
  const shown = JSON.parse(s.waybill('approvals', 'WO-1', '--json').stdout) as {
    approvals: [
      {
        subject: { changes: { path: string }[]; commands: { run: string }[]; rulings: { rule: string }[] };
        diff: string;
      },
    ];
  };
  const [{ subject, diff }] = shown.approvals;
  assert.deepEqual(
    subject.changes.map((c) => c.path),
    ['c.txt'],
  );
  assert.deepEqual(
    subject.commands.map((c) => c.run),
    ['touch ran.txt'],
  );
  assert.deepEqual(
    subject.rulings.map((r) => r.rule),
    ['defaults.commands'],
  );
  assert.match(diff, /^\+new$/m);
  assert.match(s.read('logs/guardrail_alerts.log'), /APPROVAL: WO-1 asks: "touch ran.txt"/);
  assert.match(s.waybill('approvals').stdout, /WO-1 .*Order WO-1/);
});

test('rule 13: an approval at a terminal lets it run once; the evidence holds what was asked and who decided', (t) => {
  const s = testStation(t, { files: FILES, policy: ASKING });
  s.drop(touching('WO-1'));
  s.drain();
  const { ask } = askOf(s, 'WO-1');
  const typed = atTerminal(s, 'y\n', ['approve', 'WO-1']);
  assert.equal(typed.code, 0, typed.output);
  parked(s, 'WO-1');
  s.drain();
  assert.equal(s.state('WO-1').status, 'done');
  assert.equal(s.exists('ran.txt'), true);
  const decision = JSON.parse(s.read(`state/evidence/WO-1/approvals/${ask}.decision.json`)) as {
    by: string;
    proof: { kind: string };
  };
  assert.equal(decision.proof.kind, 'terminal');
  assert.match(decision.by, / at a terminal$/);
  assert.match(s.waybill('log', 'WO-1').stdout, /approved .*parked -> ready/);
  assert.equal(s.waybill('verify').code, 0);
  assert.match(
    s.waybill('approve', 'WO-1', '--key', '/nowhere').stderr,
    /APPROVAL_STALE.*asks for no approval: it is done/,
  );
});

test('rule 13: a denial ends it with the reason, and nothing ran; the order of two decisions counts', (t) => {
  const s = testStation(t, { files: FILES, policy: ASKING });
  s.drop(touching('WO-1'));
  s.drop(touching('WO-2', 'touch two.txt'));
  s.drain();
  assert.equal(atTerminal(s, 'y\n', ['deny', 'WO-1', '--reason', 'not before the release']).code, 0);
  assert.equal(atTerminal(s, 'y\n', ['approve', 'WO-1']).code, 0);
  assert.equal(atTerminal(s, 'y\n', ['approve', 'WO-2']).code, 0);
  assert.equal(atTerminal(s, 'y\n', ['deny', 'WO-2', '--reason', 'too late']).code, 0);
  s.drain();
  const [one, two] = [s.result('WO-1'), s.result('WO-2')];
  assert.deepEqual([one.status, one.error?.code], ['failed', 'DENIED']);
  assert.match(one.summary, /not before the release/);
  assert.equal(s.exists('ran.txt'), false);
  assert.equal(two.status, 'done');
  const refused = s
    .names('.git/waybill/commands')
    .filter((name) => name.endsWith('.refused.json'))
    .map((name) => refusalOf(s, name));
  assert.deepEqual(
    refused.map(({ code }) => code),
    ['APPROVAL_STALE', 'APPROVAL_STALE'],
  );
  assert.match(
    refused.map(({ message }) => message).join('\n'),
    /WO-1 was decided before this approve came: DENIED: denied by/,
  );
  assert.match(
    refused.map(({ message }) => message).join('\n'),
    /WO-2 was decided before this deny came: it was approved/,
  );
});

test('rule 13: landings of others void nothing; a target that changed asks again and says what changed', (t) => {
  const s = testStation(t, { files: FILES, policy: ASKING });
  s.drop(editing('WO-1'));
  s.drop(editing('WO-2'));
  s.drain();
  const first = askOf(s, 'WO-2');
  assert.equal(atTerminal(s, 'y\n', ['approve', 'WO-1']).code, 0);
  s.drop({ wo_id: 'WO-3', title: 'Other', files: [{ path: 'b.txt', content: 'more\n' }] });
  s.drain();
  assert.equal(s.state('WO-3').status, 'done');
  assert.equal(s.state('WO-1').status, 'done', 'b.txt is no target of it');
  s.write('a.txt', 'before, and more\n');
  s.commitAll('A person changes a.txt');
  assert.equal(atTerminal(s, 'y\n', ['approve', 'WO-2']).code, 0);
  s.drain();
  parked(s, 'WO-2');
  const again = askOf(s, 'WO-2');
  assert.notEqual(again.ask, first.ask);
  assert.deepEqual(again.changed, ['a.txt is not what it was']);
  assert.match(s.waybill('why', 'WO-2').stdout, /asks again.*a\.txt is not what it was/);
  assert.equal(s.read('a.txt'), 'before, and more\n');
  assert.equal(atTerminal(s, 'y\n', ['approve', 'WO-2']).code, 0);
  s.drain();
  assert.equal(s.read('a.txt'), 'after, and more\n');
});

test('rule 13: what a command runs by is a part of what is approved', (t) => {
  const s = testStation(t, { files: { 'tool.sh': '#!/bin/sh\ntouch ran.txt\n' }, policy: ASKING });
  s.drop(touching('WO-1', 'sh tool.sh'));
  s.drain();
  s.write('tool.sh', '#!/bin/sh\ntouch stolen.txt\n');
  s.commitAll('Somebody changes the tool');
  assert.equal(atTerminal(s, 'y\n', ['approve', 'WO-1']).code, 0);
  s.drain();
  parked(s, 'WO-1');
  assert.equal(s.exists('stolen.txt'), false);
  assert.match(askOf(s, 'WO-1').changed.join(), /^tool\.sh, which "command 1: sh tool\.sh" runs by$/);
});

test('rule 13: an approval is for one attempt, and a revised order asks anew', (t) => {
  const s = testStation(t, { policy: ASKING });
  s.drop(touching('WO-1', 'touch ran.txt; exit 1'));
  s.drain();
  const first = askOf(s, 'WO-1');
  atTerminal(s, 'y\n', ['approve', 'WO-1']);
  s.drain();
  assert.equal(s.state('WO-1').status, 'failed');
  s.waybill('retry', 'WO-1');
  s.drain();
  parked(s, 'WO-1');
  assert.notEqual(askOf(s, 'WO-1').ask, first.ask);
  // the decision of before, replayed as it was
  const refused = forge(s, 'WO-1', {
    ask: first.ask,
    sha256: first.sha256,
    proof: { kind: 'terminal', tty: '/dev/pts/0', pid: 1, start_time: null },
  });
  s.drain();
  assert.equal(refusalOf(s, refused).code, 'APPROVAL_STALE');
  parked(s, 'WO-1');
});

test('rule 13: approvals survive restarts and kills between ask, decision and run', (t) => {
  const s = testStation(t, { files: FILES, policy: ASKING });
  s.drop(editing('WO-1'));
  s.drain();
  const { ask } = askOf(s, 'WO-1');
  s.drain();
  assert.equal(askOf(s, 'WO-1').ask, ask, 'a restart asks nothing anew');
  atTerminal(s, 'y\n', ['approve', 'WO-1']);
  let kills = 0;
  for (let n = 1; n < 60; n += 5) {
    const { killed } = s.drainKilledAt(n);
    if (!killed) break;
    kills++;
  }
  s.drain();
  assert.ok(kills > 1, `${kills} kills`);
  assert.equal(s.state('WO-1').status, 'done');
  assert.equal(s.read('a.txt'), 'after\n');
  assert.equal(s.commitsOf('WO-1').length, 1);
  assert.equal(s.waybill('verify').code, 0);
});

test('rule 13: a signature counts where policy wants a key, over this decision and no other; a terminal does not', (t) => {
  const [anna, mallory] = [newKey(t, 'anna'), newKey(t, 'mallory')];
  const policy = `${ASKING}approvals: {proof: ssh}\napprovers: [{name: anna, keys: ["${anna.publicKey}"]}]\n`;
  const s = testStation(t, { files: FILES, policy });
  s.drop(touching('WO-1'));
  s.drop(touching('WO-2', 'touch two.txt'));
  s.drain();
  const typed = atTerminal(s, 'y\n', ['approve', 'WO-1']);
  assert.equal(typed.code, 77);
  assert.match(typed.output, /needs a signature by ssh/);
  const weak = forge(s, 'WO-1', { proof: { kind: 'terminal', tty: '/dev/pts/0', pid: 9_999_999, start_time: null } });
  s.drain();
  parked(s, 'WO-1');
  assert.match(refusalOf(s, weak).message, /needs a signature by ssh/);
  const sign = (key: string, text: string) =>
    spawnSync('ssh-keygen', ['-q', '-Y', 'sign', '-n', 'waybill', '-f', key], { input: text, encoding: 'utf8' }).stdout;
  const text = (woId: string, ...more: string[]) => s.waybill('approvals', woId, '--text', ...more).stdout;
  const good = sign(anna.file, text('WO-1'));
  const bad: Record<string, string> = {
    'another key': sign(mallory.file, text('WO-1')),
    'another order': sign(anna.file, text('WO-2')),
    'a denial': sign(anna.file, text('WO-1', '--deny')),
    'not for good': sign(anna.file, text('WO-1', '--always')),
    'another namespace': spawnSync('ssh-keygen', ['-q', '-Y', 'sign', '-n', 'file', '-f', anna.file], {
      input: text('WO-1'),
      encoding: 'utf8',
    }).stdout,
    'no signature': 'hello',
  };
  for (const [what, signature] of Object.entries(bad)) {
    const refused = forge(s, 'WO-1', { proof: { kind: 'ssh', signature } });
    s.drain();
    parked(s, 'WO-1');
    assert.equal(refusalOf(s, refused).code, 'APPROVAL_REFUSED', what);
  }
  forge(s, 'WO-1', { proof: { kind: 'ssh', signature: good } });
  s.drain();
  assert.equal(s.state('WO-1').status, 'done');
  assert.match(s.waybill('log', 'WO-1', '--json').stdout, /"by": "anna by ED25519 key SHA256:/);
  assert.equal(s.waybill('approve', 'WO-2', '--key', anna.file).code, 0);
  s.drain();
  assert.equal(s.state('WO-2').status, 'done');
});

test('rule 13: orders, hooks, agents and children of the station decide nothing', async (t) => {
  const cli = `'${process.execPath}' '${CLI}'`;
  const s = testStation(t, {
    // what no rule can see into
    files: {
      ...FILES,
      'sneak.sh': `printf 'y\\n' | script -qec "${cli} approve WO-1" /dev/null > ran.txt 2>&1; true\n`,
    },
    policy: `${ASKING}rules: [{class: safe, commands: ["*"], lanes: [FREE]}]\n`,
  });
  s.drop(touching('WO-1'));
  s.drain();
  // by its own command, at a pseudo terminal of its own
  s.drop(touching('WO-CHILD', 'sh sneak.sh'), 'FREE');
  s.drain();
  parked(s, 'WO-1');
  assert.equal(s.state('WO-CHILD').status, 'done');
  assert.match(s.read('ran.txt'), /nobody decides here: this was started by a command of an order/);
  const agent = atTerminal(s, 'y\n', ['approve', 'WO-1'], { ...process.env, CLAUDECODE: '1' });
  assert.equal(agent.code, 77);
  assert.match(agent.output, /a coding agent \(CLAUDECODE\)/);
  s.write('.git/hooks/post-commit', `#!/bin/sh\nprintf 'y\\n' | script -qec "${cli} approve WO-1" /dev/null\n`, 0o755);
  const committed = spawnSync('git', ['commit', '-q', '--allow-empty', '-m', 'x'], { cwd: s.root, encoding: 'utf8' });
  assert.match(`${committed.stdout}${committed.stderr}`, /started by a hook of git/);
  assert.match(s.waybill('approve', 'WO-1').stderr, /this is no terminal/);
  // files put there without the command line, while the station runs: by a process that is gone, by the station itself, by none
  const { pid } = await s.up(t);
  const idle = spawn('setsid', ['sleep', '300'], { stdio: 'ignore' });
  t.defer(() => idle.kill('SIGKILL'));
  for (const [proof, why] of [
    [{ pid: 999_999_9, start_time: '1' }, /is not there/],
    [{ pid, start_time: startTimeOf(pid) }, /is no process that somebody decides by$/],
    [{ pid: 1, start_time: startTimeOf(1) }, /is no process that somebody decides by$/],
    [{ pid: idle.pid ?? 0, start_time: null }, /its start time is not told/],
    [{ pid: idle.pid ?? 0, start_time: startTimeOf(idle.pid ?? 0) }, /without a terminal/],
  ] as const) {
    const refused = forge(s, 'WO-1', { proof: { kind: 'terminal', tty: '/dev/pts/0', ...proof } });
    await until(() => s.exists(`.git/waybill/commands/${refused}`), 'the decision is refused');
    assert.match(refusalOf(s, refused).message, why);
  }
  parked(s, 'WO-1');
});

test('rule 13: only those whom policy names decide, and an order can narrow them but not widen', (t) => {
  const s = testStation(t, { files: FILES, policy: `${ASKING}approvers: [{name: boss, users: [nobody-here]}]\n` });
  s.drop(touching('WO-1'));
  s.drain();
  atTerminal(s, 'y\n', ['approve', 'WO-1']);
  s.drain();
  parked(s, 'WO-1');
  assert.match(refusalOf(s, s.names('.git/waybill/commands')[0] ?? '').message, /is none of those who may decide/);
});

test('trust: approvals in a row make a command safe, in just this form; a denial begins anew; it can be undone', async (t) => {
  const s = testStation(t, {
    files: { 'tool.sh': 'touch ran.txt\n', 'a.txt': '' },
    policy: `${ASKING}approvals: {trust_after: 3}\n`,
  });
  await s.up(t);
  const round = async (n: number, command = 'sh tool.sh', lane = 'MAIN') => {
    s.drop(touching(`WO-${n}`, command), lane);
    const status = () => (s.exists(`state/orders/WO-${n}.json`) ? s.state(`WO-${n}`).status : 'ready');
    await until(() => ['parked', 'done', 'failed'].includes(status()), `WO-${n} comes to rest`);
    return status();
  };
  const approve = async (n: number) => {
    assert.equal(atTerminal(s, 'y\n', ['approve', `WO-${n}`]).code, 0);
    await until(() => s.state(`WO-${n}`).status === 'done', `WO-${n} runs`);
  };
  for (let n = 1; n <= 3; n++) {
    assert.equal(await round(n), 'parked', `round ${n}`);
    await approve(n);
  }
  await until(
    () => /TRUST: "sh tool\.sh" is safe from now on/.test(s.read('logs/guardrail_alerts.log')),
    'people are told',
  );
  assert.equal(await round(4), 'done', 'the next runs at once');
  assert.equal(await round(5, 'sh tool.sh --all'), 'parked', 'never broader than what was approved');
  assert.equal(await round(6, 'sh tool.sh', 'OTHER'), 'parked', 'nor in another lane');
  s.write('tool.sh', 'touch ran.txt; touch more.txt\n');
  s.commitAll('The tool does more');
  assert.equal(await round(7), 'parked', 'nor with another script');
  s.git('revert', '--no-edit', 'HEAD');
  assert.equal(await round(8), 'done');
  const { entries } = JSON.parse(s.waybill('policy', 'trust', '--json').stdout) as {
    entries: { pattern: string; promoted: unknown }[];
  };
  const entry = entries.find(({ promoted }) => promoted !== null);
  assert.equal(s.waybill('policy', 'distrust', entry?.pattern.slice(7, 19) ?? '').code, 0);
  assert.equal(await round(9), 'parked', 'it is undone');
  await approve(9);
  assert.equal(await round(10), 'parked');
  atTerminal(s, 'y\n', ['deny', 'WO-10', '--reason', 'no']);
  for (const n of [11, 12]) {
    assert.equal(await round(n), 'parked', 'one denial began the count anew');
    await approve(n);
  }
  assert.equal(await round(13), 'parked');
});

test('trust: what a denial took back stays so, also where the file of before is put in its place', (t) => {
  const s = testStation(t, { policy: `${ASKING}approvals: {trust_after: 1}\n` });
  s.drop(touching('WO-1'));
  s.drop(touching('WO-2'));
  s.drain();
  atTerminal(s, 'y\n', ['approve', 'WO-1']);
  s.drain();
  const before = s.read('.git/waybill/trust.json');
  assert.match(before, /"seq"/, 'it is promoted');
  atTerminal(s, 'y\n', ['deny', 'WO-2', '--reason', 'no']);
  s.drain();
  assert.equal(s.state('WO-2').status, 'failed', 'what asked before is not let go by what became safe since');
  s.write('.git/waybill/trust.json', before);
  s.drop(touching('WO-3'));
  s.drain();
  parked(s, 'WO-3');
});

test('trust: a path is never made safe by counting, because other things are written there each time', (t) => {
  const s = testStation(t, {
    files: { 'a.txt': '' },
    policy: `${ASKING}rules: [{class: ask, paths: [a.txt]}]\napprovals: {trust_after: 1}\n`,
  });
  for (const n of [1, 2]) {
    s.drop({ wo_id: `WO-${n}`, title: 'Write', files: [{ path: 'a.txt', content: `${n}\n` }] });
    s.drain();
    parked(s, `WO-${n}`);
    atTerminal(s, 'y\n', ['approve', `WO-${n}`, ...(n === 2 ? ['--always'] : [])]);
    s.drain();
  }
  s.drop({ wo_id: 'WO-3', title: 'Write', files: [{ path: 'a.txt', content: '3\n' }] });
  s.drain();
  assert.equal(s.state('WO-3').status, 'done', 'somebody said always');
});

test('rule 13: what is trusted because of an approval still has to be what was approved', (t) => {
  const s = testStation(t, { files: { 'a.txt': 'one\n' }, policy: `${ASKING}rules: [{class: ask, paths: [a.txt]}]\n` });
  const appending = (woId: string) => ({
    wo_id: woId,
    actions: [{ action: 'append', path: 'a.txt', content: `${woId}\n` }],
  });
  s.drop(appending('WO-1'));
  s.drop(appending('WO-2'));
  s.drain();
  atTerminal(s, 'y\n', ['approve', 'WO-1']);
  s.drain();
  atTerminal(s, 'y\n', ['approve', 'WO-2', '--always']);
  s.drain();
  parked(s, 'WO-2');
  assert.deepEqual(askOf(s, 'WO-2').changed, ['a.txt is not what it was']);
  s.drop(appending('WO-3'));
  s.drain();
  assert.equal(s.state('WO-3').status, 'done', 'for others it is safe');
});

test('trust: --always promotes at once, always_ask never', (t) => {
  const s = testStation(t, { policy: `${ASKING}always_ask: {commands: [[touch, two.txt]]}\n` });
  const round = (n: number, command: string, ...options: string[]) => {
    s.drop(touching(`WO-${n}`, command));
    s.drain();
    if (s.state(`WO-${n}`).status === 'done') return 'ran';
    atTerminal(s, 'y\n', ['approve', `WO-${n}`, ...options]);
    s.drain();
    return s.state(`WO-${n}`).status;
  };
  assert.equal(round(1, 'touch one.txt', '--always'), 'done');
  assert.equal(round(2, 'touch one.txt'), 'ran');
  assert.equal(round(3, 'touch two.txt', '--always'), 'done');
  assert.equal(round(4, 'touch two.txt'), 'done', 'it asked');
});

test('an approval expires only where the order says so, after a reminder, and is no denial', (t) => {
  const s = testStation(t, { files: FILES, policy: ASKING });
  s.drop({ ...editing('WO-1'), approval: { expires: new Date(Date.now() + 1500).toISOString() } });
  s.drop(editing('WO-2'));
  s.drain();
  parked(s, 'WO-1');
  const end = Date.now() + 30_000;
  while (s.state('WO-1').status === 'parked' && Date.now() < end) {
    spawnSync('sleep', ['0.5']);
    s.drain();
  }
  parked(s, 'WO-2');
  assert.equal(s.result('WO-1').error?.code, 'EXPIRED');
  const alerts = s.read('logs/guardrail_alerts.log');
  const [reminded, expired] = [alerts.indexOf('WO-1 still asks'), alerts.indexOf('WO-1 expired')];
  assert.ok(reminded > 0 && expired > reminded, alerts);
});

test('rule 7: a missing or invalid policy stops execution, not intake; what it says is where it is wrong', (t) => {
  const s = testStation(t, { files: FILES, policy: ASKING });
  s.write('policy.yaml', 'version: 1\nruels: []\n');
  s.drop({ wo_id: 'WO-1', title: 'Plain', files: [{ path: 'c.txt', content: 'c\n' }] });
  s.drain();
  assert.equal(s.state('WO-1').status, 'ready');
  assert.equal(s.exists('c.txt'), false);
  const checked = s.waybill('policy', 'check');
  assert.equal(checked.code, 65);
  assert.match(checked.stderr, /policy\.yaml:2:1: .*POLICY_INVALID.*ruels.*\n.*Did you mean rules/s);
  s.git('rm', '-q', '-f', 'policy.yaml');
  s.drain();
  assert.equal(s.state('WO-1').status, 'ready', 'none at all is no licence');
  assert.match(s.waybill('policy', 'init').stdout, /is written/);
  s.drain();
  assert.equal(s.state('WO-1').status, 'done');
  const records = s
    .read(`.git/waybill/ledger/${s.names('.git/waybill/ledger').find((name) => name.endsWith('.jsonl'))}`)
    .trimEnd()
    .split('\n')
    .map((l) => JSON.parse(l) as { event: string; policy?: string });
  assert.match(records.at(-1)?.policy ?? '', /^sha256:/, 'every record carries the policy that counted');
});

test.run();
