import { mkdirSync, renameSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Row } from '../row.ts';
import { besideStation, makeStation, nameOf, orderText, until } from '../scene.ts';

/** One order for an idle station: from the rename into its inbox until its result can be read. */

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function dropToResult(folder: string, count: number): Promise<number> {
  const took: number[] = [];
  makeStation(join(folder, 'station'), 100);
  await besideStation(join(folder, 'station'), async ({ inbox, ended }) => {
    for (let n = 0; n < count; n++) {
      await sleep(300);
      const staged = join(folder, `${n}.json`);
      writeFileSync(staged, orderText(n));
      const begun = performance.now();
      renameSync(staged, join(inbox, `${nameOf(n)}.json`));
      await until(() => ended(nameOf(n)));
      took.push(performance.now() - begun);
    }
    return count;
  });
  return median(took);
}

/** From a rename into a folder until a handler of fs.watch hears of it. */
async function watching(folder: string, count: number): Promise<number> {
  const watched = join(folder, 'watched');
  mkdirSync(watched);
  let heard = 0;
  const watcher = watch(watched, () => {
    heard = performance.now();
  });
  const took: number[] = [];
  for (let n = 0; n < count; n++) {
    await sleep(20);
    const staged = join(folder, `watched-${n}`);
    writeFileSync(staged, 'x');
    heard = 0;
    const begun = performance.now();
    renameSync(staged, join(watched, String(n)));
    while (heard === 0) await new Promise((next) => setImmediate(next));
    took.push(heard - begun);
  }
  watcher.close();
  return median(took);
}

export const idle: Row = {
  name: 'drop to result, idle station, one order (p50)',
  against: 'the watcher alone, and 10 ms',
  unit: 'ms',
  goal: { at: 'most', ratio: 1 },
  quick: 1,
  measure: async (folder, isQuick) => {
    const count = isQuick ? 5 : 20;
    return { theirs: (await watching(folder, count)) + 10, ours: await dropToResult(folder, count) };
  },
};
