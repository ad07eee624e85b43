import type { Causes } from './cause.ts';

/** Ledger, backup, keeps, snapshots, rollback. */
export const RECORDS = {
  LEDGER_BROKEN: {
    causes: [
      'Files below .git/waybill/ledger were edited, cut or deleted, by a person, a sync program or a fault of the disk.',
      '.git was put back from an older copy, so that the journal or a folder tells of records that the ledger does not have.',
      'The journal itself is damaged, or holds nothing to rebuild the ledger from.',
    ],
    cure: [
      'Stop the station, if one runs, and copy .git/waybill before you change anything.',
      'See what is wrong, and where: `waybill verify`.',
      'Where .git was put back from an older copy, read docs/operating.md, "When .git was put back from an older copy", and stop here.',
      'Where the journal holds, `waybill restore --ledger` rebuilds the ledger from it, and keeps the broken one.',
      'Where it does not, bring both back from a backup: `waybill restore --from BACKUP`. Then `waybill verify` again, and `waybill up`.',
    ],
    see: [
      'operating.md#a-lost-ledger',
      'operating.md#when-git-was-put-back-from-an-older-copy',
      'runbooks/ledger-broken.md',
    ],
  },
  BACKUP_FAILED: {
    causes: [
      'The remote does not answer, or the key for it is not there for the user of the station; nobody is asked for a password.',
      'The folder of the bundle does not exist: its disk is not mounted.',
      'The disk there is full, or a hook there refused or changed what arrived.',
      'The place holds no backup of this station, or the station has nothing to back up yet.',
    ],
    cure: [
      'Read what git said; it stands in the message.',
      'Try the way by hand, as the user of the station: `git ls-remote PLACE`, or `ls -la` of the folder.',
      'Mend it, then `waybill backup PLACE`. The station itself is unharmed.',
      'To bring a station back, see what the place holds: `git ls-remote PLACE`, and name one with `waybill restore --from PLACE --station-id ID`.',
    ],
    see: ['backup.md#when-it-is-refused', 'backup.md#bring-a-station-back'],
  },
  BACKUP_DIVERGED: {
    causes: [
      '.git of this station was put back from an older copy, so the backup is newer than the station.',
      'A purge wrote the journal anew, so that it does not follow from what the backup holds.',
      'A copy of this station’s folder works elsewhere and backs up to the same place.',
      'The bundle file that is named belongs to another station, or is no bundle.',
    ],
    cure: [
      'Overwrite neither. Find out which of the two histories is the right one: `waybill verify` here, and who else uses that place.',
      'Where this station is the older one, `waybill restore --from PLACE` brings back what it lacks.',
      'After a purge, or for a new beginning, back up to a new place: `waybill backup OTHER`, and change backup.to in waybill.yaml.',
      'A copy that works elsewhere needs a station of its own: a fresh clone and `waybill init`.',
    ],
    see: ['backup.md#when-it-is-refused', 'operating.md#when-git-was-put-back-from-an-older-copy'],
  },
  REQUEST_CUT: {
    causes: [
      'A secret stood in the order. Records have it cut out, so after the order has ended, or on another machine, it cannot be run from them.',
    ],
    cure: [
      'See where it stood: `waybill log ID --json`, `secrets` of admitted.',
      'Put the name of a variable in its place, as in `-H "Authorization: Bearer $DEPLOY_KEY"`, and name that under commands.env in waybill.yaml.',
      'Drop the order again. Change the secret, where others may have read the order.',
    ],
    see: ['secrets.md#an-order-that-carries-one', 'secrets.md#when-one-got-through'],
  },
  UNKNOWN_KEEP: {
    causes: [
      'The name is misspelt, or the keep was pruned.',
      'What was kept is not in git yet: a program still has the file open.',
      'The keep holds no file of that path; later versions of a file are PATH.1, PATH.2.',
    ],
    cure: [
      'List what there is: `waybill keep ls`, and its files: `waybill keep show NAME`.',
      'Where it waits to be moved into git, its place stands in the message; close the program that has it open.',
    ],
    see: ['keeps.md#look', 'keeps.md#plain-files-that-wait'],
  },
  KEEP_CHANGED: {
    causes: ['An order added something to the keep between the list that you saw and your yes.'],
    cure: [
      'Look at what is new: `waybill keep show NAME`.',
      'Save what you need with `waybill keep restore NAME`, then `waybill keep prune NAME` again.',
    ],
    see: ['keeps.md#delete'],
  },
  UNKNOWN_SNAPSHOT: {
    causes: [
      'The name is misspelt, or the snapshot was removed, or was made in another clone.',
      'The snapshot does not hold that path: it was ignored by git, or not there at the time.',
    ],
    cure: ['List them: `waybill snapshot ls`.', 'See what one holds beside now: `waybill snapshot diff NAME`.'],
    see: ['rollback.md#snapshot'],
  },
  SNAPSHOT_EXISTS: {
    causes: ['A snapshot of that name was taken before, often by a script with a fixed name.'],
    cure: [
      'Leave the name out, then it is named after the time: `waybill snapshot`.',
      'Or remove the old one first: `waybill snapshot rm NAME --yes`.',
    ],
    see: ['rollback.md#snapshot', 'rollback.md#delete'],
  },
  NOT_REVERTIBLE: {
    causes: [
      'The commit is a merge, or is not in the history of the branch that is checked out.',
      'The order changed nothing that git has: it was a dry run, wrote only outside of the repository, or was taken back already.',
      'It changed what no order may write: links, submodules, waybill.yaml, the folders of Waybill.',
    ],
    cure: [
      'See what it changed: `waybill show ID`, `git show --stat COMMIT`.',
      'Of a merge go back to before it with `waybill rollback --to COMMIT^`, or take its commits back one by one.',
      'Leave out what orders may not write: `waybill rollback ID --except PATH`, and bring that back by hand.',
      'What lay outside of the repository stands in changes.patch of its evidence.',
    ],
    see: ['rollback.md#rollback'],
  },
  ROLLBACK_CONFLICT: {
    causes: [
      'Later commits changed the same lines, or moved or deleted the file.',
      'Somebody has changes in one of the files that are not committed.',
      'The branch moved while you looked at the plan.',
    ],
    cure: [
      'See the plan, file by file: `waybill rollback ID --dry-run`.',
      'Commit or stash what is not committed.',
      'Take the later commits back first, leave files out with `--except PATH`, or go back to before all of them: `waybill rollback --to COMMIT`.',
    ],
    see: ['rollback.md#rollback'],
  },
} as const satisfies Causes;
