import { spawn, spawnSync } from 'node:child_process';
import { chownSync, lutimesSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { askOf, forge, newKey, refusalOf } from '../support/deciding.ts';
import { type TestStation, testStation, until } from '../support/station.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';
import { endOf } from './place.ts';

const test = suite('redteam/approvals', { needs: ['git', 'script', 'ssh-keygen'] });

/** Asks for every command, and runs them at the root. */
const ASKING = 'version: 1\nisolation: {commands: in_place}\n';

type Document = Record<string, unknown>;

function asking(woId: string, more: Document = {}) {
  const command = `touch ran-${woId}.txt`;
  return { wo_id: woId, title: woId, actions: [{ action: 'command', command, outputs: [`ran-${woId}.txt`] }], ...more };
}

/** A process with a terminal of its own, as a person's shell has one, and with these names in its environment. */
async function atPty(t: TestContext, env: Document = {}): Promise<number> {
  const folder = t.tempDir();
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(CLAUDECODE|CODEX_|GEMINI_|OPENCODE|CURSOR_|AIDER_)/.test(name)),
  );
  const child = spawn('script', ['-qfec', `echo $$ > ${folder}/pid; exec sleep 300`, '/dev/null'], {
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { ...clean, ...env } as NodeJS.ProcessEnv,
  });
  const gone = new Promise((done) => child.once('exit', done));
  t.defer(() => {
    child.kill('SIGKILL');
    return gone;
  });
  const read = () => {
    try {
      return Number(readFileSync(`${folder}/pid`, 'utf8'));
    } catch {
      return 0;
    }
  };
  await until(() => read() > 0, 'the terminal is there');
  const pid = read();
  t.defer(() => {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it went with its terminal
    }
  });
  return pid;
}

const terminal = (pid: number, start_time: string | null = null) => ({
  proof: { kind: 'terminal', tty: '/dev/pts/0', pid, start_time },
});

/** A forged decision, and the code with which it must be refused. */
type Forgery = readonly [name: string, code: string, document: (woId: string) => Document];

