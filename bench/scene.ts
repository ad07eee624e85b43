import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A repository with a station in it, and the product as a process beside it. */

const CLI = resolve(import.meta.dirname, '../dist/cli/main.js');

export function git(root: string, ...args: string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trimEnd();
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
}

export function waybill(root: string, ...args: string[]): string {
  return execFileSync(process.execPath, [CLI, ...args], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
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
export function stageOrders(folder: string, count: number): void {
  mkdirSync(folder, { recursive: true });
  for (let n = 0; n < count; n++) writeFileSync(join(folder, `${nameOf(n)}.json`), orderText(n));
}

export function dropOrders(staged: string, inbox: string, count: number): void {
  for (let n = 0; n < count; n++) renameSync(join(staged, `${nameOf(n)}.json`), join(inbox, `${nameOf(n)}.json`));
}

/** Starts `waybill up` and waits until it has looked around. */
export async function startStation(root: string): Promise<{ pid: number; stop(): Promise<void> }> {
  const child = spawn(process.execPath, [CLI, 'up', '--log-level', 'error'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const gone = new Promise<void>((done) => child.once('exit', () => done()));
  const beat = join(root, '.git/waybill/heartbeat.json');
  const runs = () => {
    try {
      return (JSON.parse(readFileSync(beat, 'utf8')) as { pid: number }).pid === child.pid;
    } catch {
      return false;
    }
  };
  await until(runs);
  return {
    pid: child.pid ?? 0,
    stop: () => {
      child.kill('SIGTERM');
      return gone;
    },
  };
}

/** Waits, looking every 2 ms. Throws after two minutes. */
export async function until(holds: () => boolean): Promise<void> {
  const end = Date.now() + 120_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error('waited two minutes in vain');
    await sleep(2);
  }
}

/** Counts a word in the lines that were added to a ledger since the last call, and all before. */
export function counting(root: string, word: string): () => number {
  const folder = join(root, '.git/waybill/ledger');
  const read = new Map<string, number>();
  let count = 0;
  return () => {
    for (const name of readdirSync(folder).filter((it) => it.endsWith('.jsonl'))) {
      const fd = openSync(join(folder, name), 'r');
      const block = Buffer.alloc(1 << 20);
      for (let from = read.get(name) ?? 0; ; ) {
        const bytes = readSync(fd, block, 0, block.length, from);
        const end = block.subarray(0, bytes).lastIndexOf(10) + 1;
        if (end === 0) break;
        count += block.toString('utf8', 0, end).split(word).length - 1;
        from += end;
        read.set(name, from);
      }
      closeSync(fd);
    }
    return count;
  };
}

/** Each order done once, by one commit, and verified. Throws what does not hold. */
export function assertDelivered(root: string, count: number): void {
  const commits = git(root, 'log', '--format=%(trailers:key=Work-Order,valueonly,separator=)')
    .split('\n')
    .filter(Boolean);
  const states = readdirSync(join(root, 'state/orders')).filter((name) => name.endsWith('.json'));
  const done = states.filter(
    (name) =>
      (JSON.parse(readFileSync(join(root, 'state/orders', name), 'utf8')) as { status: string }).status === 'done',
  );
  if (commits.length !== count || new Set(commits).size !== count || done.length !== count)
    throw new Error(
      `${count} orders, but ${commits.length} commits of ${new Set(commits).size} orders, and ${done.length} done`,
    );
  waybill(root, 'verify');
}
