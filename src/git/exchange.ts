import { dirname, isAbsolute, join, resolve } from 'node:path';
import { WaybillError } from '../order/error.ts';
import { exists, namesIn, removeDurable, syncDir } from '../platform/durable.ts';
import { fs, ifThere, O_RDONLY } from '../platform/fs.ts';
import { newUlid } from '../platform/ids.ts';
import type { ToolLimits } from '../platform/process.ts';
import { expandHome } from '../platform/user.ts';
import { Git, whatGitSaid } from './git.ts';
import { isInHistory } from './history.ts';
import { withoutPassword } from './password.ts';
import { type Repository, repositoryAt } from './repository.ts';

/**
 * Journal and keeps of stations, carried to another repository or a bundle file and back. Only `refs/waybill/<station>/journal` and
 * `refs/waybill/<station>/keep/*` ever leave; a journal is never forced, and nothing is deleted on the other side.
 */

/** Where a backup lies. */
export interface Place {
  readonly kind: 'bundle' | 'remote';
  /** What git is told: a remote's name, a URL, or an absolute path. */
  readonly to: string;
  /** The same where names of remotes are not known. */
  readonly url: string;
  /** For people: without user and password. */
  readonly shown: string;
  /** On this machine's disks, so that reading all of it back costs no network. */
  readonly local: boolean;
}

/** What one station has somewhere: its journal's tip, and its keeps by the end of their names. */
export interface Heads {
  readonly journal: string | null;
  readonly keeps: ReadonlyMap<string, string>;
}

/** How long a look at the refs may take, and how long the transfer of everything. */
export const LOOK_MS = 30_000;
export const TRANSFER_MS = 60 * 60_000;

/** Keeps pushed in one call: their names stand on its command line. */
const KEEPS_A_PUSH = 300;

/** Understands a remote's name, a URL, or a path relative to `base`. Throws USAGE for what git would take for an option. */
export async function placeOf(git: Git, to: string, base: string): Promise<Place> {
  if (to.startsWith('-') || /[\0\n]/.test(to)) throw new WaybillError('USAGE', `${JSON.stringify(to)} is no place`);
  const urls = await remoteUrls(git, to);
  if (urls !== null) {
    const place = placeOfUrl(urls.push, git.root);
    // a push URL of its own is where to look, too: git would read from the other one
    return { ...place, to: urls.push === urls.fetch && place.kind === 'remote' ? to : place.to, shown: to };
  }
  return placeOfUrl(to, base);
}

function placeOfUrl(to: string, base: string): Place {
  const file = /^file:\/\/(\/.*)$/i.exec(to)?.[1];
  if (file === undefined && isUrl(to, base))
    return { kind: 'remote', to, url: to, shown: withoutPassword(to), local: false };
  const path = file === undefined ? resolve(base, expandHome(to)) : decoded(file);
  if (path.endsWith('.bundle')) return { kind: 'bundle', to: path, url: path, shown: path, local: true };
  const url = file === undefined ? path : to;
  return { kind: 'remote', to: url, url, shown: url, local: true };
}

/** As git tells them apart: a scheme, or a colon before the first slash of something that is no file. */
function isUrl(to: string, base: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(to) || (/^[^/]+:/.test(to) && !exists(resolve(base, to)));
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

async function remoteUrls(git: Git, name: string): Promise<{ fetch: string; push: string } | null> {
  if (isAbsolute(name)) return null;
  const ask = async (...more: string[]) => {
    const found = await git.try(['remote', 'get-url', ...more, '--', name]);
    return found.exitCode === 0 ? found.stdout.toString('utf8').trim() : null;
  };
  const [fetch, push] = [await ask(), await ask('--push')];
  return fetch === null || push === null ? null : { fetch, push };
}

/** Runs git against the other side. Throws BACKUP_FAILED with what git said, or that it took too long. */
async function talk(git: Git, args: readonly string[], place: Place, limits: ToolLimits): Promise<Buffer> {
  const result = await git.try(args, { timeoutMs: TRANSFER_MS, ...limits });
  if (result.exitCode === 0 && result.cut === undefined) return result.stdout;
  const [verb = ''] = args;
  if (result.cut === 'signal') throw new WaybillError('BACKUP_FAILED', `git ${verb} with ${place.shown} was stopped`);
  if (result.cut === 'time')
    throw new WaybillError(
      'BACKUP_FAILED',
      `${place.shown} did not answer git ${verb} within ${Math.round((limits.timeoutMs ?? TRANSFER_MS) / 1000)} seconds`,
    );
  // a push tells line by line which ref was refused, on standard output
  const refused = result.stdout
    .toString('utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'));
  const said = [...refused, ...whatGitSaid(result.stderr)];
  throw new WaybillError(
    'BACKUP_FAILED',
    `git ${verb} with ${place.shown} ended with ${result.exitCode}: ${withoutPassword(said.join(' | ')).replaceAll('\t', ' ') || 'it said nothing'}`,
  );
}

