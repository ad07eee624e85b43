import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import {
  type ClaimedRequest,
  claimCommand,
  claimDrop,
  droppedFiles,
  insideClaim,
  MADE_ORDER,
  makeClaims,
  readBundle,
  readClaim,
  requestHash,
  returnHidden,
  syncLanes,
} from '../../src/intake/claim.ts';
import { reclaim } from '../../src/intake/reclaim.ts';
import type { Drop } from '../../src/intake/scan.ts';
import { hashOf, sha256 } from '../../src/order/canonical-json.ts';
import { WaybillError } from '../../src/order/error.ts';
import { decorateFileSystem, errno, fs } from '../../src/platform/fs.ts';
import { sealedFolder } from '../../src/record/journal.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

const test = suite('intake/claim');

interface Place {
  inbox: string;
  claimed: string;
  drop(name: string, bytes?: string | Buffer, lane?: string): Drop;
  /** Drops a folder with these files. */
  bundle(name: string, files: Readonly<Record<string, string | Buffer>>, lane?: string): Drop;
}

function place(t: TestContext, claimedRoot = t.tempDir()): Place {
  const inbox = t.tempDir();
  const claimed = join(claimedRoot, 'claimed');
  mkdirSync(claimed);
  return {
    inbox,
    claimed,
    drop(name, bytes = 'wo_id: WO-1\n', lane = 'MAIN') {
      mkdirSync(join(inbox, lane), { recursive: true });
      writeFileSync(join(inbox, lane, name), bytes);
      return { lane, folder: join(inbox, lane), name, uid: 0, identity: '' };
    },
    bundle(name, files, lane = 'MAIN') {
      for (const [path, bytes] of Object.entries(files)) {
        const to = join(inbox, lane, name, path);
        mkdirSync(dirname(to), { recursive: true });
        writeFileSync(to, bytes);
      }
      return { lane, folder: join(inbox, lane), name, uid: 0, identity: '' };
    },
  };
}

/** Makes the folder of a claim and claims a drop into it; null when it was gone. */
function claimOne(p: Place, drop: Drop): string | null {
  const claim = makeClaims(p.claimed, [drop])[0] ?? '';
  return claimDrop(p.claimed, claim, drop) ? claim : null;
}

function claimOf(p: Place, drop: Drop): string {
  const claim = claimOne(p, drop);
  assert.ok(claim !== null);
  return claim;
}

/** Lets one call of the file system fail, for the time of `act`. */
function failing(name: 'fsyncSync' | 'writeSync' | 'renameSync', error: Error, nth: number, act: () => void): void {
  const inner = fs[name];
  let calls = 0;
  const broken = (...args: never[]): unknown => {
    if (++calls === nth) throw error;
    return (inner as (...a: never[]) => unknown)(...args);
  };
  decorateFileSystem((now) => ({ ...now, [name]: broken }));
  try {
    act();
  } finally {
    decorateFileSystem((now) => ({ ...now, [name]: inner }));
  }
}

test('rule 1: a claim moves the file, byte for byte, with lane, time and owner', (t) => {
  const p = place(t);
  const bytes = Buffer.from([0x77, 0xff, 0x00, 0x0d, 0x0a]);
  const drop = p.drop('WO-1.yaml', bytes, 'CLC');
  const time = new Date('2026-01-02T03:04:05.678Z');
  utimesSync(join(p.inbox, 'CLC', 'WO-1.yaml'), time, time);
  const claim = claimOf(p, drop);
  syncLanes([join(p.inbox, 'CLC'), join(p.inbox, 'GONE')]);
  assert.match(claim, /^[0-9A-HJKMNP-TV-Z]{26}$/);
  assert.deepEqual(readdirSync(join(p.inbox, 'CLC')), []);
  const request = readClaim(p.claimed, claim);
  assert.deepEqual([request?.lane, request?.file, request?.bytes], ['CLC', 'WO-1.yaml', bytes]);
  assert.equal(Math.round(statSync(join(p.claimed, claim, 'CLC@WO-1.yaml')).mtimeMs), time.getTime());
  assert.deepEqual(
    [request?.requester.uid, request?.requester.lane, request?.requester.via, request?.requester.declared_by],
    [process.getuid?.(), 'CLC', 'inbox', null],
  );
  assert.equal(request?.dryRun, false);
});

