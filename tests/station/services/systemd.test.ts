import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ANYTHING, TestStation, testStation, until } from '../../support/station.ts';
import { assert, suite, type TestContext } from '../../support/suite.ts';
import { UserSystemd } from '../../support/user-systemd.ts';

/** The service as people and agents use it, under a real systemd: nothing here is made up. */
const test = suite('station/services under a real systemd', { needs: ['user-systemd'], timeoutMs: 300_000 });

interface Shown {
  name: string;
  file: string;
  file_state: string;
  loaded: boolean;
  running: boolean;
  pid: number | null;
  last_exit: number | null;
  why: string | null;
  drift?: string[];
}

class Served {
  readonly manager: UserSystemd;
  readonly s: TestStation;

  constructor(manager: UserSystemd, s: TestStation) {
    this.manager = manager;
    this.s = s;
  }

  service(what: string) {
    return this.manager.waybill(this.s.root, 'service', what, 'station', '--systemd', '--user', '--json');
  }

  status(): Shown {
    const { stdout, stderr } = this.service('status');
    const { services } = JSON.parse(stdout) as { services: Shown[] };
    assert.ok(services?.[0], `${stdout}${stderr}`);
    return services[0];
  }

  /** What is left of services in the home folder, links included. */
  left(): string[] {
    const names = readdirSync(this.manager.home('.config/systemd'), { recursive: true, encoding: 'utf8' });
    return names.filter((name) => name.includes('waybill'));
  }

  async becomes(holds: (shown: Shown) => boolean, what: string): Promise<Shown> {
    await until(() => holds(this.status()), what);
    return this.status();
  }
}

async function served(t: TestContext): Promise<Served> {
  const manager = await UserSystemd.start(t);
  const made = testStation(t, {
    policy: ANYTHING,
    settings: 'commands:\n  stop_seconds: 1\n  kill_grace_seconds: 1\n',
  });
  // a folder whose name everything has to carry through unharmed (rule 8)
  const root = join(dirname(made.root), `my "R&D" 100% $HOME it's`);
  renameSync(made.root, root);
  return new Served(manager, new TestStation(root));
}

test('a station is installed, works, comes back after SIGKILL, stops, and is gone without a trace', async (t) => {
  const at = await served(t);
  const { manager, s } = at;
  assert.deepEqual(
    { ...at.status(), name: '', file: '' },
    {
      ...at.status(),
      name: '',
      file: '',
      file_state: 'missing',
      loaded: false,
      running: false,
      pid: null,
      last_exit: null,
    },
  );
  assert.match(at.status().why ?? '', /^not loaded/);

  const installed = at.service('install');
  assert.equal(installed.code, 0, installed.stderr);
  const first = at.status();
  assert.equal(at.service('status').code, 0);
  assert.equal(first.file_state, 'as generated');
  assert.ok(first.running && first.pid !== null);
  assert.equal(first.file, manager.home('.config/systemd/user', first.name));
  assert.match(
    manager.waybill(s.root, 'doctor').stdout,
    /^ok +services +the service waybill-.*-station\.service runs/m,
  );
  s.drop({ wo_id: 'WO-1', title: 'Hello', files: [{ path: 'hello.txt', content: 'hello\n' }] });
  await until(() => s.exists('state/orders/WO-1.json') && s.state('WO-1').status === 'done', 'the service works');

  // again: nothing changes, and nothing is started anew
  assert.match(at.service('install').stdout, /"did": "unchanged"/);
  assert.equal(at.status().pid, first.pid);

  manager.run(['kill', '-KILL', String(first.pid)]);
  const second = await at.becomes(({ running, pid }) => running && pid !== first.pid, 'it comes back after SIGKILL');

  // somebody edits the file; the next install mends it and starts the service with what it says
  const text = readFileSync(second.file, 'utf8');
  writeFileSync(second.file, text.replace('Restart=on-failure', 'Restart=no'));
  const drifted = at.status();
  assert.equal(drifted.file_state, 'differs');
  assert.deepEqual(drifted.drift, ['- Restart=no', '+ Restart=on-failure']);
  assert.equal(at.service('status').code, 1);
  assert.match(at.service('install').stdout, /"did": "changed"/);
  assert.equal(readFileSync(second.file, 'utf8'), text);
  assert.notEqual(at.status().pid, second.pid);

  // stopped while a command runs: in its time, in order, and nothing of it is left
  s.drop({
    wo_id: 'WO-2',
    title: 'Long',
    type: 'command',
    actions: [{ action: 'command', command: 'setsid sleep 987 & exec sleep 986', idempotent: true }],
  });
  await until(() => manager.run(['pgrep', '-f', 'sleep 98[67]']).stdout.split('\n').length >= 2, 'the command runs');
  assert.equal(manager.systemctl('stop', first.name).code, 0);
  const stopped = at.status();
  assert.deepEqual([stopped.loaded, stopped.running, stopped.last_exit], [true, false, 0]);
  assert.equal(manager.systemctl('show', '-p', 'Result', '--value', first.name).stdout.trim(), 'success');
  assert.equal(manager.run(['pgrep', '-f', 'sleep 98[67]']).stdout, '');
  assert.equal(s.state('WO-2').status, 'ready');

  const removed = at.service('uninstall');
  assert.equal(removed.code, 0, removed.stderr);
  assert.match(removed.stdout, /"removed": true/);
  assert.deepEqual(at.left(), []);
  assert.equal(manager.systemctl('show', '-p', 'LoadState', '--value', first.name).stdout.trim(), 'not-found');
  const again = at.service('uninstall');
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stdout, /"removed": false/);
});

