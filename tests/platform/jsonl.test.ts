import { appendFileSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { decorateFileSystem, fs } from '../../src/platform/fs.ts';
import { appendShared, LineAppender, lastLines, readLines, readLinesBackwards } from '../../src/platform/jsonl.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('platform/jsonl');

const linesOf = (path: string, from = 0) => [...readLines(path, from)];

test('rule 5: lines are appended whole, and the size is known', (t) => {
  const path = join(t.tempDir(), 'deep/er/a.jsonl');
  const appender = new LineAppender(path);
  t.defer(() => appender.close());
  appender.append(['{"a":1}', 'é文']);
  appender.append([]);
  appender.append(['']);
  appender.sync();
  assert.equal(readFileSync(path, 'utf8'), '{"a":1}\né文\n\n');
  assert.equal(appender.size, statSync(path).size);
  assert.equal(appender.torn, null);
});

test('rule 5: a torn tail is cut off and kept; what stands before it is whole', (t) => {
  const folder = t.tempDir();
  for (const [before, tail] of [
    ['a\nb\n', 'half a li'],
    ['', 'only'],
    ['x\n', 'y'.repeat(200_000)],
    [`${'z'.repeat(70_000)}\n`, Buffer.from([0xff, 0xc3]).toString('latin1')],
  ] as const) {
    const path = join(folder, 'torn.jsonl');
    writeFileSync(path, Buffer.from(before + tail, 'latin1'));
    const appender = new LineAppender(path);
    assert.equal(appender.torn?.toString('latin1'), tail);
    appender.append(['next']);
    appender.close();
    assert.equal(readFileSync(path, 'latin1'), `${before}next\n`);
  }
});

test('rule 5: a write that fails half-way leaves no half line for the next one to join', (t) => {
  const path = join(t.tempDir(), 'a.jsonl');
  const appender = new LineAppender(path);
  t.defer(() => appender.close());
  appender.append(['one']);
  const { writeSync } = fs;
  let calls = 0;
  const cut = ((fd: number, bytes: Uint8Array, offset: number, length: number) => {
    if (++calls === 1) return writeSync(fd, bytes, offset, Math.min(4, length));
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  }) as typeof writeSync;
  decorateFileSystem((inner) => ({ ...inner, writeSync: cut }));
  try {
    assert.throws(() => appender.append(['two two two']), /ENOSPC/);
  } finally {
    decorateFileSystem((inner) => ({ ...inner, writeSync }));
  }
  appender.append(['three']);
  assert.equal(readFileSync(path, 'utf8'), 'one\nthree\n');
  assert.equal(appender.size, statSync(path).size);
});

test('rule 1: what another process appended to a shared file is not cut off with half a line of ours', (t) => {
  const path = join(t.tempDir(), 'a.jsonl');
  const appender = new LineAppender(path, { shared: true });
  t.defer(() => appender.close());
  appender.append(['one']);
  appendShared(path, ['theirs']);
  const { writeSync } = fs;
  let calls = 0;
  const cut = ((fd: number, bytes: Uint8Array, offset: number) => {
    if (++calls > 1) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    return writeSync(fd, bytes, offset, 2);
  }) as typeof writeSync;
  decorateFileSystem((inner) => ({ ...inner, writeSync: cut }));
  try {
    assert.throws(() => appender.append(['two']), /ENOSPC/);
  } finally {
    decorateFileSystem((inner) => ({ ...inner, writeSync }));
  }
  assert.equal(readFileSync(path, 'utf8'), 'one\ntheirs\n');
  appendShared(path, ['more']);
  appender.append(['three']);
  assert.equal(readFileSync(path, 'utf8'), 'one\ntheirs\nmore\nthree\n');
  assert.equal(appender.size, statSync(path).size);
});

test('rule 5: a write that takes only a part is gone on with', (t) => {
  const path = join(t.tempDir(), 'a.jsonl');
  const appender = new LineAppender(path);
  t.defer(() => appender.close());
  const { writeSync } = fs;
  const slow = ((fd: number, bytes: Uint8Array, offset: number) => writeSync(fd, bytes, offset, 1)) as typeof writeSync;
  decorateFileSystem((inner) => ({ ...inner, writeSync: slow }));
  try {
    appender.append(['né', 'b']);
  } finally {
    decorateFileSystem((inner) => ({ ...inner, writeSync }));
  }
  assert.equal(readFileSync(path, 'utf8'), 'né\nb\n');
});

test('rule 6: an appender notices that its file was moved or replaced', (t) => {
  const path = join(t.tempDir(), 'a.jsonl');
  const appender = new LineAppender(path);
  t.defer(() => appender.close());
  assert.equal(appender.isInPlace(), true);
  renameSync(path, `${path}.1`);
  assert.equal(appender.isInPlace(), false);
  writeFileSync(path, '');
  assert.equal(appender.isInPlace(), false);
});

test('rule 11: lines are read across block borders, whatever letters stand there', (t) => {
  const path = join(t.tempDir(), 'a.jsonl');
  // 3-byte letters against blocks of a power of two: every border falls inside a letter somewhere
  const lines = Array.from({ length: 40 }, (_, i) => '文'.repeat(7000 + i));
  writeFileSync(path, `${lines.join('\n')}\n`);
  assert.deepEqual(
    linesOf(path).map((l) => l.text),
    lines,
  );
  for (const { start, end, text } of linesOf(path))
    assert.equal(readFileSync(path).subarray(start, end).toString('utf8'), `${text}\n`);
  assert.deepEqual(lastLines(path, 3), lines.slice(-3));
  assert.deepEqual(lastLines(path, 39), lines.slice(-39));
  assert.deepEqual(lastLines(path, 1000), lines);
});

test('rule 11: for any lines, reading from the end of one gives the rest, and the last n are the last n', (t) => {
  const path = join(t.tempDir(), 'a.jsonl');
  const line = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.nat(3000).map((n) => 'é'.repeat(n)),
  );
  fc.assert(
    fc.property(
      fc.array(
        line.map((s) => s.replaceAll('\n', ' ')),
        { maxLength: 20 },
      ),
      fc.nat(25),
      (lines, n) => {
        writeFileSync(path, lines.map((l) => `${l}\n`).join(''));
        const read = linesOf(path);
        assert.deepEqual(
          read.map((l) => l.text),
          lines,
        );
        const middle = read[Math.floor(read.length / 2)];
        if (middle !== undefined)
          assert.deepEqual(
            linesOf(path, middle.end).map((l) => l.text),
            lines.slice(read.indexOf(middle) + 1),
          );
        assert.deepEqual(lastLines(path, n), n === 0 ? lastLines(path, 0) : lines.slice(-n));
      },
    ),
    { numRuns: 60 },
  );
});

