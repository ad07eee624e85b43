import type { Page } from 'playwright-core';
import { openBrowser } from '../../support/browser.ts';
import { runDashboard } from '../../support/dashboard.ts';
import { ANYTHING, testStation } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

/** The overview in a real browser, beside a real station: what moves there is seen to move (issue 10). */

const test = suite('web/browser/flow', { needs: ['git', 'chromium'], timeoutMs: 120_000 });

/** The figure in a box of the picture. */
const count = (page: Page, kind: string) => page.locator(`.flow .box.${kind} .count`);

test('an order dropped while the page is open moves through the picture', async (t) => {
  const station = testStation(t, { policy: ANYTHING });
  await using browser = await openBrowser();
  await station.up(t);
  const { url } = await runDashboard(t, station.root);
  const page = await browser.page();
  await page.goto(url);
  await page.locator('.link[data-state="live"]').waitFor();
  assert.equal(await count(page, 'done').innerText(), '0');

  // it runs until the test lets it go on, so the middle of the picture is seen as well
  station.drop({
    wo_id: 'WO-SLOW',
    title: 'Wait for a word',
    actions: [
      {
        action: 'command',
        command: `until [ -e ${station.path('go')} ]; do sleep 0.1; done; echo a > a.txt`,
        outputs: ['a.txt'],
      },
    ],
  });
  await page.locator('.flow .box.running .count', { hasText: '1' }).waitFor();
  assert.match(await page.locator('main').innerText(), /WO-SLOW/);
  station.write('go', '');
  await page.locator('.flow .box.done .count', { hasText: '1' }).waitFor();
  await page.locator('.flow .box.running .count', { hasText: '0' }).waitFor();
  assert.deepEqual(browser.complaints, []);
});

test('the server is ended and started again, and the page recovers by itself', async (t) => {
  const station = testStation(t);
  await using browser = await openBrowser();
  await station.up(t);
  const first = await runDashboard(t, station.root);
  const page = await browser.page();
  await page.goto(first.url);
  await page.locator('.link[data-state="live"]').waitFor();
  await first.stop('SIGKILL');
  await page.locator('.link[data-state="lost"]').waitFor();
  assert.match(await page.locator('.link').innerText(), /waybill dashboard/);
  // what happens meanwhile is not lost on it
  station.drop({ wo_id: 'WO-MEANWHILE', title: 'Meanwhile', files: [{ path: 'a.txt', content: 'a\n' }] });
  await runDashboard(t, station.root, first.port);
  await page.locator('.link[data-state="live"]').waitFor();
  await page.locator('main', { hasText: 'WO-MEANWHILE' }).waitFor();
});

test('without JavaScript every figure is there', async (t) => {
  const station = testStation(t);
  station.drop({ wo_id: 'WO-1', title: 'One', files: [{ path: 'a.txt', content: 'a\n' }] });
  station.drain();
  await using browser = await openBrowser({ javaScriptEnabled: false });
  const { url } = await runDashboard(t, station.root);
  const page = await browser.page();
  for (let tries = 0; tries < 50; tries++) {
    await page.goto(url);
    if ((await count(page, 'done').innerText()) === '1') break;
  }
  assert.equal(await count(page, 'done').innerText(), '1');
  assert.match(await page.locator('main').innerText(), /WO-1/);
});

test.run();
