import { basename, dirname, join } from 'node:path';
import { hashOf, sha256 } from '../order/canonical-json.ts';
import { WaybillError } from '../order/error.ts';
import type { CommandFile, Requester } from '../order/generated.ts';
import { ensureDir, namesIn, removeTree, syncDir, writeNew } from '../platform/durable.ts';
import { errno, fs, ifThere, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, statIfThere } from '../platform/fs.ts';
import { newUlid } from '../platform/ids.ts';
import { conform } from '../platform/schema.ts';
import { userName } from '../platform/user.ts';
import { isGitName } from '../policy/fence.ts';
import { type Attachment, MAX_BUNDLE_FILES, orderFileOf } from './bundle.ts';
import type { Drop } from './scan.ts';

/** Name of the one file in the claim folder of an order that came as a command. */
export const DROP_COMMAND = 'drop.json';
/** Beside a claimed file that is no order: the order that a rule made of it. No drop is called so, because scans skip dotfiles. */
export const MADE_ORDER = '.order.json';

/** What stands between a lane and the name of what was dropped there, in a claim folder; no lane has it. */
const OF = '@';
/** The longest name that file systems take, in bytes. */
const LONGEST_NAME = 255;

/**
 * Where a claim folder holds what was dropped: `MAIN@order.yaml`, without a folder for the lane, because each folder is made, synced and
 * removed once for every order. Only names that would grow too long lie in a folder of their lane.
 */
export function insideClaim(lane: string, name: string): string {
  const flat = `${lane}${OF}${name}`;
  return Buffer.byteLength(flat) <= LONGEST_NAME ? flat : join(lane, name);
}

/**
 * The lane and what a claim folder holds, names with their paths; null for one that holds nothing. Claims of before lie in a folder of their
 * lane, whatever they are called.
 */
function contentsOf(folder: string): { lane: string; paths: Map<string, string> } | null {
  const all = namesIn(folder);
  const lane = all.find((name) => /^[A-Za-z0-9][\w-]*@/.test(name))?.split(OF)[0];
  const inside = all.find((name) => /^[A-Za-z0-9]/.test(name) && !name.includes(OF) && isLaneFolder(folder, name));
  const paths = new Map<string, string>();
  for (const name of all)
    if (lane !== undefined && name.startsWith(lane + OF)) paths.set(name.slice(lane.length + 1), join(folder, name));
  for (const name of inside === undefined ? [] : namesIn(join(folder, inside)))
    paths.set(name, join(folder, inside ?? '', name));
  const where = lane ?? inside;
  return where === undefined ? null : { lane: where, paths };
}

function isLaneFolder(folder: string, name: string): boolean {
  return name !== DROP_COMMAND && fs.lstatSync(join(folder, name)).isDirectory();
}

/** An order's request as the claim folder holds it, read once: parsing, hash and evidence use these bytes. */
export interface ClaimedRequest {
  readonly claim: string;
  readonly lane: string;
  /** What its author dropped: a file's name, or that of a folder bundle. */
  readonly file: string;
  /** The order. */
  readonly bytes: Buffer;
  /** The name of the order's own file inside a bundle; MADE_ORDER where a rule made it; null for an order that came as one file. */
  readonly orderFile: string | null;
  /** What lay beside the order in a bundle, or the file that a rule made it of; null for an order that came as one file. */
  readonly attachments: readonly Attachment[] | null;
  readonly requester: Requester;
  /** Asked for on the command line, not in the file. */
  readonly dryRun: boolean;
}

/** The hash that says whether two drops are the same: of a file its own, of a bundle that of all names and contents. */
export function requestHash(request: Pick<ClaimedRequest, 'bytes' | 'orderFile' | 'attachments'>): string {
  if (request.attachments === null) return sha256(request.bytes);
  const files = request.attachments.map(({ path, bytes }) => [path, sha256(bytes)]);
  return hashOf([
    [request.orderFile, sha256(request.bytes)],
    ...files.sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1)),
  ]);
}

/**
 * Makes the folders of claims to come, each of a name never used before, durable before anything is moved into them: a rename may last
 * longer than the folder that it leads into. Returns the claims.
 */
