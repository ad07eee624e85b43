import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MISSION, missionStation } from '../support/missions.ts';
import { openPages } from '../support/pages.ts';
import { ANYTHING, type TestStation, testStation, until } from '../support/station.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/** The page of one order, of a real station: whatever became of it, and whatever it says. */

const test = suite('web/order');

/** The page of an order as text; what is in it of HTML is the page's own. */
async function pageOf(t: TestContext, s: TestStation, path: string): Promise<string> {
  const { get, whole } = await openPages(t, s.root);
  await whole();
  const { status, text } = await get(path);
  assert.equal(status, 200, text.slice(0, 500));
  return text;
}

const words = (text: string) => text.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');

test('an order that is done: what happened, plan, diff, commands, commit, evidence with hashes', async (t) => {
  const s = testStation(t, { policy: ANYTHING });
  s.drop({
    wo_id: 'WO-1',
    title: 'Say hello',
    declared_by: 'somebody',
    files: [{ path: 'hello.txt', content: 'hello\n' }],
    actions: [{ action: 'command', command: 'echo said; echo warned >&2' }],
    post_verify: ['grep -q hello hello.txt'],
  });
  s.drain();
  const html = await pageOf(t, s, '/orders/WO-1');
  const text = words(html);
  const state = s.state('WO-1');
  for (const told of [
    'Say hello',
    'is done',
    'create hello.txt',
    '+hello',
    'exit code 0',
    'said',
    'warned',
    state.commits[0] ?? '',
    'wo(WO-1): Say hello',
    state.evidence?.manifest_sha256 ?? '',
    'changes.patch',
    state.trace_id,
    'new → ready',
    'grep -q hello',
  ])
    assert.ok(text.includes(told), told);
  const manifest = JSON.parse(s.read('state/evidence/WO-1/manifest.json')) as { files: { sha256: string }[] };
  for (const { sha256 } of manifest.files) assert.ok(text.includes(sha256), sha256);
  // whatever the case of its id
  assert.match(await pageOf(t, s, '/orders/wo-1'), /Say hello/);
});

test('an order that nobody knows is not there, and an id that is none neither', async (t) => {
  const s = testStation(t);
  const { get } = await openPages(t, s.root);
  for (const id of ['WO-NONE', '..%2f..%2fetc%2fpasswd', '%00', '%3Cscript%3E', 'a'.repeat(300)]) {
    const { status, text } = await get(`/orders/${id}`);
    assert.equal(status, 404, id);
    assert.doesNotMatch(text, /<script>|root:/);
  }
});

test('verify: all holds; then a changed, a missing and a stray file are each told', async (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-1', title: 'Say hello', files: [{ path: 'hello.txt', content: 'hello\n' }] });
  s.drain();
  const { get, whole } = await openPages(t, s.root);
  await whole();
  assert.doesNotMatch((await get('/orders/WO-1')).text, /Verified:/, 'only when somebody asks');
  const verified = words((await get('/orders/WO-1?verify=1')).text);
  assert.match(verified, /Verified: all 5 files match their hashes/);
  assert.match(verified, /1 evidence folder, 1 commit/);
  s.write('state/evidence/WO-1/changes.patch', 'other\n');
  rmSync(s.path('state/evidence/WO-1/plan.json'));
  s.write('state/evidence/WO-1/extra.txt', 'x');
  const broken = words((await get('/orders/WO-1?verify=1')).text);
  assert.match(broken, /3 things do not hold/);
  for (const fault of ['changes.patch is changed', 'plan.json is missing', 'extra.txt is stray'])
    assert.ok(broken.includes(fault), fault);
});

test('verify: a record that was changed in the ledger is told', async (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-1', title: 'Say hello', files: [{ path: 'hello.txt', content: 'hello\n' }] });
  s.drain();
  const [segment = ''] = s.names('.git/waybill/ledger').filter((name) => name.endsWith('.jsonl'));
  s.write(
    `.git/waybill/ledger/${segment}`,
    s.read(`.git/waybill/ledger/${segment}`).replace('"summary":"1 file', '"summary":"9 file'),
  );
  const text = words(await pageOf(t, s, '/orders/WO-1?verify=1'));
  assert.match(text, /do(es)? not hold.*ledger record \d+: the record was changed/);
});

test('verify reads the ledger again: what the page was drawn from before proves nothing', async (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-1', title: 'Say hello', files: [{ path: 'hello.txt', content: 'hello\n' }] });
  s.drain();
  const { get, whole } = await openPages(t, s.root);
  await whole();
  assert.match(words((await get('/orders/WO-1?verify=1')).text), /Verified:/);
  const [segment = ''] = s.names('.git/waybill/ledger').filter((name) => name.endsWith('.jsonl'));
  const path = s.path('.git/waybill/ledger', segment);
  // in place: nobody is told that the file is another one
  writeFileSync(path, readFileSync(path, 'utf8').replace('"summary":"1 file', '"summary":"9 file'));
  assert.match(
    words((await get('/orders/WO-1?verify=1')).text),
    /do(es)? not hold.*ledger record \d+: the record was changed/,
  );
});

