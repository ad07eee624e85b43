import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openBrowser } from '../support/browser.ts';
import { runDashboard } from '../support/dashboard.ts';
import { LedgerLines } from '../support/ledger-lines.ts';
import { ANYTHING, type TestStation, testStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** The charts page: its figures, its tables without JavaScript, and what a browser draws (issue 10). */

const test = suite('web/charts', { needs: ['git', 'chromium'], timeoutMs: 180_000 });

const VENDOR = resolve(import.meta.dirname, '../../src/web/assets/vendor');

interface Drawn {
  readonly range: string;
  readonly lane: string | null;
  readonly step: number;
  readonly whole: boolean;
  readonly at: readonly number[];
  readonly orders: Readonly<Record<'received' | 'done' | 'failed' | 'rejected' | 'cancelled', readonly number[]>>;
  readonly waiting: { readonly p50: readonly (number | null)[] };
  readonly failures: readonly { readonly name: string; readonly counts: readonly number[] }[];
  readonly usage: readonly {
    readonly name: string;
    readonly tokens: readonly number[];
    readonly usd: readonly number[];
  }[];
}

const sum = (values: readonly number[] = []) => values.reduce((a, b) => a + b, 0);

async function data(url: string, query = ''): Promise<Drawn> {
  for (let tries = 0; ; tries++) {
    const drawn = (await (await fetch(`${url}/charts/data.json${query}`)).json()) as Drawn;
    if (drawn.whole || tries > 200) return drawn;
  }
}

/** A year of orders in two lanes, as a station would have recorded it. */
function withHistory(station: TestStation, hours: number): void {
  const ledger = new LedgerLines(station.path('.git/waybill/ledger'));
  const now = Date.now();
  for (let i = hours; i > 0; i--) {
    const [woId, at] = [`WO-${i}`, now - i * 3_600_000];
    ledger.admitted(woId, at, i % 4 === 0 ? 'RND' : 'MAIN');
    ledger.started(woId, at + 2000);
    if (i % 5 === 0) {
      const usage = { input: 900, cache_read: 0, cache_write: 0, output: 100, tokens: 1000, usd: 0.1 };
      ledger.stepped(woId, at + 3000, '<img src=x onerror=alert(1)>', usage);
    }
    if (i % 10 === 0) ledger.failed(woId, at + 5000, 'CHECK_FAILED');
    else ledger.done(woId, at + 5000);
  }
  ledger.write();
}

test('the vendored files are those of uPlot 1.6.32, and its licence goes with the program', () => {
  const hash = (name: string) =>
    createHash('sha256')
      .update(readFileSync(join(VENDOR, name)))
      .digest('hex');
  // of the npm package uplot@1.6.32
  assert.equal(hash('uPlot.iife.min.js'), '19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f');
  assert.equal(hash('uPlot.min.css'), 'df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04');
  const notices = readFileSync(resolve(VENDOR, '../../../../dist/THIRD-PARTY.txt'), 'utf8');
  assert.match(notices, /^uPlot 1\.6\.32\n\nThe MIT License[\s\S]*Leon Sorokin/m);
});

test('data by range and lane: as many points as a range has, whatever was asked for', async (t) => {
  const station = testStation(t);
  withHistory(station, 24 * 30);
  const { url } = await runDashboard(t, station.root);
  const week = await data(url);
  assert.deepEqual([week.range, week.lane, week.step, week.at.length], ['7d', null, 3600, 168]);
  assert.equal(sum(week.orders.received), 167, 'an hour of the first day is not over');
  assert.equal(week.failures[0]?.name, 'CHECK_FAILED');
  assert.equal(sum(week.failures[0]?.counts), sum(week.orders.failed));
  const year = await data(url, '?range=1y');
  assert.deepEqual([year.at.length, sum(year.orders.received), year.step], [365, 720, 86_400]);
  assert.equal(sum(year.usage[0]?.tokens), 144 * 1000);
  assert.ok(Math.abs(sum(year.usage[0]?.usd) - 14.4) < 1e-6);
  assert.ok(year.waiting.p50.every((p) => p === null || Math.abs(p - 2) < 0.2));
  const lane = await data(url, '?range=1y&lane=RND');
  assert.deepEqual([lane.lane, sum(lane.orders.received)], ['RND', 180]);
  const nonsense = await data(url, '?range=constructor&lane=__proto__');
  assert.deepEqual([nonsense.range, nonsense.lane], ['7d', null]);
});

test('without JavaScript the figures stand in tables, and what agents are called is text', async (t) => {
  const station = testStation(t);
  withHistory(station, 60);
  const { url } = await runDashboard(t, station.root);
  await data(url);
  await using browser = await openBrowser({ javaScriptEnabled: false });
  const page = await browser.page();
  await page.goto(`${url}/charts?range=7d`);
  await page
    .locator('section', { has: page.locator('h2', { hasText: 'Tokens by agent' }) })
    .locator('summary')
    .click();
  const table = page.locator('section', { has: page.locator('h2', { hasText: 'Tokens by agent' }) }).locator('table');
  assert.match((await table.locator('thead').textContent()) ?? '', /<img src=x onerror=alert\(1\)>/);
  assert.equal(await table.locator('tbody tr').count(), 12);
  assert.match((await page.locator('.sums').textContent()) ?? '', /Received60none rejected/);
  assert.match((await page.locator('.sums').textContent()) ?? '', /\$1\.20/);
  assert.equal(await page.locator('img').count(), 0);
  await page.locator('select[name=lane]').selectOption('RND');
  await page.locator('button', { hasText: 'Show' }).click();
  assert.match((await page.locator('.sums').textContent()) ?? '', /Received15none rejected/);
});

test('a browser draws them under our own policy, anew when it turns dark, and what comes meanwhile is drawn too', async (t) => {
  const station = testStation(t, { policy: ANYTHING });
  await station.up(t);
  station.drop({ wo_id: 'WO-1', title: 'One', files: [{ path: 'a.txt', content: 'a\n' }] });
  const { url } = await runDashboard(t, station.root);
  await using browser = await openBrowser({ colorScheme: 'light' });
  const page = await browser.page();
  await page.goto(`${url}/charts?range=3h`);
  const orders = page.locator('[data-chart=orders]');
  await orders.locator('canvas').waitFor();
  // the picture itself, and how many there are
  const painted = () => page.evaluate<string>("document.querySelector('[data-chart=orders] canvas').toDataURL()");
  const changed = async (before: string) => {
    for (let tries = 0; tries < 100 && (await painted()) === before; tries++) await page.waitForTimeout(100);
    return (await painted()) !== before;
  };
  const light = await painted();
  await page.emulateMedia({ colorScheme: 'dark' });
  assert.ok(await changed(light), 'other colours');
  assert.equal(await orders.locator('canvas').count(), 1, 'in the place of the first');
  const dark = await painted();
  station.drop({ wo_id: 'WO-2', title: 'Two', files: [{ path: 'b.txt', content: 'b\n' }] });
  await page.locator('.sums', { hasText: /Done2/ }).waitFor();
  assert.ok(await changed(dark), 'another order');
  assert.equal(await page.locator('[data-chart=usd] canvas').count(), 0, 'no agent, no chart');
  assert.deepEqual(browser.complaints, []);
});

test('a station in which nothing happened says so', async (t) => {
  const station = testStation(t);
  const { url } = await runDashboard(t, station.root);
  await data(url);
  const text = await (await fetch(`${url}/charts`)).text();
  assert.match(text, /Nothing happened in this time/);
  assert.doesNotMatch(text, /role="alert"/);
  const slip = await (await fetch(`${url}/charts?range=bogus&lane=%3Cb%3E`)).text();
  assert.match(slip, /role="alert">&quot;bogus&quot; is no range, and was passed over: range is one of 3h, 7d, 1y</);
  assert.match(slip, /role="alert">no order ever came into the lane &quot;&lt;b&gt;&quot;/);
});

test.run();
