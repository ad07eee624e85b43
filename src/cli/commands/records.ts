import { command, same } from '../command.ts';

/** Commands about what was recorded and kept. */

command(
  'verify [id]',
  'check ledger, anchors, evidence and commits',
  ['waybill verify', 'waybill verify WO-1', 'waybill verify --skip-commits'],
  (c) => c.option('--skip-commits', 'ledger, anchors and evidence only: the look at commits takes the longest'),
  async ([id], o) => (await import('../verify.ts')).verify(id ?? null, o),
);
command(
  'purge <id>',
  'take a secret out of ledger, journal, evidence and quarantine; needs --secret',
  ['waybill purge WO-1 --secret --reason "token in the order"'],
  (c) => c.option('--secret', 'yes, for ever').option('--reason <text>', 'why; it stands in the ledger'),
  async ([id], o) => (await import('../purge.ts')).purge(id ?? '', o),
);
command(
  'backup [to]',
  'carry journal and keeps to a remote or a bundle file, and check what arrived',
  ['waybill backup', 'waybill backup origin', 'waybill backup /mnt/usb/ops.bundle'],
  same,
  async ([to], o) => (await import('../backup.ts')).backup(to ?? null, o),
);
command(
  'restore',
  'rebuild state, outbox and evidence from ledger and journal, or a station from a backup',
  ['waybill restore', 'waybill restore --from /mnt/usb/ops.bundle'],
  (c) =>
    c
      .option('--all', 'write everything again, not only what is missing')
      .option('--ledger', 'rebuild the ledger itself from the journal first; the old one is kept')
      .option('--from <backup>', 'bring back a station, or what is newer, from a remote, URL, path or bundle')
      .option('--station-id <id>', 'which station, where the backup holds several'),
  async (_, o) => (await import('../verify.ts')).restore(o),
);

command(
  'torture',
  'try kills, faults, races and lost events on a temporary station, on the disk you name',
  ['waybill torture', 'waybill torture --minutes 10 --dir /mnt/work', 'waybill torture --seed 4711 --rounds 1'],
  (c) =>
    c
      .option('--minutes <n>', 'how long', '1')
      .option('--dir <dir>', 'where to make the stations (default: the temporary folder)')
      .option('--seed <n>', 'repeat what this seed did')
      .option('--rounds <n>', 'so many rounds, however long they take'),
  async (_, o) => (await import('../torture.ts')).torture(o),
);

command(
  'keep <what> [args...]',
  'what was kept because nobody else has it: ls, show, restore, prune',
  [
    'waybill keep ls',
    'waybill keep show WO-1',
    'waybill keep show WO-1 src/notes.md > notes.md',
    'waybill keep restore WO-1 --to /tmp/back',
    'waybill keep prune WO-1',
    'waybill keep prune --older-than 30 --yes',
  ],
  (c) =>
    c
      .addHelpText(
        'after',
        `
What:
  ls                     name, age, files, size and why, newest first
  show <name> [path]     its files; with a path, that file's bytes
  restore <name> [path]  writes them into a folder; replaces nothing
  prune [name...]        deletes those named, after asking`,
      )
      .option('--to <dir>', 'restore: into this folder (default: kept-NAME)')
      .option('--older-than <days>', 'prune: only what got nothing new for so long')
      .option('--yes', 'prune: do not ask'),
  async (args, o) => (await import('../keep.ts')).keep(args, o),
);
