import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Ajv2020 } from 'ajv/dist/2020.js';
import { testStation } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';
import { doctor, giveAway, only, openDoors, realGit } from './patients.ts';

const test = suite('station/doctor', { needs: ['git', 'linux'] });

/** Everything below a folder, with what it holds. */
function pictureOf(folder: string): string[] {
  return (readdirSync(folder, { recursive: true }) as string[])
    .map((name) => {
      const path = join(folder, name);
      return `${name} ${lstatSync(path).isFile() ? readFileSync(path).toString('base64') : ''}`;
    })
    .sort();
}

test('a good station has no fault, every check speaks, and nothing in it is changed', (t) => {
  const s = testStation(t);
  const before = pictureOf(s.root);
  const { code, report } = doctor(s.root);
  assert.deepEqual([code, report.ok, report.v, report.root], [0, true, 1, s.root]);
  const names =
    'node lock git settings repository git settings folders disk space watches clock sandbox agents running';
  const seen = [...new Set(report.findings.map(({ check }) => check))].join(' ');
  assert.equal(seen, names);
  for (const { ok, mend, message } of report.findings) assert.equal(mend === null, ok === 'ok', message);
  assert.deepEqual(pictureOf(s.root), before);
  const { Ajv2020: Ajv } = createRequire(import.meta.url)('ajv/dist/2020.js') as { Ajv2020: new () => Ajv2020 };
  const schema = JSON.parse(readFileSync('schemas/doctor-report.schema.json', 'utf8')) as object;
  assert.ok(new Ajv().compile(schema)(report));
  const said = s.waybill('doctor');
  assert.match(said.stdout, /^ok +git +git \d/m);
  assert.match(said.stdout, /^warning {2}running .*\n +mend: Start it: `waybill up`/m);
  assert.match(said.stdout, /^0 faults, \d+ warnings?: /m);
});

test('outside of any station the machine is looked at; a station that is named must be there', (t) => {
  const folder = t.tempDir();
  const { code, report } = doctor(folder);
  assert.deepEqual([code, report.ok, report.root], [0, true, null]);
  assert.deepEqual(
    report.findings.map(({ check }) => check),
    ['node', 'lock', 'git', 'watches', 'clock', 'sandbox'],
  );
  const wrong = doctor(folder, { args: ['--station', join(folder, 'never')] });
  assert.equal(wrong.code, 1);
  assert.match(only(wrong, 'settings')[0] ?? '', /^fault settings: .*never does not exist/);
});

test('roles of missions: a file at fault is named with its place, and a role whose programs are all missing', (t) => {
  const s = testStation(t);
  assert.deepEqual(only(doctor(s.root), 'agents'), []);
  const use = (command: string) => `version: 1\nuse: [{name: a, adapter: acp, command: [${command}]}]\n`;
  s.write('agents/builder/agent.yaml', use('git'));
  assert.deepEqual(only(doctor(s.root), 'agents'), []);
  s.write('agents/planner/agent.yaml', use('waybill-no-such-agent'));
  const missing = doctor(s.root);
  assert.deepEqual(only(missing, 'agents'), [
    'warning agents: nobody can work as planner: waybill-no-such-agent is not there',
  ]);
  assert.equal(missing.code, 0);
  s.write('agents/planner/agent.yaml', `${use('git')}mode: x\n`);
  const broken = doctor(s.root);
  assert.deepEqual(only(broken, 'agents'), ['fault agents: agents/planner/agent.yaml:3:1: mode: is not a known key']);
  assert.equal(broken.code, 1);
});

test('rule 10: without git that is told, and everything else is still looked at', (t) => {
  const s = testStation(t);
  const empty = t.tempDir();
  const visit = doctor(s.root, { env: { PATH: empty } });
  assert.equal(visit.code, 1);
  assert.deepEqual(only(visit, 'git'), ['fault git: there is no git on PATH']);
  const found = visit.report.findings.find(({ check }) => check === 'git');
  assert.match(found?.mend ?? '', new RegExp(`PATH is ${empty}`));
  for (const check of ['lock', 'folders', 'disk', 'space', 'running'])
    assert.ok(
      visit.report.findings.some((finding) => finding.check === check && finding.ok !== 'fault'),
      check,
    );
});

test('rule 5: a git that does not sync what it writes is a fault, and so is one that is none', (t) => {
  const s = testStation(t);
  const bin = t.tempDir();
  const old = (version: string) =>
    writeFileSync(
      join(bin, 'git'),
      `#!/bin/sh\nfor word; do [ "$word" = --version ] && { echo "${version}"; exit 0; }; done\nexec ${realGit()} "$@"\n`,
      { mode: 0o755 },
    );
  const env = { PATH: `${bin}:${process.env['PATH']}` };
  old('git version 2.35.9');
  const visit = doctor(s.root, { env });
  assert.equal(visit.code, 1);
  assert.match(only(visit, 'git')[0] ?? '', /^fault git: git 2.35.9 does not sync/);
  for (const good of ['git version 2.36.0', 'git version 2.39.5 (Apple Git-154)', 'git version 3.0.0.rc1']) {
    old(good);
    assert.deepEqual(only(doctor(s.root, { env }), 'git'), [], good);
  }
  old('bash: git: broken');
  assert.match(only(doctor(s.root, { env }), 'git')[0] ?? '', /does not tell its version: bash: git: broken/);
});

