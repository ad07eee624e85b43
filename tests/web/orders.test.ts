import { html } from 'hono/html';
import { openStationToRead } from '../../src/station/station.ts';
import { Catalogue } from '../../src/views/catalogue.ts';
import { orders as drawOrders } from '../../src/web/pages/orders.ts';
import { openPages } from '../support/pages.ts';
import { ANYTHING, testStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** The list of orders, of a real station: filters, pages, and what it says where there is nothing. */

const test = suite('web/orders');

const ids = (text: string) => [...text.matchAll(/<a class="id" href="\/orders\/([^"]+)"/g)].map(([, id]) => id);
const pages = (text: string) =>
  [...text.matchAll(/<a rel="(\w+)" href="([^"]+)"/g)].map(([, rel, href]) => [
    rel,
    (href ?? '').replaceAll('&amp;', '&'),
  ]);

test('without an order it says how one comes; where none is like that, how to see all', async (t) => {
  const s = testStation(t);
  const { get, whole } = await openPages(t, s.root);
  await whole();
  const none = await get('/orders');
  assert.equal(none.status, 200);
  assert.match(none.text, /No order has come yet/);
  assert.match(none.text, /waybill drop FILE/);
  s.drop({ wo_id: 'WO-1', title: 'One', files: [{ path: 'a.txt', content: 'a\n' }] });
  s.drain();
  const other = await get('/orders?status=failed&q=one');
  assert.match(other.text, /No order is like that.*href="\/orders"/s);
  assert.match(other.text, /value="failed" checked/);
  assert.match(other.text, /value="one"/, 'what was asked for stays in the form');
});

test('filters are links: statuses together, lane, wait, code, words; unknown words are told, and do not count', async (t) => {
  const s = testStation(t, { policy: ANYTHING });
  s.drop({ wo_id: 'WO-DONE', title: 'Green door', files: [{ path: 'a.txt', content: 'a\n' }] });
  s.drop({ wo_id: 'WO-BROKEN', title: 'Red door', actions: [{ action: 'command', command: 'exit 3' }] });
  s.drop({ wo_id: 'WO-HELD', title: 'Held', hold: true, files: [{ path: 'b.txt', content: 'b\n' }] }, 'OPS');
  s.write('bridge/inbox/MAIN/bad.json', '{"wo_id": "WO-BAD", "files": 7}');
  s.drain();
  const { get, whole } = await openPages(t, s.root);
  await whole();
  const listed = async (query: string) => ids((await get(`/orders${query}`)).text).sort();
  assert.deepEqual(await listed(''), ['WO-BAD', 'WO-BROKEN', 'WO-DONE', 'WO-HELD']);
  assert.deepEqual(await listed('?status=failed&status=parked'), ['WO-BROKEN', 'WO-HELD']);
  assert.deepEqual(await listed('?lane=OPS'), ['WO-HELD']);
  assert.deepEqual(await listed('?waiting=hold'), ['WO-HELD']);
  assert.deepEqual(await listed('?code=command_failed'), ['WO-BROKEN']);
  assert.deepEqual(await listed('?type=command'), ['WO-BROKEN']);
  assert.deepEqual(await listed('?q=DOOR+red'), ['WO-BROKEN']);
  assert.deepEqual(await listed('?status=nonsense&waiting=nothing&page=x'), await listed(''));
  const slips = (await get('/orders?status=bogus&status=failed&waiting=nobody')).text;
  assert.deepEqual(ids(slips), ['WO-BROKEN']);
  assert.match(slips, /role="alert">&quot;bogus&quot; is no status, and was passed over: status is one of ready, /);
  assert.match(slips, /role="alert">&quot;nobody&quot; is no wait, /);
  assert.doesNotMatch((await get('/orders?status=failed&waiting=&lane=')).text, /role="alert"/, 'as the form sends it');
  const { text } = await get('/orders');
  assert.match(text, /WO-BAD.*<td>bad\.json<\/td>/, 'without a title it is known by its file');
  assert.match(s.waybill('ls', '--status', 'rejected').stdout, /^WO-BAD .* bad\.json$/m);
  assert.match(text, /href="\/errors\/COMMAND_FAILED"/);
  assert.match(text, /<option value="OPS"/);
});

test('pages: their links keep the filter, and a page behind the last is the last', async (t) => {
  const s = testStation(t);
  for (let n = 0; n < 60; n++)
    s.drop({ wo_id: `WO-${n}`, title: `Number ${n}`, hold: true, files: [{ path: 'a', content: 'a' }] });
  s.drain();
  const { get, whole } = await openPages(t, s.root);
  await whole();
  const first = await get('/orders?status=parked&q=number');
  assert.equal(ids(first.text).length, 50);
  assert.match(first.text, /1 to 50 of 60/);
  assert.deepEqual(pages(first.text), [
    ['next', '/orders?status=parked&q=number&page=2'],
    ['last', '/orders?status=parked&q=number&page=2'],
  ]);
  const second = await get('/orders?status=parked&q=number&page=2');
  assert.equal(ids(second.text).length, 10);
  assert.match(second.text, /51 to 60 of 60/);
  assert.deepEqual(pages(second.text)[0], ['first', '/orders?status=parked&q=number']);
  assert.equal(new Set([...ids(first.text), ...ids(second.text)]).size, 60);
  assert.deepEqual(ids((await get('/orders?q=number&page=9999')).text).length, 10);
});

test('before the ledger is read the newest orders are there, and it says how far it is', async (t) => {
  const s = testStation(t);
  for (let n = 0; n < 3; n++)
    s.drop({ wo_id: `WO-${n}`, title: `Number ${n}`, files: [{ path: `${n}`, content: 'a' }] });
  s.drain();
  const { get, whole, records } = await openPages(t, s.root);
  const station = await openStationToRead(s.root);
  // one that has not begun to read
  const catalogue = new Catalogue();
  const list = async (query: string) => {
    const context = {
      station,
      records: { ...records, catalogue },
      visitor: { mayAct: false, startedAt: { tty: '/dev/pts/0' }, csrfField: () => html`` },
    };
    const view = await drawOrders(context, { params: {}, query: new URLSearchParams(query) });
    return String(await view.regions['list']);
  };
  const early = await list('');
  assert.match(early, /<progress max="100" value="0"/);
  assert.match(early, /The newest orders are shown/);
  assert.deepEqual(ids(early).sort(), ['WO-0', 'WO-1', 'WO-2']);
  assert.match(await list('q=number'), /What was found so far is shown/);
  await whole();
  assert.doesNotMatch((await get('/orders')).text, /<progress/);
});

test('hostile: titles, lanes and words of a filter are text', async (t) => {
  const s = testStation(t);
  const title = `<script>alert(1)</script> "onmouseover=x \u202eevil\u0007 ${'x'.repeat(20_000)}`;
  s.drop({ wo_id: 'WO-1', title, files: [{ path: 'a.txt', content: 'a\n' }] });
  s.drain();
  const { get, whole } = await openPages(t, s.root);
  await whole();
  const asked = encodeURIComponent('"><script>alert(2)</script>');
  for (const path of [
    '/orders',
    `/orders?q=${asked}&lane=${asked}&code=${asked}&type=${asked}&status=${asked}&waiting=${asked}`,
  ]) {
    const { text } = await get(path);
    assert.doesNotMatch(text, /<script>|<script [^s]|\u202e|\u0007/);
    assert.ok(text.length < 60_000, `${text.length}`);
  }
  assert.match((await get('/orders')).text, /&lt;script&gt;alert\(1\)&lt;\/script&gt;/);
});

test.run();
