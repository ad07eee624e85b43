import { isGoodId, readOrder } from '../../src/intake/read-order.ts';
import type { WaybillError } from '../../src/order/error.ts';
import type { Order } from '../../src/order/order.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('intake/read-order');

const LIMITS = { maxOrderBytes: 4096, maxDepth: 8 };
const read = (text: string | Buffer, file = 'WO-1.yaml') => readOrder(Buffer.from(text as string), file, LIMITS);

function order(text: string, file?: string): Order {
  const result = read(text, file);
  if ('error' in result) throw result.error;
  return result.order;
}

/** Expects a refusal: its code, its place as `line:column`, and a hint. */
function refusal(text: string | Buffer, code: string, place: string, file = 'WO-1.yaml'): WaybillError {
  const result = read(text, file);
  assert.ok('error' in result, `${JSON.stringify(text)} was accepted`);
  const { error } = result;
  assert.equal(error.code, code, error.message);
  assert.equal(`${error.place.line ?? ''}:${error.place.column ?? ''}`, place, `${code}: ${error.message}`);
  assert.equal(error.place.file, file);
  assert.ok(error.message.length > 5 && error.hint.length > 5);
  return error;
}

const OK = 'wo_id: WO-1\ntitle: t\nfiles:\n  - path: a\n    content: x\n';

test('formats: YAML and JSON give the same order', () => {
  const json = JSON.stringify({ wo_id: 'WO-1', title: 't', files: [{ path: 'a', content: 'x' }] });
  assert.deepEqual(order(json, 'a.json'), order(OK));
  assert.deepEqual(order(json, 'a.JSON'), order(OK));
  assert.deepEqual(order(json, 'a.yaml'), order(OK), 'JSON is YAML');
});

test('rule 15: a file whose name says nothing is read as YAML, with a note', () => {
  const result = read(OK, 'order.txt');
  assert.ok('order' in result);
  assert.deepEqual(
    result.warnings.map((w) => w.code),
    ['note'],
  );
  const plain = read(OK, 'a.yml');
  assert.ok('order' in plain && plain.warnings.length === 0);
});

test('rule 10: every refusal has code, file, line, column and hint', () => {
  refusal('x'.repeat(4097), 'TOO_LARGE', ':');
  refusal(Buffer.concat([Buffer.from('wo_id: WO-1\ntitle: '), Buffer.from([0xff])]), 'NOT_UTF8', '2:8');
  refusal('', 'EMPTY', ':');
  refusal('# nothing\n', 'EMPTY', ':');
  refusal('wo_id: WO-1\nfiles: [\n', 'YAML_INVALID', '3:1');
  refusal('wo_id: WO-1\nwo_id: WO-2\n', 'YAML_INVALID', '2:1');
  refusal('{"wo_id": "WO-1",\n "files": [,]}', 'JSON_INVALID', '2:12', 'a.json');
  refusal(`${OK}metadata: {a: ${'['.repeat(9)}${']'.repeat(9)}}\n`, 'TOO_DEEP', '6:23');
  refusal('- wo_id: WO-1\n', 'NOT_AN_ORDER', '1:1');
  refusal('just text\n', 'NOT_AN_ORDER', '1:1');
  refusal('name: x\nversion: 2\n', 'NOT_AN_ORDER', '1:1');
  refusal('title: t\nfiles: []\n', 'NO_ID', '1:1');
  refusal("wo_id: ''\nfiles: []\n", 'NO_ID', '1:1');
  refusal('title: t\nwo_id: ../../etc\nfiles: []\n', 'BAD_ID', '2:1');
  refusal('wo_id: 20251113\nfiles: []\n', 'BAD_ID', '1:1');
  refusal('wo_id: WO-1\ntype: deploy\nfiles: []\n', 'UNKNOWN_TYPE', '2:1');
  refusal(`${OK}v: 2\n`, 'NEWER_VERSION', '6:1');
  refusal(`${OK}priority: soon\n`, 'SCHEMA_INVALID', '6:1');
  refusal('wo_id: WO-1\nfiles:\n  - path: a\n    contents: x\n', 'SCHEMA_INVALID', '4:5');
  refusal('wo_id: WO-1\nfiles:\n  - path: a\n', 'SCHEMA_INVALID', '3:5');
  refusal('wo_id: WO-1\nactions:\n  - action: explode\n', 'SCHEMA_INVALID', '3:5');
  refusal('wo_id: WO-1\nactions:\n  - {action: edit, path: a, find: x}\n', 'SCHEMA_INVALID', '3:5');
  refusal(`${OK}depends_on: [WO-1]\n`, 'DEPENDENCY_CYCLE', '1:1');
  refusal('wo_id: WO-1\n', 'NOTHING_TO_DO', '1:1');
  refusal(
    'wo_id: WO-1\nactions:\n  - {action: command, argv: [x]}\n  - {action: delete, path: a}\n',
    'ACTION_ORDER',
    '1:1',
  );
  refusal(`${OK}retries: 12345678901234567890\n`, 'SCHEMA_INVALID', '6:1');
  refusal(`${OK}not_before: "2026-01-01T10:00:00+01"\n`, 'SCHEMA_INVALID', '1:1');
});

