import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { program } from '../program.ts';
import type { Row } from '../row.ts';
import {
  besideStation,
  dropOrders,
  ENVIRONMENT,
  git,
  makeRepository,
  makeStation,
  nameOf,
  stageOrders,
  until,
} from '../scene.ts';

/** Orders that are dropped all at once: how many are done in a second. */

const FILES = 100;

/** Orders a second of a running station in a new repository of so many files, until the last result can be read. */
async function throughput(folder: string, files: number, count: number): Promise<number> {
  makeStation(join(folder, 'station'), files);
  return throughputOf(join(folder, 'station'), folder, count);
}

/** The same of a station that is there; `first` is a number that no order of it has yet. */
export async function throughputOf(root: string, folder: string, count: number, first = 0): Promise<number> {
  stageOrders(join(folder, 'staged'), count, first);
  let seconds = Number.NaN;
  await besideStation(root, async ({ inbox, ended }) => {
    const begun = performance.now();
    dropOrders(join(folder, 'staged'), inbox, count, first);
    // they end in their order, more or less: looking for the first that has not costs the station little
    let next = first;
    await until(() => {
      while (next < first + count && ended(nameOf(next))) next++;
      return next === first + count;
    });
    seconds = (performance.now() - begun) / 1000;
    return count;
  });
  return count / seconds;
}

async function limit(folder: string, count: number): Promise<number> {
  const root = join(folder, 'limit');
  makeRepository(root, FILES);
  mkdirSync(join(root, 'inbox'));
  stageOrders(join(folder, 'staged-limit'), count);
  const child = spawn(process.execPath, [program('limit'), root, String(count)], {
    env: ENVIRONMENT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    await lines.next();
    const begun = performance.now();
    dropOrders(join(folder, 'staged-limit'), join(root, 'inbox'), count);
    await lines.next();
    const seconds = (performance.now() - begun) / 1000;
    const commits = Number(git(root, 'rev-list', '--count', 'refs/heads/limit')) - 1;
    if (commits !== count) throw new Error(`the limit made ${commits} commits of ${count} orders`);
    return count / seconds;
  } finally {
    child.kill('SIGKILL');
  }
}

async function byHand(folder: string, files: number, count: number): Promise<number> {
  const root = join(folder, 'hand');
  makeRepository(root, files);
  const begun = performance.now();
  for (let n = 0; n < count; n++) {
    writeFileSync(join(root, `made/${n}.txt`), `made ${n}\n`);
    git(root, 'add', `made/${n}.txt`);
    git(root, 'commit', '--quiet', '-m', `Order ${n}`);
  }
  return count / ((performance.now() - begun) / 1000);
}

export const againstLimit: Row = {
  name: 'throughput, 1,000 orders at once',
  against: 'the same durable writes by a bare loop',
  unit: 'orders/s',
  goal: { at: 'least', ratio: 0.7 },
  quick: 1,
  measure: async (folder, isQuick) => {
    const count = isQuick ? 200 : 1000;
    return { theirs: await limit(folder, count), ours: await throughput(folder, FILES, count) };
  },
};

const hand = (files: number, ratio: number): Row => ({
  name: `throughput in a repository of ${files.toLocaleString('en')} files`,
  against: '`git add` and `git commit` for each order',
  unit: 'orders/s',
  goal: { at: 'least', ratio },
  quick: files > 1000 ? 0 : 1,
  measure: async (folder, isQuick) => {
    const count = isQuick ? 100 : 500;
    return { theirs: await byHand(folder, files, isQuick ? 20 : 50), ours: await throughput(folder, files, count) };
  },
});

/** Milliseconds for an order, in a repository of many files against one of few. */
export const inManyFiles: Row = {
  name: 'cost of an order in a repository of 50,000 files',
  against: 'in one of 100 files',
  unit: 'ms',
  goal: { at: 'most', ratio: 1.5 },
  quick: 0,
  measure: async (folder) => {
    const count = 1000;
    const theirs = 1000 / (await throughput(join(folder, 'few'), 100, count));
    return { theirs, ours: 1000 / (await throughput(join(folder, 'many'), 50_000, count)) };
  },
};

export const againstHand = hand(100, 5);
export const againstHandInMany = hand(50_000, 25);