test('rule 13: forged decisions at terminals that are none, for something else, or in another shape', async (t) => {
  const s = testStation(t, { policy: ASKING });
  const [agent, ofOrder, ofGit, real] = [
    await atPty(t, { CLAUDECODE: '1' }),
    await atPty(t, { WAYBILL_RUN: 'x' }),
    await atPty(t, { WAYBILL_GIT: '1' }),
    await atPty(t),
  ];
  for (const name of ['WO-OTHER', 'WO-HELD', 'WO-TWICE', 'WO-BOTH', 'WO-WEAK']) s.drop(asking(name));
  s.drain();
  let station = 0;
  const [refused, stale, unknown] = ['APPROVAL_REFUSED', 'APPROVAL_STALE', 'UNKNOWN_COMMAND'];
  const rows: Forgery[] = [
    ['a process that is gone', refused, () => terminal(9_999_999)],
    ['one that is gone, in a file that says it is old', refused, () => terminal(9_999_998)],
    ['the station', refused, () => terminal(station)],
    ['the first process', refused, () => terminal(1)],
    ['a process without a terminal', refused, () => terminal(process.pid)],
    ['a coding agent at a terminal', refused, () => terminal(agent)],
    ['a command of an order at a terminal', refused, () => terminal(ofOrder)],
    ['a git of the station at a terminal', refused, () => terminal(ofGit)],
    ['a number that is used again', refused, () => terminal(real, '1')],
    ['another hash', stale, () => ({ ...terminal(real), sha256: `sha256:${'0'.repeat(64)}` })],
    ['another asking', stale, () => ({ ...terminal(real), ask: '01JD0000000000000000000000' })],
    ['copied from another order', stale, () => ({ ...terminal(real), ...copied(s, 'WO-OTHER') })],
    ['the hash of another order', stale, () => ({ ...terminal(real), sha256: askOf(s, 'WO-OTHER').sha256 })],
    ['for an order that nobody knows', 'UNKNOWN_ORDER', () => ({ ...terminal(real), wo_id: 'WO-NOBODY' })],
    ['an approval without proof', unknown, () => ({ proof: undefined })],
    ['a proof of no kind', unknown, () => ({ proof: { kind: 'none' } })],
    ['a proof by word', unknown, () => ({ proof: { kind: 'terminal', by: 'anna' } })],
    ['more than a decision', unknown, () => ({ ...terminal(real), by: 'anna' })],
    ['another version', unknown, () => ({ ...terminal(real), v: 2 })],
    ['neither yes nor no', unknown, () => ({ ...terminal(real), decision: 'maybe' })],
    ['a signature nobody can check', refused, () => ({ proof: { kind: 'ssh', signature: 'x' } })],
    ['release', 'ILLEGAL_TRANSITION', (wo_id) => plainCommand('release', wo_id)],
    ['retry', 'ILLEGAL_TRANSITION', (wo_id) => plainCommand('retry', wo_id)],
  ];
  for (const n of rows.keys()) s.drop(asking(`WO-F${n}`));
  s.drain();
  station = (await s.up(t)).pid;
  const names = rows.map(([, , document], n) => forge(s, `WO-F${n}`, document(`WO-F${n}`)));
  const now = Date.now() / 1000 - 86_400;
  const old = forge(s, 'WO-F1', terminal(9_999_998));
  const path = s.path(`.git/waybill/commands/${old.replace('.refused', '')}`);
  try {
    lutimesSync(path, now, now);
  } catch {
    // it was refused already, as its neighbour was
  }
  for (const name of [...names, old])
    await until(
      () => s.exists(`.git/waybill/commands/${name}`),
      `${name}, ${rows[names.indexOf(name)]?.[0]} is refused`,
    );
  const got = rows.map(([name], n) => [name, refusalOf(s, names[n] ?? '').code]);
  assert.deepEqual(
    got,
    rows.map(([name, code]) => [name, code]),
  );
  for (const n of rows.keys()) assert.equal(endOf(s, `WO-F${n}`), 'approval', rows[n]?.[0]);

  // held and let go again, it asks still
  const command = (text: Document, n: number) =>
    s.write(`.git/waybill/commands/01ZZZZZZZZZZZZZZZZZZZZYY0${n}.json`, JSON.stringify(text));
  command(plainCommand('hold', 'WO-HELD'), 1);
  await until(() => endOf(s, 'WO-HELD') === 'hold', 'it is held');
  command(plainCommand('release', 'WO-HELD'), 2);
  await until(() => endOf(s, 'WO-HELD') === 'approval', 'it asks again');

  // what a person at an unrelated terminal may do is recorded as what it is: weak. Once.
  const [yes, again] = [forge(s, 'WO-TWICE', terminal(real)), forge(s, 'WO-TWICE', terminal(real))];
  await until(() => s.exists(`.git/waybill/commands/${again}`), 'the second is told');
  assert.equal(refusalOf(s, again).code, stale);
  assert.ok(!s.exists(`.git/waybill/commands/${yes}`));
  await until(() => endOf(s, 'WO-TWICE') === 'done', 'it runs, once');
  forge(s, 'WO-BOTH', { ...terminal(real), decision: 'deny' });
  const late = forge(s, 'WO-BOTH', terminal(real));
  await until(() => s.exists(`.git/waybill/commands/${late}`), 'the second is told');
  await until(() => endOf(s, 'WO-BOTH') === 'DENIED', 'the first counts');
  assert.match(s.waybill('log', 'WO-TWICE', '--json').stdout, /at a terminal/);
  const made = readdirSync(s.root).filter((name) => name.startsWith('ran-'));
  assert.deepEqual(made, ['ran-WO-TWICE.txt']);
  assert.equal(s.waybill('verify').code, 0);
});

function copied(s: TestStation, woId: string): Document {
  const { ask, sha256 } = askOf(s, woId);
  return { ask, sha256 };
}

/** Another command in the shape of a forged one. */
function plainCommand(command: string, wo_id: string): Document {
  return { v: 1, command, at: new Date().toISOString(), wo_id, ask: undefined, sha256: undefined, decision: undefined };
}

