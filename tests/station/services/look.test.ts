import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WaybillError } from '../../../src/order/error.ts';
import { readList, readPrint } from '../../../src/station/services/launchd.ts';
import { lookAtService, usualManager } from '../../../src/station/services/look.ts';
import { readShow } from '../../../src/station/services/systemd.ts';
import { assert, suite, type TestContext } from '../../support/suite.ts';

const test = suite('station/services/look');

/** Recorded from systemctl of systemd 252. */
const show = (values: string) =>
  readShow(
    `${values
      .split(' ')
      .map(
        (value, n) =>
          `${['MainPID', 'Result', 'ExecMainCode', 'ExecMainStatus', 'LoadState', 'ActiveState', 'SubState'][n]}=${value}`,
      )
      .join('\n')}\n`,
  );

test('systemctl show: not loaded, loaded and not running, running', () => {
  const base = { manager: 'systemd', loaded: true, running: false, pid: null, lastExit: null, why: null };
  for (const [recorded, expected] of [
    ['0 success 0 0 not-found inactive dead', { loaded: false, why: 'not loaded: no service of that name is known' }],
    ['0 success 0 0 masked inactive dead', { loaded: false, why: 'not loaded: its unit is masked' }],
    [
      '0 success 0 0 bad-setting inactive dead',
      { loaded: false, why: 'not loaded: its unit is not readable (bad-setting)' },
    ],
    ['35 success 0 0 loaded active running', { running: true, pid: 35 }],
    ['35 success 0 0 loaded deactivating stop', { running: true, pid: 35 }],
    ['0 success 0 0 loaded inactive dead', { why: 'it was never started' }],
    ['0 success 1 0 loaded inactive dead', { lastExit: 0, why: 'ended with 0: a clean stop' }],
    ['0 exit-code 1 127 loaded failed failed', { lastExit: 127, why: 'ended with 127: program not found' }],
    [
      '0 exit-code 1 203 loaded failed failed',
      { lastExit: 203, why: 'ended with 203: program not found, or not executable' },
    ],
    ['0 exit-code 1 3 loaded failed failed', { lastExit: 3, why: 'ended with 3' }],
    [
      '0 signal 2 9 loaded activating auto-restart',
      { lastExit: 137, why: 'ended with 137: killed by signal 9; it is started again soon' },
    ],
    ['0 start-limit-hit 1 1 loaded failed failed', { lastExit: 1, why: 'ended with 1 (start-limit-hit)' }],
  ] as const)
    assert.deepEqual(show(recorded), { ...base, ...expected }, recorded);
});

/** As launchctl of macOS 13 prints it; shortened where it goes on about endpoints. */
const printed = (state: string, lines: string) => `gui/501/com.waybill.ops.station = {
	active count = 1
	path = /Users/anna/Library/LaunchAgents/com.waybill.ops.station.plist
	type = LaunchAgent
	state = ${state}

	program = /usr/local/bin/node
	arguments = {
		/usr/local/bin/node
		/Users/anna/waybill/dist/cli/main.js
		up
	}

	working directory = /Users/anna/ops

	default environment = {
		PATH => /usr/bin:/bin:/usr/sbin:/sbin
	}

	domain = gui/501 [100005]
	asid = 100005
	minimum runtime = 30
	exit timeout = 60
${lines}
	semaphores = {
		successful exit => 0
	}

	resource coalition = {
		ID = 1523
		type = resource
		state = active
		active count = 1
		pid = 7777
		name = com.waybill.ops.station
	}

	properties = keepalive | runatload | inferred program
}
`;

test('launchctl print: running, not running, never run, killed', () => {
  const base = { manager: 'launchd', loaded: true, running: false, pid: null, lastExit: null, why: null };
  for (const [text, expected] of [
    [
      printed(
        'running',
        '\truns = 1\n\tpid = 4711\n\timmediate reason = speculative\n\tlast exit code = (never exited)\n',
      ),
      { running: true, pid: 4711 },
    ],
    [printed('running', '\truns = 3\n\tpid = 4711\n\tlast exit code = 1\n'), { running: true, pid: 4711, lastExit: 1 }],
    [printed('not running', '\truns = 0\n\tlast exit code = (never exited)\n'), { why: 'it was never started' }],
    [
      printed('spawn scheduled', '\truns = 9\n\tlast exit code = 127\n'),
      { lastExit: 127, why: 'ended with 127: program not found' },
    ],
    [printed('not running', '\truns = 1\n\tlast exit code = 0\n'), { lastExit: 0, why: 'ended with 0: a clean stop' }],
    [
      printed('not running', '\truns = 2\n\tlast exit code = 78: EX_CONFIG\n'),
      { lastExit: 78, why: 'ended with 78: a wrong configuration of the service' },
    ],
    [
      printed('spawn scheduled', '\truns = 2\n\tlast terminating signal = Killed: 9\n'),
      { lastExit: 137, why: 'ended with 137: killed by signal 9' },
    ],
  ] as const)
    assert.deepEqual(readPrint(text), { ...base, ...expected }, text);
});

