import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Row } from '../row.ts';
import { CLI, ENVIRONMENT, makeRepository, waybill } from '../scene.ts';

/** How long a command of the command line takes, as a whole process. */

const TIMES = 9;

/** Median of so many runs, in milliseconds. */
export function time(cwd: string, args: readonly string[]): number {
  const took: number[] = [];
  for (let n = 0; n < TIMES; n++) {
    const begun = performance.now();
    const { status, stderr } = spawnSync(process.execPath, args, { cwd, env: ENVIRONMENT, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    took.push(performance.now() - begun);
  }
  return took.sort((a, b) => a - b)[Math.floor(TIMES / 2)] ?? Number.NaN;
}

const start = (command: string, ratio: number): Row => ({
  name: `start of \`waybill ${command}\``,
  against: '`node -e 0`',
  unit: 'ms',
  goal: { at: 'most', ratio },
  quick: 1,
  measure: async (folder) => {
    const root = join(folder, 'station');
    makeRepository(root, 10);
    waybill(root, 'init');
    return { theirs: time(root, ['-e', '0']), ours: time(root, [CLI, command]) };
  },
});

export const version = start('--version', 2);
export const status = start('status', 3);
