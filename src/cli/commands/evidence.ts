import { command } from '../command.ts';

/** Commands about what proves that a job was done. */

command(
  'evidence <what> <id>',
  "hold a job's bundle, or an order's evidence, against the ledger: verify",
  ['waybill evidence verify JOB-001', 'waybill evidence verify WO-1 --json', 'waybill evidence verify nightly:e2e:7'],
  (c) =>
    c.option('--skip-commits', 'ledger, bundle and evidence only: the look at commits takes the longest').addHelpText(
      'after',
      `
What:
  verify <id>  computes the bundle anew from ledger and evidence, and names every file that is missing, changed, doubled or stray

Exits 1 where something does not hold, and where there is no bundle yet.`,
    ),
  async ([what, id], o) => (await import('../evidence/evidence.ts')).evidence(what ?? '', id ?? '', o),
);
