import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { blobId } from '../../src/git/objects/object-id.ts';
import { Placement, type Target } from '../../src/git/placement.ts';
import { decorateFileSystem, type FileSystem, fs } from '../../src/platform/fs.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/** A person who saves at the very instant between the last look at a file and its replacement (rule 1: her bytes are never overwritten). */

const test = suite('git/placement');

const image = (text: string) => ({
  mode: '100644' as const,
  blob: blobId(Buffer.from(text)),
  disk: blobId(Buffer.from(text)),
});

interface Place {
  readonly file: string;
  readonly live: string;
  placement(before: string | null, after: string | null): Placement;
  kept(): string[];
}

function place(t: TestContext): Place {
  const root = t.tempDir();
  const live = join(root, '.git', 'waybill');
  mkdirSync(live, { recursive: true });
  return {
    file: join(root, 'file.txt'),
    live,
    placement: (before, after) => {
      const target: Target = {
        woId: 'WO-1',
        path: 'file.txt',
        before: before === null ? null : image(before),
        after: after === null ? null : image(after),
        bytes: after === null ? null : Buffer.from(after),
      };
      return new Placement(root, live, 'batch', [target]);
    },
    kept: () =>
      existsSync(join(live, 'kept'))
        ? readdirSync(join(live, 'kept'), { recursive: true, encoding: 'utf8' })
            .filter((name) => name.endsWith('bytes'))
            .map((name) => readFileSync(join(live, 'kept', name), 'utf8'))
        : [],
  };
}

/** Runs `act` with a person who does `save` right before the first call of this kind. */
function savingBefore<T>(call: 'swapSync' | 'renameSync' | 'linkSync', save: () => void, act: () => T): T {
  const plain: FileSystem = fs;
  let saved = false;
  decorateFileSystem((inner) => ({
    ...inner,
    [call]: (a: string, b: string) => {
      if (!saved && !String(a).endsWith('.tmp')) {
        saved = true;
        save();
      }
      return inner[call](a, b);
    },
  }));
  try {
    return act();
  } finally {
    decorateFileSystem(() => plain);
    assert.ok(saved, `${call} was called`);
  }
}

const SAVES: Record<string, (file: string) => void> = {
  'in place': (file) => writeFileSync(file, 'hers'),
  'as editors do, by a rename': (file) => {
    writeFileSync(`${file}~`, 'hers');
    renameSync(`${file}~`, file);
  },
};

for (const [how, save] of Object.entries(SAVES)) {
  test(`rule 1: her save ${how}, right before the exchange, stays, and the order is refused`, (t) => {
    const p = place(t);
    writeFileSync(p.file, 'before');
    const placement = p.placement('before', 'after');
    assert.equal(placement.stage(), null);
    const refusal = savingBefore(
      'swapSync',
      () => save(p.file),
      () => placement.apply(),
    );
    assert.equal(refusal?.error.code, 'TARGET_CHANGED');
    assert.equal(readFileSync(p.file, 'utf8'), 'hers');
    placement.undo();
    placement.finish();
    assert.equal(readFileSync(p.file, 'utf8'), 'hers');
  });

  test(`rule 1: her save ${how}, right before the removal, stays, and the order is refused`, (t) => {
    const p = place(t);
    writeFileSync(p.file, 'before');
    const placement = p.placement('before', null);
    assert.equal(placement.stage(), null);
    const refusal = savingBefore(
      'renameSync',
      () => save(p.file),
      () => placement.apply(),
    );
    assert.equal(refusal?.error.code, 'TARGET_CHANGED');
    assert.equal(readFileSync(p.file, 'utf8'), 'hers');
    placement.undo();
    placement.finish();
    assert.equal(readFileSync(p.file, 'utf8'), 'hers');
  });

  test(`rule 1: her save ${how}, right before a landing is taken back, stays`, (t) => {
    const p = place(t);
    writeFileSync(p.file, 'before');
    const placement = p.placement('before', 'after');
    assert.equal(placement.stage(), null);
    assert.equal(placement.apply(), null);
    savingBefore(
      'swapSync',
      () => save(p.file),
      () => placement.undo(),
    );
    placement.finish();
    assert.deepEqual([readFileSync(p.file, 'utf8'), ...p.kept()], ['hers']);
  });
}

test('rule 1: a file of hers that comes to be where the order makes one stays, and the order is refused', (t) => {
  const p = place(t);
  const placement = p.placement(null, 'after');
  assert.equal(placement.stage(), null);
  const refusal = savingBefore(
    'linkSync',
    () => writeFileSync(p.file, 'hers'),
    () => placement.apply(),
  );
  assert.equal(refusal?.error.code, 'TARGET_CHANGED');
  placement.undo();
  placement.finish();
  assert.equal(readFileSync(p.file, 'utf8'), 'hers');
});

test('what she writes into the old copy, which a program of hers still holds open, is kept and told', (t) => {
  const p = place(t);
  writeFileSync(p.file, 'before');
  const held = fs.openSync(p.file, 2);
  const placement = p.placement('before', 'after');
  assert.equal(placement.stage(), null);
  assert.equal(placement.apply(), null);
  fs.writeSync(held, Buffer.from('hers!!'), 0, 6);
  fs.closeSync(held);
  const kept = placement.finish();
  assert.equal(kept.length, 1);
  assert.deepEqual(p.kept(), ['hers!!']);
  assert.equal(readFileSync(p.file, 'utf8'), 'after');
});

test('a fault after the exchange is taken back like any other', (t) => {
  const p = place(t);
  writeFileSync(p.file, 'before');
  const placement = p.placement('before', 'after');
  assert.equal(placement.stage(), null);
  const plain = fs;
  let swapped = false;
  decorateFileSystem((inner) => ({
    ...inner,
    swapSync: (a, b) => {
      inner.swapSync(a, b);
      swapped = true;
    },
    fsyncSync: (fd) => {
      if (swapped) throw Object.assign(new Error('EACCES: injected'), { code: 'EACCES' });
      inner.fsyncSync(fd);
    },
  }));
  assert.throws(() => placement.apply(), /EACCES/);
  decorateFileSystem(() => plain);
  assert.deepEqual(placement.undo(), []);
  placement.finish();
  assert.equal(readFileSync(p.file, 'utf8'), 'before');
});

test.run();
