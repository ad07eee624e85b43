import { Option } from 'commander';
import { command, same, seconds } from '../command.ts';

/** Commands about the station as such and its orders. */

command(
  'init [dir]',
  'make a station here, or in DIR',
  ['waybill init', 'waybill init ~/02luka --preset 02luka', 'waybill init --preset lifeos'],
  (c) =>
    c.addOption(
      new Option('--preset <name>', 'which layout').choices(['default', '02luka', 'lifeos']).default('default'),
    ),
  async ([dir], o) =>
    (await import('../init.ts')).init(
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
  async (_, o) => (await import('../up.ts')).up(o),
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
  async ([file], o) => (await import('../drop.ts')).drop(file ?? '-', o),
);

command(
  'new',
  'print a template for an order',
  ['waybill new > fix.yaml'],
  (c) => c.option('--id <wo_id>', 'its id').option('--title <title>', 'its title'),
  async (_, o) => (await import('../new.ts')).newOrder(o),
);

command(
  'lint <files...>',
  'check order files; needs no station',
  ['waybill lint fix.yaml', 'waybill lint orders/*.yaml --json', 'waybill lint old-style.json --fix > order.yaml'],
  (c) => c.option('--fix', 'print the order in canonical form'),
  async (files, o) => (await import('../lint.ts')).lint(files, o),
);

command(
  'ls',
  'list orders, newest change first',
  [
    'waybill ls',
    'waybill ls --status failed --json',
    'waybill ls --waiting approval',
    'waybill ls --search "docs anna" --limit 5',
    "waybill ls --format '{wo_id}\\t{status}\\t{last_error.code}'",
  ],
  (c) =>
    c
      .option('--status <status>', 'only these')
      .option('--waiting <for>', 'only parked ones that wait for this: approval, time, agent …')
      .option('--lane <lane>', 'only this lane')
      .option('--type <type>', 'only this type')
      .option('--code <code>', 'only what failed or was rejected with this code')
      .option('--search <words>', 'only those with all these words in id, title, lane, code or requester')
      .option('--limit <n>', 'at most so many', '50')
      .option('--format <template>', 'a line each as this has it: {wo_id}, {last_error.code}; \\t and \\n'),
  async (_, o) => (await import('../ls.ts')).ls(o),
);

command(
  'show <id>',
  'tell the story of one order: what became of it, what happened, what it left, what to do next',
  ['waybill show WO-1', 'waybill show WO-1 --patch'],
  (c) => c.option('--patch', 'print what it changed, too'),
  async ([id], o) => (await import('../order/show.ts')).show(id ?? '', o),
);
command(
  'why <id>',
  'say what an order waits for and who can release it, or why it ended so, and what to do next',
  ['waybill why WO-1', 'waybill why WO-1 --json'],
  same,
  async ([id], o) => (await import('../order/why.ts')).why(id ?? '', o),
);
command(
  'explain [code]',
  'what an error code means, how it comes about, what mends it, and an example',
  ['waybill explain', 'waybill explain BAD_ID'],
  same,
  async ([code], o) => (await import('../explain.ts')).explain(code, o),
);
command('log <id>', 'the ledger records of one order', ['waybill log WO-1'], same, async ([id], o) =>
  (await import('../order/log.ts')).log(id ?? '', o),
);

command(
  'tail',
  'the last telemetry events',
  [
    'waybill tail -n 50',
    'waybill tail -f',
    'waybill tail -f --failures --lane MAIN',
    'waybill tail --since 1h --event failed,parked',
    'waybill tail --order WO-1 --json',
  ],
  (c) =>
    c
      .option('-f, --follow', 'go on as they come, until Ctrl-C')
      .option('-n, --lines <n>', 'how many (default: 20, or with --since all)')
      .option('--since <time>', 'none from before: a time (UTC unless it has a zone), or as in 30m, 1h, 2d')
      .option('--lane <lane>', 'only of this lane; several with commas')
      .option('--order <id>', 'only of this order; several with commas')
      .option('--event <event>', 'only these, with or without wo_: failed,parked')
      .option('--failures', 'only what went wrong'),
  async (_, o) => (await import('../tail.ts')).tail(o),
);

command(
  'status',
  'the station on one screen; with --watch it stays and moves, until q or Ctrl-C',
  ['waybill status', 'waybill status --watch', 'waybill status --watch --json'],
  (c) => c.option('--watch', 'draw it again as things happen'),
  async (_, o) =>
    o['watch'] === true
      ? (await import('../watch/status.ts')).watchStatus(o)
      : (await import('../status.ts')).status(o),
);
command('canary', 'send a harmless order through and wait for it', ['waybill canary'], seconds, async (_, o) =>
  (await import('../drop.ts')).canary(o),
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
    async ([id], o) => (await import('../ask.ts')).ask(name, id ?? '', o),
  );
}