/** What every station has there, by station id; nothing for a bundle that does not exist yet. Throws BACKUP_FAILED. */
export async function headsAt(git: Git, place: Place, limits: ToolLimits = {}): Promise<Map<string, Heads>> {
  const found = new Map<string, { journal: string | null; keeps: Map<string, string> }>();
  for (const { ref, id } of await refsAt(git, place, limits)) {
    const match = /^refs\/waybill\/([a-z0-9][a-z0-9-]{0,63})\/(?:journal|keep\/(.+))$/.exec(ref);
    // no station: claims of items stand there, and an item may be called journal
    if (match === null || match[1] === 'backlog') continue;
    const [, station = '', keep] = match;
    const heads = found.get(station) ?? { journal: null, keeps: new Map<string, string>() };
    if (keep === undefined) heads.journal = id;
    else heads.keeps.set(keep, id);
    found.set(station, heads);
  }
  return found;
}

async function refsAt(git: Git, place: Place, limits: ToolLimits): Promise<{ ref: string; id: string }[]> {
  if (place.kind === 'bundle' && !exists(place.to)) return [];
  const wanted = place.kind === 'bundle' ? [] : ['refs/waybill/*'];
  const out = await talk(git, ['ls-remote', '--', place.to, ...wanted], place, { timeoutMs: LOOK_MS, ...limits });
  return out
    .toString('utf8')
    .split('\n')
    .flatMap((line) => {
      const match = /^([0-9a-f]{40})\t(\S+)$/.exec(line);
      return match === null ? [] : [{ id: match[1] ?? '', ref: match[2] ?? '' }];
    });
}

/** The refs of a snapshot under their own names. */
function named(stationId: string, heads: Heads): [ref: string, id: string][] {
  const base = `refs/waybill/${stationId}`;
  const keeps = [...heads.keeps].map(([name, id]): [string, string] => [`${base}/keep/${name}`, id]);
  return heads.journal === null ? keeps : [...keeps, [`${base}/journal`, heads.journal]];
}

/**
 * The journal that is there must be in the history of the one that goes there: an older one never replaces a newer one, and nobody's
 * journal replaces another. Throws BACKUP_DIVERGED.
 */
async function assertContinues(repo: Repository, there: string | null, ours: string, what: string): Promise<void> {
  if (there === null || there === ours || (await isInHistory(repo.git, there, ours))) return;
  const newer = await isInHistory(repo.git, ours, there);
  throw new WaybillError(
    'BACKUP_DIVERGED',
    newer
      ? `${what} is at ${there.slice(0, 10)}, which is newer than what this station has`
      : `${what} is at ${there.slice(0, 10)}, which does not lead to this station's ${ours.slice(0, 10)}`,
    {
      hint: 'Was this station restored from an older copy? `waybill restore --from` brings back what the backup has. After a purge, or for a new beginning, back up to another place; the old backup still holds what it held.',
    },
  );
}

