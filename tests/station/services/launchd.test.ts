import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CLI, type TestStation, testStation } from '../../support/station.ts';
import { assert, suite, type TestContext } from '../../support/suite.ts';

/**
 * launchd is on macOS only: a program stands in for launchctl, with its documented answers. What is tried is what we tell it and how we
 * read it, not launchd.
 */
const test = suite('station/services/launchd', { needs: ['xmllint'] });

class Mac {
  readonly s: TestStation;
  readonly home: string;
  readonly state: string;
  readonly #old: boolean;

  constructor(t: TestContext, old = false) {
    this.s = testStation(t);
    this.home = join(t.tempDir(), 'home');
    this.state = join(t.tempDir(), 'launchd');
    this.#old = old;
    mkdirSync(join(this.state, 'loaded'), { recursive: true });
    t.defer(() => {
      for (const label of readdirSync(join(this.state, 'loaded'))) this.kill(label);
    });
  }

  service(...args: string[]) {
    const env = {
      PATH: `${join(import.meta.dirname, 'fixtures')}:${process.env['PATH']}`,
      HOME: this.home,
      LAUNCHD_TEST: this.state,
      ...(this.#old ? { LAUNCHD_TEST_OLD: '1' } : {}),
    };
    const argv = [CLI, 'service', ...args, '--launchd', '--user', '--station', this.s.root];
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, {
      encoding: 'utf8',
      env,
      cwd: this.home.slice(0, -5),
    });
    return { code: status, stdout, stderr };
  }

  pid(label: string): number {
    return Number(readFileSync(join(this.state, 'loaded', label, 'pid'), 'utf8'));
  }

  kill(label: string): void {
    try {
      process.kill(this.pid(label), 'SIGKILL');
    } catch {
      // it is gone
    }
  }

  /** What launchctl was told since the last time, without questions. */
  calls(): string[] {
    const file = join(this.state, 'calls');
    const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
    writeFileSync(file, '');
    return lines.filter((line) => line !== '' && !/^(print|list) /.test(line));
  }

  files(): string[] {
    return readdirSync(this.home, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('waybill'));
  }
}

const UID = process.getuid?.() ?? 0;

test('install, again, after an edit, after a death, uninstall', (t) => {
  const mac = new Mac(t);
  const none = mac.service('status');
  assert.equal(none.code, 1, none.stderr);
  assert.match(none.stdout, /not loaded: no service of that name is known[\s\S]*missing/);

  const done = mac.service('install');
  assert.equal(done.code, 0, done.stderr);
  const [guardrail = '', station = ''] = readdirSync(join(mac.state, 'loaded')).sort();
  assert.match(guardrail, /^com\.waybill\..*\.guardrail$/);
  assert.match(station, /^com\.waybill\..*\.station$/);
  const file = join(mac.home, 'Library/LaunchAgents', `${station}.plist`);
  assert.deepEqual(mac.calls().slice(0, 2), [`enable gui/${UID}/${station}`, `bootstrap gui/${UID} ${file}`]);
  assert.ok(existsSync(join(mac.home, 'Library/Logs')));
  const fine = mac.service('status');
  assert.equal(fine.code, 0, fine.stdout);
  assert.match(fine.stdout, new RegExp(`running, process ${mac.pid(station)}`));

  assert.match(mac.service('install').stdout, /unchanged/);
  assert.deepEqual(mac.calls(), []);

  writeFileSync(file, readFileSync(file, 'utf8').replace('<integer>30<', '<integer>5<'));
  const drifted = mac.service('status', 'station');
  assert.equal(drifted.code, 1);
  assert.match(drifted.stdout, /- <integer>5<\/integer>\n\s*\+ <integer>30</);
  assert.match(mac.service('install', 'station').stdout, /changed/);
  assert.deepEqual(mac.calls(), [
    `bootout gui/${UID}/${station}`,
    `enable gui/${UID}/${station}`,
    `bootstrap gui/${UID} ${file}`,
  ]);

  mac.kill(station);
  const dead = mac.service('status', 'station');
  assert.equal(dead.code, 1);
  assert.match(dead.stdout, /loaded, not running.*137: killed by signal 9/);
  assert.equal(mac.service('install', 'station').code, 0);
  assert.deepEqual(mac.calls(), [`kickstart gui/${UID}/${station}`]);

  const id = station.split('.')[2] ?? '';
  const log = join(mac.home, 'Library/Logs', `waybill-${id}-station.log`);
  writeFileSync(log, 'last words\n');
  const removed = mac.service('uninstall');
  assert.equal(removed.code, 0, removed.stderr);
  assert.deepEqual(mac.files(), []);
  assert.deepEqual(readdirSync(join(mac.state, 'loaded')), []);
  assert.equal(mac.s.read(`.git/waybill/logs/waybill-${id}-station.log`), 'last words\n');
  assert.match(mac.service('uninstall').stdout, /was not there/);
});

test('an older launchctl is told load and unload, and asked by list', (t) => {
  const mac = new Mac(t, true);
  assert.equal(mac.service('install', 'station').code, 0);
  const [station = ''] = readdirSync(join(mac.state, 'loaded'));
  const file = join(mac.home, 'Library/LaunchAgents', `${station}.plist`);
  assert.ok(mac.calls().includes(`load -w ${file}`));
  assert.equal(mac.service('status', 'station').code, 0);
  assert.equal(mac.service('uninstall', 'station').code, 0);
  assert.ok(mac.calls().includes(`unload ${file}`));
  assert.deepEqual(mac.files(), []);
});

test('what launchd does not load is an error, not a success', (t) => {
  const mac = new Mac(t);
  // load exits 0 whatever happens, and so does this one
  writeFileSync(
    join(mac.state, 'launchctl'),
    '#!/bin/sh\ncase $1 in print|list) echo "Could not find service" >&2; exit 113;; esac\n',
    {
      mode: 0o755,
    },
  );
  const env = { PATH: `${mac.state}:${process.env['PATH']}`, HOME: mac.home };
  const { status, stderr } = spawnSync(
    process.execPath,
    [CLI, 'service', 'install', '--launchd', '--user', '--station', mac.s.root],
    {
      encoding: 'utf8',
      env,
      cwd: dirname(mac.home),
    },
  );
  assert.equal(status, 69);
  assert.match(stderr, /SERVICE_MANAGER_FAILED .*did not load the service/);
});

test.run();
