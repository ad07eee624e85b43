import { readDocument } from '../../src/order/document.ts';
import { WaybillError } from '../../src/order/error.ts';
import { conform, conforms } from '../../src/platform/schema.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('platform/schema');

function complaint(
  name: 'order' | 'settings' | 'command-file',
  yaml: string,
  authorsName?: (segments: readonly (string | number)[]) => readonly (string | number)[],
): WaybillError {
  const { value, locate } = readDocument(Buffer.from(yaml), 'yaml', { maxBytes: 9999, maxDepth: 9 });
  try {
    conform(name, value, 'SCHEMA_INVALID', { locate, ...(authorsName === undefined ? {} : { name: authorsName }) });
  } catch (error) {
    assert.ok(error instanceof WaybillError);
    return error;
  }
  throw new Error(`accepted: ${yaml}`);
}

const place = (e: WaybillError) => `${e.place.line}:${e.place.column}`;

test('rule 10: an unknown key is placed, and the nearest key of that very mapping is suggested', () => {
  // an order is compiled first: its keys must not be suggested for settings
  assert.ok(conforms('order', { wo_id: 'WO-1' }));
  for (const [yaml, where, hint] of [
    ['paths:\n  inbx: a\n', '2:3', 'Did you mean inbox?'],
    ['lanse: {}\n', '1:1', 'Did you mean lanes?'],
    ['guardrail:\n  component: []\n', '2:3', 'Did you mean components?'],
    ['lanes:\n  MAIN: {concurency: 1}\n', '2:10', 'Did you mean concurrency?'],
    ['retry: {something: 1}\n', '1:9', 'Known keys here: backoff_seconds, max_backoff_seconds.'],
  ] as const) {
    const error = complaint('settings', yaml);
    assert.deepEqual([place(error), error.hint], [where, hint], yaml);
  }
  const order = complaint('order', 'wo_id: WO-1\nactions:\n  - {action: move, path: a, to: b, form: c}\n');
  assert.deepEqual([place(order), order.hint], ['3:36', 'Known keys here: action, path, to.']);
});

test('rule 10: the complaint is about the deepest fault, in words that help', () => {
  for (const [yaml, where, message] of [
    ['wo_id: WO-1\npriority: soon\n', '2:1', /^priority: must be one of P0, P1/],
    ['wo_id: WO-1\nactions: [{action: explode}]\n', '2:11', /^actions\.0: .*known values in "action"/],
    ['wo_id: WO-1\nactions: [{action: edit, path: a, find: b}]\n', '2:11', /exactly one of replace, after, before/],
    ['wo_id: WO-1\nfiles: [{path: a, content: b, mode: 0755}]\n', '2:31', /^files\.0\.mode: must be one of 0644/],
    ['wo_id: WO-1\npost_verify: [{name: x}]\n', '2:15', /needs exactly one of argv, command/],
    ['wo_id: WO-1\nfiles: [{path: a}]\n', '2:9', /^files\.0: must have required property 'content'/],
    ['wo_id: WO-1\nv: 1.5\n', '2:1', /^v: must be 1/],
    ['wo_id: WO-1\ntests: [{command: a, argv: [b]}]\n', '2:9', /^tests\.0: needs exactly one of argv, command/],
  ] as const) {
    const error = complaint('order', yaml);
    assert.equal(place(error), where, error.message);
    assert.match(error.message, message);
  }
});

test('rule 10: a fault is told under the name its author gave the value', () => {
  const authors = (segments: readonly (string | number)[]) => ['payload', ...segments.slice(1)];
  const error = complaint('order', 'wo_id: WO-1\nretries: many\n', authors);
  assert.match(error.message, /^payload: must be integer/);
  assert.equal(place(error), '2:1');
});

test('rule 10: without an origin there is the reason, and no place', () => {
  assert.throws(
    () => conform('order', { wo_id: 'WO-1', retries: -1 }, 'SCHEMA_INVALID'),
    (e: unknown) => e instanceof WaybillError && /^retries: /.test(e.message) && e.place.line === undefined,
  );
});

test('rule 7: the document itself may be what is wrong', () => {
  assert.match(complaint('settings', '- a\n').message, /^the document: must be object/);
  assert.equal(conforms('error', null), false);
});

test.run();