/** Pushes a snapshot: the journal only forward, keeps whatever they were. Returns how many bytes of objects were new there, where git tells. */
export async function pushTo(
  repo: Repository,
  place: Place,
  stationId: string,
  heads: Heads & { readonly journal: string },
  limits: ToolLimits,
): Promise<number | null> {
  const there = (await headsAt(repo.git, place, limits.signal === undefined ? {} : { signal: limits.signal })).get(
    stationId,
  );
  const journal = `refs/waybill/${stationId}/journal`;
  await assertContinues(repo, there?.journal ?? null, heads.journal, `the journal of ${stationId} in ${place.shown}`);
  const keeps = [...heads.keeps].filter(([name, id]) => there?.keeps.get(name) !== id);
  const bytes = await sizeOf(
    repo.git,
    [heads.journal, ...keeps.map(([, id]) => id)],
    [...(there === undefined ? [] : [there.journal, ...there.keeps.values()])],
  );
  const push = async (specs: string[]): Promise<void> => {
    const options = ['--no-verify', '--no-follow-tags', '--no-signed', '--recurse-submodules=no', '--porcelain'];
    const args = (atomic: string[]) => ['push', ...options, ...atomic, ...specs.filter(isLease), '--', place.to];
    const refs = specs.filter((spec) => !isLease(spec));
    try {
      await talk(repo.git, [...args(['--atomic']), ...refs], place, limits);
    } catch (error) {
      if (!(error instanceof WaybillError) || !error.message.includes('does not support --atomic')) throw error;
      await talk(repo.git, [...args([]), ...refs], place, limits);
    }
  };
  // keeps first: whoever finds the journal finds what it speaks of
  const specs = keeps.map(([name, id]) => {
    const ref = `refs/waybill/${stationId}/keep/${name}`;
    return [`--force-with-lease=${ref}:${there?.keeps.get(name) ?? ''}`, `+${id}:${ref}`];
  });
  for (let i = KEEPS_A_PUSH; i < specs.length; i += KEEPS_A_PUSH) await push(specs.slice(i, i + KEEPS_A_PUSH).flat());
  const last = specs.slice(0, KEEPS_A_PUSH).flat();
  if (there?.journal !== heads.journal) last.push(`${heads.journal}:${journal}`);
  if (last.length > 0) await push(last);
  return bytes;
}

function isLease(spec: string): boolean {
  return spec.startsWith('--force-with-lease=');
}

/** Bytes on disk of what `wanted` reaches and `not` does not; null where this git cannot tell. */
async function sizeOf(git: Git, wanted: readonly string[], not: readonly (string | null)[]): Promise<number | null> {
  const input = [...wanted, ...not.filter((id) => id !== null).map((id) => `^${id}`)].join('\n');
  // what the other side has may be unknown here
  const out = await git.try(['rev-list', '--objects', '--disk-usage', '--ignore-missing', '--stdin'], {
    input: `${input}\n`,
  });
  const size = /^(\d+)\s*$/.exec(out.stdout.toString('utf8'))?.[1];
  return out.exitCode === 0 && size !== undefined ? Number(size) : null;
}

/** An empty bare repository in `folder`; with `lender` it sees that one's objects without a copy. */
export async function scratchRepository(folder: string, lender?: Repository): Promise<Repository> {
  const init = [
    '-c',
    'init.defaultRefFormat=files',
    'init',
    '--quiet',
    '--bare',
    '--template=',
    '--object-format=sha1',
  ];
  await new Git(dirname(folder)).run([...init, '--', folder]);
  const repo = repositoryAt(folder, folder);
  if (lender !== undefined) {
    const alternates = join(folder, 'objects', 'info', 'alternates');
    fs.mkdirSync(dirname(alternates), { recursive: true });
    const fd = fs.openSync(alternates, 'w');
    fs.writeSync(fd, Buffer.from(`${join(lender.gitDir, 'objects')}\n`));
    fs.closeSync(fd);
  }
  return repo;
}

/**
 * Writes a snapshot as a bundle beside its target, synced, under a name that nothing else has; publishBundle() puts it in place. `scratch`
 * is a folder that may be made. Throws BACKUP_DIVERGED where the bundle in place is not ours, or newer.
 */
