import { basename, dirname, join } from 'node:path';
import { WaybillError } from '../order/error.ts';
import type { CommandFile, Requester } from '../order/generated.ts';
import { ensureDir, namesIn, removeTree, syncDir, writeNew } from '../platform/durable.ts';
import { errno, fs, ifThere, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } from '../platform/fs.ts';
import { newUlid } from '../platform/ids.ts';
import { conform } from '../platform/schema.ts';
import { userName } from '../platform/user.ts';
import type { Drop } from './scan.ts';

/** Name of the one file in the claim folder of an order that came as a command. */
const DROP_COMMAND = 'drop.json';

/** An order's request as the claim folder holds it, read once: parsing, hash and evidence use these bytes. */
export interface ClaimedRequest {
  readonly claim: string;
  readonly lane: string;
  readonly file: string;
  readonly bytes: Buffer;
  readonly mtimeMs: number;
  readonly requester: Requester;
  /** Asked for on the command line, not in the file. */
  readonly dryRun: boolean;
}

/**
 * Claims a drop: a rename into a folder of a name never used before, so nothing is overwritten and one station wins (rule 3).
 * Returns the claim, or null when the file is gone by now. Throws UNCLAIMABLE. Folders are synced by syncClaims().
 */
export function claimDrop(inbox: string, claimed: string, drop: Drop): string | null {
  const claim = newUlid();
  const from = join(inbox, drop.lane, drop.name);
  const to = join(claimed, claim, drop.lane, drop.name);
  try {
    assertReadable(from);
    fs.mkdirSync(dirname(to), { recursive: true });
    syncDir(join(claimed, claim));
    moveIn(from, to, claim);
  } catch (error) {
    // a move that failed left the drop in its lane: nothing of it goes with the folder
    removeTree(join(claimed, claim));
    if (errno(error) === 'ENOENT') return null;
    throw new WaybillError(
      'UNCLAIMABLE',
      `${drop.lane}/${drop.name} cannot be claimed: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  syncDir(dirname(to));
  return claim;
}

/** Throws for what the station may rename, but never read: once claimed, nobody could answer it. */
function assertReadable(path: string): void {
  const fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    if (!fs.fstatSync(fd).isFile()) throw new Error('it is no plain file');
  } finally {
    fs.closeSync(fd);
  }
}

/** A rename; across file systems a hidden rename in the lane, a synced copy, and only then the removal. */
function moveIn(from: string, to: string, claim: string): void {
  try {
    fs.renameSync(from, to);
    return;
  } catch (error) {
    if (errno(error) !== 'EXDEV') throw error;
  }
  const hidden = join(dirname(from), `.${basename(from).slice(0, 50)}.${claim}.claim`);
  fs.renameSync(from, hidden);
  try {
    const stat = fs.statSync(hidden);
    writeNew(to, fs.readFileSync(hidden));
    fs.utimesSync(to, stat.atime, stat.mtime);
  } catch (error) {
    // back under its name, unless its author has dropped another file under it by now
    fs.linkSync(hidden, from);
    fs.unlinkSync(hidden);
    throw error;
  }
  fs.unlinkSync(hidden);
}

/**
 * Gives drops back to their lanes that a kill left hidden in the middle of a claim across file systems: the copy is not known to be
 * whole, the original is. Returns the claims that are void by that.
 */
export function returnHidden(inbox: string, claimed: string): string[] {
  const returned: string[] = [];
  for (const lane of namesIn(inbox).filter((name) => /^[A-Za-z0-9]/.test(name))) {
    for (const name of namesInFolder(join(inbox, lane))) {
      const claim = /\.([0-9A-Z]{26})\.claim$/.exec(name)?.[1];
      if (claim === undefined || !name.startsWith('.')) continue;
      const original = namesIn(join(claimed, claim, lane))[0] ?? name.slice(1, -('.claim'.length + 27));
      fs.linkSync(join(inbox, lane, name), join(inbox, lane, freeName(join(inbox, lane), original, claim)));
      fs.unlinkSync(join(inbox, lane, name));
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
  const claim = newUlid();
  ensureDir(join(claimed, claim));
  fs.renameSync(path, join(claimed, claim, DROP_COMMAND));
  syncDir(join(claimed, claim));
  return claim;
}

/** Makes claims durable: the claims folder, and every folder that something was claimed from. */
export function syncClaims(claimed: string, from: Iterable<string>): void {
  syncDir(claimed);
  for (const folder of from) ifThere(() => syncDir(folder));
}

/** Reads a claim. Null for a folder that holds nothing (a kill between making it and the rename). */
export function readClaim(claimed: string, claim: string): ClaimedRequest | null {
  const folder = join(claimed, claim);
  const dropped = readCommandClaim(folder, claim);
  if (dropped !== null) return dropped;
  for (const lane of namesIn(folder)) {
    if (!/^[A-Za-z0-9]/.test(lane) || !fs.lstatSync(join(folder, lane)).isDirectory()) continue;
    // sealed evidence lies in folders beside the lane's, and in the lane's own where it is called so
    const names = namesIn(join(folder, lane));
    const file = names.find((name) => !fs.lstatSync(join(folder, lane, name)).isDirectory());
    if (file === undefined && names.length > 0 && lane !== 'sealed')
      throw new WaybillError('NOT_A_FILE', `${lane}/${names[0]} is a folder`, { place: { file: names[0] ?? '' } });
    if (file === undefined) continue;
    const fd = fs.openSync(join(folder, lane, file), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const stat = fs.fstatSync(fd);
      if (!stat.isFile()) throw new WaybillError('NOT_A_FILE', `${lane}/${file} is no plain file`, { place: { file } });
      const requester: Requester = { uid: stat.uid, user: userName(stat.uid), lane, via: 'inbox', declared_by: null };
      return { claim, lane, file, bytes: fs.readFileSync(fd), mtimeMs: stat.mtimeMs, requester, dryRun: false };
    } finally {
      fs.closeSync(fd);
    }
  }
  return null;
}

function readCommandClaim(folder: string, claim: string): ClaimedRequest | null {
  const path = join(folder, DROP_COMMAND);
  const stat = ifThere(() => fs.statSync(path));
  if (stat === undefined) return null;
  const command: CommandFile = conform('command-file', JSON.parse(fs.readFileSync(path, 'utf8')), 'UNKNOWN_COMMAND');
  if (command.command !== 'drop') throw new WaybillError('UNKNOWN_COMMAND', `${path} is no drop`);
  return {
    claim,
    lane: command.lane,
    file: basename(command.file),
    bytes: Buffer.from(command.content, 'base64'),
    mtimeMs: stat.mtimeMs,
    requester: { uid: stat.uid, user: userName(stat.uid), lane: command.lane, via: 'command', declared_by: null },
    dryRun: command.dry_run ?? false,
  };
}

/** Makes a claim of bytes that are already ours (a retry long after the claim folder went). Durable when it returns. */
export function reclaim(claimed: string, claim: string, lane: string, file: string, bytes: Buffer): void {
  const folder = join(claimed, claim, lane);
  ensureDir(folder);
  if (namesIn(folder).length > 0) return;
  writeNew(join(folder, file), bytes);
  syncDir(folder);
}
