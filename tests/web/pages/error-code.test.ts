import { rmSync } from 'node:fs';
import { ERROR_CODES } from '../../../src/order/error.ts';
import { runDashboard } from '../../support/dashboard.ts';
import { testStation } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

/** The page of an error code in the dashboard: the same as `waybill explain`; a name that is none is other people's text. */

const test = suite('web/error-code', { needs: ['git'], timeoutMs: 60_000 });

test('a code has its page, in any case; a slip leads to the nearest; anything else is told as text', async (t) => {
  const s = testStation(t);
  const { url } = await runDashboard(t, s.root);
  const get = async (path: string) => {
    const answer = await fetch(`${url}/errors/${path}`);
    return { status: answer.status, text: await answer.text() };
  };
  const dirty = await get('dirty-target');
  assert.equal(dirty.status, 200);
  for (const part of [
    '<h1>DIRTY_TARGET</h1>',
    '<code>git status -- PATH</code>',
    '<li>Then <code>waybill retry ID</code>',
  ])
    assert.ok(dirty.text.includes(part), `${part} in ${dirty.text}`);
  const slip = await get('DIRTY_TARGETS');
  assert.equal(slip.status, 404);
  assert.ok(slip.text.includes('href="/errors/DIRTY_TARGET"'));
  const hostile = await get(encodeURIComponent('<script>alert(1)</script>'));
  assert.equal(hostile.status, 404);
  assert.ok(!hostile.text.includes('<script>alert') && hostile.text.includes('&lt;script&gt;'));
});

test('there is a list of them, with every code once; an error that a page meets leads to its code', async (t) => {
  const s = testStation(t);
  const { url } = await runDashboard(t, s.root);
  const text = async (path: string) => (await fetch(`${url}${path}`)).text();
  const listed = [...(await text('/errors')).matchAll(/<dt><a class="code" href="\/errors\/(\w+)"/g)].map(([, c]) => c);
  assert.deepEqual(listed.toSorted(), Object.keys(ERROR_CODES).toSorted());
  assert.match(await text('/errors/NO_SUCH'), /href="\/errors">/);
  assert.match(await text('/orders/WO-NOT-HERE'), /href="\/errors\/UNKNOWN_ORDER"/);
});

test('without a policy the overview says the command that writes one', async (t) => {
  const s = testStation(t);
  rmSync(s.path('policy.yaml'), { force: true });
  const { url } = await runDashboard(t, s.root);
  assert.match(await (await fetch(url)).text(), /waybill policy init/);
});

test.run();
