import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Row } from '../row.ts';
import { CLI, ENVIRONMENT, git, makeStation, until } from '../scene.ts';

/** What the guardrail costs: `waybill guardrail` as its own process, with a list of 5,000 files to look after. */

const COMPONENTS = 5000;
/** Looks after which everything was read and compiled. */
const WARM = 5;
/** Of /proc/PID/stat, on every Linux. */
const TICKS_A_SECOND = 100;

interface Beside {
  /** How many looks it has made. */
  looks(): number;
  /** Processor time of the process so far, in milliseconds. */
  cpuMs(): number;
}

/** Runs a guardrail that looks so often over a station, and does this beside it. Throws where it finds anything at fault. */
async function besideGuardrail<T>(root: string, everySeconds: number, act: (g: Beside) => Promise<T>): Promise<T> {
  makeStation(root, COMPONENTS);
  const paths = git(root, 'ls-files', 'tree').split('\n');
  writeFileSync(join(root, 'critical.yaml'), paths.map((path) => `- ${path}\n`).join(''));
  writeFileSync(
    join(root, 'waybill.yaml'),
    `lanes: {MAIN: {}}\nguardrail: {every_seconds: ${everySeconds}, lists: [critical.yaml]}\n`,
  );
  git(root, 'add', '--all');
  git(root, 'commit', '--quiet', '-m', 'Name what is critical');
  const child = spawn(process.execPath, [CLI, 'guardrail', '--log-level', 'error'], {
    cwd: root,
    env: ENVIRONMENT,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const gone = new Promise<void>((done) => child.once('exit', () => done()));
  const looks = () => looksIn(join(root, 'state/telemetry/unified.jsonl'));
  try {
    await until(() => {
      if (child.exitCode !== null) throw new Error(`the guardrail ended with ${child.exitCode}`);
      return looks() > 0;
    });
    return await act({ looks, cpuMs: () => cpuMs(child.pid ?? 0) });
  } finally {
    child.kill('SIGTERM');
    await gone;
  }
}

function looksIn(telemetry: string): number {
  if (!existsSync(telemetry)) return 0;
  const lines = readFileSync(telemetry, 'utf8').split('\n').filter(Boolean);
  return lines.filter((text) => {
    const line = JSON.parse(text) as { event: string; components?: number };
    if (line.event === 'wo_pipeline_drift') throw new Error(`something is at fault: ${text}`);
    if (line.event !== 'wo_pipeline_healthy') return false;
    if ((line.components ?? 0) < COMPONENTS) throw new Error(`only ${line.components} components`);
    return true;
  }).length;
}

/** User and system time of a process and its threads. Linux. */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_A_SECOND;
}

export const scan: Row = {
  name: 'guardrail: a look at 5,000 components, warm, processor time',
  against: '50 ms',
  unit: 'ms',
  goal: { at: 'most', ratio: 1 },
  quick: 1,
  measure: (folder, isQuick) =>
    besideGuardrail(join(folder, 'station'), 1, async ({ looks, cpuMs }) => {
      await until(() => looks() >= WARM);
      const [cpu, looked] = [cpuMs(), looks()];
      await sleep(isQuick ? 5000 : 20_000);
      return { ours: (cpuMs() - cpu) / (looks() - looked), theirs: 50 };
    }),
};

export const idleGuardrail: Row = {
  name: 'guardrail: share of a core while nothing happens',
  against: '0.1 %',
  unit: '%',
  goal: { at: 'most', ratio: 1 },
  quick: 1,
  // two looks in ten minutes, with five thousand components
  runs: 1,
  measure: (folder, isQuick) =>
    besideGuardrail(join(folder, 'station'), 300, async ({ cpuMs, looks }) => {
      const seconds = isQuick ? 30 : 600;
      // what was compiled at the start is collected
      await sleep(isQuick ? 3000 : 10_000);
      const [before, looked] = [cpuMs(), looks()];
      await sleep(seconds * 1000);
      if (!isQuick && looks() < looked + 2) throw new Error('it did not look');
      return { ours: ((cpuMs() - before) / (seconds * 1000)) * 100, theirs: 0.1 };
    }),
};
