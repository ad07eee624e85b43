import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { claimsAt, dropClaim, makeClaim } from '../../src/git/claims.ts';
import { headsAt, type Place, placeOf } from '../../src/git/exchange.ts';
import { Git } from '../../src/git/git.ts';
import { bareRepository, refsIn } from '../support/backups.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/** Refs that only one of many pushers makes: real gits, and a real repository between them. */

const test = suite('git/claims', { needs: ['git'] });

function clone(t: TestContext, remote: string): Git {
  const root = join(t.tempDir(), 'clone');
  execFileSync('git', ['clone', '--quiet', remote, root], { stdio: 'pipe' });
  return new Git(root);
}

const bytesOf = (station: string, key: string) => Buffer.from(JSON.stringify({ station, key }));
const stationAt = (bytes: Buffer | null | undefined) =>
  (JSON.parse((bytes ?? Buffer.from('{}')).toString('utf8')) as { station?: string }).station;

test('rule 3: of two clones that claim the same key at once, many times, exactly one is told that it has it', async (t) => {
  const remote = bareRepository(t);
  const clones = [clone(t, remote), clone(t, remote)] as const;
  const place = await placeOf(clones[0], 'origin', clones[0].root);
  const won = new Map<string, string>();
  for (let i = 0; i < 40; i++) {
    const key = `item-${i}`;
    const ends = await Promise.all(clones.map((git, n) => makeClaim(git, place, key, bytesOf(`s${n}`, key))));
    assert.deepEqual([...ends].sort(), ['made', 'taken'], key);
    won.set(key, `s${ends.indexOf('made')}`);
  }
  for (const git of clones) {
    const seen = new Map([...(await claimsAt(git, place))].map(([key, { bytes }]) => [key, stationAt(bytes)]));
    assert.deepEqual([...seen].sort(), [...won].sort(), 'both see who won');
  }
});

test('the same bytes again are the same claim; another station is told that it is taken, and nothing moves', async (t) => {
  const remote = bareRepository(t);
  const [mine, other] = [clone(t, remote), clone(t, remote)];
  const place = await placeOf(mine, remote, mine.root);
  assert.equal(await makeClaim(mine, place, 'a', bytesOf('s0', 'a')), 'made');
  const before = [...refsIn(remote)];
  assert.equal(await makeClaim(mine, place, 'a', bytesOf('s0', 'a')), 'made', 'a lost answer is no lost claim');
  assert.equal(await makeClaim(other, place, 'a', bytesOf('s1', 'a')), 'taken');
  assert.deepEqual([...refsIn(remote)], before);
});

test('a claim is given back only by who knows what it is now', async (t) => {
  const remote = bareRepository(t);
  const git = clone(t, remote);
  const place = await placeOf(git, remote, git.root);
  await makeClaim(git, place, 'a', bytesOf('s0', 'a'));
  const first = (await claimsAt(git, place)).get('a')?.id ?? '';
  assert.equal(await dropClaim(git, place, 'a', first), true);
  assert.equal(await dropClaim(git, place, 'a', first), true, 'gone is gone');
  await makeClaim(git, place, 'a', bytesOf('s1', 'a'));
  assert.equal(await dropClaim(git, place, 'a', first), false, 'another has it by now');
  assert.equal(stationAt((await claimsAt(git, place)).get('a')?.bytes), 's1');
});

test('looking fetches what is new, and sees what was given back; no ref is left here', async (t) => {
  const remote = bareRepository(t);
  const [mine, other] = [clone(t, remote), clone(t, remote)];
  const place = await placeOf(mine, remote, mine.root);
  for (const key of ['a', 'b', 'c']) await makeClaim(mine, place, key, bytesOf('s0', key));
  assert.deepEqual([...(await claimsAt(other, place)).keys()].sort(), ['a', 'b', 'c']);
  await makeClaim(mine, place, 'd', bytesOf('s0', 'd'));
  await dropClaim(mine, place, 'a', (await claimsAt(mine, place)).get('a')?.id ?? '');
  const seen = await claimsAt(other, place);
  assert.deepEqual([...seen.keys()].sort(), ['b', 'c', 'd']);
  assert.ok([...seen.values()].every(({ bytes }) => stationAt(bytes) === 's0'));
  assert.equal((await other.text(['for-each-ref', 'refs/waybill'])).trim(), '');
});

test('rule 7: what stands in the place of a claim and is none still takes the key', async (t) => {
  const remote = bareRepository(t);
  const git = clone(t, remote);
  const place = await placeOf(git, remote, git.root);
  const bare = new Git(remote);
  const large = (await bare.run(['hash-object', '-w', '--stdin'], { input: Buffer.alloc(100_000, 'x') }))
    .toString()
    .trim();
  await bare.run(['update-ref', 'refs/waybill/backlog/large', large]);
  const tree = (await bare.run(['mktree'], { input: '' })).toString().trim();
  await bare.run(['update-ref', 'refs/waybill/backlog/tree', tree]);
  const seen = await claimsAt(git, place);
  assert.deepEqual(
    [...seen].map(([key, { bytes }]) => [key, bytes]),
    [
      ['large', null],
      ['tree', null],
    ],
  );
  assert.equal(await makeClaim(git, place, 'large', bytesOf('s0', 'large')), 'taken');
});

test('an item that is called journal makes no station of the claims', async (t) => {
  const remote = bareRepository(t);
  const git = clone(t, remote);
  const place = await placeOf(git, remote, git.root);
  await makeClaim(git, place, 'journal', bytesOf('s0', 'journal'));
  assert.deepEqual([...(await headsAt(git, place)).keys()], []);
});

async function codeOf(act: Promise<unknown>): Promise<string> {
  return act.then(
    () => 'nothing',
    (error: { code?: string }) => error.code ?? String(error),
  );
}

test('rule 7: a repository that is not there, refuses, or is none is an error, never an empty list', async (t) => {
  const remote = bareRepository(t);
  const git = clone(t, remote);
  const places: Place[] = [];
  for (const to of [join(t.tempDir(), 'nowhere.git'), t.tempDir(), 'http://user:secret@127.0.0.1:1/x.git'])
    places.push(await placeOf(git, to, git.root));
  for (const place of places) {
    assert.equal(await codeOf(claimsAt(git, place)), 'BACKLOG_CLAIMS_UNREACHABLE', place.to);
    assert.equal(await codeOf(makeClaim(git, place, 'a', bytesOf('s0', 'a'))), 'BACKLOG_CLAIMS_UNREACHABLE', place.to);
  }
  const said = await claimsAt(git, places[2] as Place).catch((error: Error) => error.message);
  assert.ok(!String(said).includes('secret'), String(said));
  const hook = join(remote, 'hooks', 'pre-receive');
  mkdirSync(join(remote, 'hooks'), { recursive: true });
  writeFileSync(hook, '#!/bin/sh\necho no >&2\nexit 1\n', { mode: 0o755 });
  const place = await placeOf(git, remote, git.root);
  assert.equal(await codeOf(makeClaim(git, place, 'a', bytesOf('s0', 'a'))), 'BACKLOG_CLAIMS_UNREACHABLE');
  assert.equal((await claimsAt(git, place)).size, 0);
});

test.run();
