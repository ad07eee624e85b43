import { hashOf } from '../../src/order/canonical-json.ts';
import type { Recorded } from '../../src/order/event.ts';
import { entombed, HashCheck, PURGED_TEXT, tombstoneOf } from '../../src/order/tombstone.ts';
import { assert, suite } from '../support/suite.ts';

/** What is left of a record when its words must not stay. */

const test = suite('order/tombstone');
const SECRET = 'tok-7f3a9c';

const ruling = { kind: 'command', subject: `echo ${SECRET}`, rule: 'default', why: SECRET, pattern: null };

const ASKED = signed({
  event: 'waits',
  data: {
    waiting_for: 'approval',
    until: null,
    why: SECRET,
    ask: { id: 'a', sha256: 'b', stage: 'start', rulings: [ruling], changed: [`the command ${SECRET}`] },
  },
});

function signed(told: object): Recorded {
  const body = { v: 1, seq: 1, wo_id: 'WO-1', from: null, to: null, ...told };
  return { ...body, hash: hashOf(body) } as unknown as Recorded;
}

function vouching(record: Recorded): Recorded {
  return signed({ seq: 2, event: 'purged', data: { by: 'x', reason: '', claims: [], records: [tombstoneOf(record)] } });
}

/** A record as stations emptied it before they took out what was asked. */
function emptiedOnce(subject: string, why: string): Recorded {
  const left = entombed(ASKED) as Recorded<'waits'>;
  const ask = { ...left.data.ask, rulings: [{ ...ruling, subject, why }], changed: [`the command ${SECRET}`] };
  return { ...left, data: { ...left.data, ask } } as Recorded;
}

test('nothing of what a person was asked stays: no command, no path, not what changed', () => {
  const left = entombed(ASKED);
  assert.ok(!JSON.stringify(left).includes(SECRET), JSON.stringify(left));
  const check = new HashCheck();
  assert.ok(check.accepts(left));
  assert.ok(check.accepts(vouching(ASKED)));
  assert.deepEqual(check.unsettled(), []);
});

test('what an older station emptied is still a record that was emptied; other words in it are none', () => {
  const old = emptiedOnce(ruling.subject, PURGED_TEXT);
  const check = new HashCheck();
  assert.ok(check.accepts(old));
  assert.deepEqual(check.unsettled(), [1]);
  const said = { seq: 1, hash: old.hash, left: hashOf(old) };
  assert.ok(
    check.accepts(signed({ seq: 2, event: 'purged', data: { by: 'x', reason: '', claims: [], records: [said] } })),
  );
  assert.deepEqual(check.unsettled(), []);
  assert.equal(new HashCheck().accepts(emptiedOnce(ruling.subject, 'my own words')), false);
  // a second purge takes out what the first one left
  assert.ok(!JSON.stringify(entombed(old)).includes(SECRET));
});

test.run();
