import { command, seconds } from '../command.ts';

/** Commands that take back, and hold before anything is taken back. */

command(
  'snapshot [what] [args...]',
  'hold the work tree as it is, uncommitted files too; ls, diff, restore, rm',
  [
    'waybill snapshot',
    'waybill snapshot before-cleanup',
    'waybill snapshot ls',
    'waybill snapshot diff before-cleanup src',
    'waybill snapshot restore before-cleanup --to /tmp/back',
    'waybill snapshot restore before-cleanup tools/check.sh',
    'waybill snapshot rm before-cleanup --yes',
  ],
  (c) =>
    seconds(c)
      .addHelpText(
        'after',
        `
What:
  [name]                     takes one; without a name it is named after the time
  ls                         name, age, where it was taken, files and size beside that commit, why
  diff <name> [path...]      from the snapshot to the work tree as it is now
  restore <name> [path...]   what is missing comes back as it was; what is committed otherwise, by an order
  rm <name>                  deletes it; needs --yes`,
      )
      .option('--why <text>', 'why it is taken; ls shows it')
      .option('--to <dir>', 'restore: into this new or empty folder')
      .option('--yes', 'restore, rm: without asking'),
  async (args, o) => (await import('../rollback/snapshot.ts')).snapshot(args, o),
);

command(
  'rollback [what]',
  'take back an order or a commit, or all since --to REF, with an order of its own',
  [
    'waybill rollback WO-1 --dry-run',
    'waybill rollback WO-1',
    'waybill rollback 3f2a91c --yes',
    'waybill rollback --to HEAD~3 --except docs/notes.md',
  ],
  (c) =>
    seconds(c)
      .option('--to <ref>', 'everything since this commit of the branch')
      .option('--force', 'protected components too')
      .option('--except <paths...>', 'leave these files or folders as they are')
      .option('--lane <lane>', 'which lane the order goes to (default: default_lane in waybill.yaml)')
      .option('--dry-run', 'show the plan, change nothing')
      .option('--yes', 'without asking'),
  async ([what], o) => (await import('../rollback/rollback.ts')).rollback(what ?? null, o),
);
