import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import type { Change, Content } from '../../src/order/change.ts';
import { renderDiff } from '../../src/order/diff.ts';
import { readPatch } from '../../src/order/patch.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('order/diff', { needs: ['git'] });

const file = (bytes: Buffer | string, mode: Content['mode'] = '100644'): Content => ({
  mode,
  bytes: Buffer.from(bytes as string),
});

function git(cwd: string, args: string[], input?: Buffer): Buffer {
  const { status, stdout, stderr } = spawnSync('git', args, { cwd, ...(input === undefined ? {} : { input }) });
  assert.equal(status, 0, `git ${args.join(' ')}: ${stderr.toString()}${input === undefined ? '' : `\n${input}`}`);
  return stdout;
}

/** Applies the diff with git in a folder that holds the state before, and says what is there then. */
function gitApplies(folder: string, changes: readonly Change[]): void {
  for (const { path, before } of changes) {
    if (before === null) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), before.bytes, { mode: before.mode === '100755' ? 0o755 : 0o644 });
  }
  const patch = renderDiff(changes);
  git(folder, ['apply', '--check', '-'], patch);
  git(folder, ['apply', '--whitespace=nowarn', '-'], patch);
  for (const { path, after } of changes) {
    const at = join(folder, path);
    if (after === null) assert.equal(existsSync(at), false, path);
    else {
      assert.deepEqual(readFileSync(at), after.bytes, path);
      assert.equal((statSync(at).mode & 0o100) !== 0, after.mode === '100755', path);
      rmSync(at);
    }
  }
}

const line = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'b', 'c', '', ' ', '-- x', '++ y', '\\', '@@ -1 +1 @@', '\r', 'x\r') },
  {
    weight: 1,
    arbitrary: fc
      .uint8Array({ minLength: 1, maxLength: 6 })
      .map((b) => Buffer.from(b.map((n) => (n === 10 || n === 0 ? 120 : n))).toString('latin1')),
  },
);
const text = fc
  .tuple(fc.array(line, { maxLength: 14 }), fc.boolean())
  .map(([lines, end]) => Buffer.from(lines.join('\n') + (end && lines.length > 0 ? '\n' : ''), 'latin1'));

test('evidence: for any text before and after, git apply makes exactly the text after of the diff', (t) => {
  const folder = t.tempDir();
  git(folder, ['init', '-q']);
  fc.assert(
    fc.property(text, text, (before, after) => {
      if (before.equals(after)) return;
      gitApplies(folder, [{ path: 'f.txt', before: file(before), after: file(after) }]);
    }),
    { numRuns: 120 },
  );
});

test('evidence: for any text before and after, our own patch reader agrees', () => {
  fc.assert(
    fc.property(text, text, (before, after) => {
      if (before.equals(after)) return;
      const diff = renderDiff([{ path: 'f.txt', before: file(before), after: file(after) }]);
      // the reader takes text; a diff with bytes that are no UTF-8 cannot come in an order
      if (!Buffer.from(diff.toString('utf8')).equals(diff)) return;
      const [patch] = readPatch(diff.toString('utf8'), null);
      assert.deepEqual(patch?.apply(before), after);
    }),
    { numRuns: 500 },
  );
});

test('patch: for any text before and after, a diff made by git is read as git means it', (t) => {
  const folder = t.tempDir();
  const plain = fc.array(fc.constantFrom('a', 'b', 'c', '', 'é', 'x\r'), { maxLength: 12 });
  fc.assert(
    fc.property(plain, plain, fc.boolean(), fc.boolean(), (a, b, endA, endB) => {
      const [before, after] = [a.join('\n') + (endA ? '\n' : ''), b.join('\n') + (endB ? '\n' : '')];
      if (before === after) return;
      writeFileSync(join(folder, 'a'), before);
      writeFileSync(join(folder, 'b'), after);
      const { stdout } = spawnSync('git', ['diff', '--no-index', '--text', '--no-prefix', 'a', 'b'], { cwd: folder });
      const hunks = stdout.toString('utf8').replace(/^[\s\S]*?(?=^@@)/m, '--- f\n+++ f\n');
      const [patch] = readPatch(hunks, null);
      assert.equal(patch?.apply(Buffer.from(before)).toString('utf8'), after, hunks);
    }),
    { numRuns: 80 },
  );
});

test('evidence: creations, deletions, modes and odd names apply with git', (t) => {
  const folder = t.tempDir();
  git(folder, ['init', '-q']);
  gitApplies(folder, [
    { path: 'new.txt', before: null, after: file('a\nb\n') },
    { path: 'new.sh', before: null, after: file('#!/bin/sh\n', '100755') },
    { path: 'empty', before: null, after: file('') },
    { path: 'no newline', before: null, after: file('x') },
    { path: 'gone.txt', before: file('a\nb'), after: null },
    { path: 'gone empty', before: file(''), after: null },
    { path: 'mode only', before: file('x\n'), after: file('x\n', '100755') },
    { path: 'mode and text', before: file('x\n', '100755'), after: file('y\n') },
    { path: 'deep/er/voilà 文', before: file('1\n'), after: file('2\n') },
    { path: 'quo"te\\ and\ttab', before: file('1\n'), after: file('2\n') },
    { path: 'line\nbreak', before: file('1\n'), after: file('2\n') },
    { path: 'to empty', before: file('1\n2\n'), after: file('') },
  ]);
});

test('rule 11: a file rewritten from end to end costs no quadratic diff, and still applies', (t) => {
  const folder = t.tempDir();
  git(folder, ['init', '-q']);
  const lines = (word: string) =>
    file(Array.from({ length: 12_000 }, (_, i) => `${word} ${(i * 7919) % 104_729}`).join('\n'));
  const change = { path: 'big', before: lines('old'), after: lines('new') };
  const begun = performance.now();
  renderDiff([change]);
  assert.ok(performance.now() - begun < 5000, `${performance.now() - begun} ms`);
  gitApplies(folder, [change]);
});

test('evidence: binary and huge files are named with their sizes, and never pretend to be a patch', (t) => {
  const folder = t.tempDir();
  git(folder, ['init', '-q']);
  const diff = renderDiff([
    { path: 'i.png', before: null, after: file(Buffer.from([0, 1, 2])) },
    { path: 'huge', before: file('a\n'), after: file('b'.repeat(1024 * 1024)) },
  ]).toString();
  assert.match(diff, /^Binary files \/dev\/null \(0 bytes\) and b\/i\.png \(3 bytes\) differ$/m);
  assert.match(diff, /^Binary files a\/huge \(2 bytes\) and b\/huge \(1048576 bytes\) differ$/m);
  assert.notEqual(spawnSync('git', ['apply', '--check', '-'], { cwd: folder, input: diff }).status, 0);
});

test.run();
