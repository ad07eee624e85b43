import type { Causes } from './cause.ts';

/** Commands, checks and landing: what goes wrong while an order is carried out. */
export const RUNNING = {
  COMMAND_FAILED: {
    causes: [
      'The command itself failed: its own message stands in its output.',
      'It runs in a worktree of its own, where files that git ignores (node_modules, .env, build output) are missing unless policy links or copies them.',
      'A variable that it needs is not handed on: commands see only those that commands.env in waybill.yaml names.',
      'Its sandbox refused it the network, or a folder to write to.',
    ],
    cure: [
      'See which command it was, and where its output lies: `waybill show ID`; then read `commands/` in the evidence folder, `.stderr` first.',
      'Look at what it had made by then, if anything: `waybill keep show ID`.',
      'Missing files go into isolation.link or isolation.copy in policy.yaml, missing variables into commands.env in waybill.yaml.',
      'Where the command was wrong, mend the order and drop it again under the same wo_id; where its surroundings were, `waybill retry ID`.',
      'For failures that pass by themselves, give the order `retries: 2`.',
    ],
    see: ['writing-orders.md#commands', 'isolation.md#where-an-order-works', 'sandbox.md#what-a-command-can-do-in-it'],
  },
  COMMAND_TIMEOUT: {
    causes: [
      'The command takes longer than timeout_seconds of the order, or than commands.timeout_seconds in waybill.yaml (600 unless set otherwise).',
      'It hangs: on a network that does not answer, on a lock, or on a question; its standard input is empty.',
      'It started a server or a watcher that does not end by itself.',
    ],
    cure: [
      'Read how far it came: `commands/` in the evidence folder that `waybill show ID` names.',
      'Give it more time with `timeout_seconds` on the command; limits.seconds in policy.yaml bounds that.',
      'Take away what asks or stays: options such as --yes, --no-watch, a timeout of its own.',
      'Then drop the order again under the same wo_id, or `waybill retry ID` where nothing of it changed.',
    ],
    see: ['writing-orders.md#commands', 'reference-settings.md'],
  },
  COMMAND_NOT_FOUND: {
    causes: [
      'The program is not on the PATH of the station process; a service has a much shorter one than a terminal.',
      'It lies in a folder that git ignores, such as node_modules/.bin, and the worktree does not have it.',
      'The name is misspelt, or a script calls a program that is not there: the shell then ends with 127.',
    ],
    cure: [
      'See who said it: `.stderr` below `commands/` in the evidence folder that `waybill show ID` names.',
      'Name the program with its whole path, or put its folder on the PATH of the station; for a service see docs/services.md.',
      'Programs in ignored folders go into isolation.link in policy.yaml: `link: [node_modules]`.',
      'Start the station again where its PATH was changed, then `waybill retry ID`.',
    ],
    see: ['services.md#127-program-not-found', 'isolation.md#where-an-order-works'],
  },
  SANDBOX_MISSING: {
    causes: [
      'Policy says `sandbox: {use: require}`, and bwrap is not installed or not on the PATH of the station.',
      'The kernel or the container forbids what bwrap is made of: AppArmor on Ubuntu, user namespaces switched off, most containers.',
      'The machine is neither Linux nor macOS.',
    ],
    cure: [
      'Ask why: `waybill doctor` names the reason and what to do about it.',
      'Install bubblewrap (`apt-get install bubblewrap`), or allow it user namespaces as docs/sandbox.md shows.',
      'Start the station again: it looks once. Then `waybill retry ID`.',
      'To run commands without one where there is none, an operator writes `use: prefer` in policy.yaml.',
    ],
    see: ['sandbox.md#linux', 'doctor.md'],
  },
  CHECK_FAILED: {
    causes: [
      'What the order changed does not do what its check asks for.',
      'The check expects other output than comes: `expected` must be the whole standard output, but for white space at both ends.',
      'The check was red before: something else is broken on the branch, or it fails now and then.',
      'The check runs in a worktree without files that git ignores.',
    ],
    cure: [
      'See which check, what was expected and what came: `waybill show ID`; all of its output lies below `commands/` in the evidence folder.',
      'Run the same check on the branch as it is; where it is red there too, mend that first, then `waybill retry ID`.',
      'Otherwise mend the order and drop it again under the same wo_id. Nothing was committed, file actions were restored; `unrestored` in the result names what commands left behind.',
    ],
    see: ['writing-orders.md#checks', 'writing-orders.md#what-comes-back'],
  },
  EFFECT_UNVERIFIED: {
    causes: [
      'The station was killed or lost its power while a command ran that does not say `idempotent: true`.',
      'The station was told to stop, and the command did not end within commands.stop_seconds (25 unless set otherwise).',
    ],
    cure: [
      'See which command it was: `waybill log ID`.',
      'Look at what it was to do (the deployment, the message, the file) and find out how much of it happened.',
      'Where it is to run again, `waybill retry ID`: only a person may say so, dropping the file again does nothing.',
      'Where it is done already, leave the order as it is, and drop the rest as a new one.',
      'Write `idempotent: true` on commands that may run twice: then they do, by themselves.',
    ],
    see: ['operating.md#after-a-crash', 'writing-orders.md#commands'],
  },
  WORKTREE_BROKEN: {
    causes: [
      'A command or a person deleted, moved or replaced the worktree, or its .git file.',
      '`git worktree prune`, `remove` or `repair` was run on it, or a cleaner emptied the folder in which worktrees lie.',
    ],
    cure: [
      'See which one it is and where: `waybill worktrees`.',
      'Save what you need out of its folder, then remove the folder; the station touches nothing in it.',
      'Then `waybill retry ID`, which makes a new one.',
      'Where a cleaner did it, set worktrees.folder in waybill.yaml to a place that nobody cleans.',
    ],
    see: ['isolation.md#the-worktrees'],
  },
  BRANCH_TAKEN: {
    causes: [
      'The order works with `isolation: branch`, and its branch waybill/ID is there from an earlier attempt or from a person.',
      'A branch is called just `waybill`, so that git can make none below that name.',
    ],
    cure: [
      'Look at it: `git log waybill/ID`.',
      'Merge what you need, then rename or delete it: `git branch -m waybill/ID OTHER`, `git branch -d waybill/ID`.',
      'Then `waybill retry ID`.',
    ],
    see: ['isolation.md#where-an-order-works'],
  },
  DEPENDENCY_FAILED: {
    causes: ['An order named under `depends_on` failed, was rejected, denied or cancelled; this one never began.'],
    cure: [
      'Ask why that one failed: `waybill why OTHER`, with the id that the message names.',
      'Mend it, and run it again: `waybill retry OTHER`, or drop it again.',
      'When it is done, `waybill retry ID` for this one.',
      'Where this one does not need it after all, drop it again without that id in `depends_on`.',
    ],
    see: ['writing-orders.md#when-and-in-which-order'],
  },
  DEPENDENCY_UNKNOWN: {
    causes: [
      'The id under `depends_on` is misspelt.',
      'The order that it names was never dropped, went to another station, or lies in quarantine because it could not be read.',
    ],
    cure: [
      'Look for it: `waybill ls --limit 200`, and `bridge/quarantine/` for files that were refused.',
      'Drop that order, then `waybill retry ID`; or mend `depends_on` and drop this one again.',
      'How long is waited for an order that was never seen is dependency_deadline_hours in waybill.yaml (168 unless set otherwise).',
    ],
    see: ['writing-orders.md#when-and-in-which-order', 'reference-settings.md'],
  },
  DEPENDENCY_CYCLE: {
    causes: [
      'The order names its own id under `depends_on`, often because a template was copied.',
      'Two or more orders wait for each other.',
    ],
    cure: [
      'Read the circle in the message, and decide which order really comes first.',
      'Take the id of a later one out of its `depends_on`, and drop it again under the same wo_id.',
    ],
    see: ['writing-orders.md#when-and-in-which-order'],
  },
  IO_ERROR: {
    causes: [
      'The disk is full, or a quota is used up (ENOSPC, EDQUOT).',
      'A file or folder belongs to another user, or is read-only (EACCES, EPERM, EROFS).',
      'The disk or the network folder is gone or faulty (EIO, ESTALE), or too many files are open (EMFILE).',
      'Something else stands where a file is expected: a folder, a pipe.',
    ],
    cure: [
      'Read errno and path in the message; `df -h PATH` and `ls -la PATH` tell the rest, `waybill doctor` what else is wrong here.',
      'Make room or give the right back. With a full disk intake waits by itself.',
      'Where the station itself ended (exit code 70), start it again: `waybill up` recovers as after a crash.',
      'Then `waybill retry ID`, where an order failed by it.',
    ],
    see: ['operating.md#full-disk-full-queue', 'operating.md#after-a-crash'],
  },
  GIT_FAILED: {
    causes: [
      'Another git process holds a lock, or died and left a file that ends in .lock.',
      'Objects are missing or damaged: a pruned or half copied repository, a fault of the disk.',
      'git is older than what is needed (2.38 for merges of isolated work), or a setting of its own makes it fail.',
    ],
    cure: [
      'Read what git said; it stands in the message.',
      'See whether the repository is whole: `git fsck`; and whether git is new enough: `waybill doctor`.',
      'Remove a lock file only when no git process lives any more: `pgrep -a git`.',
      'Where objects are missing, bring the repository back from a clone, and records from a backup: `waybill restore --from BACKUP`.',
      'Then `waybill retry ID`.',
    ],
    see: ['operating.md#parked', 'reference-settings.md#repositories', 'backup.md#bring-a-station-back'],
  },
} as const satisfies Causes;
