import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import fc from 'fast-check';
import { runDashboardAtTerminal } from '../support/dashboard.ts';
import { askOf, newKey } from '../support/deciding.ts';
import { type TestStation, testStation, until } from '../support/station.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';
import { fieldsOf, Visitor } from '../support/visiting.ts';

/**
 * Whoever is no person with the token at a page of ours changes nothing (issue 10, rule 13): every row is one request that would decide an order if
 * the gate let it, and differs from the one that does by one thing.
 */

const test = suite('web/red-team', { needs: ['git', 'script', 'ssh-keygen'] });

const ASKING = 'version: 1\nisolation: {commands: in_place}\n';

function asking(woId: string) {
  const command = `touch ran-${woId}.txt`;
  return { wo_id: woId, title: woId, actions: [{ action: 'command', command, outputs: [`ran-${woId}.txt`] }] };
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

interface Asked {
  readonly method?: string;
  readonly path?: string;
  /** Undefined takes one away. */
  readonly headers?: Headers;
  readonly body?: string;
}

/** One request as it is given, with a Host header and a path that fetch would not send. */
function send(port: number, { method = 'GET', path = '/', headers = {}, body }: Asked): Promise<[number, string]> {
  return new Promise((done, fail) => {
    const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
    const asked = request({ host: '127.0.0.1', port, method, path, headers: given as Record<string, string> });
    asked.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EPIPE' || error.code === 'ECONNRESET' ? done([0, '']) : fail(error),
    );
    asked.once('response', (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        text += chunk;
      });
      answer.once('end', () => done([answer.statusCode ?? 0, text]));
      answer.once('error', () => done([answer.statusCode ?? 0, text]));
    });
    asked.end(body);
  });
}

/** What no client library sends: the bytes themselves. The status that came back; 0 for a connection that was closed. */
function bytes(port: number, text: string): Promise<number> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let got = '';
    socket.on('data', (chunk) => {
      got += chunk.toString('latin1');
      socket.end();
    });
    socket.once('error', () => undefined);
    socket.once('close', () => done(Number(/^HTTP\/1\.1 (\d+)/.exec(got)?.[1] ?? 0)));
  });
}

const LINES = /\n/g;
const recordsOf = (s: TestStation) =>
  s
    .names('.git/waybill/ledger')
    .reduce((sum, name) => sum + (s.read(`.git/waybill/ledger/${name}`).match(LINES)?.length ?? 0), 0);

/** A station where four orders ask and one was decided, a dashboard, and the request that would approve WO-A. */
async function besieged(t: TestContext) {
  const anna = newKey(t, 'anna');
  const s = testStation(t, {
    policy: `${ASKING}rules: [{name: keys, class: ask, lanes: [KEY], commands: ["*"], proof: ssh}]\napprovers: [{name: anna, users: [${userInfo().username}], keys: ["${anna.publicKey}"]}]\n`,
  });
  for (const woId of ['WO-A', 'WO-B', 'WO-OVER']) s.drop(asking(woId));
  s.drop(asking('WO-KEY'), 'KEY');
  s.drain();
  await s.up(t);
  const { actingUrl, port } = await runDashboardAtTerminal(t, s.root);
  const visitor = new Visitor(actingUrl);
  await visitor.signIn(actingUrl);
  const { csrf = '' } = fieldsOf((await visitor.get('/orders/WO-A/cancel')).text, '/orders/WO-A/cancel');
  const formOf = (woId: string) => {
    const { ask, sha256 } = askOf(s, woId);
    return { csrf, ask, sha256, decision: 'approve' };
  };
  const host = `127.0.0.1:${port}`;
  const headers: Headers = {
    host,
    origin: `http://${host}`,
    'sec-fetch-site': 'same-origin',
    'sec-fetch-mode': 'navigate',
    cookie: visitor.cookie,
    'content-type': 'application/x-www-form-urlencoded',
  };
  const over = formOf('WO-OVER');
  await visitor.post('/approvals/WO-OVER', over);
  await until(() => s.state('WO-OVER').status === 'done', 'one is decided');
  return { s, port, host, headers, formOf, over, token: new URL(actingUrl).searchParams.get('token') ?? '' };
}

