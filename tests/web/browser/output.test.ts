import { openBrowser } from '../../support/browser.ts';
import { runDashboard } from '../../support/dashboard.ts';
import { ANYTHING, testStation } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

/** What a command says is read in the browser while it runs (issue 10). */

const test = suite('web/browser/output', { needs: ['git', 'chromium'], timeoutMs: 120_000 });

/** Says a line whenever the test lets it, and what a program says to a terminal. */
const TALKS = `for n in 1 2 3; do
  until [ -e go-$n ]; do sleep 0.05; done
  printf 'line %s of three\\n' $n
done
printf '\\033[31mred\\033[0m\\n10%%\\r100%%\\n'; echo warned >&2
until [ -e go-4 ]; do sleep 0.05; done
rm -f go-*
`;

test('a command is heard line by line on its order’s page, and its whole output stands there in the end', async (t) => {
  const station = testStation(t, { policy: ANYTHING, files: { 'talks.sh': TALKS } });
  await using browser = await openBrowser();
  await station.up(t);
  const { url } = await runDashboard(t, station.root);
  station.drop({
    wo_id: 'WO-TALKS',
    title: 'Talk while you work',
    actions: [{ action: 'command', name: 'talks', argv: ['sh', 'talks.sh'] }],
  });
  const page = await browser.page();
  // the first page that shows it leads to it
  await page.goto(url);
  await page.locator('main').getByRole('link', { name: 'WO-TALKS' }).first().click();
  const running = page.locator('[data-region="running"]');
  for (const n of [1, 2, 3]) {
    assert.doesNotMatch(await page.locator('main').innerText(), new RegExp(`line ${n} of three`));
    station.write(`go-${n}`, '');
    await running.locator('pre', { hasText: `line ${n} of three` }).waitFor();
  }
  await running.locator('pre', { hasText: '100%' }).waitFor();
  const said = await running.innerText();
  assert.match(said, /talks/);
  assert.match(said, /^red\n100%$/m, 'no escape sequence, and a line as it was last');
  assert.doesNotMatch(await page.content(), /\u001b|\[31m/);

  station.write('go-4', '');
  await page.locator('main h1', { hasText: 'done' }).waitFor();
  assert.equal((await running.innerText()).trim(), '', 'nothing runs any more');
  await page.locator('details.command summary', { hasText: 'talks' }).click();
  const kept = await page.locator('details.command').innerText();
  for (const told of ['exit code 0', 'line 1 of three', 'line 3 of three', 'warned'])
    assert.ok(kept.includes(told), told);
  assert.deepEqual(browser.complaints, []);
});

test.run();
