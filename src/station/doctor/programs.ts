import { delimiter, isAbsolute, join } from 'node:path';
import { isExecutable } from '../../platform/programs.ts';
import { type Check, fine, warning } from './finding.ts';
import type { CommandPattern } from './subject.ts';

/** Whether the programs that orders may run are there: a missing one ends its order with exit code 127. */
export const PROGRAMS: Check = {
  name: 'programs',
  look: ({ station, policy, path }) => {
    if (station === null || policy === null || policy.commands.length === 0) return [];
    const missing = missingPrograms(station.root, policy.commands, path);
    if (missing.length === 0) return [fine('the programs that policy.yaml names are on PATH')];
    return missing.map((name) =>
      warning(
        `policy.yaml names ${name}, which is not ${name.includes('/') ? 'an executable file' : 'on PATH'}`,
        name.includes('/')
          ? `Bring it back, or make it executable: \`chmod +x ${name}\`.`
          : `Install it, put its folder on PATH, or take it out of policy.yaml. PATH is ${path}.`,
      ),
    );
  },
};

/** What /bin/sh knows by itself, and words that begin something longer. */
const OF_THE_SHELL = new Set(
  (
    '. : [ alias bg break case cd command continue do done echo elif else esac eval exec exit export false fg fi for getopts hash if ' +
    'in jobs kill local printf pwd read readonly return set shift source test then times trap true type ulimit umask unalias unset until ' +
    'wait while { } !'
  ).split(' '),
);

/**
 * The programs that rules of policy.yaml name and that are not found: on this PATH (that of a service may be another), or for names with a
 * slash from the station's root. Of a line for the shell only a plain first word is looked at.
 */
export function missingPrograms(root: string, commands: readonly CommandPattern[], path: string): string[] {
  const names = commands.map((pattern) =>
    pattern === '*' ? null : typeof pattern === 'string' ? firstWord(pattern) : pattern[0],
  );
  const folders = path.split(delimiter).filter((folder) => folder !== '');
  const isThere = (name: string) =>
    name.includes('/')
      ? isExecutable(isAbsolute(name) ? name : join(root, name))
      : folders.some((folder) => isExecutable(join(isAbsolute(folder) ? folder : join(root, folder), name)));
  return [...new Set(names)].filter((name): name is string => name != null && !isThere(name));
}

/** Null where the line begins with something that only a shell understands. */
function firstWord(line: string): string | null {
  const words = line.trim().split(/\s+/);
  const word = words.find((candidate) => !/^[A-Za-z_][A-Za-z0-9_]*=[^$`"'()]*$/.test(candidate)) ?? '';
  return OF_THE_SHELL.has(word) || !/^[\w@%+:,./-]+$/.test(word) ? null : word;
}