export function makeClaims(claimed: string, drops: readonly Drop[]): string[] {
  const claims = drops.map((drop) => {
    const claim = newUlid();
    const folder = dirname(join(claimed, claim, insideClaim(drop.lane, drop.name)));
    fs.mkdirSync(folder, { recursive: true });
    if (folder !== join(claimed, claim)) syncDir(join(claimed, claim));
    return claim;
  });
  if (claims.length > 0) syncDir(claimed);
  return claims;
}

/** Faults of the machine that pass: the drop stays where it is and is looked at again. */
const PASSING = ['EMFILE', 'ENFILE', 'ENOSPC', 'EDQUOT', 'ENOMEM', 'EIO', 'EAGAIN'];

/**
 * Claims a drop: a rename into the folder that makeClaims() made for it, so nothing is overwritten and one station wins (rule 3).
 * False when the file is gone by now. Throws UNCLAIMABLE, or what the machine cannot do now. It lasts when syncLanes() returns: a rename is
 * one transaction of the file system, and either folder synced makes it last.
 */
export function claimDrop(claimed: string, claim: string, drop: Drop): boolean {
  const from = join(drop.folder, drop.name);
  try {
    assertReadable(from);
    moveIn(from, claimed, claim, drop.lane);
  } catch (error) {
    // a move that failed left the drop in its lane: nothing of it goes with the folder
    removeTree(join(claimed, claim));
    if (errno(error) === 'ENOENT') return false;
    if (PASSING.includes(errno(error) ?? '')) throw error;
    throw new WaybillError(
      'UNCLAIMABLE',
      `${drop.lane}/${drop.name} cannot be claimed: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return true;
}

/** Throws for what the station may rename, but never read: once claimed, nobody could answer it. */
function assertReadable(path: string): void {
  const stat = fs.lstatSync(path);
  if (stat.isDirectory()) {
    for (const name of fs.readdirSync(path)) assertReadable(join(path, name));
    return;
  }
  const fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    if (!fs.fstatSync(fd).isFile()) throw new Error('it is no plain file');
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * A rename; across file systems a hidden rename in the lane, a synced copy under a name that is no claim yet, and only when that is whole
 * the claim's own name and the removal.
 */
function moveIn(from: string, claimed: string, claim: string, lane: string): void {
  const to = join(claimed, claim, insideClaim(lane, basename(from)));
  try {
    fs.renameSync(from, to);
    return;
  } catch (error) {
    if (errno(error) !== 'EXDEV') throw error;
  }
  const hidden = join(dirname(from), `.${basename(from).slice(0, 50)}.${claim}.claim`);
  const partial = join(claimed, `.${claim}`);
  fs.renameSync(from, hidden);
  try {
    const copy = join(partial, insideClaim(lane, basename(from)));
    fs.mkdirSync(dirname(copy), { recursive: true });
    copyIn(hidden, copy);
    syncDir(dirname(copy));
    syncDir(partial);
    removeTree(join(claimed, claim));
    fs.renameSync(partial, join(claimed, claim));
    syncDir(claimed);
  } catch (error) {
    removeTree(partial);
    giveBack(hidden, from);
    throw error;
  }
  removeTree(hidden);
}

function copyIn(from: string, to: string): void {
  const stat = fs.lstatSync(from);
  if (stat.isDirectory()) {
    fs.mkdirSync(to);
    for (const name of fs.readdirSync(from)) copyIn(join(from, name), join(to, name));
    syncDir(to);
    return;
  }
  if (!stat.isFile()) throw new Error(`${from} is no plain file`);
  writeNew(to, fs.readFileSync(from));
  fs.utimesSync(to, stat.atime, stat.mtime);
}

/** Back under its name, unless its author has dropped something else under it by now: then an error, and it stays hidden. */
function giveBack(hidden: string, to: string): void {
  if (fs.lstatSync(hidden).isDirectory()) {
    fs.mkdirSync(to); // fails where the name is taken
    fs.renameSync(hidden, to);
    return;
  }
  fs.linkSync(hidden, to);
  fs.unlinkSync(hidden);
}

/**
 * Gives drops back to their lanes that a kill left hidden in the middle of a claim across file systems: the copy is not known to be
 * whole, the original is. Returns the claims that are void by that.
 */
export function returnHidden(lanes: readonly { lane: string; folder: string }[], claimed: string): string[] {
  const returned: string[] = [];
  for (const { folder } of lanes) {
    for (const name of namesInFolder(folder)) {
      const claim = /\.([0-9A-Z]{26})\.claim$/.exec(name)?.[1];
      if (claim === undefined || !name.startsWith('.')) continue;
      const original =
        contentsOf(join(claimed, claim))?.paths.keys().next().value ?? name.slice(1, -('.claim'.length + 27));
      giveBack(join(folder, name), join(folder, freeName(folder, original, claim)));
      removeTree(join(claimed, claim));
      returned.push(claim);
    }
  }
  return returned;
}

function freeName(folder: string, name: string, claim: string): string {
  return ifThere(() => fs.lstatSync(join(folder, name))) === undefined ? name : `${claim}-${name}`;
}

function namesInFolder(path: string): string[] {
  try {
    return namesIn(path);
  } catch {
    return []; // a file where a lane could be, or a lane that cannot be read
  }
}

/** Claims a drop that came as a command file. */
export function claimCommand(path: string, claimed: string): string {
  // under the command's own ulid, so that whoever sent it finds the answer to it
  const claim = basename(path, '.json');
  ensureDir(join(claimed, claim));
  fs.renameSync(path, join(claimed, claim, DROP_COMMAND));
  syncDir(join(claimed, claim));
  return claim;
}

/** Makes it last that claimed drops are out of their lanes. */
export function syncLanes(folders: Iterable<string>): void {
  for (const folder of folders) ifThere(() => syncDir(folder));
}

/** Reads a claim. Null for a folder that holds nothing (a kill between making it and the rename). Throws NOT_A_FILE. */
export function readClaim(claimed: string, claim: string): ClaimedRequest | null {
  const folder = join(claimed, claim);
  const contents = contentsOf(folder);
  const [file, path] = [...(contents?.paths ?? [])].find(([name]) => name !== MADE_ORDER) ?? [];
  if (contents === null || file === undefined || path === undefined) return readCommandClaim(folder, claim);
  const { lane, paths } = contents;
  const about = (uid: number) => ({
    claim,
    lane,
    file,
    requester: { uid, user: userName(uid), lane, via: 'inbox' as const, declared_by: null },
    dryRun: false,
  });
  if (fs.lstatSync(path).isDirectory()) return { ...about(fs.statSync(path).uid), ...readBundle(path, file) };
  const { bytes, uid } = readPlain(path, file);
  const order = paths.get(MADE_ORDER);
  if (order === undefined) return { ...about(uid), bytes, orderFile: null, attachments: null };
  const made = readPlain(order, MADE_ORDER);
  return { ...about(uid), bytes: made.bytes, orderFile: MADE_ORDER, attachments: [{ path: file, bytes }] };
}

/** Whether a claim that came as one file still holds the bytes that were read. False for any other: it must be read again to tell. */
export function isUnchanged(claimed: string, { claim, lane, file, bytes, ...request }: ClaimedRequest): boolean {
  if (request.attachments !== null || request.requester.via !== 'inbox') return false;
  try {
    return readPlain(join(claimed, claim, insideClaim(lane, file)), file).bytes.equals(bytes);
  } catch {
    return false;
  }
}

/** Removes a claim: in general one file in its folder. */
export function removeClaim(claimed: string, claim: string): void {
  const folder = join(claimed, claim);
  const names = namesIn(folder);
  if (names.length === 1) {
    try {
      fs.unlinkSync(join(folder, names[0] ?? ''));
      fs.rmdirSync(folder);
      return;
    } catch {
      // a bundle, or something came in meanwhile
    }
  }
  removeTree(folder);
}

function readPlain(path: string, name: string): { bytes: Buffer; uid: number } {
  if (fs.lstatSync(path).isSymbolicLink())
    throw new WaybillError('NOT_A_FILE', `${name} is a symbolic link, no plain file`, { place: { file: name } });
  const fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile()) throw new WaybillError('NOT_A_FILE', `${name} is no plain file`, { place: { file: name } });
    return { bytes: fs.readFileSync(fd), uid: stat.uid };
  } finally {
    fs.closeSync(fd);
  }
}

/** Reads a folder bundle. Throws NOT_A_FILE for a folder that is none. */
export function readBundle(path: string, name: string): Pick<ClaimedRequest, 'bytes' | 'orderFile' | 'attachments'> {
  const orderFile = orderFileOf(
    name,
    namesIn(path).filter((entry) => fs.lstatSync(join(path, entry)).isFile()),
  );
  if (orderFile === null)
    throw new WaybillError('NOT_A_FILE', `${name} is a folder without an order`, { place: { file: name } });
  const attachments: Attachment[] = [];
  const walk = (folder: string, below: string): void => {
    for (const entry of namesIn(folder).sort()) {
      if (attachments.length > MAX_BUNDLE_FILES)
        throw new WaybillError('NOT_A_FILE', `${name} has more than ${MAX_BUNDLE_FILES} files`, {
          place: { file: name },
        });
      if (isGitName(entry))
        throw new WaybillError('NOT_A_FILE', `${name} holds ${below}${entry}, a name of git's own`, {
          place: { file: name },
        });
      if (fs.lstatSync(join(folder, entry)).isDirectory()) walk(join(folder, entry), `${below}${entry}/`);
      else if (`${below}${entry}` !== orderFile)
        attachments.push({
          path: `${below}${entry}`,
          bytes: readPlain(join(folder, entry), `${name}/${below}${entry}`).bytes,
        });
    }
  };
  walk(path, '');
  return { bytes: readPlain(join(path, orderFile), `${name}/${orderFile}`).bytes, orderFile, attachments };
}

