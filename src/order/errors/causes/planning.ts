import type { Causes } from './cause.ts';

/** What an order would change, and may not or cannot. */
export const PLANNING = {
  PATH_DENIED: {
    causes: [
      'The path leads out of the station: it is absolute, begins with `~`, or has too many `..`.',
      'It lies in what no order may write: .git, the folders of Waybill, waybill.yaml, policy.yaml, agents/ROLE/agent.yaml.',
      'It is, or leads through, a symbolic link, a submodule or another repository; a command may have made that in its worktree.',
      'It names a folder where a file is wanted, or has a backslash in it.',
    ],
    cure: [
      'Read in the message which path it is, and why; `waybill policy explain FILE` tells the same of every path of an order.',
      'Name a plain file relative to the root of the station, and the file itself in place of a link to it.',
      'To open a folder outside of the station, an operator adds it to `roots` in policy.yaml, and tries that with `waybill policy check`.',
      'Mend the order and drop it again under the same wo_id; where only policy was changed, `waybill retry ID`.',
    ],
    see: ['policy.md#paths', 'security.md#the-fence'],
  },
  POLICY_DENIED: {
    causes: [
      'A path or command of the order comes under a rule of class never, of policy.yaml or built in: credentials, git hooks, sudo, a push that rewrites history.',
      'The order asks for an isolation or a chain that policy does not allow in its lane.',
      'A command in a worktree names an output that lies outside of the repository.',
    ],
    cure: [
      'Ask which rule decides: `waybill policy explain FILE --lane LANE`. Of an order that ended, its request lies in its evidence folder.',
      'Leave what is denied out of the order, and drop it again.',
      'Where policy is too narrow, an operator changes the rule in policy.yaml (what is built in as never cannot be opened), checks it with `waybill policy check`, then `waybill retry ID`.',
    ],
    see: ['policy.md#how-it-decides', 'policy.md#never-whatever-rules-say', 'reference-policy.md#rules'],
  },
  LIMIT_EXCEEDED: {
    causes: [
      'The order changes more files, bytes or lines than `limits` in policy.yaml let one order change.',
      'A command reformatted or generated far more than it was meant to, for instance because build output is not ignored by git.',
      'As many orders as one week may have were made from reports of drift already.',
    ],
    cure: [
      'See what it would change: the message has the figures, and what a command had made is kept: `waybill keep show ID`.',
      'Where it is too much by mistake, name `outputs` for the command, or add build output to .gitignore.',
      'Otherwise split the order, or have an operator raise `limits` in policy.yaml, then `waybill retry ID`.',
    ],
    see: ['policy.md#limits-lanes-and-the-rest', 'reference-policy.md#keys'],
  },
  TARGET_MISSING: {
    causes: [
      'The path is misspelt, or counted from another folder than the root of the station.',
      'Another order or a person moved or deleted the file since the order was written.',
      'The file is made by an order that has not run yet, and `depends_on` does not name it.',
    ],
    cure: [
      'Ask what became of it: `waybill history PATH`.',
      'Mend the path; where the file is to be new, use `write` (or `files`) in place of an edit.',
      'Where another order makes it, add `depends_on: [ID]`.',
      'Drop the order again under the same wo_id.',
    ],
    see: ['reference-actions.md#actions', 'diagnosing.md#read-the-answer'],
  },
  SET_FAILED: {
    causes: [
      'On the way to the key stands something else than a mapping or a list: a number, a text.',
      'The file does not parse as JSON, YAML or plist, or is a binary plist.',
      'The name of a key has a dot in it, and the key was given as one text.',
      'The file is written in a way that cannot be changed without touching more, such as YAML with anchors on that place.',
    ],
    cure: [
      'Look at the file and at the key that the message names.',
      'Give the key as a list where a name holds a dot: `key: ["a.b", c]`.',
      'Make a binary plist text with `plutil -convert xml1 FILE`, and commit that.',
      'Where `set` cannot do it, use an edit or a patch; then drop the order again.',
    ],
    see: ['writing-orders.md#set', 'reference-actions.md#set'],
  },
  TARGET_EXISTS: {
    causes: [
      'The file to move to is there already, or the order says that the file it writes must be new (`must_exist: false`) and it is not.',
      'The same work was done before, by a person or by an order of another id.',
    ],
    cure: [
      'See where the file comes from: `git log -- PATH` and `waybill history PATH`.',
      'Where the work is done already, leave it.',
      'Otherwise choose another name, delete the old file in an action before, or write with `must_exist: true`; then drop the order again.',
    ],
    see: ['reference-actions.md#move', 'reference-actions.md#write'],
  },
  FIND_NOT_FOUND: {
    causes: [
      'The text was copied with other white space: tabs for spaces, CRLF, spaces at the ends of lines, quotes that an editor or a model changed.',
      'The file was changed since the order was written.',
      'The text stands in another file, or on another branch than the one checked out.',
    ],
    cure: [
      'Look at the file as it is committed: `git show HEAD:PATH | cat -A` shows white space.',
      'Copy `find` from there, as short as it can be while it stands there once.',
      'Drop the order again under the same wo_id.',
    ],
    see: ['reference-actions.md#edit', 'writing-orders.md#actions'],
  },
  FIND_AMBIGUOUS: {
    causes: [
      'The text to find is too short: it stands in the file more than once, and it is not for a program to guess which is meant.',
    ],
    cure: [
      'Take lines above or below into `find` (and into `replace`), until it stands there once; the message names the lines.',
      'To change all of them, write one edit for each, or a patch.',
      'Drop the order again under the same wo_id.',
    ],
    see: ['reference-actions.md#edit'],
  },
  PATCH_INVALID: {
    causes: [
      'The patch was written by hand or by a model: the counts of lines in @@ are wrong, or it is cut off.',
      'The --- and +++ lines are missing, or name another file than `path`.',
      'It is a binary patch, or one of a link or a submodule.',
      'YAML took white space away: the patch must stand as a block after `|`.',
    ],
    cure: [
      'Make it with `git diff` or `diff -u`, and try it with `git apply --check FILE`.',
      'Put it into the order as a block after `patch: |`, with the leading space of each line.',
      'For a small change use an edit, for a binary file `write` with `encoding: base64`.',
      'Check the order with `waybill lint FILE`, then drop it again.',
    ],
    see: ['reference-actions.md#patch'],
  },
  PATCH_FAILED: {
    causes: [
      'The file was changed since the patch was made: another order or a person was faster. Lines must fit exactly, nothing is guessed.',
      'The patch creates a file that is there, or changes one that is not.',
      'Line ends differ: the patch has LF and the file CRLF, or the other way round.',
    ],
    cure: [
      'See what changed: `git log -p -3 -- PATH`.',
      'Make the patch again from what is committed now: `git diff`.',
      'Drop the order again under the same wo_id. Nothing was changed by the failed one.',
    ],
    see: ['reference-actions.md#patch'],
  },
  DIRTY_TARGET: {
    causes: [
      'Somebody has changes in a file of the order that are not committed; they are never written over.',
      'A file that git does not know stands where the order wants to create one.',
      'The index holds the file in a state of its own: staged, unmerged, intent-to-add, skip-worktree or assume-unchanged.',
    ],
    cure: [
      'See what it is: `git status -- PATH` and `git diff HEAD -- PATH`.',
      'Commit it, stash it with `git stash push -- PATH`, or move it away.',
      'Where git status is silent, take the mark away that the message names: `git update-index --no-skip-worktree PATH`, or `git update-index --no-assume-unchanged PATH`; each by itself.',
      'Then `waybill retry ID`.',
    ],
    see: ['how-it-works.md#landing', 'operating.md#parked'],
  },
  TARGET_CHANGED: {
    causes: [
      'An editor, a formatter or another program saved the file in the moment between plan and landing.',
      'Somebody committed the same file, or the branch moved, after the checks of the order had run.',
      'The order puts a file back (a repair or a restore), and something else stands there than it was written for.',
    ],
    cure: [
      'Look at both versions: what stands in the work tree, and what was kept, if anything: `waybill keep ls`.',
      'Commit or undo what the person did.',
      'Then `waybill retry ID`: the order is planned anew on what is there now.',
      'If it comes again and again, find the program that writes there: a watcher, a sync, a formatter that runs on save.',
    ],
    see: ['how-it-works.md#landing', 'keeps.md'],
  },
} as const satisfies Causes;
