import type { Page } from 'playwright-core';
import { openBrowser } from '../../support/browser.ts';
import { runDashboard } from '../../support/dashboard.ts';
import { testStation, until } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

/** The dashboard without a mouse; and what somebody is about stays theirs while the page moves (issue 10). */

const test = suite('web/browser/keyboard', { needs: ['git', 'chromium'], timeoutMs: 120_000 });

/** What has the focus: its field's name, its id, or its text. */
const focus = (page: Page) =>
  page.evaluate<string>(
    '(({ name, id, textContent }) => name || id || textContent.trim())(document.activeElement ?? document.body)',
  );

test('every page, every row and the search are reached by keys', async (t) => {
  const station = testStation(t);
  for (const n of [1, 2, 3])
    station.drop({ wo_id: `WO-${n}`, title: `Number ${n}`, files: [{ path: `${n}.txt`, content: 'a\n' }] });
  station.drain();
  await using browser = await openBrowser();
  const { url } = await runDashboard(t, station.root);
  const page = await browser.page();
  await page.goto(url);

  // the first stop leads past the navigation
  await page.keyboard.press('Tab');
  assert.equal(await focus(page), 'Skip to content');
  assert.ok(await page.locator('.skip').isVisible());
  await page.keyboard.press('Enter');
  assert.equal(await focus(page), 'main');

  for (const [key, path] of [
    ['w', '/orders'],
    ['a', '/approvals'],
    ['m', '/missions'],
    ['g', '/guardrail'],
    ['c', '/charts'],
    ['t', '/telemetry'],
    ['o', '/'],
    ['w', '/orders'],
  ] as const) {
    await page.keyboard.press('g');
    await page.keyboard.press(key);
    await page.waitForURL(`${url}${path}`);
    assert.equal(await page.locator('nav a[aria-current="page"]').count(), 1, path);
  }

  await page.locator('main tbody tr').nth(2).waitFor();
  const ids = (await page.locator('main a.id').allInnerTexts()).map((text) => text.trim());
  const walked: string[] = [];
  for (const key of ['j', 'j', 'k', 'k']) {
    await page.keyboard.press(key);
    walked.push(await focus(page));
  }
  assert.deepEqual(walked, [ids[0], ids[1], ids[0], ids[0]]);
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForURL(`${url}/orders/${ids[1]}`);

  await page.goBack();
  await page.keyboard.press('/');
  assert.equal(await focus(page), 'q');
  // what is typed there is text
  await page.keyboard.type('gojk?');
  assert.equal(await page.locator('input[name="q"]').inputValue(), 'gojk?');
  await page.keyboard.press('Escape');
  assert.notEqual(await focus(page), 'q');

  await page.keyboard.press('?');
  const dialog = page.locator('dialog[open]');
  await dialog.waitFor();
  assert.match(await dialog.innerText(), /Guardrail/);
  await page.keyboard.press('Escape');
  await page.locator('dialog:not([open])').waitFor({ state: 'attached' });
  // keys with a modifier belong to the browser
  await page.keyboard.press('g');
  await page.keyboard.press('Control+c');
  assert.equal(page.url(), `${url}/orders`);
  assert.deepEqual(browser.complaints, []);
});

test('focus, what is folded open and what is typed stay while the page moves', async (t) => {
  const station = testStation(t, { policy: 'version: 1\n' });
  const file = (woId: string) => ({ wo_id: woId, title: woId, files: [{ path: `${woId}.txt`, content: 'a\n' }] });
  station.drop(file('WO-1'));
  station.drop({ wo_id: 'WO-ASKS', title: 'Ask', actions: [{ action: 'command', command: 'true' }] });
  station.drain();
  await station.up(t);
  await using browser = await openBrowser();
  const { url, actingUrl } = await runDashboard(t, station.root);
  const page = await browser.page();
  await page.goto(actingUrl);

  // a row that has the focus keeps it when others come before it
  await page.goto(`${url}/orders`);
  await page.locator('.link[data-state="live"]').waitFor();
  await page.locator('main a.id', { hasText: 'WO-1' }).focus();
  station.drop(file('WO-NEW'));
  await page.locator('main tbody tr', { hasText: 'WO-NEW' }).waitFor();
  assert.equal(await focus(page), 'WO-1');

  // what somebody types into the search stays, and so does the caret
  const search = page.locator('input[name="q"]');
  await search.fill('half a wo');
  station.drop(file('WO-NEWER'));
  await page.locator('main tbody tr', { hasText: 'WO-NEWER' }).waitFor();
  assert.equal(await search.inputValue(), 'half a wo');
  assert.equal(await focus(page), 'q');

  // a reason half written, while the order is decided elsewhere
  await page.goto(`${url}/approvals/WO-ASKS`);
  await page.locator('.link[data-state="live"]').waitFor();
  const reason = page.getByLabel('Why not?');
  await reason.fill('because I am not su');
  assert.equal(station.waybill('cancel', 'WO-ASKS').code, 0);
  await page.locator('[data-region="standing"]', { hasText: 'cancelled' }).waitFor();
  assert.equal(await reason.inputValue(), 'because I am not su');
  assert.equal(await focus(page), 'reason');

  // a fold that somebody opened stays open
  await page.goto(`${url}/orders/WO-1`);
  await page.locator('.link[data-state="live"]').waitFor();
  const fold = page.locator('details:not([open]) > summary').first();
  const name = await fold.innerText();
  await fold.click();
  station.drop({ ...file('WO-1'), title: 'Another WO-1' });
  await until(() => station.rejections().length > 0, 'it is refused');
  await page.waitForTimeout(1500);
  assert.ok(await page.locator('details[open] > summary', { hasText: name }).first().isVisible());
  assert.deepEqual(browser.complaints, []);
});

test.run();
