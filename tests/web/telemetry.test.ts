import { appendFileSync, writeFileSync } from 'node:fs';
import { pagesOf } from '../support/pages.ts';
import { testStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** The telemetry of a real station in a browser: filtered, paged, live, and none of it acts (design.md: text from orders is hostile). */

const test = suite('web/telemetry', { needs: ['git'], timeoutMs: 120_000 });

const FILE = 'state/telemetry/unified.jsonl';
const rows = (text: string) => text.split('<li data-key=').slice(1);

test('what a station did, each event a row with its order and its JSON', async (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-1', title: 'one', files: [{ path: 'one.txt', content: 'one\n' }] });
  s.drop({ wo_id: 'WO-2', title: 'two', actions: [{ action: 'edit', path: 'gone.txt', find: 'a', replace: 'b' }] });
  s.drain();
  const pages = await pagesOf(t, s);
  const text = await pages.text('/telemetry');
  assert.equal(rows(text).length, s.telemetry().length);
  const failed = rows(await pages.text('/telemetry?event=wo_failed'));
  assert.equal(failed.length, 1);
  assert.match(failed[0] ?? '', /href="\/orders\/WO-2"/);
  assert.match(failed[0] ?? '', /not ok/);
  assert.match(failed[0] ?? '', /code [A-Z_]+/);
  assert.match(failed[0] ?? '', /&quot;wo_id&quot;: &quot;WO-2&quot;/);
  assert.equal(rows(await pages.text('/telemetry?order=WO-1&ok=no')).length, 0);
});

test('a station without telemetry says how there will be some; a time that is none is told', async (t) => {
  const pages = await pagesOf(t, testStation(t));
  assert.match(await pages.text('/telemetry'), /There is no telemetry yet/);
  const text = await pages.text('/telemetry?since=%3Cscript%3E');
  assert.match(text, /role="alert">&quot;&lt;script&gt;&quot; is no time/);
});

test('older lines are a link away, and links keep the filter', async (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-1', title: 'one', files: [{ path: 'one.txt', content: 'one\n' }] });
  s.drain();
  const [one = ''] = s.read(FILE).split('\n');
  appendFileSync(s.path(FILE), `${one.replace(/"event":"\w+"/, '"event":"wo_mine"')}\n`.repeat(120));
  const pages = await pagesOf(t, s);
  const seen: string[] = [];
  let path = '/telemetry?event=wo_mine';
  for (let n = 0; n < 3; n++) {
    const text = await pages.text(path);
    seen.push(...rows(text).map((row) => row.slice(0, row.indexOf('>'))));
    path = (/<a rel="next" href="([^"]+)"/.exec(text)?.[1] ?? '').replaceAll('&amp;', '&');
    assert.equal(path === '', n === 2);
    if (n < 2) assert.match(path, /event=wo_mine/);
  }
  assert.equal(new Set(seen).size, 120);
});

test('hostile lines are text: markup, bidirectional characters, a megabyte', async (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-1', title: 'one', files: [{ path: 'one.txt', content: 'one\n' }] });
  s.drain();
  const hostile = { v: 1, ts: '2026-11-20T10:00:00.000Z', ok: true, lane: '"><img src=x onerror=alert(1)>' };
  const bad = [
    {
      ...hostile,
      agent: '<script>alert(1)</script>',
      event: 'wo_x',
      wo_id: '../../<b>\ud800',
      note: '\u202etxt.exe\u2066\u0007',
    },
    { ...hostile, agent: 'x'.repeat(100_000), event: 'wo_y', more: 'y'.repeat(100_000) },
  ];
  appendFileSync(
    s.path(FILE),
    `${bad.map((line) => JSON.stringify(line)).join('\n')}\n<script>alert(2)</script>\n"${'z'.repeat(1_000_000)}"\n`,
  );
  const pages = await pagesOf(t, s);
  const text = await pages.text('/telemetry');
  const main = text.slice(text.indexOf('<main'), text.indexOf('</main>'));
  assert.doesNotMatch(main, /<script|<img|<b>|onerror=alert\(1\)>[^&]*"/);
  assert.doesNotMatch(main, /[\u202a-\u202e\u2066-\u2069\u0007]/);
  assert.match(main, /\\u202etxt\.exe\\u2066\\u0007/);
  assert.equal(main.match(/no line of telemetry/g)?.length, 2);
  assert.ok(text.length < 60_000, `${text.length} characters`);
});

test('live: a line appears while the page is open, and only what is new is read', async (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-1', title: 'one', files: [{ path: 'one.txt', content: 'one\n' }] });
  s.drain();
  const pages = await pagesOf(t, s);
  const [one = ''] = s.read(FILE).split('\n');
  await pages.live(
    '/telemetry?event=wo_',
    (name, html) => name === 'lines' && html.includes('wo_fresh'),
    () => appendFileSync(s.path(FILE), `${one.replace(/"event":"\w+"/, '"event":"wo_fresh"')}\n`),
  );
});

test('an address that names a place of before a clean says that it is gone', async (t) => {
  const s = testStation(t);
  writeFileSync(s.path('x'), '');
  const pages = await pagesOf(t, s);
  assert.match(await pages.text('/telemetry?before=1-200'), /not there any more/);
  assert.match(await pages.text('/telemetry?before=%3Cx%3E'), /There is no telemetry yet/);
});

test.run();
