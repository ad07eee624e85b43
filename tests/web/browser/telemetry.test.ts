import { appendFileSync } from 'node:fs';
import { openBrowser } from '../../support/browser.ts';
import { runDashboard } from '../../support/dashboard.ts';
import { testStation } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

/** Lines that come while somebody reads: what they folded open, and where they are with the keyboard, stays with its line. */

const test = suite('web/browser: telemetry', { needs: ['git', 'chromium'], timeoutMs: 150_000 });

const FILE = 'state/telemetry/unified.jsonl';

test('what is folded open stays with its line when others come before it', async (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-1', title: 'one', files: [{ path: 'one.txt', content: 'one\n' }] });
  s.drain();
  const { url } = await runDashboard(t, s.root);
  await using browser = await openBrowser();
  const page = await browser.page();
  await page.goto(`${url}/telemetry`);
  await page.waitForSelector('[data-link][data-state=live]');
  const key = await page.locator('ol.telemetry li').nth(1).getAttribute('data-key');
  const row = page.locator(`ol.telemetry li[data-key="${key}"]`);
  await row.locator('summary').click();
  assert.equal(await row.locator('details').getAttribute('open'), '');
  const [line = ''] = s.read(FILE).split('\n');
  for (let n = 0; n < 3; n++) {
    appendFileSync(s.path(FILE), `${line.replace(/"event":"\w+"/, `"event":"wo_fresh_${n}"`)}\n`);
    await page.waitForSelector(`ol.telemetry li:first-child :text("wo_fresh_${n}")`);
  }
  assert.equal(await page.locator('ol.telemetry details[open]').count(), 1);
  assert.equal(await row.locator('details').getAttribute('open'), '');
  assert.equal(await page.evaluate('document.activeElement.closest("li")?.dataset.key'), key);
  assert.equal(await page.locator('ol.telemetry li').nth(4).getAttribute('data-key'), key);
  assert.deepEqual(browser.complaints, []);
});

test.run();
