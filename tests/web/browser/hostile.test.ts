import { appendFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { openBrowser } from '../../support/browser.ts';
import { runDashboard } from '../../support/dashboard.ts';
import { mission, missionStation, type Script } from '../../support/missions.ts';
import { assert, suite } from '../../support/suite.ts';

/** Orders, agents and files that try to be more than text in the pages that show them (issue 10, rule 8). */

const test = suite('web/browser/hostile', { needs: ['git', 'chromium'], timeoutMs: 240_000 });

/** Would run a script in any place of a page where it is not text; reads backwards; is wider than a phone. */
const EVIL = `<script>canary('s')</script><img src=x onerror=canary('i')><a href="javascript:canary('a')">go</a>"'><svg onload=canary('v')></textarea></pre></title>\u202Egnp.exe\u2066\u200b${'W'.repeat(300)}`;
/** Where only so much may stand, or it is a file's name. */
const SHORT = `<img src=x onerror=canary('n')>\u202Ecod`;
const LINK = "javascript:canary('l')";

const SCRIPT: Script = {
  build: [{ write: { 'src/hello.txt': `hello ${EVIL}\n` }, say: EVIL }],
  review: [{ verdict: 'approved', say: EVIL }],
};

const HOSTILE: readonly { wo_id: string; [key: string]: unknown }[] = [
  {
    wo_id: 'WO-DONE',
    title: EVIL.slice(0, 190),
    summary: EVIL,
    tags: [SHORT, LINK],
    owner: SHORT,
    requester: SHORT,
    files: [
      { path: `src/${SHORT}.md`, content: `${EVIL}\n[link](${LINK})\n` },
      { path: 'src/b.html', content: `<script>canary()</script>\n${EVIL}\n` },
    ],
    tests: [{ name: SHORT, command: `printf '%s' "${'$'}EVIL" ; echo ok` }],
  },
  {
    wo_id: 'WO-SAYS',
    title: SHORT,
    actions: [
      { action: 'write', path: 'src/says.txt', content: `${EVIL}\n` },
      { action: 'command', name: SHORT, argv: ['cat', 'src/says.txt'] },
      { action: 'command', name: 'bad', command: `cat src/says.txt >&2; exit 3 # ${SHORT}` },
    ],
  },
  {
    wo_id: 'WO-FAILS',
    title: LINK,
    files: [{ path: 'src/c.txt', content: 'c\n' }],
    tests: [{ name: SHORT, command: `false '${SHORT}'` }],
  },
  { wo_id: 'WO-OUT', title: EVIL.slice(0, 100), files: [{ path: `../${SHORT}`, content: EVIL }] },
  { wo_id: 'WO-WAITS', title: SHORT, depends_on: ['WO-NOBODY'], files: [{ path: 'src/d.txt', content: 'd\n' }] },
  {
    wo_id: 'WO-ASKS',
    title: EVIL.slice(0, 190),
    summary: EVIL,
    files: [{ path: `asked/${SHORT}`, content: `${EVIL}\n` }],
  },
  mission('WO-M', { title: SHORT, task: `Write src/hello.txt. ${EVIL}` }),
];

const ENDS = [
  'WO-DONE done',
  'WO-SAYS failed',
  'WO-FAILS failed',
  'WO-OUT failed',
  'WO-WAITS parked',
  'WO-ASKS parked',
  'WO-M done',
];

const POLICY = `version: 1
isolation: {commands: in_place}
rules:
  - {name: ${JSON.stringify(SHORT)}, class: ask, paths: [asked/], why: ${JSON.stringify(EVIL)}}
  - {class: safe, commands: ["*"]}
`;

/** What makes text lie: it turns around what stands after it, or is not seen. */
const UNSEEN = /[\u200b\u2060\ufeff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|\u001b/;

/** What is wrong with the page that is open. */
async function wrong(page: Page, origin: string): Promise<string[]> {
  const told = await page.evaluate<{ ran: string[]; made: string[]; links: string[]; wide: number; text: string }>(`({
    ran: window.ran,
    made: [...document.querySelectorAll('img, svg[onload], iframe, object, base, style, script:not([src^="/assets/"])')].map((e) => e.outerHTML.slice(0, 200)),
    links: [...document.querySelectorAll('a[href], form[action], [src]')].map((e) => e.href || e.action || e.src).map(String),
    wide: document.documentElement.scrollWidth,
    text: document.documentElement.outerHTML,
  })`);
  const faults = [...told.ran.map((how) => `ran ${how}`), ...told.made.map((tag) => `made ${tag}`)];
  faults.push(...told.links.filter((link) => new URL(link).origin !== origin).map((link) => `leads to ${link}`));
  if (told.wide > 390) faults.push(`is ${told.wide} wide`);
  const unseen = UNSEEN.exec(told.text);
  if (unseen !== null)
    faults.push(`has ${escape(unseen[0])} in ${told.text.slice(Math.max(0, unseen.index - 80), unseen.index + 20)}`);
  return faults;
}

test('nothing that an order, an agent or a file says is more than text on any page', async (t) => {
  const { station } = missionStation(t, SCRIPT, { policy: POLICY });
  for (const order of HOSTILE) station.drop(order);
  station.drop({
    wo_id: 'WO-LARGE',
    title: `${EVIL}${'A'.repeat(5 << 20)}`,
    files: [{ path: 'src/e.txt', content: 'e\n' }],
  });
  station.write(`bridge/inbox/MAIN/${SHORT.replaceAll('/', '')}.yaml`, `wo_id: ${EVIL}\ntitle: [\n...\n`);
  station.write('bridge/inbox/MAIN/twice.yaml', `wo_id: WO-TWICE\n"${SHORT}": 1\n"${SHORT}": 2\n...\n`);
  station.drain();
  const ends = HOSTILE.map(({ wo_id: id }) =>
    station.exists(`state/orders/${id}.json`) ? `${id} ${station.state(id).status}` : id,
  );
  assert.deepEqual(ends, ENDS, 'they came as far as pages show them');
  // whoever can write a file here can write this one
  const line = {
    v: 1,
    ts: new Date().toISOString(),
    agent: EVIL,
    event: SHORT,
    ok: false,
    wo_id: SHORT,
    lane: EVIL,
    message: EVIL,
    href: LINK,
  };
  appendFileSync(station.path('state/telemetry/unified.jsonl'), `${JSON.stringify(line)}\n${EVIL}\n`);

  await using browser = await openBrowser({ viewport: { width: 390, height: 844 }, isMobile: true });
  const { actingUrl, url } = await runDashboard(t, station.root);
  await browser.context.addInitScript('window.ran = []; window.canary = (how) => window.ran.push(how);');
  const page = await browser.page();
  const faults: string[] = [];
  page.on('dialog', (dialog) => {
    faults.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(`${url}/`) && !request.url().startsWith('data:'))
      faults.push(`asks ${request.url()}`);
  });

  // from the first page over every link of ours, as somebody would who looks at all of it
  const queue = [
    '/',
    '/telemetry',
    '/charts',
    '/guardrail',
    '/missions',
    ...HOSTILE.map(({ wo_id: id }) => `/orders/${id}`),
  ];
  const seen = new Set<string>();
  await page.goto(actingUrl);
  for (let address = queue.shift(); address !== undefined && seen.size < 70; address = queue.shift()) {
    const kind = address.split('?')[0] ?? '';
    // one look at each page; filters of one page only so often
    if (seen.has(address) || [...seen].filter((other) => other.split('?')[0] === kind).length >= 3) continue;
    seen.add(address);
    await page.goto(`${url}${address}`);
    if ((await page.locator('[data-region]').count()) > 0) {
      await page.locator('.link[data-state="live"]').waitFor();
      // what is put in by the stream is put in by another way
      await page.waitForTimeout(100);
    }
    faults.push(...(await wrong(page, url)).map((fault) => `${address} ${fault}`));
    const links = await page.evaluate<string[]>(
      '[...document.querySelectorAll("main a[href]")].map((a) => a.pathname + a.search)',
    );
    queue.push(...links.filter((link) => !/^\/(errors|api|assets)\/|\/diff$/.test(link)));
  }
  assert.deepEqual([...new Set(faults)], []);
  assert.ok(
    seen.has('/orders/WO-DONE') && [...seen].some((address) => address.startsWith('/approvals/WO-ASKS')),
    [...seen].join(' '),
  );

  // and it is there to be read
  await page.goto(`${url}/orders/WO-DONE`);
  const title = await page.locator('h1').innerText();
  assert.ok(title.includes("<script>canary('s')</script><img src=x onerror=canary('i')>"), title);
  await page.goto(`${url}/orders/WO-SAYS`);
  assert.ok((await page.locator('main').innerText()).includes("onerror=canary('i')"));
  // the address of a request is text as well
  for (const address of [
    `/orders?q=${encodeURIComponent(EVIL)}`,
    `/telemetry?q=${encodeURIComponent(EVIL)}&since=${encodeURIComponent(SHORT)}`,
    `/orders/${encodeURIComponent(SHORT)}`,
    `/errors/${encodeURIComponent(SHORT)}`,
    `/charts?lane=${encodeURIComponent(EVIL)}`,
    `/?done=${encodeURIComponent(EVIL)}`,
  ]) {
    await page.goto(`${url}${address}`);
    faults.push(
      ...(await wrong(page, url)).filter((fault) => !fault.startsWith('has ')).map((fault) => `${address} ${fault}`),
    );
  }
  assert.deepEqual(faults, []);
  // a policy that stopped something would have been told here
  assert.deepEqual(
    browser.complaints.filter((text) => !/status of 404/.test(text)),
    [],
  );
});

test.run();
