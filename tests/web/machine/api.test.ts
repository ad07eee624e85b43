import { readFileSync } from 'node:fs';
import { API } from '../../../src/web/machine/api.ts';
import { runDashboard } from '../../support/dashboard.ts';
import { type TestStation, testStation } from '../../support/station.ts';
import { assert, suite, type TestContext } from '../../support/suite.ts';

const test = suite('web/machine/api', { needs: ['git'], timeoutMs: 300_000 });

/** A station with an order of each kind: done, failed, rejected, and one that asks. */
function busyStation(t: TestContext): TestStation {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-1', title: '<b>one</b>', files: [{ path: 'one.txt', content: 'one\n' }] });
  s.drop({
    wo_id: 'WO-2',
    title: 'two',
    files: [{ path: 'two.txt', content: 'two\n' }],
    checks: [{ name: 'unit', command: 'false' }],
  });
  s.drop({
    wo_id: 'WO-3',
    title: 'three',
    actions: [{ action: 'command', command: 'touch three.txt', outputs: ['three.txt'] }],
  });
  s.drop({ wo_id: 'WO-4', title: 'four', files: [{ path: '../four.txt', content: '' }] });
  s.drain();
  return s;
}

/** What is measured differs from one look to the next. */
const WITHOUT_TIMES = (text: string) => text.replace(/"ms": \d+/g, '"ms": 0').replace(/"generated_at": "[^"]+"/g, '');

test('every route gives what its command prints with --json, byte for byte', async (t) => {
  const s = busyStation(t);
  const { url } = await runDashboard(t, s.root);
  const ids: Readonly<Record<string, string>> = { '/approvals/:id': 'WO-3' };
  for (const { path, command, query, example } of API) {
    const id = ids[path] ?? 'WO-1';
    const at = path.replace(':id', id).replace(':code', 'BAD_ID');
    const args = command
      .replace(/^waybill /, '')
      .replace('CODE', 'BAD_ID')
      .replace(/\bID\b/, id)
      .split(' ');
    const found = await fetch(`${url}/api/v1${at}`);
    const { stdout } = s.waybill(...args, '--json');
    assert.equal(WITHOUT_TIMES(await found.text()), WITHOUT_TIMES(stdout), path);
    assert.equal(found.status, 200, path);
    assert.equal(found.headers.get('content-type'), 'application/json; charset=utf-8');
    // its example can be asked, and its query is made of options that the command has
    assert.ok([200, 404, 409].includes((await fetch(`${url}${example}`)).status), example);
    const help = s.waybill(...args.slice(0, 1), '--help').stdout;
    for (const name of Object.keys(query)) assert.match(help, new RegExp(`--${name}\\b`), `${command} --${name}`);
  }
});

test('queries are the options of the command, and refusals its refusals with an HTTP status', async (t) => {
  const s = busyStation(t);
  const { url } = await runDashboard(t, s.root);
  // a moment passes between the two
  const withoutAges = (text: string) => text.replace(/for \d+[smh]/g, 'for a while');
  const same = async (path: string, status: number, ...args: string[]) => {
    const found = await fetch(`${url}/api/v1${path}`);
    const [told, printed] = [await found.text(), s.waybill(...args, '--json').stdout];
    assert.equal(withoutAges(told), withoutAges(printed), path);
    assert.equal(found.status, status, path);
  };
  await same('/orders?status=failed', 200, 'ls', '--status', 'failed');
  await same('/orders?waiting=approval', 200, 'ls', '--waiting', 'approval');
  await same('/orders?code=check-failed', 200, 'ls', '--code', 'CHECK_FAILED');
  await same('/orders?search=%3Cb%3E%20wo-1', 200, 'ls', '--search', '<b> wo-1');
  await same('/orders?limit=2', 200, 'ls', '--limit', '2');
  await same(
    '/metrics?since=2026-01-01T00:00Z&lane=MAIN',
    200,
    'metrics',
    '--since',
    '2026-01-01T00:00Z',
    '--lane',
    'MAIN',
  );
  await same('/orders/WO-3/why', 200, 'why', 'WO-3');
  await same('/orders/WO-9', 404, 'show', 'WO-9');
  await same('/orders/..%2F..%2Fetc', 404, 'show', '../../etc');
  await same('/orders/WO-9/verify', 404, 'verify', 'WO-9');
  await same('/orders?limit=x', 400, 'ls', '--limit', 'x');
  await same('/orders?status=lost', 400, 'ls', '--status', 'lost');
  await same('/approvals/WO-1', 409, 'approvals', 'WO-1');
  await same('/metrics?since=5', 400, 'metrics', '--since', '5');
});

test('the list of routes tells all of them, and what is none is refused as JSON', async (t) => {
  const s = testStation(t);
  const { url } = await runDashboard(t, s.root);
  const { waybill, routes } = (await (await fetch(`${url}/api/v1`)).json()) as {
    waybill: string;
    routes: { path: string; command: string; about: string; example: string }[];
  };
  assert.equal(waybill, (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version);
  assert.deepEqual(
    routes.map(({ path }) => path),
    API.map(({ path }) => `/api/v1${path}`),
  );
  const refused = async (path: string, init: RequestInit = {}) => {
    const found = await fetch(`${url}${path}`, init);
    const { ok, error } = (await found.json()) as { ok: boolean; error: { code: string } };
    return [found.status, ok, error.code];
  };
  assert.deepEqual(await refused('/api/v1/nothing'), [404, false, 'NO_INPUT']);
  assert.deepEqual(await refused('/api/v2/orders'), [404, false, 'NO_INPUT']);
  assert.deepEqual(await refused('/api/v1/orders?colour=red'), [400, false, 'USAGE']);
  assert.deepEqual(await refused('/api/v1/orders', { method: 'POST' }), [405, false, 'USAGE']);
  assert.equal((await fetch(`${url}/api/v1/orders/WO-1`, { method: 'DELETE' })).status, 405);
  const others = await fetch(`${url}/api/v1/orders/WO-1/verify`, { headers: { 'sec-fetch-site': 'cross-site' } });
  assert.equal(others.status, 403);
});

test.run();
