import { basename } from 'node:path';
import type { Invocation } from '../order/order.ts';
import { findProgram } from './commands/program.ts';
import type { CommandPlace, Recognised } from './commands/recognise.ts';
import { wordsOf } from './commands/shell-line.ts';
import { takesCode } from './commands/takes-code.ts';

/** A command as policy.yaml names it: one line as a whole, or a program with its first arguments. */
export type CommandPattern = string | readonly string[];

/**
 * Whether a pattern covers a command (rule 8): never a part of a line. A list covers a program, the same file under the same name, by its first
 * arguments; where its arguments are code or another command only by all of them. A text covers exactly this line, or the simple command that it
 * is. `*` alone covers anything.
 */
export function commandMatches(
  pattern: CommandPattern,
  run: Invocation,
  recognised: Recognised,
  place: CommandPlace,
): boolean {
  if (pattern === '*') return true;
  if (typeof pattern === 'string') {
    if ('shell' in run && run.shell.trim() === pattern.trim()) return true;
    const words = wordsOf(pattern);
    if (words === null || recognised.kind !== 'program') return false;
    return words.length === recognised.argv.length && startsWith(recognised, words, place);
  }
  if (recognised.kind !== 'program' || !startsWith(recognised, pattern, place)) return false;
  return pattern.length === recognised.argv.length || !takesCode(recognised.argv);
}

function startsWith(
  recognised: Extract<Recognised, { kind: 'program' }>,
  words: readonly string[],
  place: CommandPlace,
): boolean {
  const [name, ...args] = words;
  if (name === undefined || !args.every((word, i) => recognised.argv[i + 1] === word)) return false;
  // a policy's own path is meant from the root; many programs may be one file that looks at its name
  const program = findProgram(name, place.root, place.path);
  return program === recognised.program && basename(name) === basename(recognised.argv[0] ?? '');
}
