import { command } from '../command.ts';

/** What people decide. */

command(
  'approvals [ids...]',
  'what waits for a person; with ids all that would happen',
  ['waybill approvals', 'waybill approvals WO-1', 'waybill approvals WO-1 --text > decision.txt'],
  (c) =>
    c
      .option('--text', 'print the text that a signature of this decision is about')
      .option('--deny', 'with --text: of a denial')
      .option('--always', 'with --text: of an approval for good')
      .option('--reason <text>', 'with --text: the reason'),
  async (ids, o) => (await import('../approvals/approvals.ts')).approvals(ids, o),
);

command(
  'approve [ids...]',
  'look at what an order would do, and let it',
  [
    'waybill approve WO-1',
    'waybill approve --all',
    'waybill approve WO-1 --key ~/.ssh/id_ed25519_sk',
    'waybill approve WO-1 --always',
  ],
  (c) =>
    c
      .option('--all', 'everything that waits, one after the other')
      .option('--always', 'what it asks about is safe from now on, for this requester in this lane')
      .option('--reason <text>', 'why; it stands in the evidence')
      .option('--key <file>', 'sign with this SSH key')
      .option('--signature <file>', 'a signature made elsewhere, over `waybill approvals ID --text`')
      .option('--yes', 'with a signature: do not ask again at the terminal'),
  async (ids, o) => (await import('../approvals/decide.ts')).decide('approve', ids, o),
);

command(
  'deny [ids...]',
  'end an order that asks',
  ['waybill deny WO-1 --reason "not before the release"'],
  (c) =>
    c
      .option('--all', 'everything that waits, one after the other')
      .option('--reason <text>', 'why; whoever asked reads it')
      .option('--key <file>', 'sign with this SSH key')
      .option('--signature <file>', 'a signature made elsewhere')
      .option('--yes', 'with a signature: do not ask again at the terminal'),
  async (ids, o) => (await import('../approvals/decide.ts')).decide('deny', ids, o),
);
