import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MADE_ORDER } from '../../src/intake/claim.ts';
import { readOrder } from '../../src/intake/read-order.ts';
import { keepMadeOrder, madeOrder } from '../../src/intake/take.ts';
import { WaybillError } from '../../src/order/error.ts';
import { isGoodId } from '../../src/order/id.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('intake/take');

type Made = Record<string, unknown> & { wo_id: string };
const made = (order: Record<string, unknown>, file: string, bytes: Buffer | string, lane = 'CLC'): Made =>
  JSON.parse(madeOrder({ match: '*', order }, file, Buffer.from(bytes as string), lane).toString()) as Made;

test('formats: the words of a rule are filled in, wherever they stand', () => {
  const order = {
    title: '{stem} of {lane}',
    files: [{ path: 'in/{file}', content: '{content}', '{file}': 1 }],
    metadata: { n: 5, yes: true, none: null, b: '{base64}', other: '{unknown} {} {file' },
  };
  const { wo_id: _id, ...rest } = made(order, 'a.tar.gz', 'é\n');
  assert.deepEqual(rest, {
    title: 'a.tar of CLC',
    files: [{ path: 'in/a.tar.gz', content: 'é\n', '{file}': 1 }],
    metadata: { n: 5, yes: true, none: null, b: Buffer.from('é\n').toString('base64'), other: '{unknown} {} {file' },
  });
});

test('rule 8: what a file holds, or is called, is never taken for a word of the rule', () => {
  const { files } = made(
    { files: [{ path: '{file}', content: '{content}' }] },
    '{lane}$&.txt',
    '{file} {base64} $& $1',
  );
  assert.deepEqual(files, [{ path: '{lane}$&.txt', content: '{file} {base64} $& $1' }]);
});

test('rule 8: words that mean something to JavaScript are no words', () => {
  const { title } = made({ title: '{constructor} {toString} {__proto__}' }, 'a', 'x');
  assert.equal(title, '{constructor} {toString} {__proto__}');
});

test('rule 3: the same file gives the same order under the same id, and another one another', () => {
  const id = (file: string, bytes: string) => made({}, file, bytes).wo_id;
  assert.equal(id('a.patch', 'x'), id('a.patch', 'x'));
  assert.equal(new Set([id('a.patch', 'x'), id('a.patch', 'y'), id('b.patch', 'x')]).size, 3);
  for (const file of ['a b.patch', 'é文.txt', '文', '.patch', '-', 'con.patch', `${'x'.repeat(250)}.patch`, 'a.lock'])
    assert.ok(isGoodId(id(file, 'x')), `${file}: ${id(file, 'x')}`);
  assert.match(id('fix it.patch', 'x'), /^fix-it-[0-9a-f]{8}$/);
});

test('rule 15: a rule may name id and title itself', () => {
  const order = made({ wo_id: 'WO-{stem}', title: 'T' }, 'a.patch', 'x');
  assert.deepEqual([order.wo_id, order['title']], ['WO-a', 'T']);
  assert.equal(made({}, 'a.patch', 'x')['title'], 'a.patch');
});

test('rule 1: bytes that are no text come over in base64, and are never bent', () => {
  const bytes = Buffer.from([0xff, 0x00, 0xfe]);
  assert.throws(
    () => made({ task: '{content}' }, 'a.bin', bytes),
    (e: unknown) =>
      e instanceof WaybillError && e.code === 'NOT_UTF8' && e.message.includes('a.bin') && /base64/.test(e.hint),
  );
  const rule = { match: '*.bin', order: { files: [{ path: '{file}', content: '{base64}', encoding: 'base64' }] } };
  const order = madeOrder(rule, 'a.bin', bytes, 'CLC');
  const read = readOrder(
    { bytes: order, file: MADE_ORDER, attachments: [{ path: 'a.bin', bytes }] },
    { maxOrderBytes: 4096, maxDepth: 8, deprecatedTypes: {} },
  );
  assert.ok('order' in read, 'error' in read ? read.error.message : '');
  assert.deepEqual((read.order.fileActions[0] as { content: Buffer }).content, bytes);
  assert.equal(made({ title: '{content}' }, 'a', '\ufeffx')['title'], '\ufeffx', 'a byte order mark is content too');
});

test('rule 15: the order once made stays: what settings say later changes nothing about it', (t) => {
  const claimed = t.tempDir();
  mkdirSync(join(claimed, 'C'));
  keepMadeOrder(claimed, 'C', 'MAIN', Buffer.from('one'));
  keepMadeOrder(claimed, 'C', 'MAIN', Buffer.from('two'));
  assert.deepEqual(readdirSync(join(claimed, 'C')), [`MAIN@${MADE_ORDER}`]);
  assert.equal(readFileSync(join(claimed, 'C', `MAIN@${MADE_ORDER}`), 'utf8'), 'one');
});

test.run();
