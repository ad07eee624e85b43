import { type Input, readOrder } from '../../src/intake/read-order.ts';
import { sha256 } from '../../src/order/canonical-json.ts';
import type { WaybillError } from '../../src/order/error.ts';
import type { Order } from '../../src/order/order.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('intake/read-order');

const LIMITS = { maxOrderBytes: 4096, maxDepth: 8, deprecatedTypes: { deploy_now: 'Write type: command.' } };
const read = (text: string | Buffer, file = 'WO-1.yaml', attachments: Input['attachments'] = null) =>
  readOrder({ bytes: Buffer.from(text as string), file, attachments }, LIMITS);

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
const FILES = 'files: [{path: a, content: x}]\n';

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
  refusal(`${OK}...\n---\n${OK}`, 'YAML_INVALID', '7:1');
  refusal('{"wo_id": "WO-1",\n "files": [,]}', 'JSON_INVALID', '2:12', 'a.json');
  refusal(`${OK}metadata: {a: ${'['.repeat(9)}${']'.repeat(9)}}\n`, 'TOO_DEEP', '6:23');
  refusal('- wo_id: WO-1\n', 'NOT_AN_ORDER', '1:1');
  refusal('just text\n', 'NOT_AN_ORDER', '1:1');
  refusal('name: x\nversion: 2\n', 'UNKNOWN_SHAPE', '1:1');
  refusal('wo_id: WO-1\n', 'UNKNOWN_SHAPE', '1:1');
  refusal(`title: t\n${FILES}`, 'NO_ID', '1:1');
  refusal(`wo_id: ''\n${FILES}`, 'NO_ID', '1:1');
  refusal(`title: t\nwo_id: ../../etc\n${FILES}`, 'BAD_ID', '2:1');
  refusal(`wo_id: 20251113\n${FILES}`, 'BAD_ID', '1:1');
  refusal(`wo_id: WO-1\ntype: deploy\n${FILES}`, 'UNKNOWN_TYPE', '2:1');
  refusal(`${OK}v: 2\n`, 'NEWER_VERSION', '6:1');
  refusal(`${OK}schema_version: 2\n`, 'NEWER_VERSION', '6:1');
  refusal(`${OK}type: deploy_now\n`, 'DEPRECATED_TYPE', '6:1');
  refusal(`${OK}id: WO-2\n`, 'AMBIGUOUS_FIELD', '6:1');
  refusal(`${OK}priority: soon\n`, 'SCHEMA_INVALID', '6:1');
  refusal('wo_id: WO-1\nfiles:\n  - path: a\n    contents: x\n', 'SCHEMA_INVALID', '4:5');
  refusal('wo_id: WO-1\nfiles:\n  - path: a\n', 'SCHEMA_INVALID', '3:5');
  refusal('wo_id: WO-1\nfiles:\n  - path: a\n    content: "*"\n    encoding: base64\n', 'SCHEMA_INVALID', '4:5');
  refusal('wo_id: WO-1\nactions:\n  - action: explode\n', 'SCHEMA_INVALID', '3:5');
  refusal('wo_id: WO-1\nactions:\n  - {action: edit, path: a, find: x}\n', 'SCHEMA_INVALID', '3:5');
  refusal('wo_id: WO-1\nactions:\n  - {action: set, path: a.txt, key: k, value: 1}\n', 'SCHEMA_INVALID', '3:5');
  refusal(`${OK}depends_on: [WO-1]\n`, 'DEPENDENCY_CYCLE', '6:1');
  refusal('wo_id: WO-1\nactions: []\n', 'NOTHING_TO_DO', '1:1');
  refusal('wo_id: WO-1\ntype: mission\n', 'NOTHING_TO_DO', '1:1');
  refusal(
    'wo_id: WO-1\nactions:\n  - {action: command, argv: [x]}\n  - {action: delete, path: a}\n',
    'ACTION_ORDER',
    '4:5',
  );
  refusal(`${OK}retries: 12345678901234567890\n`, 'SCHEMA_INVALID', '6:1');
  refusal(`${OK}not_before: soon\n`, 'SCHEMA_INVALID', '6:1');
  refusal(`${OK}not_before: "2016-12-31T23:59:60Z"\n`, 'SCHEMA_INVALID', '6:1');
});

test('rule 7: a slip in a key that could skip checks is refused where it stands, with the right key', () => {
  const error = refusal(`${OK}post_verfy:\n  - npm test\n`, 'UNKNOWN_FIELD', '6:1');
  assert.match(error.message, /post_verfy.*post_verify/);
  assert.match(error.hint, /post_verify/);
  refusal(`${OK}depend_on: [WO-2]\n`, 'UNKNOWN_FIELD', '6:1');
  const inner = refusal('wo_id: WO-1\nfiles:\n  - path: a\n    contnt: x\n', 'SCHEMA_INVALID', '4:5');
  assert.match(inner.hint, /content/);
});

