import { command } from '../command.ts';

/** The backlog from the command line. */

command(
  'backlog <what> [item]',
  'work to do: ls, next, run, release',
  [
    'waybill backlog ls',
    'waybill backlog ls --all --json',
    'waybill backlog next',
    'waybill backlog run',
    'waybill backlog run 0f3a9c1d22e4 --dry-run',
    'waybill backlog release 0f3a9c1d22e4',
  ],
  (c) =>
    c
      .option('--all', 'ls: also what is done or dropped, and every problem')
      .option('--dry-run', 'run: say which item it would be, and its order; claims nothing')
      .option('--force', "release: another station's claim too")
      .addHelpText(
        'after',
        `
What:
  ls              items in the order of their turns, with why each has none, and what of the files is not read
  next            the item that run would begin with; changes nothing
  run [ITEM]      begins with the next item, or the one named by key or id, and follows its order
  release ITEM    gives a claim back, so that any station may begin the item

Exit codes of run: 0 done, 1 failed, rejected or cancelled, 3 waits for somebody or something. Of run and next: 66 no file of a backlog is there,
69 no item can be begun, the item is taken, or claims cannot be asked for.`,
      ),
  async ([what, item], o) => (await import('../backlog/backlog.ts')).backlog(what ?? '', item ?? null, o),
);
