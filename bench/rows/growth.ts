import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from '../row.ts';
import {
  besideStation,
  CLI,
  dropOrders,
  ENVIRONMENT,
  git,
  makeStation,
  nameOf,
  orderText,
  peakMegabytes,
  stageOrders,
  until,
  waybill,
} from '../scene.ts';
import { time } from './start.ts';
import { throughputOf } from './throughput.ts';

/** What grows with the orders that there were, or that wait. */

/** A number that no order of this station has yet. */
function nextNumber(root: string): number {
  return Number(git(root, 'rev-list', '--count', 'HEAD'));
}

const cost = (finished: number): Row => ({
  name: `cost of an order with ${finished.toLocaleString('en')} finished ones`,
  against: 'with 1,000',
  unit: 'ms',
  goal: { at: 'most', ratio: 1.5 },
  quick: 0,
  runs: 1,
  large: true,
  measure: async (folder, _, histories) => {
    const of = async (root: string) => {
      const sub = join(folder, String(nextNumber(root)));
      mkdirSync(sub);
      return 1000 / (await throughputOf(root, sub, 1000, nextNumber(root)));
    };
    return { theirs: await of(histories.of(1000)), ours: await of(histories.of(finished)) };
  },
});

export const with100k = cost(100_000);
/** With so many as there is room for: a finished order takes some 36 KB, most of it blocks that its six files of evidence fill in part. */
export const withMost = (finished: number): Row[] => [cost(finished), memory(finished)];

const command = (name: string): Row => ({
  name: `\`waybill ${name}\` with 100,000 finished orders`,
  against: '`node -e 0`',
  unit: 'ms',
  goal: { at: 'most', ratio: 3 },
  quick: 0,
  runs: 1,
  large: true,
  measure: async (_, __, histories) => {
    const root = histories.of(100_000);
    return { theirs: time(root, ['-e', '0']), ours: time(root, [CLI, ...name.split(' ')]) };
  },
});

export const status = command('status');
export const ls = command('ls --limit 20');

/** A station that starts with so many orders that wait, and does one: the most memory that it had. */
const memory = (finished: number): Row => ({
  name: `memory with ${finished.toLocaleString('en')} finished orders and 10,000 waiting`,
  against: 'the bound',
  unit: 'MB',
  goal: { at: 'most', ratio: 1 },
  quick: 0,
  runs: 1,
  large: true,
  measure: async (_, __, histories) => {
    const root = histories.of(finished);
    const first = nextNumber(root);
    haveWaiting(root, 10_000);
    let ours = Number.NaN;
    await besideStation(root, async ({ pid, inbox, ended }) => {
      writeFileSync(join(inbox, '.one'), orderText(first));
      renameSync(join(inbox, '.one'), join(inbox, `${nameOf(first)}.json`));
      await until(() => ended(nameOf(first)));
      ours = peakMegabytes(pid);
      return 1;
    });
    return { theirs: 150, ours };
  },
});

export const memory100k = memory(100_000);

/** Drops as many orders as are missing that wait for a time far away, and has them taken. They stay: nothing else of this station is measured. */
function haveWaiting(root: string, many: number): void {
  const parked = () =>
    (JSON.parse(waybill(root, 'status', '--json')) as { lanes: { parked: number }[] }).lanes
      .map((lane) => lane.parked)
      .reduce((a, b) => a + b, 0);
  for (let n = parked(); n < many; n++) {
    const order = { wo_id: `WO-W${n}`, title: 'waits', not_before: '2099-01-01T00:00:00Z' };
    const text = JSON.stringify({ ...order, files: [{ path: `made/w${n}`, content: 'x' }] });
    writeFileSync(join(root, 'bridge/inbox/MAIN', `WO-W${n}.json`), text);
  }
  waybill(root, 'up', '--drain', '--log-level', 'error');
  if (parked() !== many) throw new Error(`${parked()} orders wait, not ${many}`);
}

