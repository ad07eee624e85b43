import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';
import { makeScene, type Scene } from '../../../scripts/screenshots/scene.ts';
import { PAGES } from '../../../src/web/pages.ts';
import { type Browser, openBrowser } from '../../support/browser.ts';
import { type RunningDashboard, runDashboard } from '../../support/dashboard.ts';
import { until } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

/**
 * Every page of a station in which something of everything is going on, as different people have it: with a screen reader, in both themes, on a
 * phone, without scripts (issue 10).
 */

const test = suite('web/browser/pages', { needs: ['git', 'chromium', 'ssh-keygen'], timeoutMs: 240_000 });

/** By route, addresses that show it. A route that is missing here fails the first test. */
const VISITS: Readonly<Record<string, readonly string[]>> = {
  '/': ['/'],
  '/orders': ['/orders', '/orders?status=failed', '/orders?q=there-is-none-like-that'],
  '/orders/:id': ['1040', '1050', '1051', '1060', '1071', '1072', '1080'].map((n) => `/orders/WO-${n}`),
  '/orders/:id/cancel': ['/orders/WO-1080/cancel'],
  '/approvals': ['/approvals'],
  '/approvals/:id': ['/approvals/WO-1061', '/approvals/WO-1070', '/approvals/WO-1071', '/approvals/WO-1040'],
  '/missions': ['/missions'],
  '/guardrail': ['/guardrail'],
  '/guardrail/:component': [`/guardrail/${encodeURIComponent('docs/runbook.md')}`],
  '/charts': ['/charts'],
  '/telemetry': ['/telemetry', '/telemetry?event=wo_failed', '/telemetry?since=never'],
  '/token': ['/token'],
  '/errors': ['/errors'],
  '/errors/:code': ['/errors/CHECK_FAILED'],
};
const ADDRESSES = [...Object.values(VISITS).flat(), '/nowhere', '/orders/WO-NOBODY'];

/** Of a phone. */
const WIDTH = 390;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let scene: Scene;
let dashboard: RunningDashboard;
let browser: Browser;

test.before(async (t) => {
  scene = await makeScene();
  t.defer(() => scene.close());
  dashboard = await runDashboard(t, scene.root);
  browser = await openBrowser();
  t.defer(() => browser[Symbol.asyncDispose]());
});

/** Opens a page and waits until it is drawn once more by its stream. */
async function open(page: Page, address: string): Promise<void> {
  await page.goto(new URL(address, dashboard.url).href);
  if ((await page.locator('[data-region]').count()) > 0) await page.locator('.link[data-state="live"]').waitFor();
}

/** What axe finds and calls serious or critical, as lines that name the place. */
async function found(page: Page, options: RunOptions): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate<AxeResults>(`axe.run(${JSON.stringify(options)})`);
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} at ${target.join(' ')}: ${failureSummary}`),
    );
}

test('every page has an address here', () => {
  assert.deepEqual(
    Object.keys(PAGES).filter((route) => !(route in VISITS)),
    [],
  );
});

test('axe finds nothing serious on any page, in the light and in the dark', async () => {
  const faults: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await browser.page({ colorScheme, reducedMotion: 'reduce' });
    // who may act has more on each page
    await page.goto(dashboard.actingUrl);
    for (const address of ADDRESSES) {
      await open(page, address);
      // the theme changes colours alone
      const options: RunOptions = colorScheme === 'light' ? {} : { runOnly: ['color-contrast'] };
      faults.push(
        ...(await found(page, { ...options, resultTypes: ['violations'] })).map(
          (f) => `${colorScheme} ${address}: ${f}`,
        ),
      );
    }
    await page.context().close();
  }
  assert.deepEqual(faults, []);
});

test('no page scrolls sideways on a phone', async () => {
  const page = await browser.page({ viewport: { width: WIDTH, height: 844 }, isMobile: true, hasTouch: true });
  await page.goto(dashboard.actingUrl);
  const wide: string[] = [];
  for (const address of ADDRESSES) {
    await open(page, address);
    const needs = await page.evaluate<number>('document.documentElement.scrollWidth');
    if (needs > WIDTH) wide.push(`${address}: ${needs}`);
  }
  await page.context().close();
  assert.deepEqual(wide, []);
});

test('without scripts every page says what it says with them', async () => {
  const texts: string[][] = [];
  for (const javaScriptEnabled of [true, false]) {
    const page = await browser.page({ javaScriptEnabled });
    for (const [n, address] of ADDRESSES.entries()) {
      await (javaScriptEnabled ? open(page, address) : page.goto(new URL(address, dashboard.url).href));
      // what is drawn by the browser, and what moves meanwhile
      const words = (await page.locator('main :is(h1, h2, th, label, button, summary):not(.uplot *)').allTextContents())
        .map((text) => text.replace(/\d.*/s, '').trim())
        .filter((text) => text !== '');
      texts[n] = [...(texts[n] ?? []), [...new Set(words)].sort().join('\n')];
    }
    await page.context().close();
  }
  for (const [n, [withScripts, without]] of texts.entries()) assert.equal(without, withScripts, ADDRESSES[n]);
});

test('without scripts orders are filtered, searched and turned over', async () => {
  // more than fit onto a page
  for (let n = 0; n < 30; n++) {
    const order = { wo_id: `WO-PAGED-${n}`, title: 'Paged', files: [{ path: `paged/${n}.txt`, content: `${n}\n` }] };
    writeFileSync(join(scene.root, `bridge/inbox/DOCS/WO-PAGED-${n}.json`), JSON.stringify(order));
  }
  const doneAll = () =>
    Array.from({ length: 30 }).every((_, n) => stateOf(`WO-PAGED-${n}`).includes('"status": "done"'));
  await until(doneAll, 'they are done');
  const page = await browser.page({ javaScriptEnabled: false });
  await page.goto(new URL('/orders', dashboard.url).href);
  const rows = page.locator('main tbody tr');
  const first = await rows.first().innerText();
  await page
    .getByRole('link', { name: /older|next/i })
    .first()
    .click();
  assert.notEqual(await rows.first().innerText(), first);
  await page.getByRole('searchbox').fill('WO-1050');
  await page.getByRole('searchbox').press('Enter');
  assert.equal(await rows.count(), 1);
  assert.match(await rows.innerText(), /CHECK_FAILED/);
  await page.goto(new URL('/orders', dashboard.url).href);
  await page.getByRole('checkbox', { name: /rejected/ }).check();
  await page.locator('form[role=search] button').first().click();
  assert.match(await rows.first().innerText(), /rejected/);
  assert.doesNotMatch((await rows.allInnerTexts()).join('\n'), /done|failed/);
  await page.context().close();
});

function stateOf(woId: string): string {
  try {
    return readFileSync(join(scene.root, 'state/orders', `${woId}.json`), 'utf8');
  } catch {
    return '';
  }
}

test('no page made the browser complain', () => {
  // the pages that are not there say so by their status, which a browser tells
  assert.deepEqual(
    browser.complaints.filter((text) => !/status of 404/.test(text)),
    [],
  );
});

test.run();