test('rule 3: a file that another station took is simply gone, and leaves nothing behind', (t) => {
  const p = place(t);
  const drop = p.drop('a.yaml');
  rmSync(join(p.inbox, 'MAIN', 'a.yaml'));
  assert.equal(claimOne(p, drop), null);
  assert.deepEqual(readdirSync(p.claimed), []);
});

test('rule 1: the same name dropped again is another claim and overwrites nothing', (t) => {
  const p = place(t);
  const claims = ['1', '2', '3'].map((bytes) => claimOf(p, p.drop('a.yaml', bytes)));
  assert.equal(new Set(claims).size, 3);
  assert.deepEqual([...claims].sort(), claims, 'claims sort by age');
  assert.deepEqual(
    claims.map((claim) => readClaim(p.claimed, claim)?.bytes.toString()),
    ['1', '2', '3'],
  );
});

test('rule 8: names that a shell or a path would stumble over are names', (t) => {
  const p = place(t);
  const names = [
    'a\nb.yaml',
    '"quoted" \'too\'.yaml',
    '$(date);`id`.yaml',
    'ünï文😀.yaml',
    '-rf',
    'a b',
    '\\x',
    '%s',
    'x'.repeat(255),
  ];
  for (const name of names) {
    const claim = claimOf(p, p.drop(name, name));
    const request = readClaim(p.claimed, claim);
    assert.deepEqual([request?.file, request?.bytes.toString()], [name, name]);
  }
  assert.deepEqual(readdirSync(join(p.inbox, 'MAIN')), []);
});

test('lane: evidence sealed beside the request is not taken for it, whatever the lane is called', (t) => {
  const p = place(t);
  for (const lane of ['MAIN', 'sealed', 'tasks', '0lane']) {
    const claim = claimOf(p, p.drop('a.yaml', lane, lane));
    const sealed = sealedFolder(join(p.claimed, claim), 1);
    mkdirSync(sealed, { recursive: true });
    writeFileSync(join(sealed, 'plan.json'), '{}');
    const request = readClaim(p.claimed, claim);
    assert.deepEqual([request?.lane, request?.file, request?.bytes.toString()], [lane, 'a.yaml', lane]);
  }
});

test('rule 3: a claim folder that a kill left empty holds nothing', (t) => {
  const p = place(t);
  mkdirSync(join(p.claimed, 'X', 'MAIN'), { recursive: true });
  mkdirSync(join(p.claimed, 'Y'));
  assert.equal(readClaim(p.claimed, 'X'), null);
  assert.equal(readClaim(p.claimed, 'Y'), null);
  assert.equal(readClaim(p.claimed, 'never'), null);
});

test('rule 9: a link or a pipe that took the place of a file is neither claimed nor followed', async (t) => {
  const { execFileSync } = await import('node:child_process');
  const p = place(t);
  const secret = join(p.inbox, 'secret');
  writeFileSync(secret, 'secret');
  const link = p.drop('link.yaml');
  rmSync(join(p.inbox, 'MAIN', 'link.yaml'));
  symlinkSync(secret, join(p.inbox, 'MAIN', 'link.yaml'));
  const pipe = p.drop('pipe.yaml');
  rmSync(join(p.inbox, 'MAIN', 'pipe.yaml'));
  execFileSync('mkfifo', [join(p.inbox, 'MAIN', 'pipe.yaml')]);
  for (const drop of [link, pipe]) {
    const call = () => claimOne(p, drop);
    assert.throws(
      call,
      (e: unknown) => e instanceof WaybillError && e.code === 'UNCLAIMABLE' && e.message.includes(drop.name),
    );
  }
  assert.deepEqual(readdirSync(p.claimed), []);
  assert.deepEqual(readdirSync(join(p.inbox, 'MAIN')), ['link.yaml', 'pipe.yaml']);
  // a folder that got in all the same is never mistaken for an empty claim, which would be removed
  mkdirSync(join(p.claimed, 'F', 'MAIN@folder.yaml'), { recursive: true });
  assert.throws(
    () => readClaim(p.claimed, 'F'),
    (e: unknown) => e instanceof WaybillError && e.code === 'NOT_A_FILE',
  );
  mkdirSync(join(p.claimed, 'Z'), { recursive: true });
  execFileSync('mkfifo', [join(p.claimed, 'Z', 'MAIN@pipe.yaml')]);
  assert.throws(
    () => readClaim(p.claimed, 'Z'),
    (e: unknown) => e instanceof WaybillError && e.code === 'NOT_A_FILE',
  );
});

