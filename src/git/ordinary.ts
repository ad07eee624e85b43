import { basename, dirname, join, resolve } from 'node:path';
import { readIfThere } from '../platform/durable.ts';
import { fs, lstatIfThere } from '../platform/fs.ts';

/**
 * Where a folder's repository is, read from its files: starting git costs more than all else that a command needs to look at a station.
 * Only for what git could not see in another way (decision 0029): at the first thing that is not as `git init`, `git clone` and
 * `git worktree add` leave it, git is asked.
 */

/** A repository as git would name it. */
export interface Found {
  /** The main work tree. */
  readonly root: string;
  /** The common dir. */
  readonly gitDir: string;
  /** The folder asked for lies in a linked work tree. */
  readonly linked: boolean;
}

/** The answer, `null` outside of any repository, or 'ask git'. Never another answer than git's; it reads only, and throws nothing. */
export function findOrdinary(folder: string): Found | null | 'ask git' {
  try {
    return search(fs.realpathSync(folder));
  } catch {
    return 'ask git';
  }
}

function search(start: string): Found | null | 'ask git' {
  const { dev } = fs.statSync(start);
  for (let at = start; ; at = dirname(at)) {
    // git does not look on another disk, and takes a folder that looks like a git folder for a bare repository
    if (fs.statSync(at).dev !== dev || lstatIfThere(join(at, 'HEAD')) !== undefined) return 'ask git';
    const entry = lstatIfThere(join(at, '.git'));
    if (entry?.isDirectory()) return isOrdinary(at) ? { root: at, gitDir: join(at, '.git'), linked: false } : 'ask git';
    if (entry?.isFile()) return mainOf(at) ?? 'ask git';
    if (entry !== undefined) return 'ask git';
    if (dirname(at) === at) return null;
  }
}

/** The repository of a linked work tree; null for every other kind of `.git` file, and where the two do not name each other. */
function mainOf(tree: string): Found | null {
  const own = /^gitdir: (\/[^\n]+)\n$/.exec(text(join(tree, '.git')))?.[1];
  if (own === undefined || ![tree, join(tree, '.git'), own].every(isOurs)) return null;
  const gitDir = resolve(own, '..', '..');
  const root = dirname(gitDir);
  const named =
    fs.realpathSync(own) === own &&
    basename(dirname(own)) === 'worktrees' &&
    text(join(own, 'commondir')) === '../..\n' &&
    text(join(own, 'gitdir')) === `${join(tree, '.git')}\n`;
  if (!named || basename(gitDir) !== '.git' || !HEAD.test(text(join(own, 'HEAD'))) || !isOrdinary(root)) return null;
  return { root, gitDir, linked: true };
}

/** Whether `.git` in this folder is the git folder of a work tree that git would take as it is, with settings that move nothing. */
function isOrdinary(root: string): boolean {
  const gitDir = join(root, '.git');
  if (!isOurs(root) || !isOurs(gitDir) || lstatIfThere(gitDir)?.isDirectory() !== true) return false;
  const there = new Map(fs.readdirSync(gitDir, { withFileTypes: true }).map((entry) => [entry.name, entry]));
  return (
    there.get('objects')?.isDirectory() === true &&
    there.get('refs')?.isDirectory() === true &&
    there.get('HEAD')?.isFile() === true &&
    there.get('config')?.isFile() === true &&
    !there.has('commondir') &&
    !there.has('config.worktree') &&
    HEAD.test(text(join(gitDir, 'HEAD'))) &&
    isOrdinaryConfig(text(join(gitDir, 'config')))
  );
}

const HEAD = /^(ref: refs\/[^\s]+|[0-9a-f]{40})\n$/;

/** What belongs to somebody else git may refuse (`safe.directory`). */
function isOurs(path: string): boolean {
  return lstatIfThere(path)?.uid === process.geteuid?.();
}

const SECTION = /^\[([a-z0-9.-]+)([ \t]+"(?:[^"\\]|\\.)*")?\]$/i;
const KEY = /^([a-z][a-z0-9-]*)[ \t]*=[ \t]*(.*)$/i;

/** What these keys of [core] must say where they are there; others move nothing. */
const CORE: Readonly<Record<string, string>> = {
  repositoryformatversion: '0',
  bare: 'false',
  sparsecheckout: 'false',
  splitindex: 'false',
};

/**
 * Whether a repository's settings are one setting a line, say that it has a work tree where it stands, and hold nothing that names another
 * form of repository or another file of settings.
 */
export function isOrdinaryConfig(config: string): boolean {
  let section = '';
  const said = new Set<string>();
  for (const raw of config.split('\n')) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    // the next line goes on with this one
    if (line.endsWith('\\')) return false;
    const opened = SECTION.exec(line);
    if (opened !== null) {
      const [, kind = '', below = ''] = opened;
      if (['extensions', 'include', 'includeif'].includes(kind.toLowerCase())) return false;
      section = `${kind.toLowerCase()}${below}`;
      continue;
    }
    const [, name = '', value = ''] = KEY.exec(line) ?? [];
    const key = name.toLowerCase();
    if (key === '') return false;
    if (section !== 'core') continue;
    if (key === 'worktree' || (CORE[key] !== undefined && CORE[key] !== value)) return false;
    said.add(key);
  }
  return said.has('repositoryformatversion') && said.has('bare');
}

function text(path: string): string {
  return readIfThere(path)?.toString('utf8') ?? '';
}