test('rule 13: signatures by others, of others, over other words, and of those who may no more', (t) => {
  const [anna, boss, mallory] = [newKey(t, 'anna'), newKey(t, 'boss'), newKey(t, 'mallory')];
  const approver = ({ publicKey }: { publicKey: string }, name: string) => `{name: ${name}, keys: ["${publicKey}"]}`;
  const rules = 'rules: [{class: ask, lanes: [BOSS], commands: ["*"], approvers: [boss]}]\n';
  const policy = (...who: string[]) => `${ASKING}${rules}approvals: {proof: ssh}\napprovers: [${who.join(', ')}]\n`;
  const all = policy(approver(anna, 'anna'), approver(boss, 'boss'));
  const s = testStation(t, { policy: all });
  const rows: readonly (readonly [name: string, sign: (woId: string) => Document])[] = [
    ['by no approver', (woId) => signature(mallory.file, text(s, woId))],
    ['of another order', () => signature(anna.file, text(s, 'WO-OTHER'))],
    ['of a denial', (woId) => signature(anna.file, text(s, woId, '--deny'))],
    ['of yes for once, sent as yes for good', (woId) => ({ ...signature(anna.file, text(s, woId)), always: true })],
    ['of yes for good, sent as yes for once', (woId) => signature(anna.file, text(s, woId, '--always'))],
    ['with another reason', (woId) => ({ ...signature(anna.file, text(s, woId)), reason: 'because' })],
    ['of another station', (woId) => signature(anna.file, text(s, woId).replace(/station .*/, 'station X'))],
    [
      'of another asking',
      (woId) => signature(anna.file, text(s, woId).replace(/ask .*/, 'ask 01JD0000000000000000000000')),
    ],
    ['of another subject', (woId) => signature(anna.file, text(s, woId).replace(/[0-9a-f]{64}/, '0'.repeat(64)))],
    ['of a text with more lines', (woId) => signature(anna.file, `${text(s, woId)}\n`)],
    ['in the namespace of files', (woId) => signature(anna.file, text(s, woId), 'file')],
    ['in the namespace of git', (woId) => signature(anna.file, text(s, woId), 'git')],
    [
      'that is empty',
      () => ({ proof: { kind: 'ssh', signature: '-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----' } }),
    ],
    ['that is a public key', () => ({ proof: { kind: 'ssh', signature: anna.publicKey } })],
    ['that names another signer', (woId) => signature(mallory.file, `${text(s, woId)}\n* ${mallory.publicKey}\n`)],
    ['typed at a terminal', () => terminal(process.pid)],
  ];
  s.drop(asking('WO-OTHER'));
  for (const n of rows.keys()) s.drop(asking(`WO-S${n}`));
  s.drop(asking('WO-BOSS', { approval: { by: ['anna', 'mallory'], why: 'widen it' } }), 'BOSS');
  s.drop(asking('WO-REVOKED'));
  s.drop(asking('WO-AGAIN', { actions: [{ action: 'command', command: 'touch ran-AGAIN.txt; false' }] }));
  s.drain();
  const names = rows.map(([, sign], n) => forge(s, `WO-S${n}`, sign(`WO-S${n}`)));
  const notBoss = forge(s, 'WO-BOSS', signature(anna.file, text(s, 'WO-BOSS')));
  const once = signature(anna.file, text(s, 'WO-AGAIN'));
  const first = copied(s, 'WO-AGAIN');
  forge(s, 'WO-AGAIN', once);
  s.drain();
  for (const [n, [name]] of rows.entries()) {
    assert.equal(refusalOf(s, names[n] ?? '').code, 'APPROVAL_REFUSED', name);
    assert.equal(endOf(s, `WO-S${n}`), 'approval', name);
  }
  assert.equal(refusalOf(s, notBoss).code, 'APPROVAL_REFUSED');
  assert.equal(endOf(s, 'WO-AGAIN'), 'COMMAND_FAILED');
  // the same signature once more, for the next attempt
  s.waybill('retry', 'WO-AGAIN');
  s.drain();
  rmSync(s.path('ran-AGAIN.txt'), { force: true });
  const replayed = [forge(s, 'WO-AGAIN', once), forge(s, 'WO-AGAIN', { ...once, ...first })];
  const revoked = forge(s, 'WO-REVOKED', signature(anna.file, text(s, 'WO-REVOKED')));
  s.write('policy.yaml', policy(approver(boss, 'boss')));
  s.drain();
  assert.deepEqual(
    [...replayed, revoked].map((name) => refusalOf(s, name).code),
    ['APPROVAL_REFUSED', 'APPROVAL_STALE', 'APPROVAL_REFUSED'],
  );
  assert.deepEqual(
    readdirSync(s.root).filter((name) => name.startsWith('ran-')),
    [],
  );
  assert.equal(s.waybill('verify').code, 0);
});

