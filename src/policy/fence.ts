import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { WaybillError } from '../order/error.ts';
import { exists } from '../platform/durable.ts';
import { fs, ifThere, lstatIfThere } from '../platform/fs.ts';
import { expandHome } from '../platform/user.ts';
import { isAgentSetting } from '../station/agents-folder.ts';
import { ownPaths, ownPatterns } from '../station/layout.ts';
import { POLICY_FILE, SETTINGS_FILE, type Settings } from '../station/settings.ts';
import type { Station } from '../station/station.ts';
import { plainPart, plainPath } from './plain-path.ts';
import type { Policy } from './policy.ts';

/** What a path is held against: a station's folders, and the roots outside that policy opens. */
export interface Fence extends Pick<Station, 'layout' | 'settings'> {
  readonly roots: readonly string[];
}

export function fenceOf(
  { layout, settings }: Pick<Station, 'layout' | 'settings'>,
  policy: Pick<Policy, 'roots'>,
): Fence {
  return { layout, settings, roots: policy.roots };
}

/**
 * Rule 9, "Inside the fence". Turns a path of an order into the one it really is: relative to the root, or absolute inside a root
 * that policy allows. Resolved through symlinks; never in .git, in Waybill's own folders, in settings or policy. Throws PATH_DENIED.
 */
export function resolveTarget(fence: Fence, raw: string): string {
  const { root, gitDir } = fence.layout;
  const deny = (why: string, hint?: string) =>
    new WaybillError('PATH_DENIED', `${raw}: ${why}`, hint === undefined ? {} : { hint });
  if (raw.includes('\0')) throw deny('a path cannot hold a NUL');
  // On other systems it parts folders, and not every git can read it back.
  if (raw.includes('\\')) throw deny('a path cannot hold a backslash', 'Part folders with /.');
  if (raw.endsWith('/') || ['', '.', '..'].includes(basename(raw))) throw deny('names a folder, not a file');
  const expanded = expandHome(raw);
  const path = realPath(isAbsolute(expanded) ? resolve(expanded) : resolve(root, expanded), deny);
  if (path.split('/').some(isGitName) || isBelow(path, gitDir)) throw deny("lies in git's own folder");
  const inside = relative(root, path);
  if (inside === '') throw deny('names a folder, not a file');
  if (/^\.\.(\/|$)/.test(inside) || isAbsolute(inside)) {
    const open = fence.roots.some((allowed) => isBelow(path, allowedRoot(root, allowed)));
    if (!open)
      throw deny(
        'lies outside the station',
        `Allow its folder in policy.yaml:\nroots: [${JSON.stringify(relativeFolder(root, path))}]`,
      );
    return path;
  }
  const plain = plainPath(inside);
  const own = ownPlaces(fence.settings).find(({ holds }) => holds(plain));
  if (own !== undefined) throw deny(own.why);
  if (isAgentSetting(plain)) throw deny("it is Waybill's own: it says who does the work of missions, and how");
  for (let folder = dirname(inside); folder !== '.'; folder = dirname(folder)) {
    if (exists(join(root, folder, '.git'))) throw deny(`${folder} is another repository`);
  }
  return inside;
}

/**
 * The folder that a command or check runs in, as a path from the root: relative to it, or absolute at or below it, by name alone. It need not be
 * there yet. Throws PATH_DENIED.
 */
export function folderBelow(root: string, cwd: string): string {
  const expanded = expandHome(cwd);
  // the root may have been named through a link
  const path = isAbsolute(expanded) ? (ifThere(() => fs.realpathSync(expanded)) ?? expanded) : resolve(root, expanded);
  const inside = relative(root, path);
  if (/^\.\.(\/|$)/.test(inside) || isAbsolute(inside))
    throw new WaybillError('PATH_DENIED', `${cwd}: lies outside the station`, {
      hint: 'Name a folder inside the station, relative to its root; the root itself is `.`.',
    });
  return inside;
}

/** The real path of a folder that a command may run in: the root, below it, or below a root that policy allows. Throws PATH_DENIED. */
export function resolveFolder({ layout, roots }: Fence, raw: string): string {
  const { root, gitDir } = layout;
  const path = ifThere(() => fs.realpathSync(resolve(root, expandHome(raw))));
  const deny = (why: string) =>
    new WaybillError('PATH_DENIED', `${raw}: ${why}`, { hint: 'Name a folder inside the station.' });
  if (path === undefined || !fs.statSync(path).isDirectory()) throw deny('is no folder to run a command in');
  const open = [root, ...roots.map((allowed) => allowedRoot(root, allowed))].some((folder) => isBelow(path, folder));
  if (!open || isBelow(path, gitDir)) throw deny('lies outside the station');
  return path;
}

/** The path with every folder on the way resolved; the last part must be no link itself, because a link is not what it points to. */
function realPath(path: string, deny: (why: string, hint?: string) => WaybillError): string {
  const stat = lstatIfThere(path);
  if (stat?.isSymbolicLink())
    throw deny(`is a symbolic link to ${fs.readlinkSync(path)}`, 'Name the file that it points to.');
  const tail = [basename(path)];
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const link = lstatIfThere(folder);
    if (link === undefined) {
      tail.unshift(basename(folder));
      continue;
    }
    const real = ifThere(() => fs.realpathSync(folder));
    if (real === undefined) throw deny(`${folder} is a link that leads nowhere`);
    if (!fs.statSync(real).isDirectory()) throw deny(`${folder} is a file, not a folder`);
    return join(real, ...tail);
  }
}

/** `.git` under every spelling that a file system may take for it: case, trailing dots and spaces, the 8.3 name, ignorable characters. */
export function isGitName(part: string): boolean {
  const plain = plainPart(part);
  return plain === '.git' || plain === 'git~1';
}

/** A place of Waybill's own, and why no order may write there. */
interface OwnPlace {
  /** Takes a path as `plainPath` gives it. */
  readonly holds: (plain: string) => boolean;
  readonly why: string;
}

/** By the settings that name them: every target of every order is held against them. */
const placesOf = new WeakMap<Settings, readonly OwnPlace[]>();

function ownPlaces(settings: Settings): readonly OwnPlace[] {
  const known = placesOf.get(settings);
  if (known !== undefined) return known;
  const places = [
    ...[...ownPaths(settings), SETTINGS_FILE, POLICY_FILE].map(ownPath),
    ...ownPatterns(settings).map(ownPattern),
  ];
  placesOf.set(settings, places);
  return places;
}

function ownPath(path: string): OwnPlace {
  const place = plainPath(path);
  // the telemetry file is rotated beside itself
  const rotated = path.endsWith('.jsonl') ? place.slice(0, -5) : null;
  return {
    holds: (plain) => isBelow(plain, place) || (rotated !== null && plain.startsWith(rotated)),
    why: `${path} is Waybill's own`,
  };
}

/** What fits a pattern of ours, or lies below what does. */
function ownPattern(pattern: string): OwnPlace {
  const [beginning = '', ending] = pattern.split('*').map((part) => plainPath(part.replace(/\/$/, '')));
  const holds =
    ending === undefined
      ? (plain: string) => isBelow(plain, beginning)
      : (plain: string) =>
          plain.startsWith(beginning) && (plain.endsWith(ending) || plain.includes('/', beginning.length));
  return { holds, why: `${pattern} is Waybill's own: it tells what was done, and by whom` };
}

function allowedRoot(root: string, allowed: string): string {
  const path = resolve(root, expandHome(allowed));
  return exists(path) ? fs.realpathSync(path) : path;
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function relativeFolder(root: string, path: string): string {
  return relative(root, dirname(path));
}
