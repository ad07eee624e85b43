import { command } from '../command.ts';

/** Commands that measure, and show what they found in files. */

command(
  'report <what>',
  'how the station stands, measured, into a file: status',
  ['waybill report status', 'waybill report status --no-write --json'],
  (c) => c.option('--no-write', 'only print it'),
  async ([what], o) => (await import('../report/report.ts')).report(what ?? '', o),
);
