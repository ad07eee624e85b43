import { readdirSync, rmSync } from 'node:fs';
import { fileMoment } from '../../src/git/config.ts';
import { closeRepository } from '../../src/git/repository.ts';
import { scanSettings } from '../../src/intake/lanes.ts';
import { InboxScanner } from '../../src/intake/scan.ts';
import type { FollowupDocument } from '../../src/order/generated.ts';
import { Runtime } from '../../src/pipeline/runtime.ts';
import { Tracker } from '../../src/pipeline/tracker.ts';
import { openLog } from '../../src/platform/log.ts';
import { conforms } from '../../src/platform/schema.ts';
import { openStation } from '../../src/station/station.ts';
import { type TestStation, testStation, until } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** The tracker: ages and staleness in state/followup.json, the archive, canaries cleaned up. Time is shortened by settings, not faked. */

const test = suite('tracker');

const followup = (s: TestStation) => JSON.parse(s.read('state/followup.json')) as FollowupDocument;

test('followup.json says what is alive, for how long, and what ended last; it conforms to its schema', (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-HELD', title: 'held', hold: true, files: [{ path: 'a', content: 'a' }] });
  s.drop({ wo_id: 'WO-DONE', title: 'done', files: [{ path: 'b', content: 'b' }] });
  s.drop({ wo_id: 'WO-MISSION', title: 'mission', type: 'mission', task: 'Look' });
  s.drain();
  const document = followup(s);
  assert.ok(conforms('followup', document));
  assert.deepEqual(document.counts, { parked: 2, 'parked:hold': 1, 'parked:agent': 1 });
  assert.deepEqual(document.alive.map((o) => o.wo_id).sort(), ['WO-HELD', 'WO-MISSION']);
  assert.deepEqual(
    document.recent.map((o) => [o.wo_id, o.status]),
    [['WO-DONE', 'done']],
  );
  assert.deepEqual(document.stale, []);
  assert.equal(document.stale_hours, 6);
  assert.deepEqual(document.lanes, [{ lane: 'MAIN', folder: 'bridge/inbox/MAIN', readable: true, waiting: 0 }]);
  // what ended is remembered over a restart
  s.drop({ wo_id: 'WO-NEXT', title: 'next', files: [{ path: 'c', content: 'c' }] });
  s.drain();
  assert.deepEqual(
    followup(s).recent.map((o) => o.wo_id),
    ['WO-NEXT', 'WO-DONE'],
  );
});

test('an order that waits too long is stale: named in followup.json, told once in telemetry, and shown by status', (t) => {
  const s = testStation(t, { settings: 'tracker: {stale_hours: 0.00001}\n' });
  s.drop({ wo_id: 'WO-HELD', title: 'held', hold: true, files: [{ path: 'a', content: 'a' }] });
  s.drain();
  s.drain();
  s.drain();
  assert.deepEqual(
    followup(s).stale.map((o) => [o.wo_id, o.waiting_for]),
    [['WO-HELD', 'hold']],
  );
  assert.equal(s.telemetry().filter((line) => line.event === 'wo_stale').length, 1);
  assert.match(s.waybill('status').stdout, /stale.*WO-HELD/s);
});

test('state files go to the archive after the retention time; show, retry, restore and verify still know the order', (t) => {
  const s = testStation(t, { settings: 'tracker: {retention_days: 0}\n' });
  s.drop({ wo_id: 'WO-OLD', title: 'old', files: [{ path: 'a', content: 'a' }] });
  s.drop({ wo_id: 'WO-FAILED', title: 'failed', actions: [{ action: 'delete', path: 'nowhere' }] });
  s.drop({ wo_id: 'WO-HELD', title: 'held', hold: true, files: [{ path: 'b', content: 'b' }] });
  s.drain();
  s.drain();
  assert.deepEqual(s.names('state/orders'), ['WO-HELD.json']);
  const archived = () =>
    (readdirSync(s.path('state/archive'), { recursive: true }) as string[]).filter((n) => n.endsWith('.json')).sort();
  const [year, month, day] = new Date().toISOString().slice(0, 10).split('-');
  assert.deepEqual(archived(), [`${year}/${month}/${day}/WO-FAILED.json`, `${year}/${month}/${day}/WO-OLD.json`]);
  assert.match(s.waybill('show', 'WO-OLD').stdout, /WO-OLD {2}done {2}old/);
  assert.equal(s.waybill('why', 'WO-FAILED').code, 1);
  assert.equal(s.waybill('verify').code, 0);
  // an order that lives again has one state file, among the live ones
  s.waybill('retry', 'WO-FAILED');
  s.git('rev-parse', 'HEAD');
  s.write('nowhere', 'x');
  s.commitAll('there');
  s.waybill('up', '--drain');
  assert.equal(s.state('WO-FAILED').status, 'done');
  assert.deepEqual(archived(), [`${year}/${month}/${day}/WO-OLD.json`]);
  // restored where it belongs
  s.git('clean', '-fdxq', 'state');
  assert.equal(s.waybill('restore').code, 0);
  s.drain();
  assert.ok(archived().includes(`${year}/${month}/${day}/WO-OLD.json`));
  assert.ok(!s.exists('state/orders/WO-OLD.json'));
});

