import { dirname, join } from 'node:path';
import { namesIn } from '../../platform/durable.ts';
import { errno, fs, statIfThere, W_OK, X_OK } from '../../platform/fs.ts';
import { userName } from '../../platform/user.ts';
import { SETTINGS_FILE } from '../settings.ts';
import { type Check, fault, fine, type Remark, warning } from './finding.ts';
import type { StationSubject } from './subject.ts';

/** Whether the station can write its folders, and others can not. */
export const FOLDERS: Check = {
  name: 'folders',
  look: ({ station }) => {
    if (station === null) return [];
    const folders = foldersOf(station);
    const remarks = [...folders.flatMap(whyNotWritable), ...othersOwn(station.root), ...openToAll(station)];
    return remarks.length > 0 ? remarks : [fine(`${folders.length} folders can be written, and by nobody else`)];
  },
};

/** Those that are there; the others are made when they are needed, in folders that are looked at. */
function foldersOf({ root, layout, gitDir }: StationSubject): string[] {
  const { inbox, outbox, quarantine, state, archive, evidence, live, ledger, claimed, commands, tmp } = layout;
  const lanes = lanesIn(inbox);
  const inTree = [inbox, ...lanes, outbox, quarantine, state, archive, evidence];
  const inGit = gitDir === null ? [] : [gitDir, join(gitDir, 'objects'), live, ledger, claimed, commands, tmp];
  const ofFiles = [dirname(layout.telemetry), dirname(layout.alerts)];
  return [...new Set([root, ...inTree, ...ofFiles, ...inGit])].filter((path) => statIfThere(path) !== undefined);
}

function lanesIn(inbox: string): string[] {
  try {
    return namesIn(inbox)
      .filter((name) => !name.startsWith('.'))
      .map((name) => join(inbox, name))
      .filter((path) => statIfThere(path)?.isDirectory());
  } catch {
    return []; // that it cannot be read is told of the inbox itself
  }
}

function whyNotWritable(path: string): Remark[] {
  const stat = statIfThere(path);
  if (stat === undefined) return [];
  if (!stat.isDirectory()) return [fault(`${path} is no folder`, 'Move it away: the station makes the folder.')];
  try {
    fs.accessSync(path, W_OK | X_OK);
  } catch (error) {
    const [who, owner] = [named(process.geteuid?.() ?? -1), named(stat.uid)];
    const why = errno(error) === 'EROFS' ? 'its disk is mounted read-only' : `it belongs to ${owner}`;
    return [
      fault(
        `${who} cannot write in ${path}: ${why}`,
        `Run Waybill as ${owner}, or give ${who} the right: \`chown ${who} ${path}\`, \`chmod u+rwx ${path}\`.`,
      ),
    ];
  }
  return [];
}

function named(uid: number): string {
  return userName(uid) ?? `user ${uid}`;
}

/** Root may write everywhere; what it makes there its owner cannot change. */
function othersOwn(root: string): Remark[] {
  const owner = statIfThere(root)?.uid;
  const us = process.geteuid?.();
  if (owner === undefined || us === undefined || owner === us) return [];
  return [
    warning(
      `${root} belongs to ${named(owner)}, and this is ${named(us)}: what Waybill makes will belong to ${named(us)}`,
      `Run Waybill as ${named(owner)}.`,
    ),
  ];
}

/** What every user of the machine may write to. */
function openToAll({ root, layout, gitDir }: StationSubject): Remark[] {
  const remarks: Remark[] = [];
  const settings = join(root, SETTINGS_FILE);
  for (const path of [
    root,
    settings,
    ...(gitDir === null ? [] : [gitDir, layout.live, layout.commands, layout.ledger]),
  ])
    if (isOpenToAll(path))
      remarks.push(
        fault(
          `everybody on this machine can write to ${path}, and so decide what the station runs`,
          `\`chmod o-w ${path}\``,
        ),
      );
  for (const path of [layout.inbox, ...lanesIn(layout.inbox)])
    if (isOpenToAll(path))
      remarks.push(
        warning(
          `everybody on this machine can drop orders into ${path}`,
          `\`chmod o-w ${path}\`, unless that is what you want: policy alone then says what they may do.`,
        ),
      );
  return remarks;
}

function isOpenToAll(path: string): boolean {
  const mode = statIfThere(path)?.mode ?? 0;
  return (mode & 0o002) !== 0 && canBeReached(dirname(path));
}

/** Whether others get as far as into this folder: one closed door on the way is enough. */
function canBeReached(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if (((statIfThere(at)?.mode ?? 0) & 0o001) === 0) return false;
    if (dirname(at) === at) return true;
  }
}
