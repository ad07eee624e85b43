import { testStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** Rule 11: a start reads the newest ledger segment only. What speaks of orders older than that must find them all the same. */

const test = suite('orders older than the newest segment', { timeoutMs: 250_000 });

test('retry, repeated and purged records about them are read by the next start; kills between change nothing', (t) => {
  const s = testStation(t);
  const failing = (woId: string) => ({
    wo_id: woId,
    title: woId,
    actions: [{ action: 'delete', path: `gone-${woId}` }],
  });
  for (const woId of ['WO-OLD-1', 'WO-OLD-2', 'WO-OLD-3']) s.drop(failing(woId));
  s.drop({ wo_id: 'WO-OLD-DONE', title: 'done', files: [{ path: 'a', content: 'a' }] });
  s.drop({ wo_id: 'WO-OLD-HELD', title: 'held', hold: true, files: [{ path: 'b', content: 'b' }] });
  s.drain();
  for (let n = 0; n < 1400; n++) s.drop({ wo_id: `WO-${n}`, type: 'ping' });
  s.drain();
  assert.equal(
    s.names('.git/waybill/ledger').filter((name) => name.endsWith('.jsonl')).length,
    2,
    'the segment turned',
  );
  s.waybill('retry', 'WO-OLD-1');
  s.waybill('purge', 'WO-OLD-2', '--secret');
  s.waybill('cancel', 'WO-OLD-HELD');
  s.drop({ wo_id: 'WO-OLD-DONE', title: 'done', files: [{ path: 'a', content: 'a' }] });
  s.drop({ ...failing('WO-OLD-3'), title: 'revised' });
  // every one of these leaves records of an order that the checkpoint does not know, at every place where a kill can fall
  for (let n = 1; s.drainKilledAt(n).killed; n += 30) assert.ok(n < 200);
  for (let starts = 0; starts < 3; starts++) s.drain();
  assert.deepEqual([s.state('WO-OLD-1').status, s.state('WO-OLD-1').attempt], ['failed', 2]);
  assert.equal(s.state('WO-OLD-2').title, '(purged)');
  assert.deepEqual([s.state('WO-OLD-3').status, s.state('WO-OLD-3').revision], ['failed', 2]);
  assert.equal(s.state('WO-OLD-HELD').status, 'cancelled');
  assert.equal(s.commitsOf('WO-OLD-DONE').length, 1);
  assert.equal(s.waybill('verify').code, 0, s.waybill('verify').stdout);
  // a command that was carried out just before a kill is refused the second time, never carried out twice
  assert.deepEqual(
    s.leftovers().filter((name) => !name.endsWith('.refused.json')),
    [],
  );
});

test.run();
