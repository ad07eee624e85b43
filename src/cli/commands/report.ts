import { command } from '../command.ts';

/** Commands that measure, and show what they found in files. */

command(
  'report <what>',
  'how the station stands, or what drifted apart, measured, into a file: status, drift',
  [
    'waybill report status',
    'waybill report status --no-write --json',
    'waybill report drift --since 14d',
    'waybill report drift --feed',
  ],
  (c) =>
    c
      .addHelpText(
        'after',
        `
What:
  status  branch, ledger, orders, guardrail, backlog, documents, each with how it was measured; contradictions; ok, warn or fail
  drift   contradictions, components that were at fault, orders that failed, and those that are stale`,
      )
      .option('--no-write', 'only print it')
      .option('--since <time>', 'drift: from when, as in 7d, 36h, 2w or an instant', '7d')
      .option('--feed', 'drift: hand in the order that adds what was found to the backlog'),
  async ([what], o) => (await import('../report/report.ts')).report(what ?? '', o),
);
