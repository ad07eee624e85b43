import { command } from '../command.ts';

/** Commands that say what happened, when and why. */

command(
  'history <path>',
  'what became of a file or folder: never there, gone, broken or fine; since when and why',
  ['waybill history agents/wo_executor/wo_executor.zsh', 'waybill history g/followup/state --hours 72 --json'],
  (c) => c.option('--hours <n>', 'how far back logs are read', '24'),
  async ([path], o) => (await import('../guardrail/history.ts')).history(path ?? '', o),
);
command(
  'forensics',
  'what happened in a time: git, rollback scripts, services, likely cause; writes a report and a lesson',
  [
    'waybill forensics --since "2025-11-13 01:50" --until "2025-11-13 22:43" --component agents/wo_executor',
    'waybill forensics --budget 10s --json',
  ],
  (c) =>
    c
      .option('--since <time>', 'from when, UTC unless it has a zone (default: a day before --until)')
      .option('--until <time>', 'until when (default: now)')
      .option(
        '--component <path>',
        'what went; may be given several times (default: all that are missing or were missed)',
        collect,
      )
      .option('--budget <time>', 'how long it may take, as in 30s or 2m', '30s'),
  async (_, o) => (await import('../guardrail/forensics.ts')).forensics(o),
);
command(
  'lessons <what> [words...]',
  'what was learned: add, search',
  [
    'waybill lessons add --type pattern --title "A reset took the agents" --tag agents/x --link WO-1',
    'waybill lessons search reset agents',
  ],
  (c) =>
    c
      .addHelpText(
        'after',
        `
What:
  add               writes one down; needs --type and --title
  search [words]    those that have all the words; without words all of them`,
      )
      .option('--type <type>', 'add: pattern, solution, failure, improvement, rule or note')
      .option('--title <title>', 'add: the lesson in one line')
      .option('--context <text>', 'add: what happened, and what to do the next time')
      .option('--tag <tag>', 'add: a word to find it by; may be given several times', collect)
      .option('--link <link>', 'add: a path, order or address it is about; may be given several times', collect),
  async (args, o) => (await import('../guardrail/lessons.ts')).lessons(args, o),
);
command(
  'hooks <what>',
  'git hooks that write down who moved what: install, uninstall, status',
  ['waybill hooks install', 'waybill hooks status', 'waybill hooks uninstall'],
  (c) =>
    c.addHelpText(
      'after',
      `
What:
  install      puts them in; hooks that are there are kept and called
  uninstall    puts back what was there
  status       which are in, and what they wrote last`,
    ),
  async ([what], o) => (await import('../guardrail/hooks.ts')).hooks(what ?? '', o),
);

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}