test('files of others in the state folder are nobody’s: neither moved nor a reason to stop', (t) => {
  const s = testStation(t, { settings: 'tracker: {retention_days: 0, canary_hours: 0}\n' });
  s.write('state/orders/notes.json', '{}');
  s.write('state/orders/list.json', '[]');
  s.write('state/orders/away.json', '{"wo_id":"../../../moved","finished_at":"2020-01-01T00:00:00.000Z","tags":[]}');
  s.drop({ wo_id: 'WO-1', title: 'x', files: [{ path: 'a', content: 'a' }], tags: ['waybill-canary'] });
  s.drain();
  s.drain();
  assert.deepEqual(s.names('state/orders'), ['away.json', 'list.json', 'notes.json']);
  // the canary's tag hides nobody's work
  assert.ok(s.exists('state/evidence/WO-1/manifest.json'));
});

test('what a canary left is cleaned up after its time; verify, restore and the commit stay right', async (t) => {
  const s = testStation(t, { settings: 'tracker: {canary_hours: 0}\n' });
  const station = await s.up(t);
  assert.equal(s.waybill('canary').code, 0);
  s.drop({ wo_id: 'WO-REAL', title: 'real', files: [{ path: 'a', content: 'a' }] });
  await until(() => s.exists('bridge/outbox/MAIN/WO-REAL.result.json'), 'it is done');
  await station.stop();
  s.drain();
  assert.deepEqual(s.names('state/orders'), ['WO-REAL.json']);
  assert.deepEqual(s.names('state/evidence'), ['WO-REAL']);
  assert.deepEqual(s.names('bridge/outbox/MAIN'), ['WO-REAL.result.json']);
  assert.equal(s.waybill('verify').code, 0);
  s.git('clean', '-fdxq', 'state');
  assert.equal(s.waybill('restore').code, 0);
  assert.deepEqual(s.names('state/orders'), ['WO-REAL.json']);
  assert.match(s.git('log', '--format=%s'), /canary/);
});

test('a station at rest in which nothing is alive writes no followup.json, until somebody takes it away', async (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-1', title: 'one', files: [{ path: 'a', content: 'a' }] });
  s.drain();
  const rt = await Runtime.open(await openStation(s.root), openLog('silent'));
  t.defer(async () => {
    rt.close();
    await closeRepository(rt.station.repo);
  });
  const tracker = new Tracker(rt, new InboxScanner(rt.station.layout.inbox, scanSettings(rt.station)));
  const clock = Date.now;
  let minutes = 0;
  Date.now = () => clock() + minutes * 61_000;
  t.defer(() => {
    Date.now = clock;
  });
  /** Whether a look a minute later writes it. */
  const writes = async () => {
    const before = fileMoment(rt.station.layout.followup);
    minutes++;
    await tracker.look();
    return fileMoment(rt.station.layout.followup) !== before;
  };
  assert.ok(await writes(), 'once');
  assert.ok(!(await writes()));
  rmSync(rt.station.layout.followup);
  assert.ok(await writes(), 'it was gone');
  assert.ok(!(await writes()));
  s.write('state/followup.json', '{}');
  assert.ok(await writes(), 'it was another one');
  s.write('bridge/inbox/MAIN/waits.yaml', 'wo_id: WO-2\n');
  assert.ok(await writes(), 'something waits in a lane');
  assert.equal(followup(s).lanes[0]?.waiting, 1);
});

test.run();
