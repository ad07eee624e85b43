import { command } from '../command.ts';

/** The backlog from the command line. */

command(
  'backlog <what> [item]',
  'work to do: run, release',
  ['waybill backlog run', 'waybill backlog run 0f3a9c1d22e4 --dry-run', 'waybill backlog release 0f3a9c1d22e4'],
  (c) =>
    c
      .option('--dry-run', 'run: say which item it would be, and its order; claims nothing')
      .option('--force', "release: another station's claim too"),
  async ([what, item], o) => (await import('../backlog/backlog.ts')).backlog(what ?? '', item ?? null, o),
);