test("git's settings that hide lost modes or change bytes are told, and who commits", (t) => {
  const s = testStation(t);
  for (const [key, value] of [
    ['core.fileMode', 'false'],
    ['core.autocrlf', 'true'],
    ['core.fsmonitor', 'true'],
  ])
    s.git('config', key ?? '', value ?? '');
  s.git('config', '--unset', 'user.email');
  const visit = doctor(s.root, { env: { HOME: t.tempDir() } });
  assert.equal(visit.code, 0);
  const told = only(visit, 'git settings').join('\n');
  assert.match(told, /core.fileMode is false/);
  assert.match(told, /core.autocrlf is true/);
  assert.match(told, /does not know user.email: commits/);
  assert.doesNotMatch(told, /fsmonitor/);
  assert.ok(visit.report.findings.some(({ message }) => message.startsWith('core.fsmonitor is on')));
});

test('a repository that cannot be written safely is a fault with the reason', (t) => {
  const split = testStation(t);
  split.git('config', 'core.splitIndex', 'true');
  assert.match(only(doctor(split.root), 'repository')[0] ?? '', /^fault repository: .* uses a split index/);
  const tracked = testStation(t);
  tracked.write('state/orders/WO-1.json', '{}');
  tracked.git('add', '--force', 'state/orders/WO-1.json');
  const visit = doctor(tracked.root);
  assert.match(only(visit, 'repository')[0] ?? '', /state\/orders\/WO-1.json is tracked by git/);
  assert.equal(visit.code, 1);
  const shown = testStation(t);
  shown.write('state/artifacts/status/runtime_status.json', '{}');
  shown.git('add', '--force', 'state/artifacts/status/runtime_status.json');
  const told = doctor(shown.root);
  assert.match(
    only(told, 'repository')[0] ?? '',
    /^warning repository: state\/artifacts\/status\/runtime_status.json is tracked by git where Waybill shows/,
  );
  assert.equal(told.code, 0);
  const detached = testStation(t);
  detached.git('checkout', '--quiet', '--detach');
  assert.match(only(doctor(detached.root), 'repository')[0] ?? '', /^warning repository: HEAD is detached/);
  const none = testStation(t);
  rmSync(none.path('.git'), { recursive: true });
  assert.match(only(doctor(none.root), 'repository')[0] ?? '', /is not in a git repository/);
  const broken = testStation(t);
  rmSync(broken.path('.git/HEAD'));
  assert.match(only(doctor(broken.root), 'repository')[0] ?? '', /git does not take \S+\.git for a repository: fatal/);
});

test('rule 10: settings that cannot be read are told with their place, and the station is looked at all the same', (t) => {
  const s = testStation(t, { settings: 'lanes: {MAIN: {}}\n' });
  s.write('waybill.yaml', 'version: 1\nlanes:\n  MAIN: {speed: 1}\n');
  const visit = doctor(s.root);
  assert.equal(visit.code, 1);
  assert.match(
    only(visit, 'settings')[0] ?? '',
    /^fault settings: waybill.yaml:3:\d+: lanes.MAIN.speed: is not a known/,
  );
  assert.ok(visit.report.findings.some(({ check, ok }) => check === 'disk' && ok === 'ok'));
});

test('a folder that the station may not write, or not even read, is a fault that names both users', (t) => {
  const s = testStation(t, { settings: 'lanes: {MAIN: {}, CLOSED: {}}\n' });
  const other = giveAway(t, s.root);
  const as = other === undefined ? {} : { uid: other.uid, env: { HOME: other.home } };
  assert.deepEqual(doctor(s.root, as).code, 0);
  chmodSync(s.path('bridge/inbox/MAIN'), 0o555);
  chmodSync(s.path('bridge/inbox/CLOSED'), 0o000);
  t.defer(() => chmodSync(s.path('bridge/inbox/CLOSED'), 0o755));
  const visit = doctor(s.root, as);
  assert.equal(visit.code, 1);
  const told = only(visit, 'folders');
  assert.equal(told.length, 2, visit.complaints.join('\n'));
  for (const text of told) assert.match(text, /^fault folders: \S+ cannot write in \S+(MAIN|CLOSED): it belongs to /);
  chmodSync(s.root, 0o555);
  t.defer(() => chmodSync(s.root, 0o755));
  const closed = doctor(s.root, as);
  assert.match(only(closed, 'disk')[0] ?? '', /^fault disk: nothing can be tried in \S+: EACCES/);
});

test("root in somebody else's station is told whose it is, by git too", (t) => {
  const s = testStation(t);
  if (giveAway(t, s.root) === undefined) return;
  const visit = doctor(s.root, { env: { HOME: t.tempDir() } });
  assert.match(only(visit, 'folders')[0] ?? '', /^warning folders: \S+ belongs to nobody, and this is root/);
  assert.match(only(visit, 'repository')[0] ?? '', /dubious ownership/);
  assert.equal(visit.code, 1);
});

