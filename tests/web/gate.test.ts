import { openStationToRead } from '../../src/station/station.ts';
import { openRecords } from '../../src/views/records.ts';
import { createApp } from '../../src/web/app.ts';
import { allowedHosts, isLoopback, isOnlyHere } from '../../src/web/gate/hosts.ts';
import { Token } from '../../src/web/gate/token.ts';
import { runDashboard } from '../support/dashboard.ts';
import { pagesOf } from '../support/pages.ts';
import { testStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';
import { Visitor } from '../support/visiting.ts';

/** The gate of the dashboard: who comes in, and what every answer says (issue 10). */

const test = suite('web/gate', { needs: ['git'] });

test('the token comes by its address or its form, opens the door for one browser, and is told to nobody', async (t) => {
  const s = testStation(t);
  const { actingUrl, url, port } = await runDashboard(t, s.root);
  const token = new URL(actingUrl).searchParams.get('token') ?? '';
  const [byAddress, byForm, byPaste] = [new Visitor(url), new Visitor(url), new Visitor(url)];
  const entered = await byAddress.get(`/orders?q=x&token=${token}`);
  assert.equal(entered.headers.get('location'), '/orders?q=x');
  assert.match(
    entered.headers.get('set-cookie') ?? '',
    new RegExp(`^waybill-${port}=[\\w-]+; Path=/; HttpOnly; SameSite=Strict$`),
  );
  assert.equal((await byForm.post('/token', { token: ` ${token}\n` })).status, 303);
  assert.equal((await byPaste.post('/token', { token: actingUrl })).status, 303);
  for (const visitor of [byAddress, byForm, byPaste]) {
    const { text } = await visitor.get('/');
    assert.match(text, /You may act here/);
    assert.ok(!text.includes(token));
  }
  // whoever guesses is told to wait, and keeps nobody out who knows
  const guess = new Visitor(url);
  const statuses: number[] = [];
  for (let n = 0; n < 25; n++) statuses.push((await guess.post('/token', { token: `guess ${n}` })).status);
  assert.equal(statuses[0], 403);
  assert.equal(statuses.at(-1), 429);
  assert.equal((await guess.get('/?token=x')).status, 429);
  assert.equal((await guess.post('/token', { token })).status, 303);
});

test('every answer has the headers that keep it ours, also refusals; HEAD has no body and ends', async (t) => {
  const s = testStation(t);
  const { url } = await runDashboard(t, s.root);
  const visitor = new Visitor(url);
  const answers = [
    await visitor.get('/'),
    await visitor.get('/nowhere'),
    await visitor.get('/orders/WO-NOBODY/cancel'),
    await visitor.get('/assets/client.js'),
    await visitor.get('/assets/nothing.js'),
    await visitor.post('/approvals/WO-A', {}),
    await visitor.send('PUT', '/'),
    await visitor.get(`/?q=${'x'.repeat(5000)}`),
  ];
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 404, 404, 200, 404, 403, 405, 414],
  );
  for (const { headers } of answers) {
    const policy = headers.get('content-security-policy') ?? '';
    for (const word of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "form-action 'self'"])
      assert.ok(policy.includes(word), word);
    assert.ok(!/unsafe/.test(policy));
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('access-control-allow-origin'), null);
    assert.ok(headers.get('cache-control'));
  }
  // nothing of ours needs what the policy forbids
  for (const { text } of answers) assert.ok(!/<script(?![^>]*\bsrc=)|\bstyle="|\bon\w+="/.test(text));
  const head = await visitor.send('HEAD', '/', { headers: { accept: 'text/event-stream' } });
  assert.deepEqual([head.status, head.text], [200, '']);
});

