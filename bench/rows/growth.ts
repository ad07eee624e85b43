import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
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
export const with1m = cost(1_000_000);

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

/** A station on which so many orders wait, and one is done: the most memory that it had. */
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
    let ours = Number.NaN;
    const first = nextNumber(root);
    waybill(root, 'verify');
    const { pid, end } = await heldBeside(root, first);
    ours = peakMegabytes(pid);
    await end();
    return { theirs: 150, ours };
  },
});

export const memory1m = memory(1_000_000);
export const memory100k = memory(100_000);

/** Drops 10,000 orders that wait for a time far away, and waits until the station has taken all of them. */
async function heldBeside(root: string, first: number): Promise<{ pid: number; end(): Promise<void> }> {
  const inbox = join(root, 'bridge/inbox/MAIN');
  for (let n = 0; n < 10_000; n++) {
    const text = { wo_id: `WO-W${first}-${n}`, title: 'waits', not_before: '2099-01-01T00:00:00Z' };
    writeFileSync(join(inbox, `.w${n}`), JSON.stringify({ ...text, files: [{ path: `made/w${n}`, content: 'x' }] }));
  }
  const child = spawn(process.execPath, [CLI, 'up', '--log-level', 'error'], {
    cwd: root,
    env: ENVIRONMENT,
    stdio: 'ignore',
  });
  const gone = new Promise<void>((done) => child.once('exit', () => done()));
  for (let n = 0; n < 10_000; n++) renameSync(join(inbox, `.w${n}`), join(inbox, `WO-W${first}-${n}.json`));
  await until(() => readdirSync(inbox).length === 0, 10);
  return {
    pid: child.pid ?? 0,
    end: async () => {
      child.kill('SIGTERM');
      await gone;
      for (let n = 0; n < 10_000; n += 500) {
        const ids = Array.from({ length: Math.min(500, 10_000 - n) }, (_, i) => `WO-W${first}-${n + i}`);
        execFileSync(process.execPath, [CLI, 'cancel', ...ids], { cwd: root, env: ENVIRONMENT, stdio: 'ignore' });
      }
      execFileSync(process.execPath, [CLI, 'up', '--drain', '--log-level', 'error'], { cwd: root, env: ENVIRONMENT });
    },
  };
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
