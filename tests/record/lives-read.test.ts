import { readLives, recordsOf } from '../../src/record/lives-read.ts';
import { testStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('record/lives-read');

test('orders are told apart also where one id begins like another, and as the state files have them', (t) => {
  const s = testStation(t);
  const long = 'WO-AN-ID-LONGER-THAN-WHAT-IS-LOOKED-AT';
  const ids = ['WO-1', 'WO-10', 'WO.1', long, `${long}-2`];
  for (const [n, id] of ids.entries())
    s.drop({ wo_id: id, title: id, files: [{ path: `f${n}`, content: 'x' }] } as never);
  s.drain();
  const ledger = s.path('.git/waybill/ledger');
  const wanted = ['WO-1', long].map((woId) => ({ woId, born: Number(s.state(woId).meta['born']) }));
  const lives = readLives(ledger, wanted);
  assert.deepEqual([...lives.keys()].sort(), ['WO-1', long].sort());
  for (const [woId, life] of lives) {
    const state = s.state(woId);
    assert.deepEqual([life.status, life.lastSeq, life.attempt], [state.status, state.meta['seq'], state.attempt]);
    assert.deepEqual(life.outcome?.commits, state.commits);
  }
  assert.deepEqual(
    [...new Set([...recordsOf(ledger, [{ woId: 'WO.1', born: 1 }])].map((record) => record.wo_id))],
    ['WO.1'],
    'a dot is a dot',
  );
  assert.equal(readLives(ledger, [{ woId: 'WO-NOBODY', born: 1 }]).size, 0);
  assert.equal(readLives(ledger, []).size, 0);
});

test.run();