test('what was purged is gone from a page that was open before', async (t) => {
  const s = testStation(t, { policy: ANYTHING });
  s.drop({ wo_id: 'WO-1', title: 'Leaks', actions: [{ action: 'command', command: 'echo tok-7f3a9c' }] });
  s.drain();
  const { get, whole, records } = await openPages(t, s.root);
  await whole();
  assert.match((await get('/orders/WO-1')).text, /tok-7f3a9c/);
  const watching = { moves: 0, drawing: Promise.resolve<unknown>(null) };
  // as an open page does: it is drawn with each move, also between the record of the purge and the emptying
  records.onMove(() => {
    watching.moves++;
    watching.drawing = watching.drawing.then(() => get('/orders/WO-1')).catch(() => null);
  });
  assert.equal(s.waybill('purge', 'WO-1', '--secret').code, 0);
  s.drain();
  await until(() => records.history.exchanges > 0, 'the exchanged ledger is seen');
  await whole();
  await watching.drawing;
  assert.doesNotMatch((await get('/orders/WO-1')).text, /tok-7f3a9c/);
});

test('an order that failed says with what, shows what its command said, and each attempt has its evidence', async (t) => {
  const s = testStation(t, { policy: ANYTHING });
  s.drop({ wo_id: 'WO-1', title: 'Fails', actions: [{ action: 'command', command: 'cat say.txt >&2; exit 3' }] });
  s.write('say.txt', 'first try\n');
  s.drain();
  assert.equal(s.waybill('retry', 'WO-1').code, 0);
  s.write('say.txt', 'second try\n');
  s.drain();
  const html = await pageOf(t, s, '/orders/WO-1');
  const text = words(html);
  assert.match(html, /href="\/errors\/COMMAND_FAILED"/);
  assert.match(text, /exit code 3.*second try/);
  assert.match(text, /waybill retry WO-1/);
  assert.match(text, /Attempt 1 .*Attempt 2 /);
  const first = words(await pageOf(t, s, '/orders/WO-1?attempt=1'));
  assert.match(first, /exit code 3.*first try/);
  assert.doesNotMatch(first, /second try/);
  assert.match(words(await pageOf(t, s, '/orders/WO-1?attempt=9')), /There is none yet|Evidence/);
});

test('a rejected order shows the place in its input, and the lines there', async (t) => {
  const s = testStation(t);
  s.write(
    'bridge/inbox/MAIN/bad.yaml',
    'wo_id: WO-BAD\ntitle: <b>bold</b>\nfiles:\n  - path: a\n    content: [unclosed\n...\n',
  );
  s.drain();
  const id = s.rejections()[0]?.wo_id ?? '';
  const html = await pageOf(t, s, `/orders/${id}`);
  const text = words(html);
  assert.match(text, /YAML_INVALID at bad\.yaml, line \d+, column \d+/);
  assert.match(text, /bridge\/quarantine\/MAIN/);
  assert.match(html, /<span class="here"><span class="no">▶ +\d+<\/span>/);
  assert.match(html, /title: &lt;b&gt;bold/);
});

test('what a command says is there while it runs, and secrets are not', async (t) => {
  const secret = `ghp_${'a1B2'.repeat(9)}`;
  const go = join(t.tempDir(), 'go');
  const say = `echo "token ${secret} x"\nprintf '\\033[31mbegun\\033[0m\\n<i>\\n'\nwhile [ ! -e "$1" ]; do sleep 0.1; done\necho over\n`;
  const s = testStation(t, { policy: ANYTHING, files: { 'say.sh': say } });
  await s.up(t);
  const { get, whole } = await openPages(t, s.root);
  s.drop({
    wo_id: 'WO-RUN',
    title: 'runs',
    actions: [{ action: 'command', name: 'say it', command: `sh say.sh ${go}` }],
  });
  await until(() => s.exists('state/orders/WO-RUN.json') && s.state('WO-RUN').status === 'running', 'it runs');
  await whole();
  let text = '';
  for (let tries = 0; tries < 200 && !text.includes('begun'); tries++) {
    ({ text } = await get('/orders/WO-RUN'));
    await new Promise((done) => setTimeout(done, 50));
  }
  assert.match(text, /Running now/);
  assert.match(text, /token \[secret removed\] x\nbegun\n&lt;i&gt;\n/, 'colours are not shown, and HTML is text');
  assert.ok(!text.includes(secret));
  writeFileSync(go, '');
  await until(() => s.state('WO-RUN').status === 'done', 'it is done');
  await whole();
  const { text: after } = await get('/orders/WO-RUN');
  assert.doesNotMatch(after, /Running now/);
  assert.match(after, /begun\n&lt;i&gt;\nover/);
});

