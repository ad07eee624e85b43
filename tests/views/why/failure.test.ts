import type { StateDocument } from '../../../src/order/generated.ts';
import { forEnded } from '../../../src/views/why/failure.ts';
import { assert, suite } from '../../support/suite.ts';

/** What is offered for an order that ended: only what its end allows. */

const test = suite('views/why/failure');

function next(code: string, meta: object = {}): string {
  const state = {
    wo_id: 'WO-1',
    status: 'failed',
    last_error: { code },
    evidence: { path: 'e' },
    type: 'command',
    meta,
  };
  return JSON.stringify(forEnded(state as unknown as StateDocument, []).next);
}

test('what was purged or denied is dropped again; commands are told of only where they ran', () => {
  assert.match(next('CHECK_FAILED'), /waybill retry WO-1/);
  for (const told of [next('DENIED'), next('CHECK_FAILED', { purged: true })]) {
    assert.match(told, /waybill drop FILE/);
    assert.ok(!told.includes('waybill retry'), told);
  }
  assert.ok(!next('DENIED').includes('commands/'));
});

test.run();