const encoded = (fields: Readonly<Record<string, string>>) => new URLSearchParams(fields).toString();

test('rule 13: what is no form of ours, sent by somebody with the token, is refused and changes nothing', async (t) => {
  const { s, port, host, headers, formOf, over, token } = await besieged(t);
  const form = formOf('WO-A');
  const [cookieName = '', cookieValue = ''] = String(headers['cookie']).split('=');
  /** The request that approves WO-A, with one thing other. */
  const but = (
    more: Headers = {},
    fields: Readonly<Record<string, string>> = form,
    path = '/approvals/WO-A',
  ): Asked => ({
    method: 'POST',
    path,
    headers: { ...headers, ...more },
    body: encoded(fields),
  });
  const without = (name: keyof typeof form) => Object.fromEntries(Object.entries(form).filter(([key]) => key !== name));
  const body = (text: string, more: Headers = {}): Asked => ({ ...but(more), body: text });
  const evil = 'evil.example';
  const cancelForm = { csrf: form.csrf, status: 'parked', attempt: '1', sure: 'yes' };

  const rows: readonly (readonly [what: string, asked: Asked, ...statuses: number[]])[] = [
    // names that resolve to this machine
    ['a foreign host', but({ host: `${evil}:${port}` }), 421],
    ['a foreign host without a port', but({ host: evil }), 421],
    ['our host at another port', but({ host: `127.0.0.1:${port + 1}`, origin: `http://127.0.0.1:${port + 1}` }), 421],
    ['our host without its port', but({ host: '127.0.0.1' }), 421],
    ['a host that begins with ours', but({ host: `127.0.0.1.${evil}:${port}` }), 421],
    ['a host with a dot behind', but({ host: `localhost.:${port}` }), 421],
    ['this machine by another number', but({ host: `2130706433:${port}` }), 421],
    ['the address of everybody', but({ host: `0.0.0.0:${port}` }), 421],
    ['a host with somebody before it', but({ host: `user@${host}` }), 400, 421],
    ['a foreign host that is looked at', { headers: { host: `${evil}:${port}` } }, 421],
    ['a foreign host behind a proxy of its word', but({ host: evil, 'x-forwarded-host': host }), 421],
    // pages of others
    ['a foreign origin', but({ origin: `http://${evil}` }), 403],
    ['an origin that is hidden', but({ origin: 'null' }), 403],
    ['an origin at another port of this machine', but({ origin: `http://127.0.0.1:${port + 1}` }), 403],
    ['another name of this machine', but({ origin: `http://localhost:${port}` }), 403],
    ['an origin that begins with ours', but({ origin: `http://${host}.${evil}` }), 403],
    ['an origin with more behind it', but({ origin: `http://${host}/` }), 403],
    ['no origin and no site', but({ origin: undefined, 'sec-fetch-site': undefined }), 403],
    ['another site', but({ 'sec-fetch-site': 'cross-site' }), 403],
    ['another port, as the browser tells', but({ 'sec-fetch-site': 'same-site' }), 403],
    ['an address that was typed', but({ 'sec-fetch-site': 'none' }), 403],
    [
      'a page of others that fetches ours',
      { headers: { ...headers, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' } },
      403,
    ],
    [
      'a page of others that listens',
      { headers: { ...headers, 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors', accept: 'text/event-stream' } },
      403,
    ],
    [
      'what asks whether it may',
      { method: 'OPTIONS', path: '/approvals/WO-A', headers: { ...headers, 'access-control-request-method': 'POST' } },
      405,
    ],
    // who has no token
    ['no cookie', but({ cookie: undefined }), 403],
    ['an empty cookie', but({ cookie: `${cookieName}=` }), 403],
    ['a cookie that is no token', but({ cookie: `${cookieName}=${randomBytes(24).toString('base64url')}` }), 403],
    ['a part of the token', but({ cookie: `${cookieName}=${cookieValue.slice(0, -1)}` }), 403],
    ['the token and more', but({ cookie: `${cookieName}=${cookieValue}x` }), 403],
    ['the cookie of another port', but({ cookie: `waybill-${port + 1}=${cookieValue}` }), 403],
    ['the cookie under another name', but({ cookie: `waybill=${cookieValue}` }), 403],
    ['two cookies, the first of somebody else', but({ cookie: `${cookieName}=x; ${cookieName}=${cookieValue}` }), 403],
    ['the token as a password', but({ cookie: undefined, authorization: `Bearer ${token}` }), 403],
    ['the token in the address of a form', but({ cookie: undefined }, form, `/approvals/WO-A?token=${token}`), 400],
    ['the token in the form', but({ cookie: undefined }, { ...form, token }), 403],
    ['a wrong token', { path: '/?token=x', headers: { host } }, 403],
    ['two tokens', { path: `/?token=${token}&token=x`, headers: { host } }, 403],
    ['a wrong token in its form', { method: 'POST', path: '/token', headers, body: 'token=x' }, 403],
    [
      'the form of the token from elsewhere',
      { method: 'POST', path: '/token', headers: { ...headers, origin: `http://${evil}` }, body: `token=${token}` },
      403,
    ],
    // no form of ours
    ['no csrf', but({}, without('csrf')), 403],
    ['another csrf', but({}, { ...form, csrf: 'x' }), 403],
    ['the token as csrf', but({}, { ...form, csrf: token }), 403],
    ['an empty csrf', but({}, { ...form, csrf: '' }), 403],
    ['csrf twice', body(`${encoded(form)}&csrf=${form.csrf}`), 400],
    ['a decision twice', body(`${encoded(form)}&decision=deny`), 400],
    ['fields in the address', but({}, form, '/approvals/WO-A?always=yes'), 400],
    ['JSON', body(JSON.stringify(form), { 'content-type': 'application/json' }), 400],
    ['plain text that reads as a form', body(encoded(form), { 'content-type': 'text/plain' }), 400],
    [
      'a form in parts',
      body('--x\r\ncontent-disposition: form-data; name="csrf"\r\n\r\nx\r\n--x--', {
        'content-type': 'multipart/form-data; boundary=x',
      }),
      400,
    ],
    ['no type', body(encoded(form), { 'content-type': undefined }), 400],
    ['nothing', body(''), 400, 403],
    ['a body of a megabyte', body(`${encoded(form)}&reason=${'x'.repeat(1 << 20)}`), 413, 0],
    [
      'a megabyte that does not say so',
      body(`${encoded(form)}&reason=${'x'.repeat(1 << 20)}`, { 'transfer-encoding': 'chunked' }),
      413,
      0,
    ],
    ['a signature beyond measure', but({}, { ...form, signature: 'x'.repeat(30_000) }), 422],
    // other methods
    ['GET', { ...but(), method: 'GET', path: `/approvals/WO-A?${encoded(form)}`, body: '' }, 200],
    ['HEAD', { method: 'HEAD', path: `/approvals/WO-A?${encoded(form)}`, headers }, 200],
    ['PUT', { ...but(), method: 'PUT' }, 405],
    ['DELETE', { ...but(), method: 'DELETE', body: '' }, 405],
    ['PATCH', { ...but(), method: 'PATCH' }, 405],
    ['a method by word', { ...but({ 'x-http-method-override': 'POST' }), method: 'GET', body: '' }, 303],
    ['GET on what retries', { path: '/orders/WO-A/retry', headers }, 404],
    // decisions about something else
    ['another asking', but({}, { ...form, ask: '01JD0000000000000000000000' }), 409],
    ['another hash', but({}, { ...form, sha256: `sha256:${'0'.repeat(64)}` }), 409],
    ["another order's asking", but({}, { ...formOf('WO-B') }), 409],
    ["another order's hash with this asking", but({}, { ...form, sha256: formOf('WO-B').sha256 }), 409],
    ['no asking', but({}, without('ask')), 409],
    ['a decision that was made before', but({}, over, '/approvals/WO-OVER'), 409],
    ['a decision that was made, for another order', but({}, over), 409],
    ['neither yes nor no', but({}, { ...form, decision: 'maybe' }), 403],
    ['no decision', but({}, without('decision')), 403],
    ['a no without a reason', but({}, { ...form, decision: 'deny' }), 422],
    ['a no with too long a reason', but({}, { ...form, decision: 'deny', reason: 'x'.repeat(1001) }), 422],
    ['a click where policy wants a key', but({}, formOf('WO-KEY'), '/approvals/WO-KEY'), 403],
    ['a signature that is none', but({}, { ...formOf('WO-KEY'), signature: 'x' }, '/approvals/WO-KEY'), 403],
    ['an empty signature', but({}, { ...formOf('WO-KEY'), signature: '' }, '/approvals/WO-KEY'), 422],
    // other actions
    ['release of what asks', but({}, cancelForm, '/orders/WO-A/release'), 409],
    ['retry of what asks', but({}, cancelForm, '/orders/WO-A/retry'), 409],
    ['cancel as it was not shown', but({}, { ...cancelForm, status: 'running' }, '/orders/WO-A/cancel'), 409],
    ['cancel of another attempt', but({}, { ...cancelForm, attempt: '2' }, '/orders/WO-A/cancel'), 409],
    ['cancel without being sure', but({}, { ...cancelForm, sure: '' }, '/orders/WO-A/cancel'), 409],
    ['an action that there is not', but({}, cancelForm, '/orders/WO-A/purge'), 404],
    ['an action of every object', but({}, cancelForm, '/orders/WO-A/constructor'), 404],
    // ids and addresses
    ['an order nobody knows', but({}, form, '/approvals/WO-NOBODY'), 404],
    ['a way out of the folder', but({}, form, '/approvals/..%2f..%2fpolicy'), 404],
    ['a folder', but({}, form, '/approvals/%2e%2e'), 404],
    ['an id with a NUL', but({}, form, '/approvals/WO-A%00'), 404],
    ['an id that looks like another', but({}, form, `/approvals/${encodeURIComponent('WО-A')}`), 404],
    ['an id that turns around', but({}, form, '/approvals/%E2%80%AEA-OW'), 404],
    ['an id that is no UTF-8', but({}, form, '/approvals/%ff%fe'), 404],
    ['an id beyond measure', but({}, form, `/approvals/${'A'.repeat(3000)}`), 404],
    ['a way out of the assets', { path: '/assets/..%2f..%2fpackage.json', headers }, 404],
    ['a way out, written out', { path: '/assets/../../package.json', headers }, 404],
    ['an asset of every object', { path: '/assets/__proto__', headers }, 404],
    ['an address beyond measure', { path: `/?q=${'x'.repeat(5000)}`, headers }, 414],
    ['headers beyond measure', { headers: { ...headers, 'x-more': 'x'.repeat(20_000) } }, 431, 0],
    ['a word that is no notice', { path: '/approvals?done=<script>alert(1)</script>', headers }, 200],
  ];
  assert.ok(rows.length >= 40);

  const commands = '.git/waybill/commands';
  const before = recordsOf(s);
  const wrong: string[] = [];
  for (const [what, asked, ...statuses] of rows) {
    const [status, text] = await send(port, asked);
    if (!statuses.includes(status)) wrong.push(`${what}: ${status} instead of ${statuses.join(' or ')}`);
    if (text.includes('<script>alert')) wrong.push(`${what}: has a script`);
    if (text.includes(token)) wrong.push(`${what}: tells the token`);
  }
  assert.deepEqual(wrong, []);
  // what came to the station, it refused
  assert.deepEqual(s.names(commands), []);
  assert.equal(recordsOf(s), before, 'nothing is on the ledger');
  for (const woId of ['WO-A', 'WO-B', 'WO-KEY']) {
    assert.equal(s.state(woId).waiting_for, 'approval', woId);
    assert.ok(!s.exists(`ran-${woId}.txt`), woId);
  }

  // requests that are none
  const requests: readonly (readonly [string, string])[] = [
    [
      'two lengths',
      `POST /approvals/WO-A HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`,
    ],
    [
      'a length and chunks',
      `POST /approvals/WO-A HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['a header with a line in it', `GET / HTTP/1.1\r\nHost: ${host}\r\nX: a\rb: c\r\n\r\n`],
    ['no host', 'GET / HTTP/1.1\r\n\r\n'],
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['somebody else as a whole address', `GET http://${evil}/ HTTP/1.1\r\nHost: ${evil}\r\n\r\n`],
    ['a tunnel', `CONNECT ${evil}:80 HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
  ];
  for (const [what, text] of requests) {
    const status = await bytes(port, text);
    assert.ok(status === 0 || status >= 400, `${what}: ${status}`);
  }

  // the redirect after the token leads nowhere else
  for (const path of ['//evil.example/', '/\\evil.example/', '/%2F/evil.example']) {
    const status = await bytesHead(
      port,
      `GET ${path}?token=${token} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    );
    const to = /^location: (.*)$/im.exec(status)?.[1] ?? '/';
    assert.equal(new URL(to, `http://${host}`).host, host, path);
    assert.ok(!to.includes(token));
  }

  // and the one without a fault does what all the others would have done
  assert.equal((await send(port, but()))[0], 303);
  await until(() => s.state('WO-A').status === 'done', 'it is approved');
  assert.equal((await send(port, but()))[0], 409, 'once');
  assert.equal(s.waybill('verify').code, 0);
});

test('rule 13: of cookie, csrf, origin and site none may be missing or wrong, whatever else is right', async (t) => {
  const { s, port, headers, formOf } = await besieged(t);
  const form = formOf('WO-A');
  const before = recordsOf(s);
  const part = (right: string) =>
    fc.oneof(
      fc.constant(right),
      fc.constant(undefined),
      fc.constantFrom('', 'x', 'null', 'none', right.slice(1), `${right}x`),
    );
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(
      part(String(headers['cookie'])),
      part(form.csrf),
      part(String(headers['origin'])),
      part('same-origin'),
      fc.constantFrom(
        '/approvals/WO-A',
        '/approvals/WO-B',
        '/approvals/WO-KEY',
        '/orders/WO-A/cancel',
        '/orders/WO-B/hold',
      ),
      async (cookie, csrf, origin, site, path) => {
        const isRight = cookie === headers['cookie'] && csrf === form.csrf && isOfUs(origin, site);
        if (isRight) return;
        const fields = { ...form, status: 'parked', attempt: '1', sure: 'yes' };
        const body = encoded(csrf === undefined ? without(fields, 'csrf') : { ...fields, csrf });
        const given = { ...headers, cookie, origin, 'sec-fetch-site': site };
        const [status] = await send(port, { method: 'POST', path, headers: given, body });
        assert.equal(status, 403);
        assert.deepEqual(s.names('.git/waybill/commands'), []);
        refused += 1;
      },
    ),
    { numRuns: 200 },
  );
  assert.ok(refused > 100);
  assert.equal(recordsOf(s), before);

  /** An old browser tells no site, and one that hides the origin tells the site. */
  function isOfUs(origin: string | undefined, site: string | undefined): boolean {
    const [isOrigin, isSite] = [origin === headers['origin'], site === 'same-origin'];
    return (isOrigin && isSite) || (isOrigin && site === undefined) || (origin === undefined && isSite);
  }
});

function without(fields: Readonly<Record<string, string>>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name));
}

function bytesHead(port: number, text: string): Promise<string> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let got = '';
    socket.on('data', (chunk) => {
      got += chunk.toString('latin1');
    });
    socket.once('close', () => done(got));
  });
}

test.run();
