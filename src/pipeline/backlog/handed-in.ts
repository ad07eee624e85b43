import { join } from 'node:path';
import { DROP_COMMAND } from '../../intake/claim.ts';
import { namesIn, readIfThere } from '../../platform/durable.ts';
import { conforms } from '../../platform/schema.ts';
import type { Layout } from '../../station/layout.ts';

/** Orders of items that were handed in and that nothing is recorded of yet: no state file tells of them. */
export function handedIn({ commands, claimed }: Pick<Layout, 'commands' | 'claimed'>): Set<string> {
  // looked at in the order in which they move
  const waiting = namesIn(commands)
    .filter((name) => /^[0-9A-Z]{26}\.json$/.test(name))
    .map((name) => join(commands, name));
  const taken = () => namesIn(claimed).map((name) => join(claimed, name, DROP_COMMAND));
  return new Set([...waiting.flatMap(orderIn), ...taken().flatMap(orderIn)]);
}

/** The id in the name of the file: `backlog run` names it after its order. */
function orderIn(path: string): string[] {
  const text = readIfThere(path)?.toString('utf8') ?? '';
  if (!text.includes('"file":"BL-')) return [];
  try {
    const command: unknown = JSON.parse(text);
    if (!conforms('command-file', command)) return [];
    const { file } = command as { file?: string };
    return file === undefined ? [] : [file.replace(/\.json$/, '')];
  } catch {
    return [];
  }
}
