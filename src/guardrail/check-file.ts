import { isOutside } from '../order/change.ts';
import { fs, ifThere, lstatIfThere, statIfThere } from '../platform/fs.ts';
import type { OfKind } from './component.ts';
import { type Finding, finding } from './finding.ts';
import type { LastWrite, Place, Seen } from './seen.ts';

/** What is asked of one file, as a component or one of a glob. */
export type WantedFile = Pick<OfKind<'file'>, 'name' | 'severity' | 'repair' | 'path' | 'executable' | 'content'> & {
  /** The glob whose file it is. */
  readonly of?: string;
};

/** Larger files are looked at by size and time alone. */
const LARGEST_READ = 256 * 1024 * 1024;
/** A file of a glob that git has not, and that is younger, may be a temporary one: it is not yet missed when it goes. */
const YOUNG_MS = 10_000;
const MINUTE_MS = 60_000;

type Stats = NonNullable<ReturnType<typeof lstatIfThere>>;

export interface FileLook {
  readonly place: Place;
  readonly seen: Seen;
  readonly lastWrite: LastWrite;
  /** Reads every file again, whatever its times say. */
  readonly deep: boolean;
  /** Whether git could say what HEAD has; else contents are not judged. */
  readonly knowsHead: boolean;
}

/** Whether a file is as it was when it was last found good. The short way: of thousands, most are. Never throws; false also where in doubt. */
export function isAsSeen(wanted: WantedFile, { seen, place, deep, knowsHead }: FileLook): boolean {
  const { path } = wanted;
  const known = deep || !knowsHead ? undefined : seen.get(path);
  if (known === undefined) return false;
  try {
    const stat = fs.lstatSync(absoluteOf(path, place), { throwIfNoEntry: false });
    const entry = seen.entry(path);
    if (stat === undefined || !stat.isFile() || known.stamp !== stampOf(stat)) return false;
    return (known.entry ?? null) === (entry?.id ?? null) && (isExecutable(stat) || !mustRun(wanted, seen));
  } catch {
    return false;
  }
}

/**
 * Whether a file is there, executable where it must be, and holds what was last recorded. Reads it only when it is not as it was when it was
 * last read. `seen` must have been asked for its path.
 */
