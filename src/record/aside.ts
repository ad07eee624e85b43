import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { KEPT_BYTES, readAbout } from '../git/kept-files.ts';
import { isGoodId } from '../order/id.ts';
import { namesIn, readIfThere, removeDurable, removeTree, syncDir } from '../platform/durable.ts';
import { fs, ifThere } from '../platform/fs.ts';
import { isGitName } from '../policy/fence.ts';

/** What was put aside as plain files, and waits for its commit under a keep ref. */
export interface AsideEntry {
  /** Its keep: the order's id, `claim-<claim>`, or `unknown-<...>`. The same again after a kill. */
  readonly name: string;
  readonly woId: string | null;
  readonly why: string;
  /** Where its bytes stood, for people. */
  readonly paths: readonly string[];
  /** The file or folder that goes when its bytes are in git. */
  readonly at: string;
  /** Notes beside it, that go with it. */
  readonly notes: readonly string[];
  /** The file's path in the keep; null for a folder whose files keep their own. */
  readonly as: string | null;
}

export interface AsideFile {
  /** Its path in the keep. */
  readonly path: string;
  readonly from: string;
  readonly mode: '100644' | '100755' | '120000';
  readonly bytes: Buffer;
}

const WHY_LATE = 'somebody wrote into the drop after it was claimed';
const WHY_UNREADABLE = 'what was claimed could not be read as an order';
const ULID = /^[0-9A-Z]{26}$/;

/** Everything that waits. Costs three looks at folders where nothing does. */
export function asideEntries(live: string): AsideEntry[] {
  return [
    ...keptEntries(join(live, 'kept')),
    ...lateEntries(join(live, 'late')),
    ...unreadableEntries(join(live, 'unreadable')),
  ];
}

function keptEntries(folder: string): AsideEntry[] {
  return visible(folder).map((name) => {
    const at = join(folder, name);
    if (!isFolder(at)) {
      // put there by an older version, or by hand: the name is all that is known
      const id = createHash('sha256').update(name).digest('hex').slice(0, 16);
      return { name: `unknown-${id}`, woId: null, why: 'kept without a note', paths: [name], at, notes: [], as: name };
    }
    const about = readAbout(at);
    const path = about?.path ?? name;
    return {
      name: about?.woId ?? `unknown-${name}`,
      woId: about?.woId ?? null,
      why: about?.why ?? 'kept without a note',
      paths: [path],
      at,
      notes: [],
      as: path,
    };
  });
}

function lateEntries(folder: string): AsideEntry[] {
  return visible(folder).flatMap((name) => {
    const claim = name.replace(/\.json$/, '');
    if (!ULID.test(claim)) return [];
    const [at, note] = [join(folder, claim), join(folder, `${claim}.json`)];
    // a note without its claim: a kill came between the two, and the claim is where it was
    if (name !== claim && isFolder(at)) return [];
    return [claimEntry(claim, at, [note], WHY_LATE, ownerIn(note))];
  });
}

function unreadableEntries(folder: string): AsideEntry[] {
  return visible(folder).map((claim) => claimEntry(claim, join(folder, claim), [], WHY_UNREADABLE, null));
}

function claimEntry(claim: string, at: string, notes: string[], why: string, woId: string | null): AsideEntry {
  const name = ULID.test(claim) ? claim : createHash('sha256').update(claim).digest('hex').slice(0, 16);
  return { name: `claim-${name}`, woId, why, paths: [claim], at, notes, as: null };
}

function ownerIn(note: string): string | null {
  try {
    const value: unknown = JSON.parse(readIfThere(note)?.toString('utf8') ?? '');
    const id = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)['wo_id'] : null;
    return typeof id === 'string' && isGoodId(id) ? id : null;
  } catch {
    return null;
  }
}

/** The bytes of an entry, as they are now. None where only a note was left. Throws for what is neither file, link nor folder, and what may not be read. */
export function readAside(entry: AsideEntry): AsideFile[] {
  if (entry.as !== null) {
    const from = isFolder(entry.at) ? join(entry.at, KEPT_BYTES) : entry.at;
    return ifThere(() => fs.lstatSync(from)) === undefined ? [] : [readFile(from, treePath(entry.as))];
  }
  const files: AsideFile[] = [];
  const walk = (folder: string, below: string): void => {
    for (const name of namesIn(folder).sort()) {
      // what the station itself put into a claim is in the evidence: output of commands, what runs
      if (below === '' && (name.startsWith('.') || name === 'running.json')) continue;
      // a claim holds `MAIN@order.yaml`; to people that is a file in a lane
      const shown = below === '' ? name.replace(/^([A-Za-z0-9][\w-]*)@/, '$1/') : `${below}${name}`;
      if (isFolder(join(folder, name))) walk(join(folder, name), `${shown}/`);
      else files.push(readFile(join(folder, name), treePath(shown)));
    }
  };
  if (isFolder(entry.at)) walk(entry.at, '');
  else if (ifThere(() => fs.lstatSync(entry.at)) !== undefined)
    files.push(readFile(entry.at, treePath(entry.paths[0] ?? '')));
  return files;
}

/** Removes what is in git now. The bytes first and the notes last: a kill in between leaves a note about nothing, never bytes without one. */
export function removeAside(entry: AsideEntry): void {
  if (entry.as !== null && isFolder(entry.at)) removeDurable(join(entry.at, KEPT_BYTES));
  removeTree(entry.at);
  syncDir(dirname(entry.at));
  for (const note of entry.notes) removeDurable(note);
}

function readFile(from: string, path: string): AsideFile {
  const stat = fs.lstatSync(from);
  if (stat.isSymbolicLink()) return { path, from, mode: '120000', bytes: Buffer.from(fs.readlinkSync(from)) };
  if (!stat.isFile()) throw new Error(`${from} is neither a file nor a link`);
  return { path, from, mode: (stat.mode & 0o100) === 0 ? '100644' : '100755', bytes: fs.readFileSync(from) };
}

/** A path that git takes, whatever somebody called a file; only names of git's own and dots are written otherwise. */
export function treePath(path: string): string {
  const names = path.split('/').filter((name) => name !== '');
  return names
    .map((name) =>
      name === '.' || name === '..' || isGitName(name)
        ? name.replace(/[.~]/g, (c) => (c === '.' ? '%2E' : '%7E'))
        : name,
    )
    .join('/');
}

function visible(folder: string): string[] {
  return namesIn(folder)
    .filter((name) => !name.startsWith('.'))
    .sort();
}

function isFolder(path: string): boolean {
  return ifThere(() => fs.lstatSync(path))?.isDirectory() === true;
}
