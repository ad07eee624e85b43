import { namesIn, readIfThere } from './durable.ts';
import { errno, fs, ifThere } from './fs.ts';

/**
 * What can be learned of running processes without starting one. A pid alone says nothing, because pids are used again;
 * with its start time it names one process.
 */

/** Start time of a process in the kernel's own unit (Linux: ticks since boot), null where it is gone or cannot be read. */
export function startTimeOf(pid: number): string | null {
  const stat = procStat(pid);
  return stat === null || stat.state === 'Z' ? null : stat.startTime;
}

/** Whether the process exists and is no zombie; with a start time, whether it still is that one. */
export function isAlive(pid: number, startTime: string | null = null): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errno(error) !== 'EPERM') return false;
  }
  const stat = procStat(pid);
  if (stat === null) return process.platform !== 'linux';
  return stat.state !== 'Z' && (startTime === null || stat.startTime === startTime);
}

/** Whether any live process belongs to the group, apart from the leader's identity. */
export function groupMembers(pgid: number): number[] {
  return processIds().filter((pid) => {
    const stat = procStat(pid);
    return stat !== null && stat.state !== 'Z' && stat.pgid === pgid;
  });
}

/** Process ids whose environment holds NAME=VALUE: finds what left its process group. Linux; elsewhere none. */
export function withEnvironment(name: string, value: string): number[] {
  return processIds().filter((pid) => hasEnvironment(pid, name, value) && startTimeOf(pid) !== null);
}

function hasEnvironment(pid: number, name: string, value: string): boolean {
  try {
    return readIfThere(`/proc/${pid}/environ`)?.includes(`${name}=${value}\0`) === true;
  } catch {
    return false; // not ours to read
  }
}

/** The name of the program that a process runs, as the kernel has it; null where it is gone. Linux; elsewhere null. */
export function programName(pid: number): string | null {
  return procStat(pid)?.name ?? null;
}

/** Whether a process is stopped (SIGSTOP): it holds its locks and does nothing. */
export function isStopped(pid: number): boolean {
  return procStat(pid)?.state === 'T';
}

function processIds(): number[] {
  return namesIn('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Names the boot of this machine: the same until it goes down. null where the system has none. */
export function bootId(): string | null {
  return ifThere(() => readIfThere('/proc/sys/kernel/random/boot_id')?.toString('utf8').trim()) ?? null;
}

interface ProcStat {
  readonly name: string;
  readonly state: string;
  readonly ppid: number;
  readonly pgid: number;
  /** Device number of the controlling terminal; 0 for none. */
  readonly tty: number;
  readonly startTime: string;
}

/** Fields 2, 3, 4, 5, 7 and 22 of /proc/PID/stat (proc(5)). The name may itself hold spaces and parentheses. */
function procStat(pid: number): ProcStat | null {
  let text: string | undefined;
  try {
    text = ifThere(() => readIfThere(`/proc/${pid}/stat`)?.toString('latin1'));
  } catch {
    return null; // ESRCH while reading: it just ended
  }
  if (text === undefined) return null;
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  const rest = text.slice(close + 2).split(' ');
  return {
    name: text.slice(open + 1, close),
    state: rest[0] ?? '?',
    ppid: Number(rest[1]),
    pgid: Number(rest[2]),
    tty: Number(rest[4]),
    startTime: rest[19] ?? '',
  };
}

/** Names in an environment that a coding agent gives to what it starts. */
const AGENT_MARKS = [
  'CLAUDECODE',
  'CODEX_SANDBOX',
  'CODEX_THREAD_ID',
  'GEMINI_CLI',
  'OPENCODE',
  'CURSOR_AGENT',
  'AIDER_MODEL',
];

/** The user that a process runs as; null where that cannot be told. */
export function userOf(pid: number): number | null {
  try {
    return fs.statSync(`/proc/${pid}`).uid;
  } catch {
    return null; // gone, or no /proc
  }
}

/**
 * Who stands above a process, where that decides nothing for a person: an order, this station, a hook of git, a coding agent. Null for none of
 * them, also where it cannot be told (macOS); `gone` where the process is not the one that is meant.
 */
export function whoseChild(pid: number, startTime: string | null): string | null {
  if (!isAlive(pid, startTime)) return 'gone';
  if (process.platform !== 'linux') return null;
  if (procStat(pid)?.tty === 0) return 'a process without a terminal';
  const seen = new Set<number>();
  for (let at = pid; at > 1 && !seen.has(at); ) {
    seen.add(at);
    const marked = markOf(at);
    if (marked !== null) return marked;
    const stat = procStat(at);
    if (stat === null) return null;
    if (at !== pid && at === process.pid) return 'the station';
    if (at !== pid && stat.name === 'git') return 'a hook of git';
    at = stat.ppid;
  }
  return null;
}

function markOf(pid: number): string | null {
  let text: string;
  try {
    text = readIfThere(`/proc/${pid}/environ`)?.toString('latin1') ?? '';
  } catch {
    return null; // not ours to read
  }
  const names = new Set(text.split('\0').map((entry) => entry.slice(0, entry.indexOf('='))));
  if (names.has('WAYBILL_RUN')) return 'a command of an order';
  if (names.has('WAYBILL_GIT')) return 'a git of the station';
  const agent = AGENT_MARKS.find((name) => names.has(name));
  return agent === undefined ? null : `a coding agent (${agent})`;
}

/** Live processes whose working folder lies in `folder`, apart from this one. Linux; elsewhere it cannot be told and there are none. */
export function livingIn(folder: string): number[] {
  return processIds().filter((pid) => pid !== process.pid && startTimeOf(pid) !== null && worksIn(pid, folder));
}

/** Live processes of this name whose working folder lies in `folder`, apart from those that a living process of the product started. Linux; elsewhere it cannot be told and there are none. */
export function processesIn(folder: string, name: string): number[] {
  return processIds().filter((pid) => {
    const stat = procStat(pid);
    if (stat === null || stat.name !== name || stat.state === 'Z' || stat.ppid === process.pid) return false;
    return worksIn(pid, folder) && !hasEnvironment(pid, 'WAYBILL_GIT', String(stat.ppid));
  });
}

function worksIn(pid: number, folder: string): boolean {
  try {
    const cwd = fs.readlinkSync(`/proc/${pid}/cwd`);
    return cwd === folder || cwd.startsWith(`${folder}/`);
  } catch {
    return false; // not ours to look at, or gone
  }
}

/** Whether another process has one of these files open: what it writes then has no other place. Linux; elsewhere it cannot be told and is false. */
export function isOpenElsewhere(paths: readonly string[]): boolean {
  const identity = (path: string, look: typeof fs.statSync = fs.statSync) => {
    try {
      const { dev, ino } = look(path);
      return `${dev}:${ino}`;
    } catch {
      return null; // gone, or not ours to look at
    }
  };
  const wanted = new Set(paths.map((path) => identity(path, fs.lstatSync)).filter((found) => found !== null));
  if (wanted.size === 0) return false;
  return processIds().some((pid) => {
    if (pid === process.pid) return false;
    const folder = `/proc/${pid}/fd`;
    try {
      return namesIn(folder).some((fd) => wanted.has(identity(`${folder}/${fd}`) ?? ''));
    } catch {
      return false; // another user's process
    }
  });
}
