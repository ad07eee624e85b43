import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  besideDashboard,
  type Dashboard,
  following,
  got,
  loaded,
  residentMegabytes,
  whole,
  writtenAt,
} from '../dashboard.ts';
import type { Histories, Pair, Row } from '../row.ts';
import { addHistory, CLI, git, nameOf, orderText, until, waybill, whileRunning } from '../scene.ts';
import { time } from './start.ts';

/** What operators look at, with 100,000 finished orders and at least 1,000 alive. */

const FINISHED = 100_000;
const ALIVE = 1000;
const WITH = 'with 100,000 finished and 1,000 live orders';
/** Requests of which the median counts. */
const TIMES = 9;

/** The station, with so many alive: they wait for people, a time, a release, each other. */
function busyStation(histories: Histories): string {
  const root = histories.of(FINISHED);
  const alive = () =>
    (JSON.parse(waybill(root, 'status', '--json')) as { lanes: { ready: number; parked: number }[] }).lanes
      .map(({ ready, parked }) => ready + parked)
      .reduce((a, b) => a + b, 0);
  const before = alive();
  for (let n = before; n < ALIVE; n++) {
    const order = { wo_id: `WO-L${n}`, title: `Waits for something, number ${n}`, ...waitOf(n) };
    const text = JSON.stringify({ ...order, files: [{ path: `made/l${n}`, content: `what ${n} makes\n` }] });
    writeFileSync(join(root, 'bridge/inbox/MAIN', `WO-L${n}.json`), text);
  }
  if (before < ALIVE) waybill(root, 'up', '--drain', '--log-level', 'error');
  if (alive() < ALIVE) throw new Error(`${alive()} orders are alive, not ${ALIVE}`);
  return root;
}

function waitOf(n: number): Record<string, unknown> {
  switch (n % 4) {
    case 0:
      return { not_before: '2099-01-01T00:00:00Z' };
    case 1:
      return { hold: true };
    case 2:
      return { approval: { why: 'somebody should look' } };
    default:
      return { depends_on: [`WO-L${n - 2}`] };
  }
}

const row = (
  what: Pick<Row, 'name' | 'unit'> & { bound: number; runs?: number },
  ours: (root: string) => Promise<number>,
): Row => ({
  name: `${what.name} ${WITH}`,
  against: 'the bound',
  unit: what.unit,
  goal: { at: 'most', ratio: 1 },
  quick: 0,
  runs: what.runs ?? 1,
  large: true,
  measure: async (_, __, histories): Promise<Pair> => ({
    ours: await ours(busyStation(histories)),
    theirs: what.bound,
  }),
});

function median(values: readonly number[]): number {
  return at(values, 0.5);
}

function at(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const firstPage = row(
  { name: "the dashboard's first page, asked for as soon as it listens,", unit: 'ms', bound: 300, runs: 5 },
  (root) => besideDashboard(root, async ({ url }) => (await loaded(url)).ms),
);

export const firstPageSize = row(
  { name: "the dashboard's first page, its style, script and icon,", unit: 'kB', bound: 200 },
  (root) => besideDashboard(root, async ({ url }) => (await loaded(url)).bytes / 1000),
);

async function pageMs(dashboard: Dashboard, paths: readonly string[]): Promise<number> {
  await whole(dashboard);
  const took: number[] = [];
  for (let n = 0; n < TIMES; n++) for (const path of paths) took.push((await got(`${dashboard.url}${path}`)).ms);
  return median(took);
}

export const orderPage = row(
  { name: "an order's page (one that waits, a young one, an old one)", unit: 'ms', bound: 100 },
  (root) =>
    besideDashboard(root, (dashboard) =>
      pageMs(dashboard, ['/orders/WO-L2', `/orders/WO-H00${FINISHED - 1}`, '/orders/WO-H0000017']),
    ),
);

export const ordersPage = row({ name: 'the list of orders, searched', unit: 'ms', bound: 100 }, (root) =>
  besideDashboard(root, (dashboard) => pageMs(dashboard, ['/orders?q=order+4711'])),
);

const command = (name: string) =>
  row({ name: `\`waybill ${name}\` from a cold start`, unit: 'ms', bound: 150, runs: 5 }, async (root) =>
    time(root, [CLI, ...name.split(' ')]),
  );

export const lsCold = command('ls');
export const statusCold = command('status');

/** Drops orders one after the other and tells how long after its last record each was on the open page. */
async function liveMs(root: string, count: number): Promise<number[]> {
  const shown = new Map<string, number>();
  const first = Number(git(root, 'rev-list', '--count', 'HEAD'));
  const names = Array.from({ length: count }, (_, n) => nameOf(first + n));
  await besideDashboard(root, async (dashboard) => {
    await whole(dashboard);
    const stop = await following(`${dashboard.url}/`, ({ name, html, at }) => {
      if (name !== 'ended') return;
      for (const woId of names) if (!shown.has(woId) && html.includes(woId)) shown.set(woId, at);
    });
    await whileRunning(root, async ({ inbox }) => {
      for (const [n, woId] of names.entries()) {
        writeFileSync(join(inbox, `${woId}.json`), orderText(first + n));
        await until(() => shown.has(woId), 1);
        // no rhythm, or each would meet the same moment of whatever ticks
        await sleep(200 + ((n * 137) % 400));
      }
    });
    await stop();
  });
  const written = writtenAt(root, 'succeeded');
  return names.map((woId) => (shown.get(woId) ?? Number.NaN) - (written.get(woId) ?? Number.NaN));
}

export const liveMedian = row(
  { name: 'from a record to the open page (median of 50)', unit: 'ms', bound: 200 },
  async (root) => median(await liveMs(root, 50)),
);
export const liveLast = row(
  { name: 'from a record to the open page (p99 of 50)', unit: 'ms', bound: 200 },
  async (root) => at(await liveMs(root, 50), 0.99),
);

/** Five records each. */
const LIVE_ORDERS = 14_000;

export const liveMemory = row(
  { name: 'what the dashboard grows by over 70,000 live events, three pages and /events open,', unit: 'MB', bound: 50 },
  (root) =>
    besideDashboard(root, async (dashboard) => {
      await whole(dashboard);
      const stops = [
        await following(`${dashboard.url}/`),
        await following(`${dashboard.url}/orders`),
        await following(`${dashboard.url}/approvals`),
        await following(`${dashboard.url}/events`),
      ];
      const first = 1_000_000 + Number(git(root, 'rev-list', '--count', 'HEAD'));
      // what the first thousands leave is what any thousands leave
      await addHistory(root, LIVE_ORDERS / 7, first);
      await sleep(3000);
      const before = residentMegabytes(dashboard.pid);
      await addHistory(root, LIVE_ORDERS, first + LIVE_ORDERS);
      await sleep(3000);
      const after = residentMegabytes(dashboard.pid);
      for (const stop of stops) await stop();
      return Math.max(0, after - before);
    }),
);

/** Processor time of a process so far, in ms. Linux. */
function usedMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const idle = (name: string, open: number) =>
  row({ name: `share of a core of an idle dashboard, ${name},`, unit: '%', bound: 1 }, (root) =>
    besideDashboard(root, async (dashboard) => {
      await whole(dashboard);
      const stops = await Promise.all(Array.from({ length: open }, () => following(`${dashboard.url}/`)));
      await sleep(10_000);
      const used = usedMs(dashboard.pid);
      await sleep(30_000);
      const ours = (usedMs(dashboard.pid) - used) / 300;
      for (const stop of stops) await stop();
      return ours;
    }),
  );

export const idleAlone = idle('nobody looks', 0);
export const idleSeen = idle('one browser has it open', 1);
