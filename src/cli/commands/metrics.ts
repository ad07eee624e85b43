import { command } from '../command.ts';

/** How the station is doing, over many orders. */

command(
  'metrics',
  'how far work goes without people: completion, escalations, time to close, rejections, flakes, waivers; from the ledger alone',
  [
    'waybill metrics',
    'waybill metrics --since 30d',
    'waybill metrics --since 2026-10-01 --until 2026-11-01 --lane MAIN --json',
    'waybill metrics --ledger /mnt/usb/ledger',
  ],
  (c) =>
    c
      .option(
        '--since <time>',
        'orders that ended since then: a time (UTC unless it has a zone), or as in 12h, 30d, 4w',
      )
      .option('--until <time>', 'as the ledger stood then; written as for --since')
      .option('--lane <lane>', 'orders of this lane only')
      .option('--ledger <dir>', 'read this ledger folder, as a copy of .git/waybill/ledger; needs no station')
      .addHelpText(
        'after',
        `
Every rate is shown with n, of how many; "-" is what is not known. Canaries, bookkeeping, demos, dry runs and pings count nowhere.
docs/metrics.md says how each figure is computed.`,
      ),
  async (_, o) => (await import('../metrics.ts')).metrics(o),
);