test('rule 10: a fault in an order of another shape is told in the words and at the line of its author', () => {
  const operations = (operation: string) =>
    `wo_id: WO-1\ntasks:\n  - task_id: one\n    operations:\n      - ${operation}\n`;
  for (const [text, code, place, message] of [
    [operations('{op: write_file, file: a}'), 'SCHEMA_INVALID', '5:9', /^tasks\.0\.operations\.0: .*content/],
    [operations('{op: explode, file: a}'), 'SCHEMA_INVALID', '5:10', /^tasks\.0\.operations\.0\.op: "explode"/],
    [operations('{op: write_file, file: 1, content: x}'), 'SCHEMA_INVALID', '5:26', /^tasks\.0\.operations\.0\.file: /],
    ['wo_id: WO-1\nfiles:\n  a.txt: 1\n', 'SCHEMA_INVALID', '3:3', /^files\.a\.txt: /],
    ['wo_id: WO-1\nedits:\n  - {path: a, find: x}\n', 'SCHEMA_INVALID', '3:5', /^edits\.0: .*replace, after, before/],
    ['wo_id: WO-1\npayload:\n  action: append\n  content: x\n', 'SCHEMA_INVALID', '2:1', /^payload: .*path/],
    ['wo_id: WO-1\nassignee: 7\nproblem: p\n', 'SCHEMA_INVALID', '2:1', /^assignee: /],
    ['id: a b\nproblem: p\n', 'BAD_ID', '1:1', /"a b"/],
  ] as const) {
    const error = refusal(text, code, place);
    assert.match(error.message, message);
  }
});

test('rule 10: a line that a hint tells to write is one that works', () => {
  const texts = [
    `${OK}priority: Hgih\n`,
    `${OK}hold: yes\n`,
    `${OK}post_verfy: [npm test]\n`,
    `${OK}depends_on: [WO-1]\n`,
    `title: t\n${FILES}`,
    `wo_id: W\u041e 1/2\n${FILES}`,
    `wo_id: WO-1\ntitle: a: b\n${FILES}`,
    `wo_id: WO-1\ntitle: "a\n${FILES}`,
    'wo_id: WO-1\nfiles:\n\t- {path: a, content: x}\n',
    `wo_id: WO-1\nwo_id: WO-1\n${FILES}`,
    `wo_id:WO-1\n${FILES}`,
  ];
  for (const text of texts) {
    const result = read(text);
    assert.ok('error' in result, text);
    const again = read(obeyed(text, result.error.hint));
    if ('error' in again)
      assert.ok((again.error.place.line ?? 0) > (result.error.place.line ?? 0), `${text}\n${result.error.hint}`);
  }
});

/** The text with the one change made that the hint tells. */
function obeyed(text: string, hint: string): string {
  const lines = text.split('\n');
  const [, verb, number, line = ''] =
    /^(Remove|Write|Add this after) line (\d+)(?: as|:)? ?(?:`(.*)`)?\.?$/s.exec(
      hint.replace('Add this as the first line:', 'Add this after line 0:'),
    ) ?? assert.fail(`${JSON.stringify(text)} has the hint ${hint}`);
  const at = Number(number);
  if (verb === 'Remove') lines.splice(at - 1, 1);
  else if (verb === 'Write') lines[at - 1] = line;
  else lines.splice(at, 0, line);
  return lines.join('\n');
}

test('rule 7: an order that comes in a folder is held against its manifest before anything is made of it', () => {
  const text = 'wo_id: WO-1\ntitle: t\nbody_file: body.md\nevidence_dir: evidence/\n';
  const body = { path: 'body.md', bytes: Buffer.from('Do it.\n') };
  const manifest = (checksum: string) => ({
    path: 'evidence/manifest.json',
    bytes: Buffer.from(JSON.stringify({ checksums: { wo_yaml: checksum } })),
  });
  const good = read(text, 'WO-1.yaml', [body, manifest(sha256(Buffer.from(text)).slice(7))]);
  assert.ok('order' in good);
  assert.deepEqual([good.shape, good.order.mission?.brief], ['folder bundle', 'Do it.']);
  const bad = read(text, 'WO-1.yaml', [body, manifest('0'.repeat(64))]);
  assert.ok('error' in bad);
  assert.deepEqual([bad.error.code, bad.declaredId], ['CHECKSUM_MISMATCH', 'WO-1']);
  const missing = read(text, 'WO-1.yaml', [body]);
  assert.ok('error' in missing && missing.error.code === 'BUNDLE_INVALID');
});

test('rule 7: a body that is named and did not come is never passed over in silence', () => {
  const text = 'wo_id: WO-1\ntitle: t\nsummary: in short\nbody_file: body.md\n';
  const result = read(text);
  assert.ok('error' in result || result.warnings.some((w) => w.message.startsWith('body_file')), 'read without a word');
  const bare = read('wo_id: WO-1\ntitle: t\nbody_file: body.md\n');
  assert.ok('error' in bare);
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

test('rule 8: nothing in an order is expanded', () => {
  const text = order('wo_id: WO-1\ntitle: $(date) `id` $HOME\nfiles: [{path: "$(x)", content: "$Y"}]\n');
  assert.equal(text.title, '$(date) `id` $HOME');
  assert.deepEqual(text.fileActions[0], {
    action: 'write',
    path: '$(x)',
    mode: null,
    content: Buffer.from('$Y'),
    mustExist: null,
  });
});

test.run();