test('rule 1: a fault after the rename never takes the file with it', (t) => {
  const fault = Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' });
  // a name that would grow too long has a folder of its own, and so a sync more
  for (const [nth, name] of [
    [1, 'a.yaml'],
    [2, 'a.yaml'],
    [1, 'x'.repeat(255)],
    [2, 'x'.repeat(255)],
    [3, 'x'.repeat(255)],
  ] as const) {
    const p = place(t);
    const drop = p.drop(name, 'precious');
    failing('fsyncSync', fault, nth, () =>
      assert.throws(() => {
        claimOne(p, drop);
        syncLanes([drop.folder]);
      }),
    );
    const inLane = existsSync(join(p.inbox, 'MAIN', name));
    const claims = readdirSync(p.claimed).flatMap((claim) => readClaim(p.claimed, claim) ?? []);
    assert.equal(Number(inLane) + claims.length, 1, `sync ${nth}`);
    assert.equal(inLane ? readFileSync(join(p.inbox, 'MAIN', name), 'utf8') : claims[0]?.bytes.toString(), 'precious');
  }
});

/** A folder on another file system than the temporary one, where this machine has one. */
function otherFileSystem(t: TestContext): string | null {
  if (!existsSync('/dev/shm') || statSync('/dev/shm').dev === statSync(t.tempDir()).dev) return null;
  const folder = mkdtempSync('/dev/shm/waybill-test-');
  t.defer(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('rule 1: across file systems the bytes and the time come over, and the drop is gone only then', (t) => {
  const other = otherFileSystem(t);
  if (other === null) return;
  const p = place(t, other);
  const drop = p.drop('x'.repeat(250), Buffer.from([0, 255, 10]));
  const time = new Date('2026-01-02T03:04:05.678Z');
  utimesSync(join(drop.folder, drop.name), time, time);
  const claim = claimOf(p, drop);
  const request = readClaim(p.claimed, claim);
  assert.deepEqual([request?.file, request?.bytes], ['x'.repeat(250), Buffer.from([0, 255, 10])]);
  assert.equal(Math.round(statSync(join(p.claimed, claim, insideClaim('MAIN', drop.name))).mtimeMs), time.getTime());
  assert.deepEqual(readdirSync(join(p.inbox, 'MAIN')), []);
});

test('rule 1: a copy that fails half-way puts the drop back under its name', (t) => {
  const other = otherFileSystem(t);
  if (other === null) return;
  const p = place(t, other);
  const drop = p.drop('a.yaml', 'precious');
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  failing('writeSync', full, 1, () =>
    assert.throws(
      () => claimOne(p, drop),
      // a fault of the machine that passes: not the drop's, which is looked at again
      (e: unknown) => errno(e) === 'ENOSPC',
    ),
  );
  assert.deepEqual(readdirSync(join(p.inbox, 'MAIN')), ['a.yaml']);
  assert.equal(readFileSync(join(p.inbox, 'MAIN', 'a.yaml'), 'utf8'), 'precious');
  assert.deepEqual(readdirSync(p.claimed), []);
});

test('rule 2: an order that came as a command file is complete, with lane, name and bytes as given', (t) => {
  const p = place(t);
  const commands = t.tempDir();
  const bytes = Buffer.from([0xff, 0x00, 0x61]);
  const command = {
    v: 1,
    command: 'drop',
    at: '2026-11-20T10:00:00.000Z',
    lane: 'CLC',
    file: '../../etc/WO-1.yaml',
    content: bytes.toString('base64'),
    dry_run: true,
  };
  const path = join(commands, '01JD.json');
  writeFileSync(path, JSON.stringify(command));
  const claim = claimCommand(path, p.claimed);
  assert.equal(existsSync(path), false);
  const request = readClaim(p.claimed, claim);
  assert.deepEqual(
    [request?.lane, request?.file, request?.bytes, request?.dryRun, request?.requester.via, request?.requester.uid],
    ['CLC', 'WO-1.yaml', bytes, true, 'command', process.getuid?.()],
  );
});

test('rule 7: a claimed command that is no drop, or breaks its contract, is UNKNOWN_COMMAND', (t) => {
  const p = place(t);
  const base = { v: 1, command: 'drop', at: '2026-11-20T10:00:00.000Z', lane: 'MAIN', file: 'a', content: '' };
  for (const [i, bad] of [
    { ...base, lane: '../x' },
    { ...base, extra: 1 },
    { v: 1, command: 'cancel', at: base.at, wo_id: 'WO-1' },
  ].entries()) {
    const folder = join(p.claimed, String(i));
    mkdirSync(folder);
    writeFileSync(join(folder, 'drop.json'), JSON.stringify(bad));
    assert.throws(
      () => readClaim(p.claimed, String(i)),
      (e: unknown) => e instanceof WaybillError && e.code === 'UNKNOWN_COMMAND',
    );
  }
});

type Requested = Pick<ClaimedRequest, 'bytes' | 'orderFile' | 'attachments'>;

const BODY = Buffer.from([0x23, 0xff, 0x00, 0x0d, 0x0a]);

test('rule 1: bytes that are ours already are claimed again, whole, in whatever form they came', (t) => {
  const p = place(t);
  const forms: Record<string, Requested & { file: string }> = {
    file: { file: 'a.yaml', bytes: Buffer.from('one'), orderFile: null, attachments: null },
    bundle: {
      file: 'WO-1',
      bytes: Buffer.from('two'),
      orderFile: 'WO-1.yaml',
      attachments: [
        { path: 'body.md', bytes: BODY },
        { path: 'evidence/deep/manifest.json', bytes: Buffer.from('{}') },
      ],
    },
    made: {
      file: 'x.patch',
      bytes: Buffer.from('{}'),
      orderFile: MADE_ORDER,
      attachments: [{ path: 'x.patch', bytes: BODY }],
    },
  };
  for (const [claim, form] of Object.entries(forms)) {
    const scratch = t.tempDir();
    reclaim(p.claimed, scratch, { claim, lane: 'CLC', ...form });
    const again = readClaim(p.claimed, claim) ?? assert.fail(claim);
    const { lane, file, bytes, orderFile, attachments } = again;
    assert.deepEqual({ lane, file, bytes, orderFile, attachments }, { lane: 'CLC', ...form }, claim);
    assert.equal(requestHash(again), requestHash(form), 'the same request as ever');
    assert.deepEqual(readdirSync(scratch), []);
  }
});

test('rule 1: a reclaim cut short leaves nothing that could be taken for a claim', (t) => {
  const p = place(t);
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  const request = {
    ...{ claim: 'R', lane: 'MAIN', file: 'WO-1', bytes: Buffer.from('a'), orderFile: 'WO-1.yaml' },
    attachments: [{ path: 'body.md', bytes: BODY }],
  };
  const scratch = t.tempDir();
  failing('writeSync', full, 2, () => assert.throws(() => reclaim(p.claimed, scratch, request)));
  assert.deepEqual(readdirSync(p.claimed), []);
});

test('rule 1: a claim never overwrites one that lies there', (t) => {
  const p = place(t);
  const request = { claim: 'R', lane: 'MAIN', file: 'a.yaml', orderFile: null, attachments: null };
  reclaim(p.claimed, t.tempDir(), { ...request, bytes: Buffer.from('one') });
  assert.throws(() => reclaim(p.claimed, t.tempDir(), { ...request, bytes: Buffer.from('two') }));
  assert.equal(readClaim(p.claimed, 'R')?.bytes.toString(), 'one');
});

const FILES = { 'WO-1.yaml': 'wo_id: WO-1\nbody_file: body.md\n', 'body.md': BODY, 'evidence/manifest.json': '{}' };

test('rule 1: a folder bundle is claimed as a whole, byte for byte', (t) => {
  const p = place(t);
  const claim = claimOf(p, p.bundle('WO-1', FILES, 'CLC'));
  assert.deepEqual(readdirSync(join(p.inbox, 'CLC')), []);
  const request = readClaim(p.claimed, claim);
  assert.deepEqual(
    [request?.lane, request?.file, request?.orderFile, request?.bytes.toString(), request?.attachments],
    [
      'CLC',
      'WO-1',
      'WO-1.yaml',
      FILES['WO-1.yaml'],
      [
        { path: 'body.md', bytes: BODY },
        { path: 'evidence/manifest.json', bytes: Buffer.from('{}') },
      ],
    ],
  );
});

test('rule 1: a bundle across file systems comes over whole, or stays whole', (t) => {
  const other = otherFileSystem(t);
  if (other === null) return;
  const p = place(t, other);
  const drop = p.bundle('WO-1', FILES);
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  failing('writeSync', full, 2, () =>
    assert.throws(
      () => claimOne(p, drop),
      // a fault of the machine that passes: not the drop's, which is looked at again
      (e: unknown) => errno(e) === 'ENOSPC',
    ),
  );
  assert.deepEqual([readdirSync(p.claimed), readdirSync(drop.folder)], [[], ['WO-1']]);
  assert.deepEqual(readBundle(join(drop.folder, 'WO-1'), 'WO-1').attachments?.[0]?.bytes, BODY);
  const request = readClaim(p.claimed, claimOf(p, drop));
  assert.deepEqual([request?.attachments?.length, readdirSync(drop.folder)], [2, []]);
});

test('rule 9: a bundle that holds a link or a pipe by now is neither claimed nor followed', async (t) => {
  const { execFileSync } = await import('node:child_process');
  const p = place(t);
  const secret = join(p.inbox, 'secret');
  writeFileSync(secret, 'secret');
  const link = p.bundle('LINK', { 'LINK.yaml': 'x' });
  symlinkSync(secret, join(link.folder, 'LINK', 'body.md'));
  const pipe = p.bundle('PIPE', { 'PIPE.yaml': 'x', 'deep/a': '' });
  execFileSync('mkfifo', [join(pipe.folder, 'PIPE', 'deep', 'p')]);
  for (const drop of [link, pipe]) {
    assert.throws(
      () => claimOne(p, drop),
      (e: unknown) => e instanceof WaybillError && e.code === 'UNCLAIMABLE' && e.message.includes(drop.name),
    );
    // what got in all the same is not followed either
    assert.throws(() => readBundle(join(drop.folder, drop.name), drop.name));
  }
  assert.deepEqual(readdirSync(p.claimed), []);
  assert.deepEqual(readdirSync(join(p.inbox, 'MAIN')), ['LINK', 'PIPE']);
});

test('rule 1: the file that a rule made an order of is known from the order beside it', (t) => {
  const p = place(t);
  const claim = claimOf(p, p.drop('x.patch', BODY));
  writeFileSync(join(p.claimed, claim, insideClaim('MAIN', MADE_ORDER)), '{"wo_id": "WO-1"}');
  const request = readClaim(p.claimed, claim);
  assert.deepEqual(
    [request?.file, request?.bytes.toString(), request?.orderFile, request?.attachments],
    ['x.patch', '{"wo_id": "WO-1"}', MADE_ORDER, [{ path: 'x.patch', bytes: BODY }]],
  );
});

test('rule 3: a kill in the middle of a claim across file systems gives the drop back, and voids the claim', (t) => {
  const p = place(t);
  const lanes = [
    { lane: 'MAIN', folder: join(p.inbox, 'MAIN') },
    { lane: 'GONE', folder: join(p.inbox, 'GONE') },
  ];
  const [file, bundle, taken] = ['A', 'B', 'C'].map((letter) => letter.repeat(26)) as [string, string, string];
  p.drop(`.a.yaml.${file}.claim`, 'original');
  p.bundle(`.WO-1.${bundle}.claim`, FILES);
  p.drop('taken.yaml', 'of somebody else by now');
  p.drop(`.taken.yaml.${taken}.claim`, 'original');
  p.drop('.other.claim', 'no claim of ours');
  // the copy that was under way: its name is whole where the hidden one was cut
  mkdirSync(join(p.claimed, file, 'MAIN'), { recursive: true });
  writeFileSync(join(p.claimed, file, 'MAIN', 'a-long-name.yaml'), 'orig');
  assert.deepEqual(returnHidden(lanes, p.claimed).sort(), [file, bundle, taken]);
  assert.deepEqual(readdirSync(p.claimed), []);
  const lane = join(p.inbox, 'MAIN');
  assert.deepEqual(readdirSync(lane).sort(), [
    '.other.claim',
    `${taken}-taken.yaml`,
    'WO-1',
    'a-long-name.yaml',
    'taken.yaml',
  ]);
  assert.equal(readFileSync(join(lane, 'a-long-name.yaml'), 'utf8'), 'original');
  assert.equal(readFileSync(join(lane, 'taken.yaml'), 'utf8'), 'of somebody else by now');
  assert.deepEqual(readFileSync(join(lane, 'WO-1', 'body.md')), BODY);
  assert.deepEqual(returnHidden(lanes, p.claimed), []);
});

test('rule 1: a claim of before, in a folder of its lane, is read like any other', (t) => {
  const p = place(t);
  mkdirSync(join(p.claimed, 'OLD', 'MAIN'), { recursive: true });
  writeFileSync(join(p.claimed, 'OLD', 'MAIN', 'WO-1.yaml'), 'wo_id: WO-1\n');
  const request = readClaim(p.claimed, 'OLD');
  assert.deepEqual([request?.lane, request?.file, request?.bytes.toString()], ['MAIN', 'WO-1.yaml', 'wo_id: WO-1\n']);
});

test('rule 1: what was dropped is the same from the folder as from the journal', () => {
  const files = (...paths: [string, string][]) => paths.map(([path, text]) => ({ path, bytes: Buffer.from(text) }));
  assert.deepEqual(droppedFiles(files(['MAIN/a.yaml', 'x'])), [{ path: '', bytes: Buffer.from('x') }]);
  assert.deepEqual(
    droppedFiles(files(['MAIN@x.patch', 'diff'], [`MAIN@${MADE_ORDER}`, '{}'])),
    [{ path: '', bytes: Buffer.from('diff') }],
    'the author dropped the file, not the order made of it',
  );
  assert.deepEqual(droppedFiles(files(['MAIN/WO-1/WO-1.yaml', 'x'], ['MAIN/WO-1/deep/b', 'y'])), [
    { path: 'WO-1.yaml', bytes: Buffer.from('x') },
    { path: 'deep/b', bytes: Buffer.from('y') },
  ]);
  const command = (more: object) => ({
    path: 'drop.json',
    bytes: Buffer.from(
      JSON.stringify({
        ...{ v: 1, command: 'drop', at: '2026-11-20T10:00:00.000Z', lane: 'MAIN', file: 'WO-1' },
        content: Buffer.from('x').toString('base64'),
        ...more,
      }),
    ),
  });
  assert.deepEqual(droppedFiles([command({})]), [{ path: '', bytes: Buffer.from('x') }]);
  const attachments = [{ path: 'b', content: Buffer.from('y').toString('base64') }];
  assert.deepEqual(droppedFiles([command({ order_file: 'WO-1.yaml', attachments })]), [
    { path: 'WO-1.yaml', bytes: Buffer.from('x') },
    { path: 'b', bytes: Buffer.from('y') },
  ]);
});

test('rule 3: a request is the same by all it holds, whatever order its files were read in', () => {
  const bundle = (...attachments: [string, string][]): Requested => ({
    bytes: Buffer.from('x'),
    orderFile: 'WO-1.yaml',
    attachments: attachments.map(([path, text]) => ({ path, bytes: Buffer.from(text) })),
  });
  const one = requestHash(bundle(['a', '1'], ['b', '2']));
  assert.equal(requestHash(bundle(['b', '2'], ['a', '1'])), one);
  const others = [
    bundle(['a', '1']),
    bundle(['a', '2'], ['b', '1']),
    bundle(['a', '1'], ['c', '2']),
    { ...bundle(['a', '1'], ['b', '2']), bytes: Buffer.from('y') },
    { ...bundle(['a', '1'], ['b', '2']), orderFile: 'order.yaml' },
    bundle(),
  ].map(requestHash);
  assert.equal(new Set([one, ...others]).size, 7);
  const plain = requestHash({ bytes: Buffer.from('x'), orderFile: null, attachments: null });
  assert.equal(plain, sha256(Buffer.from('x')), 'of one file it is what sha256sum prints');
  assert.notEqual(plain, hashOf([]));
});

test.run();