const backlog = (name: string, unit: 'ms' | 'MB', bound: number): Row => ({
  name,
  against: 'the bound',
  unit,
  goal: { at: 'most', ratio: 1 },
  quick: 0,
  runs: 1,
  large: true,
  measure: async (folder) => {
    const count = 100_000;
    const root = join(folder, 'station');
    makeStation(root, 100);
    stageOrders(join(folder, 'staged'), count);
    dropOrders(join(folder, 'staged'), join(root, 'bridge/inbox/MAIN'), count);
    let ours = Number.NaN;
    const begun = performance.now();
    await besideStation(root, async ({ pid, ended }) => {
      // the oldest first
      await until(() => ended(nameOf(0)));
      if (unit === 'ms') ours = performance.now() - begun;
      let next = 0;
      await until(() => {
        while (next < count && ended(nameOf(next))) next++;
        return next === count;
      }, 60);
      if (unit === 'MB') ours = peakMegabytes(pid);
      return count;
    });
    return { theirs: bound, ours };
  },
});

export const firstOfMany = backlog('start with 100,000 files waiting, first order done', 'ms', 2000);
export const memoryOfMany = backlog('memory while 100,000 waiting files are taken', 'MB', 150);

/** What `waybill verify --json` tells of its steps, in milliseconds, and the most memory that the process had. Throws where something does not hold. */
async function verified(root: string, ...args: string[]): Promise<{ steps: Map<string, number>; megabytes: number }> {
  const child = spawn(process.execPath, [CLI, 'verify', '--json', ...args], {
    cwd: root,
    env: ENVIRONMENT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
  let megabytes = 0;
  const watch = setInterval(() => {
    // as long as it lives
    if (child.exitCode === null) megabytes = Math.max(megabytes, peakMegabytes(child.pid ?? 0) || 0);
  }, 100);
  await new Promise<void>((done) => child.once('close', () => done()));
  clearInterval(watch);
  const told = JSON.parse(Buffer.concat(said).toString('utf8')) as {
    ok: boolean;
    steps: { name: string; ms: number }[];
    findings: unknown[];
  };
  if (!told.ok) throw new Error(JSON.stringify(told.findings.slice(0, 3)));
  return { steps: new Map(told.steps.map(({ name, ms }) => [name, ms])), megabytes };
}

/** A shell's time for a command line, in milliseconds. */
function shellTime(root: string, script: string): number {
  const begun = performance.now();
  execFileSync('/bin/sh', ['-c', script], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  return performance.now() - begun;
}

const verifying = (row: Pick<Row, 'name' | 'against' | 'unit' | 'goal' | 'measure'>): Row => ({
  ...row,
  quick: 0,
  runs: 1,
  large: true,
});

export const verify = verifying({
  name: '`waybill verify` of ledger and evidence of 100,000 orders, without its look at commits',
  against: '`sha256sum` over the same bytes',
  unit: 'ms',
  goal: { at: 'most', ratio: 3 },
  measure: async (_, __, histories) => {
    const root = histories.of(100_000);
    const hashAll = 'find .git/waybill/ledger state/evidence -type f -print0 | xargs -0 sha256sum';
    // whoever reads first would pay for the disk
    shellTime(root, hashAll);
    const begun = performance.now();
    await verified(root, '--skip-commits');
    const ours = performance.now() - begun;
    return { theirs: shellTime(root, hashAll), ours };
  },
});

export const verifyCommits = verifying({
  name: 'the look at the commits of 100,000 orders, a step of `waybill verify`',
  against: '`git fsck`',
  unit: 'ms',
  goal: { at: 'most', ratio: 3 },
  measure: async (_, __, histories) => {
    const root = histories.of(100_000);
    const theirs = shellTime(root, 'git fsck --no-dangling --no-progress');
    return { theirs, ours: (await verified(root)).steps.get('commits') ?? Number.NaN };
  },
});

export const memoryOfVerify = verifying({
  name: 'memory of `waybill verify` with 100,000 finished orders',
  against: 'the bound',
  unit: 'MB',
  goal: { at: 'most', ratio: 1 },
  measure: async (_, __, histories) => ({ theirs: 300, ours: (await verified(histories.of(100_000))).megabytes }),
});
