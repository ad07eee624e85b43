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

test('a hundred thousand files that wait at the start are each taken once', (t) => {
  const s = testStation(t, { settings: 'intake: {max_waiting: 1000000}\nlanes: {MAIN: {}, CLC: {}}\n' });
  for (let n = 0; n < 100_000; n++)
    s.drop({ wo_id: `WO-${String(n).padStart(6, '0')}`, type: 'ping' }, n % 2 === 0 ? 'MAIN' : 'CLC');
  s.drain();
  assert.equal(s.names('bridge/outbox/MAIN').length + s.names('bridge/outbox/CLC').length, 100_000);
  assert.deepEqual([...s.names('bridge/inbox/MAIN'), ...s.names('bridge/inbox/CLC')], []);
  assert.deepEqual(s.rejections(), []);
});

test.run();