test('rule 7: a slip in a key that could skip checks is refused where it stands, with the right key', () => {
  const error = refusal(`${OK}post_verfy:\n  - npm test\n`, 'UNKNOWN_FIELD', '6:1');
  assert.match(error.message, /"post_verfy".*post_verify/);
  refusal(`${OK}depend_on: [WO-2]\n`, 'UNKNOWN_FIELD', '6:1');
  const inner = refusal('wo_id: WO-1\nfiles:\n  - pth: a\n    path: a\n    content: x\n', 'SCHEMA_INVALID', '3:5');
  assert.equal(inner.hint, 'Did you mean path?');
});

test('rule 15: an unknown key is ignored with a warning at its line', () => {
  const result = read(`${OK}reviewer: bob\n`);
  assert.ok('order' in result);
  assert.deepEqual(
    result.warnings.map((w) => [w.code, w.line, w.column]),
    [['ignored', 6, 1]],
  );
});

test('rule 10: a refusal still tells id and title, where they could be read', () => {
  const declared = (text: string) => {
    const result = read(text);
    assert.ok('error' in result);
    return [result.declaredId, result.title];
  };
  assert.deepEqual(declared(`${OK}post_verfy: []\n`), ['WO-1', 't']);
  assert.deepEqual(declared('wo_id: ../x\ntitle: t\nfiles: []\n'), [null, 't']);
  assert.deepEqual(declared('wo_id: [\n'), [null, null]);
  assert.deepEqual(declared(`wo_id: WO-1\ntitle: ${'x'.repeat(300)}\n`), ['WO-1', 'x'.repeat(200)]);
});

test('rule 8: ids are names of files and refs on every system', () => {
  for (const id of ['WO-1', 'a', '20251113', 'WO_2025.11-13', 'x'.repeat(128)]) assert.ok(isGoodId(id), id);
  const bad = [
    '',
    '.',
    '..',
    '.a',
    '-a',
    '_a',
    'a/b',
    'a\\b',
    'a b',
    'a\n',
    'a..b',
    'a.',
    'a.lock',
    'a.LOCK',
    'a.json',
    'é',
    'a@{1}',
    'a~1',
    'a:b',
    'a*',
    'a\0',
    'x'.repeat(129),
  ];
  for (const id of bad) assert.equal(isGoodId(id), false, JSON.stringify(id));
});

test('rule 8: nothing in an order is expanded', () => {
  const text = order('wo_id: WO-1\ntitle: $(date) `id` $HOME\nfiles: [{path: "$(x)", content: "$Y"}]\n');
  assert.equal(text.title, '$(date) `id` $HOME');
  assert.deepEqual(text.fileActions[0], {
    action: 'write',
    path: '$(x)',
    mode: null,
    content: Buffer.from('$Y'),
  });
});

test.run();
