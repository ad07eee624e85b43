import { openBrowser } from '../../support/browser.ts';
import { runDashboard, runDashboardAtTerminal } from '../../support/dashboard.ts';
import { testStation, until } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

/** The dashboard is started again while somebody has a form of it open (issue 10). */

const test = suite('web/browser/restart', { needs: ['git', 'script', 'chromium'], timeoutMs: 120_000 });

test('a form of before a restart does nothing and says how to go on, and with the new token it works', async (t) => {
  const station = testStation(t, { policy: 'version: 1\nisolation: {commands: in_place}\n' });
  station.drop({
    wo_id: 'WO-1',
    title: 'Ask first',
    actions: [{ action: 'command', command: 'touch ran.txt', outputs: ['ran.txt'] }],
  });
  station.drain();
  await station.up(t);
  await using browser = await openBrowser();
  const first = await runDashboardAtTerminal(t, station.root);
  const page = await browser.page();
  await page.goto(first.actingUrl);
  await page.goto(`${first.url}/approvals/WO-1`);
  await page.locator('.link[data-state="live"]').waitFor();
  const review = page.url();

  await first.stop('SIGKILL');
  await page.locator('.link[data-state="lost"]').waitFor();
  // without a server the form goes nowhere, and the browser says so
  const second = await runDashboardAtTerminal(t, station.root, first.port);
  await page.locator('.link[data-state="live"]').waitFor();
  assert.equal(page.url(), review, 'it recovers where it is');
  await page.getByRole('button', { name: 'Approve' }).click();
  const refusal = await page.locator('main').innerText();
  assert.match(refusal, /Nothing was done/);
  assert.match(refusal, /started again|restart/);
  assert.equal(station.state('WO-1').waiting_for, 'approval');
  assert.ok(!station.exists('ran.txt'));

  // the refusal's own form takes the new address
  const field = page.getByLabel(/The token/);
  await field.fill(second.actingUrl);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.waitForURL(`${first.url}/`);
  await page.goto(`${first.url}/approvals/WO-1`);
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.locator('.notice', { hasText: 'Approved' }).waitFor();
  await until(() => station.state('WO-1').status === 'done', 'it runs');
  // being refused is told by the status, which browsers complain about
  assert.deepEqual(
    browser.complaints.filter((text) => !/ERR_CONNECTION|403|ERR_INCOMPLETE/.test(text)),
    [],
  );
});

test('a dashboard that hangs is lost, and a page with it is live again when it goes on', async (t) => {
  const station = testStation(t);
  await using browser = await openBrowser();
  const dashboard = await runDashboard(t, station.root);
  const page = await browser.page();
  await page.clock.install();
  await page.goto(dashboard.url);
  await page.locator('.link[data-state="live"]').waitFor();
  process.kill(dashboard.pid, 'SIGSTOP');
  await page.clock.runFor(40_000);
  await page.locator('.link[data-state="lost"]', { hasText: 'says nothing' }).waitFor();
  // it takes new connections without a word: still lost
  await page.clock.runFor(60_000);
  assert.equal(await page.locator('.link').getAttribute('data-state'), 'lost');
  process.kill(dashboard.pid, 'SIGCONT');
  await page.clock.runFor(2000);
  await page.locator('.link[data-state="live"]').waitFor();
});

test.run();
