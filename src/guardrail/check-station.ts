import { delimiter, isAbsolute, join } from 'node:path';
import { isOutside } from '../order/change.ts';
import { readIfThere } from '../platform/durable.ts';
import { fs, statIfThere } from '../platform/fs.ts';
import { lockHolder } from '../platform/lock.ts';
import { isStopped } from '../platform/processes.ts';
import { HEARTBEAT_AGE, readHeartbeat } from '../station/heartbeat.ts';
import type { OfKind } from './component.ts';
import { type Finding, finding } from './finding.ts';
import { readLook } from './last-look.ts';
import type { Place } from './seen.ts';
import { durationText } from './words.ts';

/** So many of its intervals may the guardrail miss. */
const LOOKS_MISSED = 3;

/** Whether a processor of the station, or the guardrail, is alive: its process holds the station, is not stopped, and its heartbeat is young. */
export function checkProcessor(component: OfKind<'processor'>, place: Place): Finding | null {
  return component.processor === 'guardrail' ? checkGuardrail(component, place) : checkInStation(component, place);
}

function checkInStation(component: OfKind<'processor'>, { layout }: Place): Finding | null {
  const dead = (message: string) => finding(component, 'not_alive', message);
  const holder = lockHolder(layout.lock);
  const beat = readHeartbeat(layout);
  if (holder === null) {
    // the mark of a run goes when that ends by itself
    const died = readIfThere(join(layout.live, 'running.json')) !== undefined;
    if (!component.always && !died) return null;
    const since = beat === null ? 'it never ran' : `last heartbeat ${beat.at}`;
    return dead(died ? `the station process died (${since})` : `no station process runs (${since})`);
  }
  if (isStopped(holder.pid))
    return dead(`process ${holder.pid} is stopped (SIGSTOP): it holds the station and does nothing`);
  if (beat === null || !beat.processors.includes(component.processor)) {
    const isYoung = Date.now() - Date.parse(holder.since) < HEARTBEAT_AGE * 1000;
    return isYoung ? null : dead(`process ${holder.pid} runs, and no heartbeat names it`);
  }
  const seconds = Math.round((Date.now() - Math.max(Date.parse(beat.at), Date.parse(holder.since) || 0)) / 1000);
  const most = component.maxAgeSeconds ?? HEARTBEAT_AGE;
  return seconds > most ? dead(`its heartbeat is ${seconds} s old`) : null;
}

function checkGuardrail(component: OfKind<'processor'>, { layout }: Place): Finding | null {
  const look = readLook(layout);
  // where it only looks by hand or from cron, that is what counts
  const at = look?.interval?.at ?? look?.at;
  if (at === undefined) return finding(component, 'not_alive', 'it never looked');
  const ageMs = Date.now() - Date.parse(at);
  const most = component.maxAgeSeconds ?? LOOKS_MISSED * (look?.interval?.seconds ?? 300);
  return ageMs <= most * 1000 ? null : finding(component, 'not_alive', `it looked last ${durationText(ageMs)} ago`);
}

/** Whether a program can be found and run. */
export function checkProgram(component: OfKind<'program'>, path = process.env['PATH'] ?? ''): Finding | null {
  const { program } = component;
  const places = isAbsolute(program)
    ? [program]
    : path
        .split(delimiter)
        .filter((p) => p !== '')
        .map((folder) => join(folder, program));
  const there = places.filter((place) => statIfThere(place)?.isFile() === true);
  if (there.some(isExecutable)) return null;
  const where = isAbsolute(program) ? '' : ` on PATH (${path})`;
  return finding(
    component,
    'not_found',
    there.length > 0 ? `${there[0]} is not executable` : `program not found${where}`,
  );
}

function isExecutable(path: string): boolean {
  return ((statIfThere(path)?.mode ?? 0) & 0o111) !== 0;
}

/** Whether a disk has room. */
export function checkDisk(component: OfKind<'disk'>, { layout }: Place): Finding | null {
  const path = isOutside(component.path) ? component.path : join(layout.root, component.path);
  const disk = fs.statfsSync(path);
  const freeMb = (disk.bavail * disk.bsize) / 1_048_576;
  if (freeMb >= component.minFreeMb) return null;
  return finding(component, 'low_disk', `${Math.floor(freeMb)} MB are free, and ${component.minFreeMb} must be`);
}