test('a program that is gone is named, and so is a station that another process holds', async (t) => {
  const at = await served(t);
  const { manager, s } = at;
  const holder = await s.up(t);
  assert.equal(at.service('install').code, 0);
  const waits = await at.becomes(({ running, last_exit }) => !running && last_exit === 69, 'it is refused the station');
  assert.match(waits.why ?? '', /69: unavailable, as when another process holds the station; it is started again soon/);
  await holder.stop();
  const got = await at.becomes(({ running, pid }) => running && s.heartbeatPid() === pid, 'it gets the station');

  // the seed's 127, as systemd tells it: node is not where it was
  const text = readFileSync(got.file, 'utf8');
  writeFileSync(got.file, text.replace(/^ExecStart=\S+/m, 'ExecStart=/opt/gone/node'));
  manager.systemctl('daemon-reload');
  manager.systemctl('restart', got.name);
  assert.match(at.status().why ?? '', /203: program not found/);
  writeFileSync(got.file, text.replace(/^ExecStart=\S+/m, 'ExecStart=/usr/bin/env node-is-gone'));
  manager.systemctl('daemon-reload');
  manager.systemctl('restart', got.name);
  const gone = await at.becomes(({ last_exit }) => last_exit === 127, 'env does not find it');
  assert.match(gone.why ?? '', /^ended with 127: program not found/);

  // wrong settings: another start would not help, so there is none
  assert.equal(at.service('install').code, 0);
  manager.systemctl('stop', got.name);
  writeFileSync(s.path('waybill.yaml'), 'nonsense: true\n');
  manager.systemctl('start', got.name);
  await until(
    () => manager.systemctl('show', '-p', 'SubState,ExecMainStatus', got.name).stdout.includes('SubState=failed'),
    'it gave up',
  );
  assert.match(manager.systemctl('show', '-p', 'ExecMainStatus', got.name).stdout, /=65/);
});

test('a unit that systemd cannot read is told apart from one that is not there', async (t) => {
  const at = await served(t);
  const { file } = at.status();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '[Service]\nRestart=always\n');
  at.manager.systemctl('daemon-reload');
  assert.match(at.status().why ?? '', /not readable \(bad-setting\)/);
  assert.ok(existsSync(file));

  // the install mends it; then somebody removes the file under the running service, and the link stays behind
  assert.equal(at.service('install').code, 0);
  rmSync(file);
  assert.deepEqual([at.status().file_state, at.status().running], ['missing', true]);
  assert.equal(at.service('uninstall').code, 0);
  assert.deepEqual(at.left(), []);
  assert.match(at.status().why ?? '', /^not loaded: no service/);
});

test('the guardrail is a service of its own: it looks with no station running, and ends in time', async (t) => {
  const { manager, s } = await served(t);
  const service = (what: string, part = 'guardrail') =>
    manager.waybill(s.root, 'service', what, part, '--systemd', '--user', '--json');
  const installed = service('install');
  assert.equal(installed.code, 0, installed.stdout + installed.stderr);
  await until(() => s.exists('state/telemetry/unified.jsonl'), 'the first look');
  await until(() => s.telemetry().some((l) => l.event === 'wo_pipeline_healthy' && l.ok), 'a heartbeat');
  // a component of kind service, looked at by the real systemctl: the station's is not installed
  const { services } = JSON.parse(service('status', 'station').stdout) as { services: Shown[] };
  const name = services[0]?.name ?? '';
  const settings = s.read('waybill.yaml');
  s.write('waybill.yaml', `${settings}guardrail: {components: [{kind: service, name: ${name}, scope: user}]}\n`);
  const look = manager.waybill(s.root, 'guardrail', '--once');
  assert.equal(look.code, 1);
  assert.match(look.stdout, new RegExp(`not_running +service:${name}`));
  assert.equal(service('install', 'station').code, 0);
  const again = manager.waybill(s.root, 'guardrail', '--once');
  assert.equal(again.code, 0, again.stdout);
  for (const part of ['guardrail', 'station']) assert.equal(service('uninstall', part).code, 0);
});

test.run();
