#!/usr/bin/env node
import { Command, CommanderError, Option } from 'commander';
import { WaybillError } from '../order/error.ts';
import { EXIT, fail, note } from './output.ts';

/**
 * The command line. Each command's code is loaded when it is called, so that `waybill --version` costs what node costs.
 */

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
  throw error;
});

interface Common {
  readonly station?: string;
  readonly json?: boolean;
}

const program = new Command('waybill')
  .description('Work orders for people and agents: dropped in a folder, carried out, recorded, committed, provable.')
  .option('--station <dir>', 'the station (default: $WAYBILL_STATION, $LUKA_SOT, or the nearest waybill.yaml above)')
  .option('--json', 'print JSON, versioned by "v"')
  .showHelpAfterError('(see --help)')
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text) });

/** Adds a command; `run` gets the arguments, the command's own options and the common ones. */
function command(
  usage: string,
  description: string,
  examples: readonly string[],
  build: (c: Command) => Command,
  run: (args: string[], options: Record<string, unknown> & Common) => Promise<void>,
): void {
  const c = build(program.command(usage).description(description))
    .option('--station <dir>', 'the station to use')
    .option('--json', 'print JSON');
  c.exitOverride();
  c.addHelpText('after', `\nExamples:\n${examples.map((e) => `  $ ${e}`).join('\n')}`);
  c.action(async (...given: unknown[]) => {
    const args = given
      .slice(0, -2)
      .flat()
      .filter((a): a is string => typeof a === 'string');
    const options = { ...program.opts(), ...(given.at(-2) as object) } as Record<string, unknown> & Common;
    try {
      await run(args, options);
    } catch (error) {
      fail(error, options.json === true);
    }
  });
}

const same = (c: Command) => c;
const seconds = (c: Command) => c.option('--timeout <seconds>', 'give up waiting after this long');

command(
  'init [dir]',
  'make a station here, or in DIR',
  ['waybill init', 'waybill init ~/02luka --preset 02luka'],
  (c) => c.addOption(new Option('--preset <name>', 'which layout').choices(['default', '02luka']).default('default')),
  async ([dir], o) =>
    (await import('./init.ts')).init(
      dir ?? (o.station as string | undefined) ?? '.',
      String(o['preset']),
      o.json === true,
    ),
);

command(
  'up',
  'run the station process: take orders and carry them out',
  ['waybill up', 'waybill up --drain'],
  (c) =>
    c
      .option('--drain', 'work until nothing is runnable, then exit')
      .option('--log-level <level>', 'trace to silent', 'info'),
  async (_, o) => (await import('./up.ts')).up(o),
);

command(
  'drop <file>',
  'hand in an order from FILE, from a folder, or from standard input with -',
  ['waybill drop fix.yaml --wait', 'waybill new | waybill drop - --dry-run'],
  (c) =>
    seconds(c)
      .option('--lane <lane>', 'which lane (default: default_lane in waybill.yaml)')
      .option('--wait', "show progress and exit with the order's result")
      .option('--dry-run', 'print plan and diff, change nothing'),
  async ([file], o) => (await import('./drop.ts')).drop(file ?? '-', o),
);

command(
  'new',
  'print a template for an order',
  ['waybill new > fix.yaml'],
  (c) => c.option('--id <wo_id>', 'its id').option('--title <title>', 'its title'),
  async (_, o) => (await import('./new.ts')).newOrder(o),
);

command(
  'lint <files...>',
  'check order files; needs no station',
  ['waybill lint fix.yaml', 'waybill lint orders/*.yaml --json', 'waybill lint old-style.json --fix > order.yaml'],
  (c) => c.option('--fix', 'print the order in canonical form'),
  async (files, o) => (await import('./lint.ts')).lint(files, o),
);

command(
  'ls',
  'list orders, newest first',
  ['waybill ls', 'waybill ls --status failed --json'],
  (c) =>
    c
      .option('--status <status>', 'only these')
      .option('--lane <lane>', 'only this lane')
      .option('--limit <n>', 'at most so many', '50'),
  async (_, o) => (await import('./ls.ts')).ls(o),
);

command('show <id>', 'show one order: state, result, files, checks', ['waybill show WO-1'], same, async ([id], o) =>
  (await import('./show.ts')).show(id ?? '', o),
);
command(
  'why <id>',
  'say in one sentence what an order waits for, or why it ended so',
  ['waybill why WO-1'],
  same,
  async ([id], o) => (await import('./show.ts')).why(id ?? '', o),
);
command(
  'explain [code]',
  'what an error code means, what to do, and an example',
  ['waybill explain', 'waybill explain BAD_ID'],
  same,
  async ([code], o) => (await import('./explain.ts')).explain(code, o),
);
command('log <id>', 'the ledger records of one order', ['waybill log WO-1'], same, async ([id], o) =>
  (await import('./show.ts')).log(id ?? '', o),
);

command(
  'tail',
  'the last telemetry events',
  ['waybill tail -n 50', 'waybill tail -f'],
  (c) => c.option('-f, --follow', 'go on as they come').option('-n, --lines <n>', 'how many', '20'),
  async (_, o) => (await import('./tail.ts')).tail(o),
);

