import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { program } from '../program.ts';
import type { Pair, Row } from '../row.ts';
import { besideStation, ENVIRONMENT, makeRepository, makeStation, nameOf, stageOrders, until } from '../scene.ts';

/** Orders that are dropped one by one, 40 a second: how long each takes until its result can be read. */

const A_SECOND = 40;

/** Drops at the pace and returns how long each took, in milliseconds, sorted. A result's own time tells when it was there. */
async function paced(staged: string, inbox: string, count: number, resultOf: (n: number) => string): Promise<number[]> {
  const dropped: number[] = [];
  const begun = performance.now();
  for (let n = 0; n < count; n++) {
    const wait = begun + (n * 1000) / A_SECOND - performance.now();
    if (wait > 0) await sleep(wait);
    dropped.push(Date.now());
    renameSync(join(staged, `${nameOf(n)}.json`), join(inbox, `${nameOf(n)}.json`));
  }
  let next = 0;
  await until(() => {
    while (next < count && existsSync(resultOf(next))) next++;
    return next === count;
  });
  return dropped.map((at, n) => statSync(resultOf(n)).mtimeMs - at).sort((a, b) => a - b);
}

async function ofStation(folder: string, count: number): Promise<number[]> {
  const root = join(folder, 'station');
  makeStation(root, 100);
  let took: number[] = [];
  await besideStation(root, async ({ inbox }) => {
    took = await paced(join(folder, 'staged'), inbox, count, (n) =>
      join(root, 'bridge/outbox/MAIN', `${nameOf(n)}.result.json`),
    );
    return count;
  });
  return took;
}

async function ofLimit(folder: string, count: number): Promise<number[]> {
  const root = join(folder, 'limit');
  makeRepository(root, 100);
  mkdirSync(join(root, 'inbox'));
  const child = spawn(process.execPath, [program('limit'), root, String(count)], {
    env: ENVIRONMENT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    await lines.next();
    return await paced(join(folder, 'staged-limit'), join(root, 'inbox'), count, (n) =>
      join(root, 'outbox', `${nameOf(n)}.json`),
    );
  } finally {
    child.kill('SIGKILL');
  }
}

const row = (name: string, share: number, ratio: number): Row => ({
  name: `drop to result, 40 orders a second (${name})`,
  against: 'the bare loop at the same pace',
  unit: 'ms',
  goal: { at: 'most', ratio },
  quick: 1,
  measure: async (folder, isQuick): Promise<Pair> => {
    const count = isQuick ? 80 : 400;
    stageOrders(join(folder, 'staged'), count);
    stageOrders(join(folder, 'staged-limit'), count);
    const at = (took: number[]) => took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? Number.NaN;
    return { theirs: at(await ofLimit(folder, count)), ours: at(await ofStation(folder, count)) };
  },
});

export const p50 = row('p50', 0.5, 3);
export const p99 = row('p99', 0.99, 5);