test('what everybody may write to: orders to be dropped are a warning, the rest is a fault; a closed door closes it', (t) => {
  const s = testStation(t);
  const loose = ['bridge/inbox/MAIN', 'waybill.yaml', '.git', '.git/waybill/commands'];
  for (const path of loose) chmodSync(s.path(path), lstatSync(s.path(path)).mode | 0o002);
  openDoors(s.root);
  const told = only(doctor(s.root), 'folders');
  assert.deepEqual(
    told
      .map((text) => text.replace(s.root, '').replace(/: .* (write to|orders into) /, ' '))
      .map((text) => text.split(',')[0]),
    [
      'fault folders /waybill.yaml',
      'fault folders /.git',
      'fault folders /.git/waybill/commands',
      'warning folders /bridge/inbox/MAIN',
    ],
  );
  chmodSync(s.root, 0o700);
  assert.deepEqual(only(doctor(s.root), 'folders'), []);
});

test('too little room is a fault, as intake sees it', (t) => {
  const s = testStation(t, { settings: 'intake: {min_free_mb: 100000000}\n' });
  const visit = doctor(s.root);
  assert.match(only(visit, 'space')[0] ?? '', /^fault space: \d+ MB are free at .*: intake waits below 100000000 MB/);
  assert.equal(visit.code, 1);
});

test('programs that policy names and nobody installed are told, before an order ends with 127', (t) => {
  const s = testStation(t, {
    policy: `version: 1
rules:
  - class: safe
    commands:
      - no-such-program --flag
      - FOO=1 also-missing
      - test -f x
      - "[ -f x ]"
      - "$(echo x) y"
      - git status
      - "*"
      - [tools/there.sh]
  - class: ask
    commands: [[tools/gone.sh, a], [git, status]]
  - {class: never, commands: [[never-there]]}
`,
  });
  s.write('tools/there.sh', '#!/bin/sh\n', 0o755);
  assert.deepEqual(only(doctor(s.root), 'programs'), [
    'warning programs: policy.yaml names no-such-program, which is not on PATH',
    'warning programs: policy.yaml names also-missing, which is not on PATH',
    'warning programs: policy.yaml names tools/gone.sh, which is not an executable file',
  ]);
  chmodSync(s.path('tools/there.sh'), 0o644);
  assert.equal(only(doctor(s.root), 'programs').length, 4);
});

test('a station that runs is seen, one that is stopped is a fault, one of another build a warning', async (t) => {
  const s = testStation(t);
  const { pid } = await s.up(t);
  assert.deepEqual(only(doctor(s.root), 'running'), []);
  process.kill(pid, 'SIGSTOP');
  const stopped = doctor(s.root);
  assert.match(only(stopped, 'running')[0] ?? '', /^fault running: the station is stopped/);
  process.kill(pid, 'SIGCONT');
  const beat = JSON.parse(s.read('.git/waybill/heartbeat.json')) as object;
  const say = (more: object) => s.write('.git/waybill/heartbeat.json', JSON.stringify({ ...beat, ...more }));
  say({ version: '0.0.1', at: new Date().toISOString() });
  assert.match(
    only(doctor(s.root), 'running')[0] ?? '',
    /^warning running: the station runs waybill 0.0.1 .*, this is /,
  );
  // the station goes on beating beside us
  const heard = () => {
    say({ at: '2025-01-01T00:00:00.000Z' });
    return only(doctor(s.root), 'running')[0] ?? '';
  };
  let last = heard();
  for (let n = 0; n < 5 && last === ''; n++) last = heard();
  assert.match(last, /was last heard at 2025/);
});

test('records from the future are told', (t) => {
  const s = testStation(t);
  const date = `${Math.floor(Date.now() / 1000) + 86_400} +0000`;
  execFileSync('git', ['commit', '--quiet', '--allow-empty', '-m', 'tomorrow'], {
    cwd: s.root,
    env: { ...process.env, GIT_COMMITTER_DATE: date },
  });
  assert.match(only(doctor(s.root), 'clock')[0] ?? '', /^warning clock: the last commit is from the future/);
});

test('a git folder on another disk, in memory too, is told', (t) => {
  if (!existsSync('/dev/shm') || lstatSync('/dev/shm').dev === lstatSync(t.tempDir()).dev) return;
  const s = testStation(t);
  const away = `/dev/shm/waybill-doctor-test-${process.pid}`;
  t.defer(() => rmSync(away, { recursive: true, force: true }));
  cpSync(s.path('.git'), `${away}/git`, { recursive: true });
  rmSync(s.path('.git'), { recursive: true });
  s.write('.git', `gitdir: ${away}/git\n`);
  const visit = doctor(s.root);
  assert.match(only(visit, 'disk').join('\n'), /are on two file systems/);
  assert.match(only(visit, 'disk').join('\n'), /shm\/\S+ lies in memory/);
  assert.equal(visit.code, 0, visit.complaints.join('\n'));
});

test.run();
