import { postAlerts, retryAfter, WEBHOOK_TIMES } from '../../../src/guardrail/alerts/webhook.ts';
import { WaybillError } from '../../../src/order/error.ts';
import { assert, suite } from '../../support/suite.ts';
import { receiver, status } from './receiver.ts';

const test = suite('guardrail/alerts/webhook');

const QUICK = { ...WEBHOOK_TIMES, pauseMs: 10, longestPauseMs: 40 };
const hook = (url: string, more: { tries?: number; headersEnv?: Record<string, string> } = {}) => ({
  url,
  tries: 4,
  headersEnv: {},
  ...more,
});

async function refusal(sent: Promise<void>): Promise<string> {
  try {
    await sent;
  } catch (error) {
    assert.ok(error instanceof WaybillError && error.code === 'ALERT_FAILED', String(error));
    return `${error.message} ${error.hint}`;
  }
  assert.fail('it was taken');
}

test('a receiver that fails twice and then takes it gets it three times, under one key', async (t) => {
  const { url, got } = await receiver(t, (n, r) => status(r, n < 3 ? 503 : 204));
  await postAlerts(hook(`${url}/hook?x=1`), '{"v":1}', QUICK);
  assert.deepEqual(
    got.map(({ method, path, body }) => [method, path, body]),
    Array.from({ length: 3 }, () => ['POST', '/hook?x=1', '{"v":1}']),
  );
  assert.equal(new Set(got.map(({ headers }) => headers['idempotency-key'])).size, 1);
  assert.match(String(got[0]?.headers['content-type']), /^application\/json/);
});

test('it is tried as often as settings say, and what is said then names neither path nor query', async (t) => {
  const { url, port, got } = await receiver(t, (_, r) => status(r, 500));
  const said = await refusal(postAlerts(hook(`${url}/T0PSECRET?token=T0PSECRET`, { tries: 2 }), '{}', QUICK));
  assert.equal(got.length, 2);
  assert.match(said, new RegExp(`http://127.0.0.1:${port} answered 500; tried 2 times`));
  assert.doesNotMatch(said, /T0PSECRET/);
});

test('429 with Retry-After is waited for, and one that is too long ends it at once', async (t) => {
  const begun: number[] = [];
  const patient = await receiver(t, (n, r) => {
    begun.push(Date.now());
    status(r, n === 1 ? 429 : 200, { 'retry-after': '1' });
  });
  await postAlerts(hook(patient.url), '{}', QUICK);
  assert.ok((begun[1] ?? 0) - (begun[0] ?? 0) >= 990, 'not before the second is over');
  const never = await receiver(t, (_, r) => status(r, 429, { 'retry-after': '86400' }));
  assert.match(await refusal(postAlerts(hook(never.url), '{}', QUICK)), /429; tried once, and no time is left/);
  assert.equal(never.got.length, 1);
});

test('another 4xx is not tried again, and a redirect is not followed', async (t) => {
  const away = await receiver(t, (_, r) => status(r, 200));
  for (const code of [400, 401, 404, 301, 302, 307, 308]) {
    const { url, got } = await receiver(t, (_, r) => status(r, code, { location: away.url }));
    const said = await refusal(postAlerts(hook(url), '{}', QUICK));
    assert.match(said, new RegExp(`answered ${code}`));
    assert.equal(got.length, 1);
    if (code < 400) assert.match(said, /Name the final address/);
  }
  assert.equal(away.got.length, 0);
});

test('a receiver that hangs, or sends an answer without end, is bounded', async (t) => {
  const hanging = await receiver(t, () => {});
  const said = await refusal(postAlerts(hook(hanging.url, { tries: 2 }), '{}', { ...QUICK, tryMs: 200 }));
  assert.match(said, /did not answer within 0.2 s; tried 2 times/);
  const bounded = await refusal(postAlerts(hook(hanging.url, { tries: 20 }), '{}', { ...QUICK, overallMs: 300 }));
  assert.match(bounded, /no time is left|tried once/);
  const endless = await receiver(t, (_, r) => {
    r.writeHead(200).write('x');
  });
  await postAlerts(hook(endless.url), '{}', QUICK);
});

test('where nobody listens the code of the fault is told, and a stop ends the pauses', async (t) => {
  const { url, port } = await receiver(t, (_, r) => r.destroy());
  assert.match(await refusal(postAlerts(hook(url, { tries: 2 }), '{}', QUICK)), /could not be reached \(/);
  const closed = `http://127.0.0.1:${port === 1 ? 2 : 1}/`;
  assert.match(await refusal(postAlerts(hook(closed, { tries: 1 }), '{}', QUICK)), /reached \(\w+/);
  const stop = new AbortController();
  const busy = await receiver(t, (_, r) => {
    status(r, 503);
    setTimeout(() => stop.abort(), 20);
  });
  const said = await refusal(postAlerts(hook(busy.url), '{}', { ...QUICK, pauseMs: 30_000 }, stop.signal));
  assert.match(said, /the guardrail stops|no time is left/);
});

test('user and password of the address become a header, and are never told', async (t) => {
  const { url, got } = await receiver(t, (n, r) => status(r, n === 1 ? 200 : 403));
  const secret = url.replace('://', '://anna:p%40ss@');
  await postAlerts(hook(secret), '{}', QUICK);
  assert.equal(got[0]?.headers.authorization, `Basic ${Buffer.from('anna:p@ss').toString('base64')}`);
  assert.doesNotMatch(await refusal(postAlerts(hook(secret), '{}', QUICK)), /anna|p%40ss|p@ss/);
});

test('rule 7: headers come from the environment; one that is not set or no header is refused unsent and untold', async (t) => {
  const { url, got } = await receiver(t, (_, r) => status(r, 200));
  process.env['HOOK_TOKEN'] = 'Bearer abc';
  process.env['HOOK_BAD'] = 'a\nb';
  t.defer(() => {
    delete process.env['HOOK_TOKEN'];
    delete process.env['HOOK_BAD'];
  });
  await postAlerts(hook(url, { headersEnv: { Authorization: 'HOOK_TOKEN' } }), '{}', QUICK);
  assert.equal(got[0]?.headers.authorization, 'Bearer abc');
  const unset = await refusal(postAlerts(hook(url, { headersEnv: { 'X-A': 'HOOK_NEVER' } }), '{}', QUICK));
  assert.match(unset, /X-A: the variable HOOK_NEVER is not set/);
  const bad = await refusal(postAlerts(hook(url, { headersEnv: { 'X-A': 'HOOK_BAD' } }), '{}', QUICK));
  assert.match(bad, /HOOK_BAD holds cannot be a header/);
  assert.equal(got.length, 1);
  assert.match(await refusal(postAlerts(hook('ftp://x'), '{}', QUICK)), /no http or https address/);
});

test('Retry-After is seconds or a date', () => {
  const now = Date.parse('2026-11-20T10:00:00Z');
  assert.equal(retryAfter('3', now), 3000);
  assert.equal(retryAfter('Fri, 20 Nov 2026 10:00:05 GMT', now), 5000);
  assert.equal(retryAfter('Fri, 20 Nov 2026 09:00:00 GMT', now), 0);
  for (const none of [null, '', 'soon', '-x']) assert.equal(retryAfter(none, now), null);
});

test.run();
