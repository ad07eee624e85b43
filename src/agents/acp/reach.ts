import { dirname, isAbsolute, join, relative, resolve } from 'node:path/posix';
import { fileURLToPath } from 'node:url';
import { fs, lstatIfThere } from '../../platform/fs.ts';
import { credentialPlaces, isCredentialPath } from '../../policy/credentials.ts';
import { isGitName } from '../../policy/fence.ts';

/**
 * Where a call of a tool leads, as far as it names files. A fence for agents that ask before they act; whatever a program of theirs does is held by
 * the sandbox, and what comes of it is measured.
 */

export interface Reach {
  /** The folder of work: what writes stays in it. */
  readonly cwd: string;
  /** The home of the agent's program; null where it has none. */
  readonly home: string | null;
  /** The packet file: it may be written wherever it is. */
  readonly packet: string | null;
}

/** Kinds that change no file by themselves. Of a kind that is not known, nobody knows. */
const CHANGES_NOTHING = ['read', 'search', 'think', 'fetch', 'execute'];
/** Following more of them is a loop, as the kernel sees it. */
const MOST_LINKS = 40;
const MOST_PATHS = 1000;
/** Of a path, to say which. */
const MOST_SAID = 300;

/**
 * Why a call that names these paths may not be done: its paths as they were said, its kinds as in the protocol. null where nothing speaks against it,
 * also where it names none.
 */
export function whyOutOfReach(
  kinds: ReadonlySet<string>,
  paths: ReadonlySet<string>,
  { cwd, home, packet }: Reach,
): string | null {
  if (paths.size > MOST_PATHS) return `it names ${paths.size} files`;
  const changes = [...kinds].some((kind) => !CHANGES_NOTHING.includes(kind));
  const [inside, handIn] = [leadsTo(cwd), packet === null ? null : leadsTo(packet)];
  if (inside === null) return 'it cannot be told where its folder is';
  // a home that is reached through a link has two names
  const homes = [home ?? '', (home === null ? null : leadsTo(home)) ?? ''];
  for (const path of paths) {
    const said = path.slice(0, MOST_SAID);
    const places = placesOf(path, cwd, home);
    if (places === null) return `it cannot be told where ${said} leads`;
    // by its own name too: what is kept there may itself be a link
    const names = [...places, resolve(cwd, path)];
    if (homes.some((each) => names.some((name) => isCredentialPath(name, each))))
      return `${said} leads to where credentials are kept`;
    if (changes && places.some((place) => place !== handIn && !isWorkIn(inside, place)))
      return `${said} leads out of its folder, or into git's own`;
    if (kinds.has('search') && home !== null && places.some((place) => holdsCredentials(place, inside, home)))
      return `below ${said} credentials are kept`;
  }
  return null;
}

/**
 * Every place that a path can mean: some programs take `..` out of a path before they use it, and others leave that to the system, which follows links
 * first. null where one cannot be told.
 */
function placesOf(path: string, cwd: string, home: string | null): string[] | null {
  const plain = plainPath(path, home);
  if (plain === null) return null;
  const whole = isAbsolute(plain) ? plain : `${cwd}/${plain}`;
  const [asSaid, resolved] = [leadsTo(whole), leadsTo(resolve(whole))];
  return asSaid === null || resolved === null ? null : [asSaid, resolved];
}

function plainPath(path: string, home: string | null): string | null {
  if (path.includes('\0')) return null;
  if (/^file:/i.test(path)) {
    try {
      return fileURLToPath(path);
    } catch {
      return null;
    }
  }
  if (!path.startsWith('~')) return path;
  // another user's home is nobody's place of work
  return home !== null && /^~(\/|$)/.test(path) ? join(home, path.slice(1)) : null;
}

/** Where an absolute path leads when each link on the way is followed, also one to what is not there yet. null where it cannot be told. */
function leadsTo(path: string): string | null {
  let [at, links] = ['/', 0];
  let left = partsOf(path);
  try {
    for (let part = left.shift(); part !== undefined; part = left.shift()) {
      if (part === '..') {
        at = dirname(at);
        continue;
      }
      const next = join(at, part);
      // what stands there is another thing for each process that looks
      if (next === '/proc') return null;
      if (lstatIfThere(next)?.isSymbolicLink() !== true) {
        at = next;
        continue;
      }
      links += 1;
      if (links > MOST_LINKS) return null;
      const target = fs.readlinkSync(next);
      if (isAbsolute(target)) at = '/';
      left = [...partsOf(target), ...left];
    }
  } catch {
    return null;
  }
  return at;
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

function isWorkIn(folder: string, place: string): boolean {
  const inside = relative(folder, place);
  return inside !== '' && !isOutside(inside) && !inside.split('/').some(isGitName);
}

function isOutside(path: string): boolean {
  return isAbsolute(path) || /^\.\.(\/|$)/.test(path);
}

function holdsCredentials(place: string, folder: string, home: string): boolean {
  if (!isOutside(relative(folder, place))) return false;
  return credentialPlaces(home).some((known) => !isOutside(relative(place, known)));
}
