import { readdirSync } from 'node:fs';
import { testStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('cli/service');

test('print writes the files to standard output, for either service manager, and changes nothing', (t) => {
  const s = testStation(t);
  const before = s.git('status', '--porcelain', '--ignored');
  const units = s.waybill('service', 'print', '--systemd', '--user');
  assert.equal(units.code, 0, units.stderr);
  assert.equal(units.stdout.match(/^ExecStart=/gm)?.length, 2);
  assert.match(units.stderr, /\.config\/systemd\/user\/waybill-.*-station\.service:/);
  const plist = s.waybill('service', 'print', 'guardrail', '--launchd', '--user');
  assert.match(plist.stdout, /^<\?xml[\s\S]*<string>guardrail<\/string>[\s\S]*<\/plist>\n$/);
  const machine = s.waybill('service', 'print', '--launchd', '--user', '--json');
  const { v, manager, scope, services } = JSON.parse(machine.stdout) as {
    [key: string]: unknown;
    services: { part: string; text: string }[];
  };
  assert.deepEqual(
    [v, manager, scope, services.map(({ part }) => part)],
    [1, 'launchd', 'user', ['station', 'guardrail']],
  );
  assert.equal(services[1]?.text, plist.stdout);
  assert.equal(s.git('status', '--porcelain', '--ignored'), before);
  assert.deepEqual(
    readdirSync(process.env['HOME'] ?? '', { recursive: true, encoding: 'utf8' }).filter((name) =>
      /LaunchAgents|systemd/.test(name),
    ),
    [],
  );
});

test('what it does not know is refused as usage; no station, as no input', (t) => {
  const s = testStation(t);
  for (const [args, message] of [
    [['restart'], /service "restart": it is install, uninstall, status or print/],
    [['print', 'tracker'], /"tracker" is no service of a station: they are station and guardrail/],
    [['print', '--launchd', '--systemd'], /exclude each other/],
  ] as const) {
    const { code, stderr } = s.waybill('service', ...args);
    assert.equal(code, 64, stderr);
    assert.match(stderr, message);
  }
  assert.equal(s.waybill('service', 'status', '--station', t.tempDir()).code, 66);
});

test('a service manager that cannot be asked is an error, also of status (rule 7)', (t) => {
  const s = testStation(t);
  const { code, stdout } = s.waybill('service', 'status', '--launchd', '--user', '--json');
  assert.equal(code, process.platform === 'darwin' ? 1 : 69);
  if (code === 69) assert.match(stdout, /"code": "SERVICE_MANAGER_FAILED"/);
});

test.run();
