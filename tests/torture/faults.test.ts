import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errno, fs, O_CREAT, O_RDONLY, O_WRONLY } from '../../src/platform/fs.ts';
import { type Conversation, runTool, startConversation } from '../../src/platform/process.ts';
import { type FaultPlan, Faults, NO_FAULT } from '../../src/torture/faults.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/** The strikes themselves: at the operation that was named, in the way that was named, and nowhere else. */

const test = suite('faults at the n-th operation', { needs: ['git'] });

class Dead extends Error {}

function faults(plan: Partial<FaultPlan>): Faults {
  return new Faults(
    { ...NO_FAULT, ...plan },
    {
      die: () => {
        throw new Dead('killed');
      },
      power: null,
    },
  );
}

function place(t: TestContext) {
  const folder = t.tempDir();
  const path = (name: string) => join(folder, name);
  writeFileSync(path('there'), 'there');
  return path;
}

test('counts what changes a disk, and for descriptors and permissions what opens something too', (t) => {
  const path = place(t);
  for (const [kind, expected] of [
    ['none', 3],
    ['EMFILE', 5],
  ] as const) {
    const f = faults({ kind, at: 100 });
    const files = f.decorateFiles(fs);
    files.readFileSync(path('there'));
    files.closeSync(files.openSync(path('there'), O_RDONLY));
    files.closeSync(files.openSync(path(`${kind}.new`), O_WRONLY | O_CREAT));
    files.renameSync(path(`${kind}.new`), path('moved'));
    files.unlinkSync(path('moved'));
    assert.equal(f.operations, expected, kind);
  }
});

test('kill strikes before the operation, cut in the middle of it, errors in its place', (t) => {
  const path = place(t);
  const write = (plan: Partial<FaultPlan>, name: string) => {
    const files = faults({ at: 2, ...plan }).decorateFiles(fs);
    const fd = files.openSync(path(name), O_WRONLY | O_CREAT);
    files.writeSync(fd, Buffer.from('0123456789'), 0, 10);
    files.closeSync(fd);
  };
  assert.throws(() => write({ kind: 'kill' }, 'a'), Dead);
  assert.equal(readFileSync(path('a'), 'utf8'), '');
  assert.throws(() => write({ kind: 'cut' }, 'b'), Dead);
  assert.equal(readFileSync(path('b'), 'utf8'), '01234');
  assert.throws(
    () => write({ kind: 'ENOSPC' }, 'c'),
    (e) => errno(e) === 'ENOSPC',
  );
  assert.equal(readFileSync(path('c'), 'utf8'), '01234');
  assert.throws(
    () => write({ kind: 'EIO' }, 'd'),
    (e) => errno(e) === 'EIO',
  );
  assert.equal(readFileSync(path('d'), 'utf8'), '');
});

test('an error strikes once, a lasting one from there on; half a folder goes when a removal is cut', (t) => {
  const path = place(t);
  const once = faults({ kind: 'EIO', at: 1 }).decorateFiles(fs);
  assert.throws(() => once.mkdirSync(path('x')));
  once.mkdirSync(path('x'));
  const lasting = faults({ kind: 'EIO', at: 1, lasting: true }).decorateFiles(fs);
  for (const name of ['y', 'z']) assert.throws(() => lasting.mkdirSync(path(name)));
  mkdirSync(path('tree'));
  for (const name of ['1', '2', '3', '4']) writeFileSync(path(`tree/${name}`), name);
  assert.throws(() => faults({ kind: 'cut', at: 1 }).decorateFiles(fs).rmSync(path('tree'), { recursive: true }), Dead);
  assert.deepEqual(fs.readdirSync(path('tree')), ['3', '4']);
});

test('git fails before its work, or after it; a conversation breaks off at what was said', async (t) => {
  const path = place(t);
  const options = { cwd: path(''), env: { PATH: process.env['PATH'] ?? '' } };
  const programs = { run: runTool, converse: startConversation };
  await runTool(['git', 'init', '--quiet', '.'], options);
  const input = { ...options, input: 'text' };
  const argv = ['git', '-c', 'core.fsync=all', 'hash-object', '-w', '--stdin'];
  const early = await faults({ kind: 'EIO', at: 1 }).decorateGit(programs).run(argv, input);
  assert.equal(early.exitCode, 128);
  const objects = async () =>
    (await runTool(['git', 'count-objects'], options)).stdout.toString('utf8').split(' ')[0] ?? '';
  assert.equal(await objects(), '0');
  const late = await faults({ kind: 'EIO', at: 1, late: true }).decorateGit(programs).run(argv, input);
  assert.deepEqual([late.exitCode, await objects()], [128, '1']);
  const talk: Conversation = faults({ kind: 'EIO', at: 2 })
    .decorateGit(programs)
    .converse(['git', 'cat-file', '--batch-check'], options);
  talk.say('HEAD\n');
  assert.equal(await talk.hear(), null);
  await talk.end();
});

test.run();
