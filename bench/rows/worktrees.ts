import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from '../row.ts';
import { besideStation, git, makeStation, nameOf, until } from '../scene.ts';

/** What an order in a worktree costs in a large repository, from its drop to its result, against a worktree made by hand in the same run. */

const FILES = 50_000;
const FEW = 2000;

/** A station whose worktrees lie beside it, on the same disk. */
function makeIsolated(folder: string, files: number, isolation: string): string {
  const root = join(folder, 'station');
  makeStation(root, files);
  // so many loose objects would start a gc beside what is measured
  git(root, 'config', 'gc.auto', '0');
  const settings = ['lanes: {MAIN: {}}', `worktrees: {folder: ${join(folder, 'worktrees')}}`];
  writeFileSync(join(root, 'waybill.yaml'), settings.map((line) => `${line}\n`).join(''));
  writeFileSync(
    join(root, 'policy.yaml'),
    `version: 1\nrules: [{class: safe, commands: ["*"]}]\nisolation: ${isolation}\n`,
  );
  git(root, 'add', '--all');
  git(root, 'commit', '--quiet', '-m', 'Isolate');
  return root;
}

/** Milliseconds of `git worktree add`. */
function byHand(root: string, folder: string): number {
  const begun = performance.now();
  git(root, 'worktree', 'add', '--quiet', '--detach', join(folder, 'by-hand'));
  return performance.now() - begun;
}

/** Milliseconds of the last of so many orders with a command, one after the other. */
async function lastOf(root: string, count: number): Promise<number> {
  let took = Number.NaN;
  await besideStation(root, async ({ inbox, ended }) => {
    for (let n = 0; n < count; n++) {
      const order = {
        wo_id: nameOf(n),
        title: `Order ${n}`,
        actions: [{ action: 'command', command: `echo ${n} > made/${n}.txt` }],
      };
      const begun = performance.now();
      writeFileSync(join(inbox, `${nameOf(n)}.json`), JSON.stringify(order));
      await until(() => ended(nameOf(n)));
      took = performance.now() - begun;
    }
    return count;
  });
  return took;
}

function row(name: string, isolation: string, count: number, ratio: number): Row {
  return {
    name: `an order in a worktree, repository of 50,000 files: ${name}`,
    against: '`git worktree add` by hand',
    unit: 'ms',
    goal: { at: 'most', ratio },
    quick: 1,
    runs: 3,
    measure: async (folder, isQuick) => {
      const root = makeIsolated(folder, isQuick ? FEW : FILES, isolation);
      const theirs = byHand(root, folder);
      // it stays: making files is slow for a minute after many were removed
      return { ours: await lastOf(root, count), theirs };
    },
  };
}

/** Checkout, command, measure, landing and result together. */
export const madeAnew = row('the first, its worktree made for it', '{commands: worktree}', 1, 1.25);
export const usedAgain = row('one that uses the last one again', '{commands: worktree}', 3, 1);
export const sparse = row('the first, one folder checked out', '{commands: worktree, sparse: [made]}', 1, 1);