export async function writeBundle(
  repo: Repository,
  place: Place,
  stationId: string,
  heads: Heads & { readonly journal: string },
  scratch: string,
  limits: ToolLimits,
): Promise<Place> {
  await assertReplaceable(repo, place, stationId, heads.journal);
  const folder = dirname(place.to);
  if (!exists(folder))
    throw new WaybillError('BACKUP_FAILED', `${folder} does not exist`, {
      hint: 'Is the disk mounted? A folder is not made here, so that a backup never lands in an empty mount point.',
    });
  const prefix = `.${place.to.slice(folder.length).replace(/^\/+/, '')}.${stationId}.`;
  // left by a backup that was killed: only the holder of the station's lock writes under these names
  for (const name of namesIn(folder))
    if (name.startsWith(prefix) && name.includes('.part')) removeDurable(join(folder, name));
  const part = join(folder, `${prefix}${newUlid()}.part`);
  const lender = await scratchRepository(scratch, repo);
  const updates = named(stationId, heads).map(([ref, id]) => `create ${ref} ${id}\n`);
  await lender.git.run(['update-ref', '--stdin'], { input: updates.join('') });
  await talk(lender.git, ['bundle', 'create', '--quiet', part, '--all'], place, limits);
  const fd = fs.openSync(part, O_RDONLY);
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
  return { kind: 'bundle', to: part, url: part, shown: place.shown, local: true };
}

/** Renames a written bundle over its target, if that still may be replaced. Durable when it returns; how many bytes it has. */
export async function publishBundle(
  repo: Repository,
  part: Place,
  place: Place,
  stationId: string,
  journal: string,
): Promise<number> {
  await assertReplaceable(repo, place, stationId, journal);
  const size = fs.statSync(part.to).size;
  fs.renameSync(part.to, place.to);
  syncDir(dirname(place.to));
  return size;
}

/** Only an older bundle of the same station is ever replaced. */
async function assertReplaceable(repo: Repository, place: Place, stationId: string, ours: string): Promise<void> {
  if (ifThere(() => fs.lstatSync(place.to)) === undefined) return;
  const refs = await refsAt(repo.git, place, {}).catch(() => {
    throw new WaybillError('BACKUP_DIVERGED', `${place.shown} exists and is no bundle that can be read`, {
      hint: 'It is not overwritten. Move it away, or name another file.',
    });
  });
  const foreign = refs.find(({ ref }) => !ref.startsWith(`refs/waybill/${stationId}/`));
  if (foreign !== undefined)
    throw new WaybillError(
      'BACKUP_DIVERGED',
      `${place.shown} holds ${foreign.ref}, which is not of station ${stationId}`,
      {
        hint: 'It is not overwritten: a bundle is for one station. Name another file.',
      },
    );
  const there = refs.find(({ ref }) => ref === `refs/waybill/${stationId}/journal`)?.id ?? null;
  await assertContinues(repo, there, ours, `the journal in ${place.shown}`);
}

/** Fetches what one station has there, journal and keeps, to `<into>/journal` and `<into>/keep/*`. Throws BACKUP_FAILED. */
export async function fetchFrom(
  git: Git,
  place: Place,
  stationId: string,
  into: string,
  limits: ToolLimits,
): Promise<void> {
  const from = `refs/waybill/${stationId}`;
  // nothing that is configured for the remote says where its refs go
  const options = ['--quiet', '--no-tags', '--refmap=', '--no-prune', '--no-write-fetch-head'];
  const specs = [`+${from}/journal:${into}/journal`, `+${from}/keep/*:${into}/keep/*`];
  await talk(
    git,
    ['fetch', ...options, '--no-recurse-submodules', '--no-auto-gc', '--', place.to, ...specs],
    place,
    limits,
  );
}

/** Refs below a folder, by the end of their names. */
export async function refsBelow(git: Git, folder: string): Promise<Map<string, string>> {
  const out = await git.text(['for-each-ref', '--format=%(objectname) %(refname)', `${folder}/`]);
  const lines = out.split('\n').filter((line) => line !== '');
  return new Map(lines.map((line): [string, string] => [line.slice(41 + folder.length + 1), line.slice(0, 40)]));
}

/** Removes every ref below a folder. */
export async function dropRefs(git: Git, folder: string): Promise<void> {
  const lines = [...(await refsBelow(git, folder))].map(([name, id]) => `delete ${folder}/${name} ${id}\n`);
  if (lines.length > 0) await git.run(['update-ref', '--stdin'], { input: lines.join('') });
}
