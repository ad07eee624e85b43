import { join } from 'node:path';
import { namesIn } from '../../platform/durable.ts';
import { lstatIfThere } from '../../platform/fs.ts';
import { readLines } from '../../platform/jsonl.ts';
import { scriptText } from '../history/logs.ts';
import { namesIt, shortened, timeIn } from '../history/trace.ts';

/** Where rollback scripts stand, as in seed 003's tree. */
const FOLDERS = ['tools', 'scripts'];
const MOST_LINES = 3;
const MOST_RUNS = 5;

/** Scripts that roll something back and name one of the components, and when they ran as far as logs tell; with no component all of them. */
export function rollbackScripts(
  root: string,
  components: readonly string[],
  sinceMs: number,
  untilMs: number,
): string[] {
  return FOLDERS.flatMap((folder) =>
    namesIn(join(root, folder))
      .filter((name) => name.startsWith('rollback_') && lstatIfThere(join(root, folder, name))?.isFile() === true)
      .flatMap((name) => {
        const named = linesThatName(scriptText(join(root, folder, name)) ?? '', components);
        if (named.length === 0 && components.length > 0) return [];
        const what =
          named.length === 0 ? '' : ` names ${components.length === 1 ? components[0] : 'them'}: ${named.join('; ')}`;
        return [`${folder}/${name}${what}; ${runsOf(root, name, sinceMs, untilMs)}`];
      }),
  );
}

function linesThatName(text: string, components: readonly string[]): string[] {
  return text
    .split('\n')
    .map((line, n) => ({ line, n: n + 1 }))
    .filter(({ line }) => !line.trimStart().startsWith('#') && components.some((path) => namesIt(line, path)))
    .slice(0, MOST_LINES)
    .map(({ line, n }) => `line ${n}: ${shortened(line, 120)}`);
}

/** `rollback_x.zsh` writes to `logs/rollback_x.log`, or is named in another log of rollbacks. */
function runsOf(root: string, script: string, sinceMs: number, untilMs: number): string {
  const stem = script.replace(/\.[^.]*$/, '');
  const runs = new Set<string>();
  for (const log of namesIn(join(root, 'logs')).filter((name) => /^rollback_.*\.log$/.test(name))) {
    const isOwn = log.replace(/\.log$/, '') === stem;
    for (const { text } of readLines(join(root, 'logs', log))) {
      const at = isOwn || text.includes(script) ? timeIn(text) : null;
      if (at !== null && Date.parse(at) >= sinceMs && Date.parse(at) <= untilMs) runs.add(`${at} (logs/${log})`);
      if (runs.size >= MOST_RUNS) break;
    }
  }
  return runs.size === 0 ? 'no log says that it ran in this time' : `it ran at ${[...runs].join(', ')}`;
}
