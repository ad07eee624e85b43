import { rmSync } from 'node:fs';
import { fuzz } from '../support/fuzz.ts';
import { testStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** Rules 1, 10 and 11 in full: ten thousand mutated orders, grown to 50 MB; a hundred thousand files that wait at the start. */

const test = suite('mutated orders, in full', { torture: true, timeoutMs: 1_700_000 });

test('ten thousand mutated orders leave the station alive, memory bounded, and every file accounted for', async (t) => {
  const seed = Number(process.env['WAYBILL_SEED'] ?? Math.floor(Math.random() * 1e9));
  console.log(`seed ${seed}; WAYBILL_SEED=${seed} repeats it`);
  await fuzz(t, { seed, files: 10_000, atOnce: 500, grownBytes: 50e6 });
});

test('a hundred thousand files that wait at the start are each taken once, and a start with that many alive is a start', (t) => {
  const s = testStation(t, { settings: 'intake: {max_waiting: 1000000}\nlanes: {MAIN: {}, CLC: {}}\n' });
  // held: what is measured here is intake, not what comes after it
  for (let n = 0; n < 100_000; n++)
    s.drop({ wo_id: `WO-${String(n).padStart(6, '0')}`, type: 'ping', hold: true }, n % 2 === 0 ? 'MAIN' : 'CLC');
  s.drain();
  assert.equal(s.names('state/orders').length, 100_000);
  assert.deepEqual([...s.names('bridge/inbox/MAIN'), ...s.names('bridge/inbox/CLC')], []);
  assert.deepEqual(s.rejections(), []);
  s.drop({ wo_id: 'WO-AND-ONE-MORE', title: 'x', files: [{ path: 'x', content: 'x' }] });
  s.drain();
  assert.equal(s.result('WO-AND-ONE-MORE').status, 'done');
  // so many files take longer to remove than the clean-up after a test may
  rmSync(s.root, { recursive: true, force: true });
});

test.run();
