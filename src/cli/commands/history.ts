import { command } from '../command.ts';

/** Commands that say what happened, when and why. */

command(
  'history <path>',
  'what became of a file or folder: never there, gone, broken or fine; since when and why',
  ['waybill history agents/wo_executor/wo_executor.zsh', 'waybill history g/followup/state --hours 72 --json'],
  (c) => c.option('--hours <n>', 'how far back logs are read', '24'),
  async ([path], o) => (await import('../history.ts')).history(path ?? '', o),
);