command('status', 'the station on one screen', ['waybill status'], same, async (_, o) =>
  (await import('./status.ts')).status(o),
);
command('canary', 'send a harmless order through and wait for it', ['waybill canary'], seconds, async (_, o) =>
  (await import('./drop.ts')).canary(o),
);
command(
  'verify [id]',
  'check ledger, anchors, evidence and commits',
  ['waybill verify', 'waybill verify WO-1', 'waybill verify --skip-commits'],
  (c) => c.option('--skip-commits', 'ledger, anchors and evidence only: the look at commits takes the longest'),
  async ([id], o) => (await import('./verify.ts')).verify(id ?? null, o),
);
command(
  'purge <id>',
  'take a secret out of ledger, journal, evidence and quarantine; needs --secret',
  ['waybill purge WO-1 --secret --reason "token in the order"'],
  (c) => c.option('--secret', 'yes, for ever').option('--reason <text>', 'why; it stands in the ledger'),
  async ([id], o) => (await import('./purge.ts')).purge(id ?? '', o),
);
command(
  'backup [to]',
  'carry journal and keeps to a remote or a bundle file, and check what arrived',
  ['waybill backup', 'waybill backup origin', 'waybill backup /mnt/usb/ops.bundle'],
  same,
  async ([to], o) => (await import('./backup.ts')).backup(to ?? null, o),
);
command(
  'restore',
  'rebuild state, outbox and evidence from ledger and journal, or a station from a backup',
  ['waybill restore', 'waybill restore --from /mnt/usb/ops.bundle'],
  (c) =>
    c
      .option('--all', 'write everything again, not only what is missing')
      .option('--ledger', 'rebuild the ledger itself from the journal first; the old one is kept')
      .option('--from <backup>', 'bring back a station, or what is newer, from a remote, URL, path or bundle')
      .option('--station-id <id>', 'which station, where the backup holds several'),
  async (_, o) => (await import('./verify.ts')).restore(o),
);

command(
  'torture',
  'try kills, faults, races and lost events on a temporary station, on the disk you name',
  ['waybill torture', 'waybill torture --minutes 10 --dir /mnt/work', 'waybill torture --seed 4711 --rounds 1'],
  (c) =>
    c
      .option('--minutes <n>', 'how long', '1')
      .option('--dir <dir>', 'where to make the stations (default: the temporary folder)')
      .option('--seed <n>', 'repeat what this seed did')
      .option('--rounds <n>', 'so many rounds, however long they take'),
  async (_, o) => (await import('./torture.ts')).torture(o),
);

command(
  'keep <what> [args...]',
  'what was kept because nobody else has it: ls, show, restore, prune',
  [
    'waybill keep ls',
    'waybill keep show WO-1',
    'waybill keep show WO-1 src/notes.md > notes.md',
    'waybill keep restore WO-1 --to /tmp/back',
    'waybill keep prune WO-1',
    'waybill keep prune --older-than 30 --yes',
  ],
  (c) =>
    c
      .addHelpText(
        'after',
        `
What:
  ls                     name, age, files, size and why, newest first
  show <name> [path]     its files; with a path, that file's bytes
  restore <name> [path]  writes them into a folder; replaces nothing
  prune [name...]        deletes those named, after asking`,
      )
      .option('--to <dir>', 'restore: into this folder (default: kept-NAME)')
      .option('--older-than <days>', 'prune: only what got nothing new for so long')
      .option('--yes', 'prune: do not ask'),
  async (args, o) => (await import('./keep.ts')).keep(args, o),
);

for (const [name, what] of [
  ['retry', 'run a failed or cancelled order again'],
  ['cancel', 'end an order'],
  ['hold', 'park an order until it is released'],
  ['release', 'let a parked order go'],
] as const) {
  command(
    `${name} <id>`,
    what,
    [`waybill ${name} WO-1`],
    (c) => c.option('--reason <text>', 'why; it stands in the ledger'),
    async ([id], o) => (await import('./ask.ts')).ask(name, id ?? '', o),
  );
}

program
  .option('--version', 'print the version')
  .allowExcessArguments()
  .action(async (options: Common & { version?: boolean }, c: Command) => {
    if (c.args[0] !== undefined) {
      fail(
        new WaybillError('USAGE', `there is no command ${JSON.stringify(c.args[0])}`, {
          hint: '`waybill --help` lists them.',
        }),
        options.json === true,
      );
      return;
    }
    if (options.version !== true) program.help();
    const { VERSION } = await import('../station/version.ts');
    process.stdout.write(`${VERSION}\n`);
  });

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    const shown = ['commander.help', 'commander.helpDisplayed', 'commander.version'].includes(error.code);
    process.exitCode =
      shown && !process.argv.slice(2).every((a) => a === '')
        ? error.exitCode === 0 || process.argv.length <= 2
          ? 0
          : EXIT.usage
        : EXIT.usage;
  } else {
    note(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exitCode = EXIT.internal;
  }
}