test('rule 5: a line that is being written comes marked, and is none of the last lines', (t) => {
  const path = join(t.tempDir(), 'a.jsonl');
  writeFileSync(path, 'one\ntwo\nthr');
  assert.deepEqual(
    linesOf(path).map((l) => [l.text, l.whole]),
    [
      ['one', true],
      ['two', true],
      ['thr', false],
    ],
  );
  assert.deepEqual(lastLines(path, 2), ['one', 'two']);
  appendFileSync(path, 'ee\n');
  assert.deepEqual(lastLines(path, 2), ['two', 'three']);
});

test('rule 11: a file that is missing has no lines', (t) => {
  const path = join(t.tempDir(), 'never');
  assert.deepEqual([linesOf(path), lastLines(path, 5), existsSync(path)], [[], [], false]);
});

test('rule 11: the last lines of a big file are found without reading it', (t) => {
  const path = join(t.tempDir(), 'big.jsonl');
  const block = `${Array.from({ length: 10_000 }, (_, i) => `{"n":${i},"pad":"${'x'.repeat(90)}"}`).join('\n')}\n`;
  for (let i = 0; i < 40; i++) appendFileSync(path, block);
  const begun = performance.now();
  assert.equal(lastLines(path, 200).length, 200);
  assert.ok(performance.now() - begun < 200, `${performance.now() - begun} ms for ${statSync(path).size} bytes`);
});

test('rule 11: lines are read from the end, however long they are, and no more of the file than is asked for', (t) => {
  const path = join(t.tempDir(), 'a.jsonl');
  assert.deepEqual([...readLinesBackwards(path)], []);
  for (const lines of [
    [],
    ['a'],
    ['', 'b', ''],
    ['a', 'ä'.repeat(50_000), '', 'x'.repeat(70_000), 'z'],
    [...Array(9000).keys()].map(String),
  ]) {
    writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
    const expected = lines.filter((line) => line !== '').reverse();
    assert.deepEqual(
      [...readLinesBackwards(path)].filter((line) => line !== ''),
      expected,
    );
    writeFileSync(path, `${lines.map((line) => `${line}\n`).join('')}half a li`);
    assert.deepEqual(
      [...readLinesBackwards(path)].filter((line) => line !== ''),
      expected,
      'a torn tail is no line',
    );
  }
  writeFileSync(path, 'torn and alone');
  assert.deepEqual([...readLinesBackwards(path)], []);
  let bytes = 0;
  const whole = fs;
  t.defer(() => decorateFileSystem(() => whole));
  decorateFileSystem((inner) => ({
    ...inner,
    readSync: ((...args: Parameters<typeof inner.readSync>) => {
      const n = inner.readSync(...args);
      bytes += n;
      return n;
    }) as typeof inner.readSync,
  }));
  writeFileSync(path, `${'y'.repeat(99)}\n`.repeat(100_000));
  for (const line of readLinesBackwards(path)) {
    assert.equal(line.length, 99);
    break;
  }
  assert.ok(bytes <= 65_536, `${bytes}`);
});

test('rule 5: a disk that takes half a line and does not give it back leaves no half line before the next', (t) => {
  const path = join(t.tempDir(), 'a.jsonl');
  const appender = new LineAppender(path);
  t.defer(() => appender.close());
  appender.append(['one']);
  const whole = fs;
  t.defer(() => decorateFileSystem(() => whole));
  decorateFileSystem((inner) => ({
    ...inner,
    writeSync: ((fd: number, bytes: Uint8Array, offset: number, length: number) => {
      inner.writeSync(fd, bytes, offset, Math.ceil(length / 2));
      throw Object.assign(new Error('ENOSPC: injected'), { code: 'ENOSPC' });
    }) as unknown as typeof inner.writeSync,
    ftruncateSync: () => {
      throw Object.assign(new Error('ENOSPC: injected'), { code: 'ENOSPC' });
    },
  }));
  assert.throws(() => appender.append(['two', 'three']), /ENOSPC/);
  assert.throws(() => appender.append(['two', 'three']), /ENOSPC/);
  decorateFileSystem(() => whole);
  appender.append(['four']);
  assert.equal(readFileSync(path, 'utf8'), 'one\nfour\n');
});

test.run();
