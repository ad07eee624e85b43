import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Row } from '../row.ts';
import { besideStation, dropOrders, ENVIRONMENT, git, makeStation, nameOf, stageOrders, until } from '../scene.ts';

/** What a running station does to the machine and to the people beside it. */

/** Processor time that a process has used, in milliseconds. Linux. */
function usedMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Files below a folder that were written to since then. */
function writtenSince(folder: string, sinceMs: number): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => {
    const stat = statSync(join(folder, name), { throwIfNoEntry: false });
    return stat?.isFile() === true && stat.mtimeMs > sinceMs;
  });
}

/** What says that a station lives: its own beat, and every five minutes the guardrail's, which may fall into the time that is measured. */
function isHeartbeat(name: string): boolean {
  const beats = ['.git/waybill/heartbeat.json', 'state/followup.json', 'state/telemetry/unified.jsonl'];
  return beats.includes(name) || name.startsWith('.git/waybill/guardrail/');
}

/** What an idle station takes of a core, and that it writes nothing but its heartbeat. */
export const resting: Row = {
  name: 'idle station',
  against: 'a thousandth of a core',
  unit: '%',
  goal: { at: 'most', ratio: 1 },
  quick: 1,
  measure: async (folder, isQuick) => {
    const root = join(folder, 'station');
    makeStation(root, 100);
    let ours = Number.NaN;
    await besideStation(root, async ({ pid }) => {
      // half a minute after its start V8 collects what the start left, once
      await sleep(45_000);
      const seconds = isQuick ? 5 : 40;
      const [used, at] = [usedMs(pid), Date.now()];
      await sleep(seconds * 1000);
      ours = (usedMs(pid) - used) / (seconds * 10);
      const written = writtenSince(root, at).filter((name) => !isHeartbeat(name));
      if (written.length > 0) throw new Error(`an idle station wrote ${written.join(', ')}`);
      return 0;
    });
    return { theirs: 0.1, ours };
  },
};

/** Drops that come faster than they are worked off: none is lost. The exact-delivery check of every run is the measurement. */
export const burst: Row = {
  name: 'burst of 20,000 drops, delivered',
  against: 'dropped',
  unit: 'orders',
  goal: { at: 'least', ratio: 1 },
  quick: 0,
  runs: 1,
  measure: async (folder) => {
    const count = 20_000;
    const root = join(folder, 'station');
    makeStation(root, 100);
    stageOrders(join(folder, 'staged'), count);
    await besideStation(root, async ({ inbox, ended }) => {
      dropOrders(join(folder, 'staged'), inbox, count);
      let next = 0;
      await until(() => {
        while (next < count && ended(nameOf(next))) next++;
        return next === count;
      }, 20);
      return count;
    });
    return { theirs: count, ours: count };
  },
};

/** Somebody who commits as fast as git can beside 40 orders a second: how many of the commits git refuses. */
export const person: Row = {
  name: 'commits refused to a person who commits in a loop, beside 40 orders a second',
  against: 'the bound',
  unit: '%',
  goal: { at: 'most', ratio: 1 },
  quick: 1,
  measure: async (folder, isQuick) => {
    const root = join(folder, 'station');
    makeStation(root, 100);
    const count = isQuick ? 80 : 800;
    stageOrders(join(folder, 'staged'), count);
    let [tried, refused] = [0, 0];
    const made: string[] = [];
    await besideStation(root, async ({ inbox, ended }) => {
      const begun = Date.now();
      let dropped = 0;
      let next = 0;
      while (next < count) {
        const due = Math.min(count, Math.floor(((Date.now() - begun) * 40) / 1000));
        if (due > dropped) {
          dropOrders(join(folder, 'staged'), inbox, due - dropped, dropped);
          dropped = due;
        }
        writeFileSync(join(root, 'mine.txt'), `${tried}\n`);
        const add = spawnSync('git', ['add', 'mine.txt'], { cwd: root, env: ENVIRONMENT });
        const commit = spawnSync('git', ['commit', '--quiet', '-m', `mine ${tried}`], { cwd: root, env: ENVIRONMENT });
        if (add.status !== 0 || commit.status !== 0) refused++;
        else made.push(`mine ${tried}`);
        tried++;
        while (next < count && ended(nameOf(next))) next++;
        if (Date.now() - begun > 300_000) throw new Error(`${next} of ${count} orders were done in five minutes`);
        await sleep(0);
      }
      return count;
    });
    const subjects = new Set(git(root, 'log', '--format=%s').split('\n'));
    const lost = made.filter((subject) => !subjects.has(subject));
    if (lost.length > 0) throw new Error(`commits that git said it had made are gone: ${lost.join(', ')}`);
    return { theirs: 1, ours: (refused * 100) / tried };
  },
};