test('streams are bounded, and one that ends makes room', async (t) => {
  const s = testStation(t);
  const { url } = await runDashboard(t, s.root);
  const stops: AbortController[] = [];
  t.defer(() => {
    for (const stop of stops) stop.abort();
  });
  const open = async () => {
    const stop = new AbortController();
    stops.push(stop);
    // what comes first says whether there was a place: a browser tells its page nothing of a status
    const answer = await fetch(url, { headers: { accept: 'text/event-stream' }, signal: stop.signal });
    const first = await answer.body?.getReader().read();
    return !Buffer.from(first?.value ?? [])
      .toString('utf8')
      .includes('Too many pages');
  };
  const given = [];
  for (let n = 0; n < 70; n++) given.push(await open());
  assert.equal(given.filter(Boolean).length, 64);
  assert.ok(!given.slice(64).some(Boolean));
  // a page is still given, and a place is free when somebody goes
  assert.equal((await fetch(url)).status, 200);
  for (const stop of stops.slice(0, 3)) stop.abort();
  for (const end = Date.now() + 30_000; !(await open()); ) assert.ok(Date.now() < end, 'no place is given back');
});

test('where others than this machine reach it, looking needs the token too', async (t) => {
  const s = testStation(t);
  const station = await openStationToRead(s.root);
  const records = openRecords(station);
  t.defer(() => records.close());
  const token = new Token();
  const host = 'ops.lan:4747';
  const app = createApp({
    station,
    records,
    token,
    hosts: new Set([host]),
    port: 4747,
    isGuarded: true,
    startedAt: { tty: '/dev/pts/0' },
  });
  const ask = (path: string, headers: Readonly<Record<string, string>> = {}) =>
    app.request(`http://${host}${path}`, { headers: { host, ...headers } });
  for (const path of ['/', '/orders', '/approvals', '/nowhere', '/approvals/WO-1/diff', '/orders/WO-1/cancel']) {
    const refused = await ask(path);
    assert.equal(refused.status, 401, path);
    const text = await refused.text();
    assert.match(text, /needs its token/);
    assert.equal((await ask(path, { accept: 'text/event-stream' })).status, 401);
  }
  assert.equal((await ask('/token')).status, 200);
  assert.equal((await ask('/assets/style.css')).status, 200);
  assert.equal((await ask('/', { cookie: `waybill-4747=${token.text}` })).status, 200);
  assert.equal((await ask('/', { authorization: `Bearer ${token.text}` })).status, 200);
  assert.equal((await ask('/', { authorization: 'Bearer x' })).status, 401);
});

test('names under which browsers reach it', () => {
  const names = (...more: string[]) => [...allowedHosts('127.0.0.1', 4747, more)];
  assert.deepEqual(names(), ['127.0.0.1:4747', 'localhost:4747', '[::1]:4747']);
  assert.ok(names('Ops.LAN').includes('ops.lan:4747'));
  assert.deepEqual(names('ops.lan:443').slice(-2), ['ops.lan:443', 'ops.lan']);
  assert.ok(!names('ops.lan:8443').includes('ops.lan'));
  assert.ok([...allowedHosts('fe80::1', 80, [])].includes('[fe80::1]'));
  for (const [host, is] of [
    ['127.0.0.1', true],
    ['127.9.9.9', true],
    ['::1', true],
    ['localhost', true],
    ['0.0.0.0', false],
    ['::', false],
    ['127.0.0.1.evil', false],
    ['10.0.0.1', false],
  ] as const)
    assert.equal(isLoopback(host), is, host);
  // behind a proxy looking is open to whom the proxy lets through, so it needs the token
  for (const [name, is] of [
    ['ops.lan', false],
    ['ops.lan:443', false],
    ['10.0.0.1:443', false],
    ['[fe80::1]:443', false],
    ['localhost:8080', true],
    ['127.0.0.1:8080', true],
    ['[::1]:8080', true],
  ] as const)
    assert.equal(isOnlyHere('127.0.0.1', ['localhost', name]), is, name);
  assert.ok(isOnlyHere('::1', []));
  assert.ok(!isOnlyHere('0.0.0.0', []));
});

test('a link from elsewhere may lead here; a frame may not show us, and no link sets us to work', async (t) => {
  const s = testStation(t);
  const pages = await pagesOf(t, s);
  const from = (dest: string, path = '/orders') =>
    pages.get(path, { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': dest });
  for (const dest of ['iframe', 'frame', 'embed', 'object', '']) assert.equal((await from(dest)).status, 403, dest);
  assert.equal((await from('document')).status, 200);
  const led = await from('document', '//orders/WO-1?verify=1&attempt=2');
  assert.deepEqual([led.status, led.headers.get('location')], [303, '/orders/WO-1?attempt=2']);
});

test.run();
