import { userInfo } from 'node:os';
import { openBrowser } from '../../support/browser.ts';
import { runDashboardAtTerminal } from '../../support/dashboard.ts';
import { newKey } from '../../support/deciding.ts';
import { ledgerOf } from '../../support/missions.ts';
import { testStation, until } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

/** Reviewed and decided in a browser: what is seen there, and what the ledger has of it (issue 10, rule 13). */

const test = suite('web/browser/deciding', { needs: ['git', 'script', 'chromium', 'ssh-keygen'], timeoutMs: 120_000 });

test('a yes carries out what the review showed, a no carries out nothing, and a click is no key', async (t) => {
  const key = newKey(t);
  const station = testStation(t, {
    policy: `version: 1
isolation: {commands: in_place}
approvers: [{name: Anna, users: [${userInfo().username}], keys: ["${key.publicKey}"]}]
rules:
  - {name: releases, class: ask, proof: ssh, paths: [releases/], why: a release is public}
  - {name: limits, class: ask, paths: [limits.ini], why: limits protect the machine}
`,
    files: { 'limits.ini': 'files = 100\nusers = 10\n' },
  });
  const raise = (woId: string, files: number) => ({
    wo_id: woId,
    title: `Raise the limit to ${files}`,
    actions: [
      { action: 'edit', path: 'limits.ini', find: 'files = 100', replace: `files = ${files}` },
      { action: 'command', command: `touch ran-${woId}.txt`, outputs: [`ran-${woId}.txt`] },
    ],
  });
  station.drop(raise('WO-YES', 200));
  station.drop(raise('WO-NO', 999_999));
  station.drop({ wo_id: 'WO-KEY', title: 'Publish', files: [{ path: 'releases/1.md', content: '# 1\n' }] });
  station.drain();
  await station.up(t);
  await using browser = await openBrowser();
  const { url, actingUrl } = await runDashboardAtTerminal(t, station.root);
  const page = await browser.page();
  await page.goto(actingUrl);
  await page.keyboard.press('g');
  await page.keyboard.press('a');
  await page.waitForURL(`${url}/approvals`);

  // what it would do, and why somebody is asked
  await page.getByRole('link', { name: 'WO-YES' }).click();
  const review = await page.locator('main').innerText();
  for (const seen of [
    'limits.ini',
    '-files = 100',
    '+files = 200',
    'touch ran-WO-YES.txt',
    'limits protect the machine',
  ])
    assert.ok(review.includes(seen), `${seen} in ${review}`);
  assert.equal(station.read('limits.ini'), 'files = 100\nusers = 10\n');
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.locator('.notice', { hasText: 'Approved' }).waitFor();
  await until(() => station.state('WO-YES').status === 'done', 'it runs');
  assert.equal(station.read('limits.ini'), 'files = 200\nusers = 10\n');
  assert.deepEqual(proofs('WO-YES'), ['approved browser']);

  // a no needs its reason, which is the order's answer
  await page.goto(`${url}/approvals/WO-NO`);
  await page.getByRole('button', { name: 'Deny' }).click();
  assert.match(page.url(), /\/approvals\/WO-NO/, 'the browser asks for the reason first');
  await page.getByLabel('Why not?').fill('nobody needs <b>that many</b>');
  await page.getByRole('button', { name: 'Deny' }).click();
  await page.locator('.notice', { hasText: 'Denied' }).waitFor();
  await page.locator('main', { hasText: 'nobody needs <b>that many</b>' }).waitFor();
  const denied = station.state('WO-NO');
  assert.deepEqual([denied.status, denied.last_error?.code], ['failed', 'DENIED']);
  assert.match(denied.last_error?.message ?? '', /nobody needs <b>that many<\/b>/);
  assert.ok(!station.exists('ran-WO-NO.txt'));
  assert.equal(
    ledgerOf(station, 'WO-NO').some(({ event }) => event === 'command'),
    false,
    'no command of it began',
  );

  // where policy wants a key there is nothing to click
  await page.goto(`${url}/approvals/WO-KEY`);
  const wanted = await page.locator('main').innerText();
  assert.match(wanted, /waybill approve WO-KEY --key FILE/);
  assert.match(wanted, /ssh-keygen -Y sign -n \S+ -f FILE/);
  assert.equal(await page.getByRole('button', { name: 'Approve', exact: true }).count(), 0);
  await page.getByRole('button', { name: 'Approve by this signature' }).click();
  assert.equal(station.state('WO-KEY').waiting_for, 'approval', 'an empty field is no signature');
  const typed = station.waybill('approve', 'WO-KEY', '--key', key.file);
  assert.equal(typed.code, 0, typed.stderr);
  await until(() => station.state('WO-KEY').status === 'done', 'a key is enough');
  await page.locator('[data-region="standing"]', { hasText: /It asks for nothing|done/ }).waitFor();
  assert.deepEqual(browser.complaints, []);

  function proofs(woId: string): string[] {
    return ledgerOf(station, woId).flatMap((record) =>
      record.event === 'approved' ? [`approved ${record.data.proof.kind}`] : [],
    );
  }
});

test.run();
