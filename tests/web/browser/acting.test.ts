import { openBrowser } from '../../support/browser.ts';
import { runDashboardAtTerminal } from '../../support/dashboard.ts';
import { type TestStation, testStation, until } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

/** Deciding with a real browser: it sends what the gate asks for, and with scripts off too (issue 10). */

const test = suite('web/browser/acting', { needs: ['git', 'script', 'chromium'], timeoutMs: 120_000 });

const POLICY = 'version: 1\nisolation: {commands: in_place}\n';

function asking(woId: string) {
  const command = `touch ran-${woId}.txt`;
  return {
    wo_id: woId,
    title: `Please ${woId}`,
    actions: [{ action: 'command', command, outputs: [`ran-${woId}.txt`] }],
  };
}

const at = (s: TestStation, woId: string) => s.state(woId).waiting_for ?? s.state(woId).status;

for (const javaScriptEnabled of [true, false]) {
  test(`an approval is reviewed and given, and another denied, ${javaScriptEnabled ? 'with' : 'without'} scripts`, async (t) => {
    const s = testStation(t, { policy: POLICY });
    await using browser = await openBrowser({ javaScriptEnabled });
    for (const woId of ['WO-YES', 'WO-NO']) s.drop(asking(woId));
    s.drain();
    await s.up(t);
    const { url, actingUrl } = await runDashboardAtTerminal(t, s.root);
    const page = await browser.page();
    // who only looks is told how to act
    await page.goto(`${url}/approvals`);
    await page.getByRole('link', { name: 'WO-YES' }).click();
    assert.equal(await page.getByRole('button', { name: 'Approve' }).count(), 0);
    await page.locator('main').getByRole('link', { name: 'bring the token' }).click();
    await page.getByLabel(/The token/).fill(actingUrl);
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.waitForURL(`${url}/`);
    assert.ok(!page.url().includes('token'));

    await page.goto(`${url}/approvals`);
    await page.getByRole('link', { name: 'WO-YES' }).click();
    await page.locator('main', { hasText: 'touch ran-WO-YES.txt' }).waitFor();
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.locator('.notice', { hasText: 'Approved.' }).waitFor();
    await until(() => at(s, 'WO-YES') === 'done', 'it is approved');

    await page.getByRole('link', { name: 'What else waits?' }).click();
    await page.getByRole('link', { name: 'WO-NO' }).click();
    await page.getByLabel('Why not?').fill('not today');
    await page.getByRole('button', { name: 'Deny' }).click();
    await page.locator('.notice', { hasText: 'Denied.' }).waitFor();
    await until(() => at(s, 'WO-NO') === 'failed', 'it is denied');
    assert.ok(!s.exists('ran-WO-NO.txt'));
    assert.deepEqual(
      browser.complaints.filter((text) => !/404/.test(text)),
      [],
    );
  });
}

test('a review that somebody else decides, or that asks for something else, says so and moves nothing under the reader', async (t) => {
  const s = testStation(t, { policy: POLICY });
  await using browser = await openBrowser();
  s.drop(asking('WO-1'));
  s.drain();
  await s.up(t);
  const { actingUrl, url } = await runDashboardAtTerminal(t, s.root);
  const page = await browser.page();
  await page.goto(actingUrl);
  await page.goto(`${url}/approvals/WO-1`);
  await page.locator('.link[data-state="live"]').waitFor();
  await page.getByLabel('Why not?').fill('half a sen');
  s.waybill('cancel', 'WO-1');
  await page.locator('[data-region="standing"]', { hasText: 'It asks for nothing now' }).waitFor();
  assert.equal(await page.getByLabel('Why not?').inputValue(), 'half a sen');
  await page.getByRole('button', { name: 'Approve', exact: true }).click();
  await page.locator('h1', { hasText: 'APPROVAL_STALE' }).waitFor();
});

test.run();