function text(s: TestStation, woId: string, ...more: string[]): string {
  return s.waybill('approvals', woId, '--text', ...more).stdout;
}

function signature(key: string, of: string, namespace = 'waybill'): Document {
  const args = ['-q', '-Y', 'sign', '-n', namespace, '-f', key];
  return { proof: { kind: 'ssh', signature: spawnSync('ssh-keygen', args, { input: of, encoding: 'utf8' }).stdout } };
}

test('rule 13: what changes between asking, deciding and running is never run as it was approved', async (t) => {
  const s = testStation(t, { policy: ASKING, files: { 'a.txt': 'before\n', 'tool.sh': 'true\n' } });
  const real = await atPty(t);
  const script = (woId: string) => ({
    wo_id: woId,
    title: woId,
    actions: [{ action: 'command', command: 'sh tool.sh' }],
  });
  const edit = { action: 'edit', path: 'a.txt', find: 'before', replace: 'after' };
  s.drop({ wo_id: 'WO-TARGET', title: 'x', approval: { why: 'ask' }, actions: [edit] });
  s.drop(script('WO-TOOL'));
  for (const name of ['WO-SUBJECT', 'WO-DIFF', 'WO-REQUEST', 'WO-NEVER', 'WO-LINK', 'WO-GONE', 'WO-CHOWN'])
    s.drop(asking(name, { approval: { why: 'ask' }, files: [{ path: `${name}.txt`, content: 'x\n' }] }));
  s.drain();
  const asked = (woId: string, end: string) =>
    `.git/waybill/claimed/${askOf(s, woId).claim}/.approvals/${askOf(s, woId).ask}.${end}`;
  s.write(asked('WO-SUBJECT', 'json'), s.read(asked('WO-SUBJECT', 'json')).replaceAll('ran-', 'fine-'));
  s.write(asked('WO-DIFF', 'diff'), 'nothing at all\n');
  for (const woId of ['WO-SUBJECT', 'WO-DIFF']) {
    const shown = s.waybill('approvals', woId);
    assert.ok(!/fine-|nothing at all/.test(shown.stdout), `${woId}: shows what is not asked: ${shown.stdout}`);
  }
  const claim = `.git/waybill/claimed/${askOf(s, 'WO-REQUEST').claim}`;
  const file = `${claim}/${s.names(claim)[0] ?? ''}`;
  s.write(file, s.read(file).replaceAll('ran-', 'evil-'));
  forge(s, 'WO-REQUEST', terminal(real));
  forge(s, 'WO-TARGET', terminal(real));
  forge(s, 'WO-TOOL', terminal(real));
  s.write('tool.sh', 'touch ran-evil.txt\n');
  s.write('a.txt', 'before, and more\n');
  s.commitAll('Somebody changes what was asked about');
  const foreign = forge(s, 'WO-CHOWN', terminal(real));
  if (process.getuid?.() === 0)
    chownSync(s.path('.git/waybill/commands', foreign.replace('.refused', '')), 65534, 65534);
  s.drain();
  assert.equal(endOf(s, 'WO-TARGET'), 'approval');
  assert.equal(endOf(s, 'WO-TOOL'), 'approval');
  assert.equal(s.read('a.txt'), 'before, and more\n');
  assert.notEqual(endOf(s, 'WO-REQUEST'), 'done');
  if (process.getuid?.() === 0) {
    assert.equal(refusalOf(s, foreign).code, 'APPROVAL_REFUSED');
    assert.equal(endOf(s, 'WO-CHOWN'), 'approval');
  }
  forge(s, 'WO-NEVER', terminal(real));
  s.write('policy.yaml', `${ASKING}rules: [{class: never, commands: [[touch]]}]\n`);
  s.drain();
  assert.equal(endOf(s, 'WO-NEVER'), 'POLICY_DENIED');
  forge(s, 'WO-LINK', terminal(real));
  s.write('mine.yaml', 'version: 1\nrules: [{class: safe, commands: ["*"]}]\nisolation: {commands: in_place}\n');
  rmSync(s.path('policy.yaml'));
  symlinkSync('mine.yaml', s.path('policy.yaml'));
  s.drop(asking('WO-NEW'));
  s.drain();
  assert.match(s.waybill('policy', 'check').stderr, /POLICY_INVALID.*symbolic link/);
  rmSync(s.path('policy.yaml'));
  forge(s, 'WO-GONE', terminal(real));
  s.drain();
  assert.deepEqual(
    readdirSync(s.root).filter((name) => /^(ran|evil)-/.test(name)),
    [],
  );
  for (const woId of ['WO-LINK', 'WO-GONE']) assert.equal(endOf(s, woId), 'approval', woId);
});

