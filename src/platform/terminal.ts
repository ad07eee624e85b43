import { createInterface } from 'node:readline/promises';
import { isatty } from 'node:tty';
import { fs } from './fs.ts';

/** The name of the terminal that somebody types at; null where standard input is none. */
export function terminalName(): string | null {
  if (!isatty(0)) return null;
  try {
    return fs.readlinkSync('/proc/self/fd/0');
  } catch {
    return '/dev/tty'; // no /proc
  }
}

/** Asks one question on standard error and returns the line that was typed; null where the input ended. */
export async function askLine(question: string): Promise<string | null> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new Promise<null>((resolve) => lines.once('close', () => resolve(null)));
  try {
    return await Promise.race([lines.question(question), ended]);
  } finally {
    lines.close();
  }
}
