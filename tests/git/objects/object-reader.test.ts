import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Git } from '../../../src/git/git.ts';
import { objectId } from '../../../src/git/objects/object-id.ts';
import { ObjectReader } from '../../../src/git/objects/object-reader.ts';
import { writePack } from '../../../src/git/objects/pack.ts';
import { sha256 } from '../../../src/order/canonical-json.ts';
import { assert, suite, type TestContext } from '../../support/suite.ts';

const test = suite('objects, read through one git that is asked ahead');

function repository(t: TestContext): { root: string; reader: ObjectReader; store(content: string): string } {
  const root = t.tempDir();
  const git = (input: string, ...args: string[]) =>
    execFileSync('git', args, { cwd: root, input, encoding: 'utf8' }).trim();
  git('', 'init', '--quiet');
  const reader = new ObjectReader(new Git(root));
  t.defer(() => reader.end());
  return { root, reader, store: (content) => git(content, 'hash-object', '-w', '--stdin') };
}

const digest = (content: string) => sha256(content).slice('sha256:'.length);

test('many are asked for at once, and each gets its own answer, also those that are missing or large', async (t) => {
  const { reader, store } = repository(t);
  const large = 'x'.repeat(300_001);
  const contents = ['', 'a\n', large, ...Array.from({ length: 30 }, (_, n) => `content ${n}\n\n`)];
  const ids = contents.map(store);
  const missing = '1'.repeat(40);
  const asked = Array.from({ length: 20 }, () => [...ids, missing]).flat();
  const found = await Promise.all(asked.map((id) => reader.read(id)));
  const expected = [...contents.map((c) => ({ kind: 'blob', sha256: digest(c) })), { kind: 'missing' }];
  assert.deepEqual(found, Array.from({ length: 20 }, () => expected).flat());
});

test('rule 14: an object in a pack whose bytes are not those of its id is damaged, which git does not notice', async (t) => {
  const { root, reader } = repository(t);
  const tree = Buffer.from('tree of nothing');
  const objects = [
    { id: objectId('blob', Buffer.from('true\n')), type: 'blob', bytes: Buffer.from('forged\n'), base: null },
    { id: objectId('blob', Buffer.from('real\n')), type: 'blob', bytes: Buffer.from('real\n'), base: null },
    { id: objectId('tree', Buffer.alloc(0)).replace('4b', '4c'), type: 'tree', bytes: tree, base: null },
  ] as const;
  await writePack(join(root, '.git'), join(root, '.git/scratch'), objects);
  assert.deepEqual(await Promise.all(objects.map(({ id }) => reader.read(id))), [
    { kind: 'damaged' },
    { kind: 'blob', sha256: digest('real\n') },
    { kind: 'damaged' },
  ]);
});

test('rule 10: an object over which git ends is damaged, and those asked for after it are answered', async (t) => {
  const { root, reader, store } = repository(t);
  const long = (n: number) => Array.from({ length: 9999 }, (_, i) => hash('sha1', `${n} ${i}`, 'hex')).join('\n');
  const ids = ['a', 'b', long(1), long(2), 'c'].map(store);
  const spoil = (id: string, change: (bytes: Buffer) => Buffer) => {
    const path = join(root, '.git/objects', id.slice(0, 2), id.slice(2));
    chmodSync(path, 0o644);
    writeFileSync(path, change(readFileSync(path)));
  };
  spoil(ids[1] ?? '', () => Buffer.from('no zlib at all'));
  for (const id of ids.slice(2, 4)) spoil(id, (bytes) => bytes.subarray(0, bytes.length / 2));
  const found = await Promise.all(ids.map((id) => reader.read(id)));
  assert.deepEqual(
    found.map(({ kind }) => kind),
    ['blob', 'missing', 'damaged', 'damaged', 'blob'],
  );
});

test.run();
