import { command, same } from '../command.ts';

command(
  'worktrees [what]',
  'the folders in which isolated orders work: ls (without a word), clean',
  ['waybill worktrees', 'waybill worktrees ls --json', 'waybill worktrees clean'],
  (c) =>
    same(c).addHelpText(
      'after',
      `
What:
  ls     order, base, state, age, size and folder of each
  clean  removes those that wait for an order; work that was left in one is kept first`,
    ),
  async ([what], o) => (await import('../worktrees.ts')).worktrees(what ?? 'ls', o),
);
