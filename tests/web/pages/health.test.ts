import { writeFileSync } from 'node:fs';
import { guarded } from '../../support/guarded.ts';
import { pagesOf } from '../../support/pages.ts';
import { testStation, until } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

/** Nothing is called well that nobody knows to be: the same on the overview and in `waybill status`. */

const test = suite('web/pages/health', { needs: ['git'], timeoutMs: 120_000 });

test('a ledger that cannot be read is said on every page and in status, until it is mended', async (t) => {
  const s = testStation(t);
  const up = await s.up(t);
  const pages = await pagesOf(t, s);
  assert.match(await pages.text('/'), /All is well/);
  await until(() => pages.records.catalogue.isWhole, 'all is read');
  const segment = '.git/waybill/ledger/000000000001.jsonl';
  const good = s.read(segment);
  s.write(segment, `${good}{broken\n`);
  await until(() => pages.records.fault() !== null, 'it is seen');
  for (const path of ['/', '/orders', '/approvals', '/errors/IO_ERROR'])
    assert.match(await pages.text(path), /The ledger cannot be read on.*LEDGER_BROKEN.*no JSON/, path);
  assert.doesNotMatch(await pages.text('/'), /All is well/);
  await pages.live('/approvals', (name, html) => name === 'ledger-fault' && html.includes('LEDGER_BROKEN'));
  assert.match(s.waybill('status').stdout, /LEDGER_BROKEN: .*no JSON/);
  await up.stop();

  s.write(segment, good);
  await until(() => pages.records.fault() === null, 'it is read on', 20_000);
  assert.doesNotMatch(await pages.text('/approvals'), /cannot be read on/);
  assert.doesNotMatch(s.waybill('status').stdout, /LEDGER_BROKEN/);
});

test('an old look of the guardrail, or none, is no good news', async (t) => {
  const g = await guarded(t, { components: ['{kind: file, path: tool.sh}'], files: { 'tool.sh': 'x\n' } });
  assert.match(g.s.waybill('status').stdout, /guardrail: nobody looked yet/);
  await g.look();
  const file = '.git/waybill/guardrail/look.json';
  const at = new Date(Date.now() - 2 * 86_400_000).toISOString();
  writeFileSync(g.s.path(file), JSON.stringify({ ...(JSON.parse(g.s.read(file)) as object), at, interval: null }));
  const pages = await pagesOf(t, g.s);
  const text = await pages.text('/');
  assert.match(text, /does not look any more/);
  assert.doesNotMatch(text, /misses nothing|All is well/);
  assert.match(g.s.waybill('status').stdout, /guardrail looked 2d ago: it does not look any more/);
});

test('where the guardrail is off, status says that nobody looked', async (t) => {
  const s = testStation(t, { settings: 'guardrail: {enabled: false}\n' });
  assert.match(s.waybill('status').stdout, /guardrail: nobody looked \(guardrail\.enabled is false\)/);
});

test.run();