export async function checkFile(wanted: WantedFile, look: FileLook): Promise<Finding | null> {
  const { seen, place } = look;
  const { path } = wanted;
  const absolute = absoluteOf(path, place);
  const at = (kind: Finding['kind'], message: string) => finding(wanted, kind, message, path);
  const stat = ifThere(() => fs.lstatSync(absolute, { throwIfNoEntry: false }));
  const known = seen.get(path);
  const entry = seen.entry(path);
  if (stat === undefined) return at('missing', known === undefined ? 'is not there' : 'is not there any more');
  if (stat.isSymbolicLink()) return checkLink(wanted, absolute, look);
  if (!stat.isFile()) return at('not_a_file', 'is no file');
  const executable = isExecutable(stat);
  if (!executable && mustRun(wanted, seen)) return at('not_executable', 'is not executable');
  if (!look.knowsHead) return null;
  const { size } = stat;
  const stamp = stampOf(stat);
  const recorded = entry?.id ?? null;
  if (!look.deep && known?.stamp === stamp && (known.entry ?? null) === recorded) return null;

  const changedAt = Math.max(stat.mtimeMs, stat.ctimeMs);
  const isPassing =
    wanted.of !== undefined && recorded === null && known === undefined && Date.now() - changedAt < YOUNG_MS;
  const note = (blob: string) => {
    if (isPassing) return null;
    seen.note(path, { blob, size, executable, stamp, ...(wanted.of === undefined ? {} : { of: [wanted.of] }) });
    return null;
  };
  if (size > LARGEST_READ) return note(known?.blob ?? recorded ?? '0'.repeat(40));
  if (wanted.content === 'recorded' && entry !== undefined && known !== undefined && known.entry !== entry.id) {
    const from = await seen.movedBackFrom(path);
    if (from !== null)
      return finding(wanted, 'moved_back', `is an older version: ${from.slice(0, 10)} is not in what is checked out`);
  }
  const told = (kind: 'truncated' | 'altered', message: string) => {
    if (kind === 'truncated') return at(kind, message);
    // somebody may be at work on it
    if (Date.now() - changedAt < place.settings.guardrail.alteredAfterMinutes * MINUTE_MS) return null;
    return finding(wanted, kind, message);
  };
  const of = `${stamp} ${recorded} ${known?.blob} ${wanted.content}`;
  const before = seen.judged.get(path);
  if (!look.deep && before?.of === of) return told(before.kind, before.message);
  const judge = (kind: 'truncated' | 'altered', message: string) => {
    seen.judged.set(path, { of, kind, message });
    return told(kind, message);
  };
  const bytes = fs.readFileSync(absolute);
  const blob = await seen.blobOf(path, bytes);
  const wantedBlob = recorded ?? known?.blob ?? blob;
  if (blob === wantedBlob || blob === seen.accepted(path)) return note(blob);
  const whole = await seen.recordedBytes(path);
  const wasEmpty = whole === null ? known?.size === 0 : whole.length === 0;
  if (bytes.length === 0 && !wasEmpty) return judge('truncated', 'is empty');
  if (wanted.content === 'any') return note(blob);
  if (whole !== null && bytes.length < whole.length && whole.subarray(0, bytes.length).equals(bytes))
    return judge('truncated', `ends after ${bytes.length} of ${whole.length} bytes`);
  // where git has nothing, an order that wrote it since says what it is to hold
  const written = recorded === null && known !== undefined ? look.lastWrite(path, known.at) : null;
  if (written?.blob === blob) return note(blob);
  return judge('altered', `differs from ${recorded === null ? 'what it was' : 'HEAD'}`);
}

function absoluteOf(path: string, { layout }: Place): string {
  // plain already: a join of thousands is felt
  return isOutside(path) ? path : `${layout.root}/${path}`;
}

function stampOf(stat: Stats): string {
  return `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeMs}:${stat.ctimeMs}`;
}

function isExecutable(stat: Stats): boolean {
  return (stat.mode & 0o111) !== 0;
}

function mustRun({ path, executable }: WantedFile, seen: Seen): boolean {
  if (executable !== null) return executable;
  const entry = seen.entry(path);
  return entry === undefined ? (seen.get(path)?.executable ?? false) : entry.mode === '100755';
}

/** A link is as good as what it leads to; one that git has must lead where git says. */
async function checkLink(wanted: WantedFile, absolute: string, { seen }: FileLook): Promise<Finding | null> {
  const entry = seen.entry(wanted.path);
  if (entry !== undefined) {
    if (entry.mode !== '120000') return finding(wanted, 'not_a_file', 'is a link where HEAD has a file');
    const to = Buffer.from(fs.readlinkSync(absolute));
    if ((await seen.blobOf(wanted.path, to)) !== entry.id)
      return finding(wanted, 'altered', 'is a link to another place than in HEAD');
  }
  const target = statIfThere(absolute);
  if (target === undefined) return finding(wanted, 'missing', 'is a link that leads nowhere');
  if (wanted.executable === true && (target.mode & 0o111) === 0)
    return finding(wanted, 'not_executable', 'is a link to what is not executable');
  return null;
}

/** Whether a folder is there. */
export function checkFolder(component: OfKind<'folder'>, place: Place): Finding | null {
  const { path } = component;
  const absolute = absoluteOf(path, place);
  const stat = lstatIfThere(absolute);
  const target = stat?.isSymbolicLink() ? statIfThere(absolute) : stat;
  if (target === undefined) return finding(component, 'missing', 'the folder is not there', path);
  return target.isDirectory() ? null : finding(component, 'not_a_file', 'is no folder');
}
