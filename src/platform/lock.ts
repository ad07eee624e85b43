import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { WaybillError } from '../order/error.ts';
import { now } from './clock.ts';
import { ensureDir, readIfThere, writeAll } from './durable.ts';
import { fs, ifThere, O_CREAT, O_RDWR } from './fs.ts';
import { tryLock } from './native.ts';

/** Who holds a lock, as it wrote itself into the file. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly since: string;
}

/** A held kernel lock. It ends with the process, however that ends. */
export class HeldLock {
  readonly path: string;
  readonly #fd: number;

  constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  /** Throws LOCK_LOST when somebody removed or replaced the file: another process could then hold "the same" lock. */
  assertHeld(): void {
    const there = ifThere(() => fs.statSync(this.path));
    const ours = fs.fstatSync(this.#fd);
    if (there === undefined || there.ino !== ours.ino || there.dev !== ours.dev) {
      throw new WaybillError('LOCK_LOST', `${this.path} was removed or replaced while this process held it`);
    }
  }

  release(): void {
    fs.closeSync(this.#fd);
  }
}

/** Takes the lock of `what`, or throws STATION_HELD that names the holder. */
export function takeLock(path: string, what = 'the station'): HeldLock {
  ensureDir(dirname(path));
  const fd = fs.openSync(path, O_RDWR | O_CREAT, 0o644);
  if (!tryLockPatiently(fd)) {
    fs.closeSync(fd);
    const holder = readHolder(path);
    const who = holder === null ? 'another process' : `process ${holder.pid} on ${holder.host} since ${holder.since}`;
    throw new WaybillError('STATION_HELD', `${what} is held by ${who}`);
  }
  const holder: Holder = { pid: process.pid, host: hostname(), since: now() };
  fs.ftruncateSync(fd, 0);
  writeAll(fd, Buffer.from(`${JSON.stringify(holder)}\n`));
  const lock = new HeldLock(path, fd);
  lock.assertHeld();
  return lock;
}

/** Who only asks for the holder has the lock for an instant; that must not look like another station. */
function tryLockPatiently(fd: number): boolean {
  for (const until = Date.now() + 150; ; Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)) {
    if (tryLock(fd)) return true;
    if (Date.now() >= until) return false;
  }
}

/** Who holds the lock now, or null when nobody does. Never blocks and takes nothing that others could want for long. */
export function lockHolder(path: string): Holder | null {
  const fd = ifThere(() => fs.openSync(path, O_RDWR));
  if (fd === undefined) return null;
  try {
    return tryLock(fd) ? null : (readHolder(path) ?? { pid: 0, host: 'unknown', since: 'unknown' });
  } finally {
    fs.closeSync(fd);
  }
}

function readHolder(path: string): Holder | null {
  try {
    const value: unknown = JSON.parse(readIfThere(path)?.toString('utf8') ?? 'null');
    return isHolder(value) ? value : null;
  } catch {
    return null;
  }
}

function isHolder(value: unknown): value is Holder {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pid' in value &&
    typeof value.pid === 'number' &&
    'host' in value &&
    'since' in value
  );
}
