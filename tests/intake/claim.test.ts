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
import { join } from 'node:path';
import { claimCommand, claimDrop, readClaim, reclaim, syncClaims } from '../../src/intake/claim.ts';
import { WaybillError } from '../../src/order/error.ts';
import { decorateFileSystem, fs } from '../../src/platform/fs.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

const test = suite('intake/claim');

interface Place {
  inbox: string;
  claimed: string;
  drop(
    name: string,
    bytes?: string | Buffer,
    lane?: string,
  ): { lane: string; name: string; size: number; mtimeMs: number };
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
      const stat = statSync(join(inbox, lane, name));
      return { lane, name, size: stat.size, mtimeMs: stat.mtimeMs };
    },
  };
}

function claimOf(p: Place, drop: ReturnType<Place['drop']>): string {
  const claim = claimDrop(p.inbox, p.claimed, drop);
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
  syncClaims(p.claimed, [join(p.inbox, 'CLC'), join(p.inbox, 'GONE')]);
  assert.match(claim, /^[0-9A-HJKMNP-TV-Z]{26}$/);
  assert.deepEqual(readdirSync(join(p.inbox, 'CLC')), []);
  const request = readClaim(p.claimed, claim);
  assert.deepEqual([request?.lane, request?.file, request?.bytes], ['CLC', 'WO-1.yaml', bytes]);
  assert.equal(Math.round(request?.mtimeMs ?? 0), time.getTime());
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
  assert.equal(claimDrop(p.inbox, p.claimed, drop), null);
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
    mkdirSync(join(p.claimed, claim, 'sealed', '1'), { recursive: true });
    writeFileSync(join(p.claimed, claim, 'sealed', '1', 'plan.json'), '{}');
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
    const call = () => claimDrop(p.inbox, p.claimed, drop);
    assert.throws(
      call,
      (e: unknown) => e instanceof WaybillError && e.code === 'UNCLAIMABLE' && e.message.includes(drop.name),
    );
  }
  assert.deepEqual(readdirSync(p.claimed), []);
  assert.deepEqual(readdirSync(join(p.inbox, 'MAIN')), ['link.yaml', 'pipe.yaml']);
  // a folder that got in all the same is never mistaken for an empty claim, which would be removed
  mkdirSync(join(p.claimed, 'F', 'MAIN', 'folder.yaml'), { recursive: true });
  assert.throws(
    () => readClaim(p.claimed, 'F'),
    (e: unknown) => e instanceof WaybillError && e.code === 'NOT_A_FILE',
  );
  mkdirSync(join(p.claimed, 'Z', 'MAIN'), { recursive: true });
  execFileSync('mkfifo', [join(p.claimed, 'Z', 'MAIN', 'pipe.yaml')]);
  assert.throws(
    () => readClaim(p.claimed, 'Z'),
    (e: unknown) => e instanceof WaybillError && e.code === 'NOT_A_FILE',
  );
});

test('rule 1: a fault after the rename never takes the file with it', (t) => {
  const fault = Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' });
  for (const nth of [1, 2]) {
    const p = place(t);
    const drop = p.drop('a.yaml', 'precious');
    failing('fsyncSync', fault, nth, () => assert.throws(() => claimDrop(p.inbox, p.claimed, drop)));
    const inLane = existsSync(join(p.inbox, 'MAIN', 'a.yaml'));
    const claims = readdirSync(p.claimed).flatMap((claim) => readClaim(p.claimed, claim) ?? []);
    assert.equal(Number(inLane) + claims.length, 1, `sync ${nth}`);
    assert.equal(
      inLane ? readFileSync(join(p.inbox, 'MAIN', 'a.yaml'), 'utf8') : claims[0]?.bytes.toString(),
      'precious',
    );
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
  const claim = claimOf(p, drop);
  const request = readClaim(p.claimed, claim);
  assert.deepEqual([request?.file, request?.bytes], ['x'.repeat(250), Buffer.from([0, 255, 10])]);
  assert.ok(Math.abs((request?.mtimeMs ?? 0) - drop.mtimeMs) < 1);
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
      () => claimDrop(p.inbox, p.claimed, drop),
      (e: unknown) => e instanceof WaybillError && e.code === 'UNCLAIMABLE' && e.message.includes('ENOSPC'),
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

test('rule 1: bytes that are ours already are claimed again, once', (t) => {
  const p = place(t);
  reclaim(p.claimed, 'R', 'MAIN', 'request.yaml', Buffer.from('one'));
  reclaim(p.claimed, 'R', 'MAIN', 'request.yaml', Buffer.from('two'));
  assert.equal(readClaim(p.claimed, 'R')?.bytes.toString(), 'one');
});

test.run();
