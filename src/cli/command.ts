import { Command } from 'commander';
import { fail } from './output.ts';

/** What every command takes. */
interface Common {
  readonly station?: string;
  readonly json?: boolean;
}

/** The arguments, the command's own options and the common ones. */
type Run = (args: string[], options: Record<string, unknown> & Common) => Promise<void>;

export const program = new Command('waybill')
  .description('Work orders for people and agents: dropped in a folder, carried out, recorded, committed, provable.')
  .option('--station <dir>', 'the station (default: $WAYBILL_STATION, $LUKA_SOT, or the nearest waybill.yaml above)')
  .option('--json', 'print JSON, versioned by "v"')
  .showHelpAfterError('(see --help)')
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text) });

/** Adds a command. Its code is loaded by `run`, when it is called, so that `waybill --version` costs what node costs. */
export function command(
  usage: string,
  description: string,
  examples: readonly string[],
  build: (c: Command) => Command,
  run: Run,
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

/** For a command without options of its own. */
export const same = (c: Command) => c;
/** For one that waits. */
export const seconds = (c: Command) => c.option('--timeout <seconds>', 'give up waiting after this long');