/** What was dropped, from the files of its claim folder as the journal keeps them: one file under the path '', or those of a bundle. */
export function droppedFiles(files: readonly Attachment[]): Attachment[] {
  const command = files.find((file) => file.path === DROP_COMMAND);
  if (command !== undefined) {
    const { bytes, orderFile, attachments } = fromCommand(readCommand(command.bytes, DROP_COMMAND));
    return orderFile === null ? [{ path: '', bytes }] : [{ path: orderFile, bytes }, ...(attachments ?? [])];
  }
  return files
    .filter(({ path }) => basename(path) !== MADE_ORDER && !path.endsWith(OF + MADE_ORDER))
    .map(({ path, bytes }) => ({
      path: path
        .split('/')
        .slice(path.split('/')[0]?.includes(OF) ? 1 : 2)
        .join('/'),
      bytes,
    }));
}

function readCommand(bytes: Buffer, path: string): Extract<CommandFile, { command: 'drop' }> {
  const command: CommandFile = conform('command-file', JSON.parse(bytes.toString('utf8')), 'UNKNOWN_COMMAND');
  if (command.command !== 'drop') throw new WaybillError('UNKNOWN_COMMAND', `${path} is no drop`);
  return command;
}

function fromCommand(
  command: Extract<CommandFile, { command: 'drop' }>,
): Pick<ClaimedRequest, 'bytes' | 'orderFile' | 'attachments'> {
  const attachments =
    command.attachments?.map((a) => ({ path: a.path, bytes: Buffer.from(a.content, 'base64') })) ?? null;
  return {
    bytes: Buffer.from(command.content, 'base64'),
    orderFile: attachments === null ? null : basename(command.order_file ?? command.file),
    attachments,
  };
}

function readCommandClaim(folder: string, claim: string): ClaimedRequest | null {
  const path = join(folder, DROP_COMMAND);
  const stat = statIfThere(path);
  if (stat === undefined) return null;
  const command = readCommand(fs.readFileSync(path), path);
  return {
    claim,
    lane: command.lane,
    file: basename(command.file),
    ...fromCommand(command),
    requester: { uid: stat.uid, user: userName(stat.uid), lane: command.lane, via: 'command', declared_by: null },
    dryRun: command.dry_run ?? false,
  };
}
