#!/usr/bin/env node
import { type Command, CommanderError } from 'commander';
import { WaybillError } from '../order/error.ts';
import { program } from './command.ts';
import './commands/agents.ts';
import './commands/approvals.ts';
import './commands/evidence.ts';
import './commands/backlog.ts';
import './commands/dashboard.ts';
import './commands/guardrail.ts';
import './commands/orders.ts';
import './commands/history.ts';
import './commands/metrics.ts';
import './commands/jobs.ts';
import './commands/policy.ts';
import './commands/records.ts';
import './commands/report.ts';
import './commands/services.ts';
import './commands/spine.ts';
import './commands/doctor.ts';
import './commands/documents.ts';
import './commands/rollback.ts';
import './commands/worktrees.ts';
import { EXIT, fail, note } from './output.ts';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
  throw error;
});

program
  .option('--version', 'print the version')
  .allowExcessArguments()
  .action(async (options: { json?: boolean; version?: boolean }, c: Command) => {
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