test('trust: whoever writes trust.json gains nothing: not another lane, not what was taken back', async (t) => {
  const s = testStation(t, { policy: ASKING });
  const real = await atPty(t);
  const round = (n: number, lane = 'MAIN') => {
    s.drop({ wo_id: `WO-${n}`, title: 'x', actions: [{ action: 'command', command: 'touch one.txt' }] }, lane);
    s.drain();
    return endOf(s, `WO-${n}`);
  };
  assert.equal(round(1), 'approval');
  forge(s, 'WO-1', { ...terminal(real), always: true });
  s.drain();
  assert.equal(round(2), 'done');
  const good = s.read('.git/waybill/trust.json');
  s.write('.git/waybill/trust.json', good.replaceAll('"MAIN"', '"OTHER"'));
  assert.equal(round(3, 'OTHER'), 'approval', 'of another lane');
  s.write('.git/waybill/trust.json', good.replace(/"uid": \d+/, '"uid": 4242'));
  assert.equal(round(4), 'approval', 'of somebody else');
  s.write('.git/waybill/trust.json', good);
  assert.equal(round(5), 'done');
  const { pattern } = (JSON.parse(good) as { entries: [{ pattern: string }] }).entries[0];
  s.waybill('policy', 'distrust', pattern.slice(7, 19));
  s.drain();
  assert.equal(round(6), 'approval');
  s.write('.git/waybill/trust.json', good);
  assert.equal(round(7), 'approval', 'taken back');
});

test('rule 13: no order decides: not as a file in an inbox, not by writing where decisions lie', (t) => {
  const s = testStation(t, { policy: ASKING });
  s.drop(asking('WO-1'));
  s.drain();
  const decision = { v: 1, command: 'decide', at: new Date().toISOString(), wo_id: 'WO-1', ...copied(s, 'WO-1') };
  const document = { ...decision, decision: 'approve', ...terminal(process.pid) };
  s.write('bridge/inbox/MAIN/decision.json', JSON.stringify(document));
  s.write('bridge/inbox/MAIN/01ZZZZZZZZZZZZZZZZZZZZZZZZ.json', JSON.stringify(document));
  const path = '.git/waybill/commands/01ZZZZZZZZZZZZZZZZZZZZZZZZ.json';
  s.drop({ wo_id: 'WO-2', title: 'x', files: [{ path, content: JSON.stringify(document) }] });
  const rows = ['approve WO-1', 'approvals WO-1 --text', 'release WO-1', 'retry WO-1', 'policy distrust x'];
  for (const [n, args] of rows.entries())
    s.drop({ wo_id: `WO-C${n}`, title: 'x', actions: [{ action: 'command', command: `waybill ${args}` }] });
  s.drain();
  assert.equal(endOf(s, 'WO-2'), 'PATH_DENIED');
  for (const n of rows.keys()) assert.match(endOf(s, `WO-C${n}`), /POLICY_DENIED|approval/, rows[n]);
  assert.equal(endOf(s, 'WO-1'), 'approval');
  assert.equal(s.exists('ran-WO-1.txt'), false);
});

test.run();
