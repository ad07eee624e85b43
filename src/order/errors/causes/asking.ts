import type { Causes } from './cause.ts';

/** Answers to whoever gives a command. */
export const ASKING = {
  UNKNOWN_ORDER: {
    causes: [
      'The id is misspelt, or is the name of a file and not the wo_id in it.',
      'It is an order of another station: commands take the nearest folder with a waybill.yaml.',
      'The order has not been taken yet: no station process runs, or the file still lies in the inbox.',
      'Its file could not be read as an order; then the answer has the name of the file.',
    ],
    cure: [
      'List what is there: `waybill ls --limit 200`.',
      'See which station answers, and whether it runs: `waybill status`; name another with `--station DIR`.',
      'Look for its file in `bridge/inbox/`, in `bridge/quarantine/` and, as FILE.CLAIM.result.json, in `bridge/outbox/`.',
    ],
    see: ['writing-orders.md#what-comes-back', 'operating.md#looking-at-it'],
  },
  ILLEGAL_TRANSITION: {
    causes: [
      'The order is past that point: it ended, or its landing has begun, before the command came.',
      'The order waits for what this command cannot give: `release` does not stand in for an approval or an agent.',
      'Only failed and cancelled orders can be retried; a purged one has no request any more.',
    ],
    cure: [
      'See where it stands and who can let it go: `waybill why ID`.',
      'What asks goes on with `waybill approve ID`; what waits for an agent when `waybill agents check` finds one.',
      'For work that is to be done again after it was done, drop it under a new wo_id.',
    ],
    see: ['operating.md#changing-its-course', 'how-it-works.md#order-states'],
  },
  UNKNOWN_COMMAND: {
    causes: [
      'Another program wrote into .git/waybill/commands, in a form of its own or only half.',
      'The command line is newer than the station that runs, and knows a command that it does not.',
    ],
    cure: [
      'See what was refused, and why: `ls .git/waybill/commands`, the answer lies beside it as NAME.refused.json.',
      'Start the station again after an upgrade, then give the command again.',
      'Programs call `waybill` with `--json`, and leave that folder alone.',
    ],
    see: ['reference-commands.md', 'reference-files.md'],
  },
  NO_INPUT: {
    causes: [
      'The file named on the command line is not there, or may not be read; a relative path counts from the folder you are in.',
      'A file that settings name is not there: backlog.files, a list of components, the folder of a copied ledger.',
      'The order that was named does not wait for an approval any more.',
    ],
    cure: [
      'Look at the path in the message: `ls -la PATH`.',
      'Mend the name, or write - for standard input where the command takes it.',
    ],
    see: ['reference-commands.md'],
  },
  USAGE: {
    causes: [
      'A word, option or value is not known to the command, or one that it needs is missing.',
      'Two options were given that exclude each other.',
      'The shell took the words apart: a value with a space, a star or a dollar sign needs quotes.',
    ],
    cure: [
      'Read what the command takes: add `--help` to it, or see docs/reference-commands.md.',
      'Put values in single quotes.',
    ],
    see: ['reference-commands.md'],
  },
  TIMED_OUT: {
    causes: [
      'The order takes longer than the seconds given with --timeout; it goes on all the same.',
      'It waits behind others: orders of one lane with commands run one after the other, unless `lanes.<LANE>.concurrency` says otherwise.',
    ],
    cure: [
      'See where it stands: `waybill why ID`, and what is before it: `waybill status`.',
      'Wait again by dropping the same file again with `waybill drop FILE --wait`: while the order is alive or done, the same bytes are not run twice.',
      'To end it, `waybill cancel ID`.',
    ],
    see: ['operating.md#looking-at-it', 'how-it-works.md#the-queue'],
  },
  INTERNAL: {
    causes: [
      'Waybill came to a place that its authors took for impossible.',
      'A file that only Waybill writes was changed by somebody else.',
    ],
    cure: [
      'Run the command again with WAYBILL_DEBUG=1 set: it then prints where in the program it happened.',
      'See whether the records hold: `waybill verify`, and the installation: `waybill doctor`.',
      'Report it with that output, the message and the last lines of the log. Look through them for secrets first.',
      'An order that failed by it may be tried again: `waybill retry ID`.',
    ],
    see: ['operating.md#log', 'security.md#reporting'],
  },
} as const satisfies Causes;
