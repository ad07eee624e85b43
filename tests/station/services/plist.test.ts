import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { WaybillError } from '../../../src/order/error.ts';
import { servicesOf } from '../../../src/station/services/plan.ts';
import { propertyList } from '../../../src/station/services/plist.ts';
import type { Service } from '../../../src/station/services/service.ts';
import { readPropertyList } from '../../support/property-list.ts';
import { assert, suite } from '../../support/suite.ts';
import { launchdFaults } from './launchd-keys.ts';
import { AWKWARD, planFor } from './plans.ts';

const DTD = join(import.meta.dirname, 'fixtures/PropertyList-1.0.dtd');
const ROOT = resolve(import.meta.dirname, '../../..');

const test = suite('station/services/plist');

const station = (root = '/srv/ops'): Service => {
  const [service] = servicesOf(planFor({ root }));
  assert.ok(service);
  return service;
};

test('a property list says what launchd has to do', () => {
  assert.deepEqual(readPropertyList(station().text), {
    Label: 'com.waybill.ops-x7k2.station',
    ProgramArguments: ['/usr/bin/node', '/opt/waybill/dist/cli/main.js', 'up', '--station', '/srv/ops'],
    WorkingDirectory: '/srv/ops',
    EnvironmentVariables: { PATH: '/usr/bin:/bin', WAYBILL_STATION: '/srv/ops' },
    RunAtLoad: true,
    KeepAlive: { SuccessfulExit: false },
    ThrottleInterval: 30,
    ExitTimeOut: 60,
    StandardOutPath: '/home/anna/Library/Logs/waybill-ops-x7k2-station.log',
    StandardErrorPath: '/home/anna/Library/Logs/waybill-ops-x7k2-station.log',
  });
});

test('the time to stop follows the settings: what commands may take, then their grace, then the closing', () => {
  const [service] = servicesOf(planFor({ stopSeconds: 100, killGraceSeconds: 7.5 }));
  assert.equal(service?.stopSeconds, 138);
});

test("a system service runs as the station's owner, and logs where that one may write", () => {
  const [service] = servicesOf(planFor({ scope: 'system', user: 'anna' }));
  const value = readPropertyList(service?.text ?? '') as { [key: string]: unknown };
  assert.equal(value['UserName'], 'anna');
  assert.equal(value['StandardErrorPath'], '/srv/ops/.git/waybill/waybill-ops-x7k2-station.log');
  assert.equal(service?.file, '/Library/LaunchDaemons/com.waybill.ops-x7k2.station.plist');
});

test('awkward folders come back as they were (rule 8)', () => {
  for (const root of [...AWKWARD, '/srv/line\r\nbreak']) {
    const value = readPropertyList(station(root).text) as { [key: string]: unknown };
    assert.equal(value['WorkingDirectory'], root);
    assert.deepEqual((value['ProgramArguments'] as string[]).at(-1), root);
    assert.deepEqual((value['EnvironmentVariables'] as { [key: string]: string })['WAYBILL_STATION'], root);
    assert.deepEqual(launchdFaults(readPropertyList(station(root).text)), []);
  }
  assert.throws(
    () => station('/srv/\u0007bell'),
    (e) => e instanceof WaybillError && e.code === 'USAGE',
  );
});

test('keys and types are those of launchd.plist(5), and a wrong one is found', () => {
  for (const service of [...servicesOf(planFor()), ...servicesOf(planFor({ scope: 'system', user: 'anna' }))])
    assert.deepEqual(launchdFaults(readPropertyList(service.text)), []);
  const good = readPropertyList(station().text) as { [key: string]: never };
  const bad = (more: object) => launchdFaults(readPropertyList(propertyList({ ...good, ...more }, 'bad')));
  assert.deepEqual(bad({ KeepAlive: 'yes' }), ['KeepAlive is no boolean or dict']);
  assert.deepEqual(bad({ KeepAlive: { SuccesfulExit: false } }), ['unknown key KeepAlive.SuccesfulExit']);
  assert.deepEqual(bad({ Restart: true }), ['unknown key Restart']);
  assert.deepEqual(bad({ ThrottleInterval: '10' }), ['ThrottleInterval is no integer']);
  assert.deepEqual(bad({ ProgramArguments: ['node', 'up'] }), ['the program is no absolute path']);
  assert.deepEqual(bad({ StandardOutPath: '~/a.log' }), ['StandardOutPath is no absolute path']);
});

test('the templates in launchd/ are what is generated, and pass the same gates', () => {
  const names = readdirSync(join(ROOT, 'launchd')).sort();
  assert.deepEqual(names, ['com.waybill.my-project.guardrail.plist', 'com.waybill.my-project.station.plist']);
  for (const name of names)
    assert.deepEqual(launchdFaults(readPropertyList(readFileSync(join(ROOT, 'launchd', name), 'utf8'))), []);
});

test.run();

const dtd = suite("station/services/plist against Apple's DTD", { needs: ['xmllint'] });

const xmllint = (file: string) =>
  spawnSync('xmllint', ['--noout', '--nonet', '--dtdvalid', DTD, file], { encoding: 'utf8' });

dtd('generated property lists are valid', (t) => {
  const folder = t.tempDir();
  for (const root of ['/srv/ops', ...AWKWARD])
    for (const service of servicesOf(planFor({ root }))) {
      const file = join(folder, 'a.plist');
      writeFileSync(file, service.text);
      const { status, stderr } = xmllint(file);
      assert.equal(status, 0, stderr);
    }
  for (const name of readdirSync(join(ROOT, 'launchd')))
    execFileSync('xmllint', ['--noout', '--nonet', '--dtdvalid', DTD, join(ROOT, 'launchd', name)], {
      stdio: 'ignore',
    });
});

dtd('one that is not is found', (t) => {
  const file = join(t.tempDir(), 'a.plist');
  for (const [from, to] of [
    ['<true/>', '<yes/>'],
    ['<integer>30</integer>', '<integer>30</integer><integer>31</integer>'],
    ['</plist>', ''],
    ['<string>up</string>', '<string>up & away</string>'],
  ] as const) {
    assert.ok(station().text.includes(from));
    writeFileSync(file, station().text.replace(from, to));
    assert.notEqual(xmllint(file).status, 0, to);
  }
});

dtd.run();
