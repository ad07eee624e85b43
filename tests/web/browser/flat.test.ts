import type { CDPSession } from 'playwright-core';
import { openBrowser } from '../../support/browser.ts';
import { runDashboard } from '../../support/dashboard.ts';
import { testStation } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';
import { LedgerGrowth } from '../machine/station-ledger.ts';

/** A page that stays open while much happens (issue 10, rule 11). */

const test = suite('web/browser/flat', { needs: ['git', 'chromium'], timeoutMs: 300_000 });

const EVENTS = 70_000;

test('rule 11: 70,000 events pass while pages are open, and a tab holds no more than before', async (t) => {
  const station = testStation(t);
  const ledger = new LedgerGrowth(station);
  t.defer(() => ledger.close());
  // lists are full, and the code is compiled, before it is measured
  await ledger.grow(7_000);
  await using browser = await openBrowser();
  const { url } = await runDashboard(t, station.root);
  const tabs = await Promise.all(
    ['/', '/orders'].map(async (path) => {
      const page = await browser.page();
      await page.goto(`${url}${path}`);
      await page.locator('.link[data-state="live"]').waitFor();
      await page.locator('main a.id').first().waitFor();
      const session = await page.context().newCDPSession(page);
      await session.send('Performance.enable');
      return { path, page, session };
    }),
  );
  await ledger.grow(7_000);
  await caughtUp();
  const before = await Promise.all(tabs.map(({ session }) => held(session)));
  await ledger.grow(EVENTS - 7_000);
  await caughtUp();
  const after = await Promise.all(tabs.map(({ session }) => held(session)));
  for (const [i, { path }] of tabs.entries()) {
    const [was, is] = [before[i], after[i]];
    if (was === undefined || is === undefined) continue;
    assert.ok(is.nodes < was.nodes + 500, `${path}: ${was.nodes} nodes, then ${is.nodes}`);
    assert.ok(is.listeners <= was.listeners + 5, `${path}: ${was.listeners} listeners, then ${is.listeners}`);
    assert.ok(is.bytes < was.bytes + 1_000_000, `${path}: ${was.bytes} bytes, then ${is.bytes}`);
  }
  assert.deepEqual(browser.complaints, []);

  /** The last order that was written is on the pages. */
  async function caughtUp(): Promise<void> {
    const last = `G-${Math.ceil((ledger.seq - 1) / 70) - 1}`;
    for (const { page } of tabs) await page.locator('main', { hasText: last }).waitFor({ timeout: 120_000 });
  }
});

/** What a tab holds after its garbage was collected. */
async function held(session: CDPSession): Promise<{ bytes: number; nodes: number; listeners: number }> {
  await session.send('HeapProfiler.enable');
  await session.send('HeapProfiler.collectGarbage');
  await session.send('HeapProfiler.disable');
  const { metrics } = await session.send('Performance.getMetrics');
  const value = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
  return { bytes: value('JSHeapUsedSize'), nodes: value('Nodes'), listeners: value('JSEventListeners') };
}

test.run();
