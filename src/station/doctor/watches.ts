import { join } from 'node:path';
import { namesIn, readIfThere } from '../../platform/durable.ts';
import { fs } from '../../platform/fs.ts';
import { type Check, fine, type Remark, warning } from './finding.ts';

/** Commands, claims, and folders of components that the guardrail watches: room for what is no lane. */
const BESIDE_LANES = 64;
/** The station, the guardrail, and a `waybill tail` or two. */
const INSTANCES = 4;

/** Whether the kernel lets this user watch as many folders as the station needs. Linux; elsewhere there is no such limit. */
export const WATCHES: Check = {
  name: 'watches',
  look: ({ station, proc }) => {
    const limits = join(proc, 'sys/fs/inotify');
    const most = { watches: numberIn(limits, 'max_user_watches'), instances: numberIn(limits, 'max_user_instances') };
    if (most.watches === null || most.instances === null) return [];
    const lanes = station === null ? 0 : namesIn(station.layout.inbox).length;
    const used = inUse(proc, process.geteuid?.() ?? 0);
    const remarks = [
      ...short('max_user_watches', most.watches, used.watches, lanes + BESIDE_LANES),
      ...short('max_user_instances', most.instances, used.instances, INSTANCES),
    ];
    const free = `${most.watches - used.watches} of ${most.watches} watches are free`;
    return remarks.length > 0 ? remarks : [fine(free)];
  },
};

function numberIn(folder: string, name: string): number | null {
  const text = readIfThere(join(folder, name))?.toString('utf8').trim() ?? '';
  return /^\d+$/.test(text) ? Number(text) : null;
}

function short(name: string, most: number, used: number, needed: number): Remark[] {
  if (most - used >= needed) return [];
  return [
    warning(
      `fs.inotify.${name} is ${most}, ${used} are in use, and the station may need ${needed}: drops would wait for the next scan`,
      `\`sudo sysctl fs.inotify.${name}=${Math.max(most * 2, used + needed * 2)}\`, and the same line in /etc/sysctl.d/60-waybill.conf.`,
    ),
  ];
}

/** What this user's processes have in use, as far as it may be seen. */
function inUse(proc: string, uid: number): { watches: number; instances: number } {
  const used = { watches: 0, instances: 0 };
  for (const pid of namesIn(proc).filter((name) => /^\d+$/.test(name))) {
    try {
      if (fs.statSync(join(proc, pid)).uid !== uid) continue;
      for (const fd of namesIn(join(proc, pid, 'fd'))) {
        if (!fs.readlinkSync(join(proc, pid, 'fd', fd)).includes('inotify')) continue;
        used.instances++;
        const info = readIfThere(join(proc, pid, 'fdinfo', fd))?.toString('utf8') ?? '';
        used.watches += info.split('\n').filter((line) => line.startsWith('inotify ')).length;
      }
    } catch {
      // it ended, or is not ours to look at
    }
  }
  return used;
}
