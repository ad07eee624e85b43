import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { notificationArgv, notifyDesktop } from '../../../src/guardrail/alerts/desktop.ts';
import { assert, suite, type TestContext } from '../../support/suite.ts';
import { alertOf } from './some-alerts.ts';

const argv = suite('guardrail/alerts/desktop: what would be run');

argv('rule 8: on macOS the texts are arguments of the script, never a part of it', () => {
  const hostile = '" & (do shell script "touch /tmp/pwned") & "';
  const made = notificationArgv('darwin', 'ops-1', [alertOf('a', { text: hostile })]);
  const script = ['-e', 'on run argv', '-e'];
  assert.deepEqual(made.slice(0, 4), ['/usr/bin/osascript', ...script]);
  assert.deepEqual(made.slice(4), [
    'display notification (item 2 of argv) with title (item 1 of argv)',
    '-e',
    'end run',
    'Waybill ops-1',
    hostile,
  ]);
});

argv('a platform without a known notification is refused', () => {
  assert.throws(() => notificationArgv('aix', 'ops-1', [alertOf('a')]), { code: 'ALERT_FAILED' });
});

argv.run();

const test = suite('guardrail/alerts/desktop', { needs: ['notifications', 'git', 'linux'] });

/** Owns the name of the desktop's notification service on its bus, and writes down what it is asked to show. */
const RECEIVER = `
import json, sys, dbus, dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib
DBusGMainLoop(set_as_default=True)
bus = dbus.SessionBus()
name = dbus.service.BusName('org.freedesktop.Notifications', bus)
class Desktop(dbus.service.Object):
    @dbus.service.method('org.freedesktop.Notifications', in_signature='susssasa{sv}i', out_signature='u')
    def Notify(self, app, replaces, icon, summary, body, actions, hints, timeout):
        with open(sys.argv[1], 'a') as out:
            out.write(json.dumps({'app': app, 'summary': summary, 'body': body, 'urgency': int(hints.get('urgency', 1))}) + '\\n')
        return 1
    @dbus.service.method('org.freedesktop.Notifications', out_signature='as')
    def GetCapabilities(self):
        return ['body', 'body-markup']
    @dbus.service.method('org.freedesktop.Notifications', out_signature='ssss')
    def GetServerInformation(self):
        return ('receiver', 'waybill tests', '1', '1.2')
desktop = Desktop(bus, '/org/freedesktop/Notifications')
print('ready ' + __import__('os').environ['DBUS_SESSION_BUS_ADDRESS'], flush=True)
GLib.MainLoop().run()
`;

/** A bus of its own with a desktop on it: a real notify-send finds it by its address. */
async function desktop(t: TestContext): Promise<{ address: string; shown: () => Record<string, unknown>[] }> {
  const folder = t.tempDir();
  const [file, out] = [join(folder, 'receiver.py'), join(folder, 'shown.jsonl')];
  writeFileSync(file, RECEIVER);
  writeFileSync(out, '');
  const bus: ChildProcessByStdio<null, Readable, null> = spawn(
    'dbus-run-session',
    ['--', '/usr/bin/python3', file, out],
    { stdio: ['ignore', 'pipe', 'inherit'], detached: true },
  );
  const ended = once(bus, 'exit');
  t.defer(async () => {
    process.kill(-(bus.pid ?? 0), 'SIGTERM');
    await ended;
  });
  const address = await new Promise<string>((resolve, reject) => {
    let said = '';
    bus.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const found = /^ready (.*)\n/m.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    });
    bus.once('exit', (code) => reject(new Error(`the bus ended with ${code}`)));
  });
  return {
    address,
    shown: () =>
      readFileSync(out, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

function onBus(t: TestContext, address: string): void {
  const before = process.env['DBUS_SESSION_BUS_ADDRESS'];
  process.env['DBUS_SESSION_BUS_ADDRESS'] = address;
  t.defer(() => {
    if (before === undefined) delete process.env['DBUS_SESSION_BUS_ADDRESS'];
    else process.env['DBUS_SESSION_BUS_ADDRESS'] = before;
  });
}

test('one notification for all of them, urgent for what is critical, and the text as it is', async (t) => {
  const { address, shown } = await desktop(t);
  onBus(t, address);
  const root = t.tempDir();
  await notifyDesktop('ops-1', [alertOf('a'), alertOf('b'), alertOf('c')], root);
  const odd = '--help $(id) <b>bold</b> & \\n "q" \u001b é文';
  await notifyDesktop('ops-1', [alertOf('d', { severity: 'warning', text: odd })], root);
  await notifyDesktop('ops-1', [alertOf('e', { what: 'recovered', text: 'RECOVERED: e' })], root);
  await notifyDesktop('ops-1', [alertOf('f', { text: `ALERT: ${'x'.repeat(5000)}` })], root);
  const [first, second, third, fourth] = shown();
  assert.deepEqual(first, {
    app: 'Waybill',
    summary: 'Waybill ops-1',
    body: '3 components missing: a, b, c',
    urgency: 2,
  });
  assert.equal(second?.['body'], '--help $(id) &lt;b&gt;bold&lt;/b&gt; &amp; \\n "q" \\u001b é文');
  assert.deepEqual([second?.['urgency'], third?.['urgency']], [1, 1]);
  assert.equal(third?.['body'], 'RECOVERED: e');
  assert.equal(String(fourth?.['body']).length, 401);
});

test('a service without a desktop is told so, in time', async (t) => {
  onBus(t, `unix:path=${join(t.tempDir(), 'no-bus')}`);
  await assert.rejects(notifyDesktop('ops-1', [alertOf('a')], t.tempDir()), {
    code: 'ALERT_FAILED',
    message: /^notify-send ended with 1: /,
  });
});

test.run();
