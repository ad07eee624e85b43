import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { carryOut, idOf, journalOf, ledgerOf, refsIn } from '../support/backups.ts';
import { type TestStation, testStation, until } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** Settings ask for backups: the running station makes them when it is idle, and nothing waits for them (rule 12: idle is free). */

const test = suite('backups by themselves', { timeoutMs: 250_000 });

function settings(to: string, everyHours: number): string {
  return `lanes: {MAIN: {}}\nintake: {scan_seconds: 1}\nbackup: {to: ${to}, every_hours: ${everyHours}}\n`;
}

function report(s: TestStation): { seq: number; at: string } | null {
  return s.exists('.git/waybill/backup.json')
    ? (JSON.parse(s.read('.git/waybill/backup.json')) as { seq: number; at: string })
    : null;
}

function drop(s: TestStation, id: string): void {
  s.drop({ wo_id: id, title: id, files: [{ path: `${id}.txt`, content: `${id}\n` }] });
}

test('a running station backs up what is new, and nothing when nothing is', async (t) => {
  const s = testStation(t, { settings: settings('../ops.bundle', 0.00001) });
  const bundle = s.path('../ops.bundle');
  await s.up(t);
  drop(s, 'WO-1');
  await until(() => s.exists('bridge/outbox/MAIN/WO-1.result.json'), 'WO-1 is done', 60_000);
  await until(() => report(s)?.seq === ledgerOf(s).length, 'all of it is backed up', 60_000);
  assert.equal(refsIn(bundle).get(`refs/waybill/${idOf(s)}/journal`), journalOf(s));
  const first = report(s);
  // several turns of the loop later there is still nothing to do
  for (let beats = 0, last = ''; beats < 3; ) {
    await until(() => s.read('.git/waybill/heartbeat.json') !== last, 'the loop turns', 60_000);
    last = s.read('.git/waybill/heartbeat.json');
    beats++;
  }
  assert.deepEqual(report(s), first);
  drop(s, 'WO-2');
  await until(() => s.exists('bridge/outbox/MAIN/WO-2.result.json'), 'WO-2 is done', 60_000);
  await until(() => report(s)?.seq === ledgerOf(s).length, 'the rest is backed up', 60_000);
  assert.equal(refsIn(bundle).get(`refs/waybill/${idOf(s)}/journal`), journalOf(s));
});

test('a place that cannot be written to is told, orders go on, and the next start tries again', (t) => {
  const s = testStation(t, { settings: settings('../disk/ops.bundle', 24) });
  carryOut(s, 'WO-1');
  assert.equal(s.state('WO-1').status, 'done');
  assert.equal(report(s), null);
  assert.ok(s.telemetry().some(({ event }) => event === 'backup_failed'));
  assert.match(s.waybill('status').stdout, /no backup yet in \.\.\/disk\/ops\.bundle\n {2}failed .*does not exist/);
  mkdirSync(s.path('../disk'));
  carryOut(s, 'WO-2');
  assert.equal(report(s)?.seq, ledgerOf(s).length, 'a station that only drains backs up at its end');
  assert.equal(refsIn(s.path('../disk/ops.bundle')).get(`refs/waybill/${idOf(s)}/journal`), journalOf(s));
});

test('one that is young enough is left alone, unless settings name another place', (t) => {
  const s = testStation(t, { settings: settings('../ops.bundle', 24) });
  carryOut(s, 'WO-1');
  const first = report(s);
  assert.ok(first !== null);
  carryOut(s, 'WO-2');
  assert.deepEqual(report(s), first);
  s.write('waybill.yaml', settings('../other/ops.bundle', 24));
  mkdirSync(dirname(s.path('../other/ops.bundle')));
  carryOut(s, 'WO-3');
  assert.ok(existsSync(s.path('../other/ops.bundle')));
  assert.equal(report(s)?.seq, ledgerOf(s).length);
});

test('without a place nothing is backed up', (t) => {
  const s = testStation(t, { settings: 'lanes: {MAIN: {}}\nbackup: {every_hours: 0.00001}\n' });
  carryOut(s, 'WO-1');
  assert.equal(report(s), null);
  assert.ok(!s.waybill('status').stdout.includes('backup'));
});

test.run();
