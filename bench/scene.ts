import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { program } from './program.ts';

/** A repository with a station in it, and the product as a process beside it. */

export const CLI = resolve(import.meta.dirname, '../dist/cli/main.js');

/** Nothing of the user's: another station, another git configuration, hooks. */
export const ENVIRONMENT = {
  PATH: process.env['PATH'] ?? '',
  HOME: process.env['HOME'] ?? '',
  LC_ALL: 'C',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
};

function run(program: string, args: readonly string[], cwd: string): string {
  return execFileSync(program, args, {
    cwd,
    env: ENVIRONMENT,
    encoding: 'utf8',
    maxBuffer: 1e9,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

export function git(root: string, ...args: string[]): string {
  return run('git', args, root).trimEnd();
}

/** A repository of so many files, at most 200 in a folder, in one commit. */
export function makeRepository(root: string, files: number): void {
  mkdirSync(root, { recursive: true });
  git(root, 'init', '--quiet', '--initial-branch=main');
  git(root, 'config', 'user.name', 'Bench');
  git(root, 'config', 'user.email', 'bench@example.com');
  for (let n = 0; n < files; n++) {
    const folder = join(root, 'tree', String(Math.floor(n / 200)));
    if (n % 200 === 0) mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${n}.txt`), `file ${n}\n`);
  }
  mkdirSync(join(root, 'made'));
  writeFileSync(join(root, 'made/readme.txt'), 'what orders make\n');
  git(root, 'add', '--all');
  git(root, 'commit', '--quiet', '-m', 'Begin');
  // or the first syncs of what is measured would write these files
  execFileSync('sync');
}

export function waybill(root: string, ...args: string[]): string {
  return run(process.execPath, [CLI, ...args], root);
}

/** A repository of so many files that is a station. */
export function makeStation(root: string, files: number): void {
  makeRepository(root, files);
  waybill(root, 'init');
  git(root, 'add', '--all');
  git(root, 'commit', '--quiet', '-m', 'Make it a station');
}

/** A station with so many finished orders. */
export function makeHistory(root: string, finished: number): void {
  makeStation(root, 100);
  execFileSync(process.execPath, [program('history'), root, String(finished)], {
    env: ENVIRONMENT,
    stdio: ['ignore', 'ignore', process.stderr.isTTY ? 'inherit' : 'ignore'],
  });
}

/** So many more finished orders, five records each, made while others look on. `first`: a number that no order of the history has. */
export async function addHistory(root: string, finished: number, first: number): Promise<void> {
  const child = spawn(process.execPath, [program('history'), root, String(finished), String(first)], {
    env: ENVIRONMENT,
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  const code = await new Promise<number | null>((done) => child.once('exit', done));
  if (code !== 0) throw new Error(`the history ended with ${code}`);
}

export function orderText(n: number): string {
  return JSON.stringify({
    wo_id: nameOf(n),
    title: `Order ${n}`,
    files: [{ path: `made/${n}.txt`, content: `made ${n}\n` }],
  });
}

export function nameOf(n: number): string {
  return `WO-${String(n).padStart(7, '0')}`;
}

/** Order files in a folder on the same disk, to be renamed into an inbox. */
export function stageOrders(folder: string, count: number, first = 0): void {
  mkdirSync(folder, { recursive: true });
  for (let n = first; n < first + count; n++) writeFileSync(join(folder, `${nameOf(n)}.json`), orderText(n));
}

export function dropOrders(staged: string, inbox: string, count: number, first = 0): void {
  for (let n = first; n < first + count; n++)
    renameSync(join(staged, `${nameOf(n)}.json`), join(inbox, `${nameOf(n)}.json`));
}

/** A station process, seen from outside. */
export interface Running {
  readonly pid: number;
  readonly inbox: string;
  ended(woId: string): boolean;
}

/** The most memory that a process ever had, in MB. Linux. */
export function peakMegabytes(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** Runs a station and does this beside it: `work` returns how many orders it dropped. Throws unless each was delivered. */
export async function besideStation(root: string, work: (station: Running) => Promise<number>): Promise<void> {
  const before = ended(root);
  assertDelivered(root, await whileRunning(root, work), before);
}

/** The same without a look at what was delivered, which takes minutes where there are many orders. */
export async function whileRunning<T>(root: string, work: (station: Running) => Promise<T>): Promise<T> {
  const child = spawn(process.execPath, [CLI, 'up', '--log-level', 'error'], {
    cwd: root,
    env: ENVIRONMENT,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const gone = new Promise<void>((done) => child.once('exit', () => done()));
  try {
    const beat = join(root, '.git/waybill/heartbeat.json');
    await until(() => {
      if (child.exitCode !== null) throw new Error(`the station ended with ${child.exitCode}`);
      return existsSync(beat) && (JSON.parse(readFileSync(beat, 'utf8')) as { pid: number }).pid === child.pid;
    });
    const hasEnded = (woId: string) => existsSync(join(root, 'bridge/outbox/MAIN', `${woId}.result.json`));
    return await work({ pid: child.pid ?? 0, inbox: join(root, 'bridge/inbox/MAIN'), ended: hasEnded });
  } finally {
    child.kill('SIGTERM');
    await gone;
  }
}

/** What a station had done: its orders' commits, and states that say `done`. */
interface Ended {
  readonly commits: number;
  readonly done: number;
}

function ended(root: string): Ended {
  return { commits: commitsOf(root).length, done: statesOf(root).filter((status) => status === 'done').length };
}

function commitsOf(root: string): string[] {
  return git(root, 'log', '--format=%(trailers:key=Work-Order,valueonly,separator=)').split('\n').filter(Boolean);
}

function statesOf(root: string): string[] {
  if (!existsSync(join(root, 'state/orders'))) return [];
  return readdirSync(join(root, 'state/orders'))
    .filter((name) => name.endsWith('.json'))
    .map((name) => /"status": "(\w+)"/.exec(readFileSync(join(root, 'state/orders', name), 'utf8'))?.[1] ?? '');
}

/** Waits, looking every 2 ms. Throws after so many minutes. */
export async function until(holds: () => boolean, minutes = 3): Promise<void> {
  const end = Date.now() + minutes * 60_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`waited ${minutes} minutes in vain`);
    await sleep(2);
  }
}

/** Each order done once, by one commit, and verified. Throws what does not hold. */
export function assertDelivered(root: string, count: number, before: Ended = { commits: 0, done: 0 }): void {
  const commits = commitsOf(root);
  const [more, done] = [commits.length - before.commits, ended(root).done - before.done];
  if (more !== count || new Set(commits).size !== commits.length || done !== count)
    throw new Error(
      `${count} orders, but ${more} commits, of ${new Set(commits).size} orders in all, and ${done} done`,
    );
  waybill(root, 'verify');
}
