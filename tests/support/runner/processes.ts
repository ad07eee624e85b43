import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ProcessInfo {
  pid: number;
  parent: number;
  group: number;
  command: string;
}

/** Living children of this process, without the esbuild service that tsx keeps beside every file it loads. */
export function livingChildren(): ProcessInfo[] {
  return livingProcesses().filter((it) => it.parent === process.pid && !/esbuild\S* --service=/.test(it.command));
}

/**
 * What a test file left running: members of its process group and, on Linux, processes anywhere that still carry
 * its temporary HOME, so that a daemon in a session of its own is found as well.
 */
export function survivors(group: number, home: string): ProcessInfo[] {
  return livingProcesses().filter((it) => it.group === group || hasHome(it.pid, home));
}

/** Polls until the list is empty or the grace is over; processes just killed need a moment to go. */
export async function afterGrace(list: () => ProcessInfo[], graceMs: number): Promise<ProcessInfo[]> {
  const deadline = Date.now() + graceMs;
  let left = list();
  while (left.length > 0 && Date.now() < deadline) {
    await sleep(25);
    left = list();
  }
  return left;
}

/** SIGKILL; a negative pid means its group. A process that is gone already is what we wanted. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {}
}

function livingProcesses(): ProcessInfo[] {
  return process.platform === 'linux' ? fromProc() : fromPs();
}

function fromProc(): ProcessInfo[] {
  const found: ProcessInfo[] = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = readProc(entry, 'stat');
    // "pid (name) state ppid pgrp ...": the name may hold spaces and brackets, so count from the last bracket.
    const [state, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (stat === '' || state === 'Z' || state === 'X') continue;
    const command = readProc(entry, 'cmdline').replaceAll('\0', ' ').trim();
    found.push({ pid: Number(entry), parent: Number(parent), group: Number(group), command });
  }
  return found;
}

function fromPs(): ProcessInfo[] {
  const ps = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,pgid=,stat=,command='], { encoding: 'utf8' });
  const found: ProcessInfo[] = [];
  for (const line of ps.stdout.split('\n')) {
    const [, pid, parent, group, state, command] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (command === undefined || state?.startsWith('Z') || Number(pid) === ps.pid) continue;
    found.push({ pid: Number(pid), parent: Number(parent), group: Number(group), command });
  }
  return found;
}

function hasHome(pid: number, home: string): boolean {
  return process.platform === 'linux' && readProc(String(pid), 'environ').split('\0').includes(`HOME=${home}`);
}

/** Empty when the process ended meanwhile or belongs to another user. */
function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