const listed = (lines: string) => `{
	"StandardOutPath" = "/Users/anna/Library/Logs/waybill-ops-station.log";
	"LimitLoadToSessionType" = "Aqua";
	"StandardErrorPath" = "/Users/anna/Library/Logs/waybill-ops-station.log";
	"Label" = "com.waybill.ops.station";
	"OnDemand" = false;
${lines}	"Program" = "/usr/local/bin/node";
	"ProgramArguments" = (
		"/usr/local/bin/node";
		"/Users/anna/waybill/dist/cli/main.js";
		"up";
	);
};
`;

test('launchctl list LABEL: the exit status is that of wait(2)', () => {
  const of = (lines: string) => {
    const { running, pid, lastExit } = readList(listed(lines));
    return [running, pid, lastExit];
  };
  assert.deepEqual(of('\t"LastExitStatus" = 0;\n\t"PID" = 4711;\n'), [true, 4711, null]);
  assert.deepEqual(of('\t"LastExitStatus" = 32512;\n'), [false, null, 127]);
  assert.deepEqual(of('\t"LastExitStatus" = 256;\n\t"PID" = 4711;\n'), [true, 4711, 1]);
  assert.deepEqual(of('\t"LastExitStatus" = 9;\n'), [false, null, 137]);
  assert.deepEqual(of('\t"LastExitStatus" = 0;\n'), [false, null, 0]);
  assert.match(readList(listed('\t"LastExitStatus" = 32512;\n')).why ?? '', /program not found/);
});

/** PATH with these programs alone, until the test ends. */
function onlyPrograms(t: TestContext, programs: Readonly<Record<string, string>>): void {
  const folder = join(t.tempDir(), 'bin');
  mkdirSync(folder);
  for (const [name, script] of Object.entries(programs))
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const before = process.env['PATH'];
  process.env['PATH'] = folder;
  t.defer(() => {
    process.env['PATH'] = before;
  });
}

const failed = (pattern: RegExp) => (e: unknown) =>
  e instanceof WaybillError && e.code === 'SERVICE_MANAGER_FAILED' && pattern.test(e.message);

test('a service manager that cannot be asked is not the same as a service that is not loaded (rule 7)', async (t) => {
  onlyPrograms(t, {});
  await assert.rejects(lookAtService('x', 'systemd'), failed(/there is no systemctl on PATH/));
  await assert.rejects(lookAtService('x', 'launchd'), failed(/there is no launchctl on PATH/));
  onlyPrograms(t, {
    // the user's is out of reach, as from cron; the machine's knows nothing of it
    systemctl:
      '[ "$1" = --system ] && { echo LoadState=not-found; exit; }; echo "Failed to connect to bus: No medium found" >&2; exit 1',
    launchctl: 'echo "Could not print domain: 125: Domain does not support specified action" >&2; exit 125',
  });
  await assert.rejects(lookAtService('x', 'systemd'), failed(/--user show .* No medium found/));
  await assert.rejects(lookAtService('x', 'launchd'), failed(/launchctl list x ended with 125/));
  assert.equal((await lookAtService('x', 'systemd', 'system')).loaded, false);
});

test("without a scope the user's services are asked for first, then the machine's", async (t) => {
  onlyPrograms(t, {
    systemctl: `case "$1" in
--user) echo LoadState=not-found;;
--system) printf 'LoadState=loaded\\nActiveState=active\\nMainPID=12\\nExecMainCode=0\\n';;
esac`,
    launchctl: `case "$1 $2" in
"print system/com.x") printf 'system/com.x = {\\n\\tstate = running\\n\\tpid = 13\\n}\\n';;
print*) printf 'Bad request.\\nCould not find service "com.x" in domain for user gui: 501\\n' >&2; exit 113;;
*) exit 64;;
esac`,
  });
  assert.equal((await lookAtService('nginx.service', 'systemd')).pid, 12);
  assert.equal((await lookAtService('com.x', 'launchd')).pid, 13);
  const none = await lookAtService('com.x', 'launchd', 'user');
  assert.deepEqual([none.loaded, none.why], [false, 'not loaded: no service of that name is known']);
});

test('a name that could be an option, or a path, is refused', async () => {
  for (const name of ['--all', 'a b', '../x', ''])
    await assert.rejects(lookAtService(name, 'systemd'), (e) => e instanceof WaybillError && e.code === 'USAGE');
  assert.equal(usualManager('darwin'), 'launchd');
  assert.equal(usualManager('linux'), 'systemd');
});

test.run();
