import { WaybillError } from '../order/error.ts';
import { isGoodId } from '../order/id.ts';
import { pause } from '../platform/clock.ts';
import type { ToolResult } from '../platform/process.ts';
import type { Place } from './exchange.ts';
import { type Git, whatGitSaid } from './git.ts';
import { blobs } from './history.ts';
import { withoutPassword } from './password.ts';

/**
 * Claims that stations share: refs in one repository, each a blob under the key of what it claims. Such a ref is made by a push that expects
 * nothing there, which the other side carries out for one pusher and refuses to all others.
 */
const CLAIMS = 'refs/waybill/backlog';

/** How long the other side may take to answer one question. */
const ANSWER_MS = 30_000;
/** So often a question is asked again whose answer another station's work at that moment spoilt. */
const TRIES = 5;
/** Refs named in one call: they stand on its command line. */
const NAMES_A_FETCH = 300;
/** What is larger is no claim. */
const LARGEST = 64 * 1024;

/** What lies under one key: the blob's id, and its bytes; null for what cannot be a claim, though it stands in the place of one. */
export interface ClaimThere {
  readonly id: string;
  readonly bytes: Buffer | null;
}

/** All claims there, by key. Fetches only those that this repository does not have yet. Throws BACKLOG_CLAIMS_UNREACHABLE. */
export async function claimsAt(git: Git, place: Place): Promise<Map<string, ClaimThere>> {
  for (let tries = 1; ; tries++) {
    const ids = await idsAt(git, place, `${CLAIMS}/*`);
    const known = await sizesOf(git, [...ids.values()]);
    const fresh = [...ids].filter(([, id]) => !known.has(id)).map(([key]) => key);
    const failed = await fetchClaims(git, place, fresh);
    if (failed === null) return await contentsOf(git, ids);
    // one that was released between the look and the fetch makes git fail: the next look does not see it
    if (tries >= TRIES) throw unreachable(place, 'fetch', failed);
  }
}

/** Makes a claim, unless there is one under this key: then it tells so, whoever made it. Throws BACKLOG_CLAIMS_UNREACHABLE. */
export async function makeClaim(git: Git, place: Place, key: string, bytes: Buffer): Promise<'made' | 'taken'> {
  const ref = refOf(key);
  const id = (await git.run(['hash-object', '-w', '--stdin'], { input: bytes })).toString('latin1').trim();
  for (let tries = 1; ; tries++) {
    const pushed = await push(git, place, [`--force-with-lease=${ref}:`], `${id}:${ref}`);
    if (pushed.exitCode === 0) return 'made';
    const there = (await idsAt(git, place, ref)).get(key);
    // it was made, and the answer lost
    if (there === id) return 'made';
    if (there !== undefined) return 'taken';
    // who holds the ref's lock at this moment may yet give up
    if (tries >= TRIES || !isRefusal(pushed)) throw unreachable(place, 'push', pushed);
    await pause(50 * tries);
  }
}

/** Takes a claim back, if it still is the one with this id: tells whether it is gone. Throws BACKLOG_CLAIMS_UNREACHABLE. */
export async function dropClaim(git: Git, place: Place, key: string, id: string): Promise<boolean> {
  const ref = refOf(key);
  for (let tries = 1; ; tries++) {
    const pushed = await push(git, place, [`--force-with-lease=${ref}:${id}`], `:${ref}`);
    const there = (await idsAt(git, place, ref)).get(key);
    if (there === undefined) return true;
    if (there !== id) return false;
    if (tries >= TRIES || !isRefusal(pushed)) throw unreachable(place, 'push', pushed);
    await pause(50 * tries);
  }
}

function refOf(key: string): string {
  if (isGoodId(key)) return `${CLAIMS}/${key}`;
  throw new WaybillError('INTERNAL', `${JSON.stringify(key)} cannot be the name of a claim`);
}

function push(git: Git, place: Place, lease: readonly string[], spec: string): Promise<ToolResult> {
  const options = ['--no-verify', '--no-follow-tags', '--no-signed', '--recurse-submodules=no', '--porcelain'];
  return git.try(['push', ...options, ...lease, '--', place.to, spec], { timeoutMs: ANSWER_MS });
}

/** The other side was there, and did not do it. */
function isRefusal(pushed: ToolResult): boolean {
  return pushed.cut === undefined && /^!\t/m.test(pushed.stdout.toString('utf8'));
}

async function idsAt(git: Git, place: Place, pattern: string): Promise<Map<string, string>> {
  const asked = await git.try(['ls-remote', '--refs', '--', place.to, pattern], { timeoutMs: ANSWER_MS });
  if (asked.exitCode !== 0 || asked.cut !== undefined) throw unreachable(place, 'ls-remote', asked);
  const found = new Map<string, string>();
  for (const line of asked.stdout.toString('utf8').split('\n')) {
    const [id = '', ref = ''] = line.split('\t');
    const key = ref.startsWith(`${CLAIMS}/`) ? ref.slice(CLAIMS.length + 1) : '';
    if (/^[0-9a-f]{40}$/.test(id) && isGoodId(key)) found.set(key, id);
  }
  return found;
}

/** Brings claims here, as objects that nothing holds: what git clears away is fetched again. Returns what failed. */
async function fetchClaims(git: Git, place: Place, keys: readonly string[]): Promise<ToolResult | null> {
  // nothing that is configured for the remote says where its refs go
  const options = ['--quiet', '--no-tags', '--refmap=', '--no-prune', '--no-write-fetch-head', '--no-auto-gc'];
  for (let i = 0; i < keys.length; i += NAMES_A_FETCH) {
    const refs = keys.slice(i, i + NAMES_A_FETCH).map(refOf);
    const fetched = await git.try(['fetch', ...options, '--no-recurse-submodules', '--', place.to, ...refs], {
      timeoutMs: ANSWER_MS,
    });
    if (fetched.exitCode !== 0 || fetched.cut !== undefined) return fetched;
  }
  return null;
}

/** The sizes of the blobs that are here, by id; null for another kind of object. */
async function sizesOf(git: Git, ids: readonly string[]): Promise<Map<string, number | null>> {
  if (ids.length === 0) return new Map();
  const out = await git.run(['cat-file', '--batch-check'], { input: ids.map((id) => `${id}\n`).join('') });
  return new Map(
    out
      .toString('latin1')
      .split('\n')
      .flatMap((line): [string, number | null][] => {
        const [id = '', type = '', size = ''] = line.split(' ');
        return size === '' ? [] : [[id, type === 'blob' ? Number(size) : null]];
      }),
  );
}

async function contentsOf(git: Git, ids: ReadonlyMap<string, string>): Promise<Map<string, ClaimThere>> {
  const sizes = await sizesOf(git, [...ids.values()]);
  const read = await blobs(
    git,
    [...ids.values()].filter((id) => (sizes.get(id) ?? Number.POSITIVE_INFINITY) <= LARGEST),
  );
  return new Map([...ids].map(([key, id]) => [key, { id, bytes: read.get(id) ?? null }]));
}

function unreachable(place: Place, verb: string, { exitCode, cut, stdout, stderr }: ToolResult): WaybillError {
  const refused = stdout
    .toString('utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'));
  const said = withoutPassword([...refused, ...whatGitSaid(stderr)].join(' | ')).replaceAll('\t', ' ');
  return new WaybillError(
    'BACKLOG_CLAIMS_UNREACHABLE',
    cut === 'time'
      ? `${place.shown} did not answer git ${verb} within ${ANSWER_MS / 1000} seconds`
      : `git ${verb} with ${place.shown} ended with ${exitCode}: ${said || 'it said nothing'}`,
  );
}
