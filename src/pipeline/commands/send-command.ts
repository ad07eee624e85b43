import { join } from 'node:path';
import type { CommandFile } from '../../order/generated.ts';
import { ensureDir, writeDurable } from '../../platform/durable.ts';
import { newUlid } from '../../platform/ids.ts';
import type { Layout } from '../../station/layout.ts';

/** Puts a command file where the station process finds it, durable and whole. Returns its path; with no station running it waits there. */
export function sendCommand({ layout }: { readonly layout: Pick<Layout, 'commands'> }, command: CommandFile): string {
  ensureDir(layout.commands);
  const path = join(layout.commands, `${newUlid()}.json`);
  writeDurable(path, `${JSON.stringify(command)}\n`);
  return path;
}
