import { command } from '../command.ts';

/** Commands that measure, and show what they found in files. */

command(
  'report [what]',
  'what happened since a time (the digest), how the station stands, or what drifted apart: digest, status, drift',
  [
    'waybill report --since 24h',
    'waybill report --since 7d --md > week.md',
    'waybill report digest --html > digest.html',
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
  digest  done, failed and why, rejected, what waits for you, drift, cost, slowest, lanes, against the time before (the default)
  status  branch, ledger, orders, guardrail, backlog, documents, each with how it was measured; contradictions; ok, warn or fail
  drift   contradictions, components that were at fault, orders that failed, and those that are stale`,
      )
      .option(
        '--since <time>',
        'digest, drift: from when, as in 24h, 7d, 2w or an instant (default: 24h for a digest, 7d for drift)',
      )
      .option('--html', 'digest: one HTML file that needs nothing else')
      .option('--md', 'digest: Markdown')
      .option('--no-write', 'status, drift: only print it')
      .option('--feed', 'drift: hand in the order that adds what was found to the backlog'),
  async ([what], o) => (await import('../report/report.ts')).report(what ?? 'digest', o),
);