test('a mission: its steps with agent, verdict, tokens, cost and time', async (t) => {
  const { station: s } = missionStation(t);
  s.drop(MISSION);
  s.drain();
  const text = words(await pageOf(t, s, '/orders/WO-M'));
  assert.match(text, /Mission/);
  for (const told of ['design', 'build', 'own', 'the runner', 'tokens'])
    assert.ok(text.includes(told), `${told}: ${text.slice(0, 4000)}`);
});

test('dependencies and who waits for it are links, with where they stand', async (t) => {
  const s = testStation(t);
  const order = (wo_id: string, more: object) =>
    s.drop({ wo_id, title: wo_id, files: [{ path: wo_id, content: 'x' }], ...more });
  order('WO-A', { hold: true });
  order('WO-B', { depends_on: ['WO-A', 'WO-NEVER'] });
  s.drain();
  const b = await pageOf(t, s, '/orders/WO-B');
  assert.match(b, /<dt>Depends on<\/dt><dd>.*href="\/orders\/WO-A".*parked.*href="\/orders\/WO-NEVER".*not seen/s);
  const a = await pageOf(t, s, '/orders/WO-A');
  assert.match(a, /<dt>Waited for by<\/dt><dd>.*href="\/orders\/WO-B"/s);
});

test('hostile: titles, paths, contents, output and links in the evidence are text, and are cut', async (t) => {
  const s = testStation(t, { policy: ANYTHING });
  const evil = '<script>alert(1)</script><img src=x onerror=alert(1)>';
  const lines = Array.from({ length: 4000 }, (_, n) => `${evil} ${n}`).join('\n');
  s.drop({
    wo_id: 'WO-1',
    title: `${evil} \u202e ${'t'.repeat(300)}`,
    tags: [evil.slice(0, 60)],
    files: [
      { path: `<b>${'p'.repeat(80)}.txt`, content: `${lines}\n` },
      { path: 'wide.txt', content: `${'w'.repeat(200_000)}\njavascript:alert(1)\n` },
    ],
    actions: [
      { action: 'command', command: `head -c 200000 /dev/urandom` },
      { action: 'command', command: `yes '${evil}' | head -n 20000` },
    ],
  });
  // refused for its length, and shown all the same
  const long = { wo_id: 'WO-LONG', title: `${evil} ${'t'.repeat(400_000)}`, files: [{ path: 'a', content: 'a' }] };
  s.drop(long);
  s.drain();
  assert.equal(s.state('WO-1').status, 'done', JSON.stringify(s.state('WO-1').last_error));
  const html = await pageOf(t, s, '/orders/WO-1');
  assert.doesNotMatch(html, /<script>|<img|<b>|href="javascript|\u202e|\u0000/);
  assert.doesNotMatch(html, / style=| on\w+="/);
  assert.match(html, /more lines are not shown here/);
  assert.match(html, /that are no text/);
  assert.match(html, /before this are not shown here/);
  assert.ok(html.length < 700_000, `${html.length}`);
  for (const [, href = ''] of html.matchAll(/href="([^"]*)"/g)) assert.match(href, /^(\/|#|\?)/);

  const rejected = await pageOf(t, s, '/orders/WO-LONG');
  assert.doesNotMatch(rejected, /<script>|<img/);
  assert.match(rejected, /more characters\)/);
  assert.ok(rejected.length < 60_000, `${rejected.length}`);

  // somebody exchanged what lies there
  const secret = join(t.tempDir(), 'secret.txt');
  writeFileSync(secret, 'the secret of another file');
  rmSync(s.path('state/evidence/WO-1/changes.patch'));
  symlinkSync(secret, s.path('state/evidence/WO-1/changes.patch'));
  const manifest = JSON.parse(readFileSync(s.path('state/evidence/WO-1/manifest.json'), 'utf8')) as { files: object[] };
  manifest.files.push({ path: `../../../../${secret}`, sha256: `sha256:${'0'.repeat(64)}`, size: 1 });
  s.write('state/evidence/WO-1/manifest.json', JSON.stringify(manifest));
  const after = await pageOf(t, s, '/orders/WO-1');
  assert.doesNotMatch(after, /the secret of another file/);
});

test('purged: the words are gone from the page too', async (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-1', title: 'A very private title', files: [{ path: 'hello.txt', content: 'private\n' }] });
  s.drain();
  const { get, whole } = await openPages(t, s.root);
  await whole();
  assert.match((await get('/orders/WO-1')).text, /private/);
  const purge = s.waybill('purge', 'WO-1', '--secret', '--reason', 'x');
  assert.equal(purge.code, 0, purge.stderr);
  s.drain();
  await whole();
  let text = '';
  for (let tries = 0; tries < 100; tries++) {
    ({ text } = await get('/orders/WO-1'));
    if (!text.includes('private')) break;
    await new Promise((done) => setTimeout(done, 50));
  }
  assert.doesNotMatch(text, /very private title|\+private/);
  assert.match(text, /It was purged/);
});

test.run();
