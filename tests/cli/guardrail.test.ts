import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { guardedStation, guardrailYaml } from '../support/guarded.ts';
import { CLI, testStation, until } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** `waybill guardrail` from outside: exit codes, JSON, signals. */

const test = suite('cli/guardrail', { needs: ['git', 'linux'], timeoutMs: 120_000 });

const SETUP = { components: ['{kind: file, path: a.txt}'], files: { 'a.txt': 'a\n' } };

test('--once: 0 when nothing is at fault, 1 when something is; the same as JSON', (t) => {
  const s = guardedStation(t, SETUP);
  const well = s.waybill('guardrail', '--once');
  assert.deepEqual([well.code, well.stdout], [0, 'healthy: 1 components, nothing is missing\n']);
  rmSync(s.path('a.txt'));
  const ill = s.waybill('guardrail', '--once');
  assert.equal(ill.code, 1);
  assert.match(
    ill.stdout,
    /^missing {8}a\.txt\n {15}is not there any more; found 20\S+, last seen good 20\S+; a repair would bring it back from HEAD\n/,
  );
  const json = s.waybill('guardrail', '--once', '--json');
  assert.equal(json.code, 1);
  const document = JSON.parse(json.stdout) as { ok: boolean; components: number; faults: { component: string }[] };
  assert.deepEqual([document.ok, document.components, document.faults.map((f) => f.component)], [false, 1, ['a.txt']]);
  s.write('a.txt', 'a\n');
  const back = s.waybill('guardrail', '--once');
  assert.equal(back.code, 0);
  assert.match(back.stdout, /^recovered {2}a\.txt {2}after \d+s\n/);
});

test('--list names the components with what is done about each; a name from a list is plain text', (t) => {
  const s = guardedStation(t, { ...SETUP, guardrail: ['lists: [list.yaml]'] });
  s.write('list.yaml', '- "b\\e[2Jc"\n- {kind: folder, path: g, repair: auto, severity: warning}\n');
  const { code, stdout } = s.waybill('guardrail', '--list');
  assert.equal(code, 0);
  assert.match(stdout, /^file {7}critical {2}report {2}a\.txt$/m);
  assert.match(stdout, /^folder {5}warning {3}auto {4}g$/m);
  assert.ok(!stdout.includes('\u001b'));
  const document = JSON.parse(s.waybill('guardrail', '--list', '--json').stdout) as { components: { name: string }[] };
  // the list is one itself
  assert.equal(document.components.length, 4);
});

test('a look from cron hides no guardrail that died, and says nothing of when it was good of what is new', (t) => {
  const s = guardedStation(t, SETUP);
  assert.equal(s.waybill('guardrail', '--once').code, 0);
  const path = '.git/waybill/guardrail/look.json';
  const interval = { at: new Date(Date.now() - 60_000).toISOString(), pid: 4711, seconds: 5 };
  s.write(path, JSON.stringify({ ...(JSON.parse(s.read(path)) as object), interval }));
  s.write(
    'waybill.yaml',
    guardrailYaml({ components: ['{kind: file, path: new.txt}', '{kind: processor, name: guardrail}'] }),
  );
  const { code, stdout } = s.waybill('guardrail', '--once', '--json');
  assert.equal(code, 1);
  assert.deepEqual((JSON.parse(s.read(path)) as { interval: object }).interval, interval);
  const { faults } = JSON.parse(stdout) as { faults: { component: string; good_at: string | null; message: string }[] };
  const guardrail = faults.find((f) => f.component === 'processor:guardrail');
  assert.match(guardrail?.message ?? '', /^it looked last 1m ago$/);
  assert.equal(faults.find((f) => f.component === 'new.txt')?.good_at, null);
});

test('--deep sends a canary through a station that runs, and says so where none does', async (t) => {
  const s = guardedStation(t, SETUP);
  const alone = s.waybill('guardrail', '--deep');
  assert.equal(alone.code, 1);
  assert.match(alone.stdout, /^not_alive {6}canary\n {15}no station process runs that would take it/);
  await s.up(t);
  const deep = s.waybill('guardrail', '--deep', '--json');
  assert.equal(deep.code, 0, deep.stdout + deep.stderr);
  assert.equal((JSON.parse(deep.stdout) as { ok: boolean }).ok, true);
  assert.ok(s.names('bridge/outbox/MAIN').some((name) => name.startsWith('WO-CANARY')));
});

test('--accept takes a file as it is, and --review takes only a number of hours', (t) => {
  const s = guardedStation(t, SETUP);
  s.write('a.txt', 'hers\n');
  assert.equal(s.waybill('guardrail', '--once').code, 1);
  const accepted = s.waybill('guardrail', '--accept', './a.txt', '--json');
  assert.equal(accepted.code, 0);
  assert.equal((JSON.parse(accepted.stdout) as { path: string }).path, 'a.txt');
  assert.equal(s.waybill('guardrail', '--once').code, 0);
  assert.equal(
    s.waybill('guardrail', '--review').stdout,
    'nothing was missing, cut off or without its mode in the last 48 hours\n',
  );
  assert.equal(s.waybill('guardrail', '--review', '--hours', 'many').code, 64);
});

test('--once works where waybill.yaml is gone, and says so', (t) => {
  const s = guardedStation(t, SETUP);
  assert.equal(s.waybill('guardrail', '--once').code, 0);
  rmSync(s.path('waybill.yaml'));
  const gone = s.waybill('guardrail', '--once');
  assert.equal(gone.code, 1);
  assert.match(gone.stdout, /unreadable {5}waybill\.yaml\n {15}it is not there/);
  s.write('waybill.yaml', guardrailYaml(SETUP));
  assert.equal(s.waybill('guardrail', '--once').code, 0);
});

test('a folder that is no station is refused', (t) => {
  const s = testStation(t);
  rmSync(s.path('waybill.yaml'));
  rmSync(s.path('.git'), { recursive: true });
  assert.notEqual(s.waybill('guardrail', '--once').code, 0);
});

for (const signal of ['SIGTERM', 'SIGINT'] as const)
  test(`${signal} ends one that goes on, with 0`, async (t) => {
    const s = guardedStation(t, SETUP);
    const child = spawn(process.execPath, [CLI, 'guardrail', '--log-level', 'fatal'], { cwd: s.root, stdio: 'ignore' });
    t.defer(() => child.kill('SIGKILL'));
    const ended = once(child, 'exit');
    await until(() => s.exists('.git/waybill/guardrail/look.json'), 'it looked');
    child.kill(signal);
    assert.deepEqual(await ended, [0, null]);
  });

test.run();
