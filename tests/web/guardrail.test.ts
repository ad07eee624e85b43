import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { guarded, guardedStation } from '../support/guarded.ts';
import { type Pages, pagesOf } from '../support/pages.ts';
import { type TestStation, testStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** Rule 15 in a browser: is the guardrail happy; if not, since when, why, and what helps. Real components that really go. */

const test = suite('web/guardrail', { needs: ['git'], timeoutMs: 120_000 });

const TOOL = '#!/bin/sh\necho whole\n';
const SETUP = {
  components: ['{kind: file, path: agents/tool.sh, repair: auto}', '{kind: folder, path: other, severity: warning}'],
  files: { 'agents/tool.sh': TOOL, 'other/x.txt': 'x\n' },
};

/** The text that people read, in one line. */
function words(html: string): string {
  return html
    .replace(/<title>[^<]*<\/title>/g, ' ')
    .replace(/<[^>]+>/g, ' ')
    .replaceAll('&#39;', "'")
    .replace(/\s+/g, ' ');
}

/** The page when telemetry was read to its end. */
async function whole(pages: Pages, path: string): Promise<string> {
  for (;;) {
    const text = await pages.text(path);
    if (!text.includes('Telemetry is being read')) return text;
  }
}

test('nobody looked yet: it says how somebody does', async (t) => {
  const s = testStation(t);
  const text = words(await whole(await pagesOf(t, s), '/guardrail'));
  assert.match(text, /Nobody has looked yet\. The station looks by itself while it runs: waybill up/);
  assert.match(text, /All components together .* nobody looked/);
  const off = testStation(t, { settings: 'guardrail: {enabled: false}\n' });
  assert.match(
    words(await whole(await pagesOf(t, off), '/guardrail')),
    /The station does not look by itself: guardrail\.enabled is false/,
  );
});

test('a component goes, is told with what helps, is repaired, and the order that did it is a link', async (t) => {
  const g = await guarded(t, SETUP);
  await g.look();
  const pages = await pagesOf(t, g.s);
  assert.match(
    words(await pages.text('/guardrail')),
    /Yes: 2 components, nothing is missing\. Looked .*by a look by hand/,
  );
  rmSync(g.s.path('agents/tool.sh'));
  await g.look();
  const bad = await pages.text('/guardrail');
  assert.match(words(bad), /No: 1 of 2 components is at fault/);
  assert.match(
    words(bad),
    /agents\/tool\.sh file, repair: auto ✗ at fault since .*missing : .*git restore --source=HEAD --staged --worktree -- agents\/tool\.sh Likely cause/,
  );
  assert.match(words(bad), /other folder, warning ✓ good/);
  assert.match(bad, /<svg class="strip"[^>]*aria-label="agents\/tool\.sh, the last 24 hours: [^"]*at fault/);
  assert.match(words(bad), /Repairs .*WO-REPAIR-\w+ agents\/tool\.sh .*waits for a station/);
  g.s.drain();
  await g.look();
  const [woId = ''] = g.s
    .names('state/orders')
    .map((name) => name.replace('.json', ''))
    .filter((id) => id.startsWith('WO-REPAIR-'));
  for (let n = 0; pages.records.catalogue.get(woId) === null && n < 100; n++)
    await new Promise((done) => setTimeout(done, 50));
  const good = await pages.text('/guardrail');
  assert.match(words(good), /Yes: 2 components, nothing is missing/);
  assert.match(good, new RegExp(`repaired by <a class="id" href="/orders/${woId}"`));
  assert.match(words(good), /The alerts file's last \d lines .*REPAIRED: agents\/tool\.sh/);
});

test('why: the page of a component has what git knows, and asking changes nothing', async (t) => {
  const g = await guarded(t, SETUP);
  g.s.write('agents/new/deep tool.sh', 'one\n');
  g.s.write(
    'waybill.yaml',
    g.s.read('waybill.yaml').replace('repair: auto}', "repair: auto}, {kind: file, path: 'agents/new/deep tool.sh'}"),
  );
  g.s.commitAll('A tool');
  await g.look();
  g.s.git('reset', '--quiet', '--hard', 'HEAD~1');
  // the settings that named it went with it; it is looked after by the last list that could be read
  g.s.write(
    'waybill.yaml',
    g.s.read('waybill.yaml').replace('repair: auto}', "repair: auto}, {kind: file, path: 'agents/new/deep tool.sh'}"),
  );
  await g.look();
  const pages = await pagesOf(t, g.s);
  const before = filesOf(g.s);
  const path = `/guardrail/${encodeURIComponent('agents/new/deep tool.sh')}`;
  assert.ok((await pages.text('/guardrail')).includes(`href="${path}"`));
  let text = '';
  for (let n = 0; n < 20 && !text.includes('Looked into'); n++) text = words(await whole(pages, path));
  assert.match(text, /✗ at fault since/);
  assert.match(text, /certain : .*reset/);
  assert.match(text, /waybill history 'agents\/new\/deep tool\.sh' says this and more/);
  assert.equal(filesOf(g.s), before, 'looking writes nothing');
});

test('a component that is no file has no cause to ask git for; one that nobody knows is not there', async (t) => {
  const g = await guarded(t, { components: ['{kind: program, name: nothing-of-that-name}', '{kind: disk}'] });
  await g.look();
  const pages = await pagesOf(t, g.s);
  const text = words(await whole(pages, '/guardrail/program%3Anothing-of-that-name'));
  assert.match(text, /✗ at fault .*not found.*waybill doctor/);
  assert.doesNotMatch(text, /Likely cause/);
  assert.equal((await pages.get('/guardrail/nobody')).status, 404);
});

test('an old look says nothing of now', async (t) => {
  const g = await guarded(t, SETUP);
  await g.look();
  const file = '.git/waybill/guardrail/look.json';
  const at = new Date(Date.now() - 7_200_000).toISOString();
  writeFileSync(g.s.path(file), JSON.stringify({ ...(JSON.parse(g.s.read(file)) as object), at }));
  const text = words(await whole(await pagesOf(t, g.s), '/guardrail'));
  assert.match(text, /Not known\..*Then all 2 components were good\. That look is old: nobody looks any more/);
  assert.match(text, /agents\/tool\.sh file, repair: auto \? not known/);
});

test('hostile names and messages are text, and commands quote them', async (t) => {
  const name = `<img src=x onerror=alert(1)>'$(touch pwned)'.sh`;
  const g = await guarded(t, { components: [`{kind: file, path: ${JSON.stringify(name)}}`], files: { [name]: 'x\n' } });
  await g.look();
  rmSync(g.s.path(name));
  await g.look();
  const ts = new Date().toISOString();
  const line = {
    v: 1,
    ts,
    agent: 'guardrail',
    event: 'wo_pipeline_drift',
    ok: false,
    missing: '\u202e<script>alert(1)</script>\ud800',
    kind: '<b>',
    message: 'x'.repeat(100_000),
    since: ts,
  };
  writeFileSync(
    g.s.path('state/telemetry/unified.jsonl'),
    `${g.s.read('state/telemetry/unified.jsonl')}${JSON.stringify(line)}\n{"event":"wo_pipeline_drift","ts":"x"}\nnull\n`,
  );
  const pages = await pagesOf(t, g.s);
  for (const path of ['/guardrail', `/guardrail/${encodeURIComponent(name)}`]) {
    const text = await whole(pages, path);
    const main = text.slice(text.indexOf('<main'), text.indexOf('</main>'));
    assert.doesNotMatch(main, /<script|<img|<b>|\u202e/, path);
    assert.ok(main.length < 40_000, `${main.length} characters`);
    const command = (/<pre tabindex="0">(git restore [^<]*)<\/pre>/.exec(main)?.[1] ?? '')
      .replaceAll('&#39;', "'")
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>');
    execFileSync('sh', ['-c', command], { cwd: g.s.root });
    assert.ok(g.s.exists(name) && !g.s.exists('pwned'), command);
    rmSync(g.s.path(name));
  }
});

test('thousands of components: found by name, in pages of a size', async (t) => {
  const files = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`many/${n}.txt`, 'x\n']));
  const s = guardedStation(t, {
    guardrail: ['lists: [list.yaml]'],
    files: {
      ...files,
      'list.yaml': Object.keys(files)
        .map((path) => `- ${path}\n`)
        .join(''),
    },
  });
  s.waybill('guardrail', '--once');
  truncateSync(s.path('many/77.txt'), 0);
  s.waybill('guardrail', '--once');
  const pages = await pagesOf(t, s);
  const text = await whole(pages, '/guardrail');
  assert.match(words(text), /No: 1 of 501 components is at fault/);
  assert.ok(text.indexOf('many/77.txt') < text.indexOf('many/0.txt'), 'what is at fault comes first');
  assert.match(words(text), /501 components, page 1 of 9/);
  assert.ok(text.length < 60_000, `${text.length} characters`);
  assert.match(words(await pages.text('/guardrail?page=9')), /page 9 of 9/);
  assert.equal((await pages.text('/guardrail?q=TRUNCATED')).match(/<tr data-key=/g)?.length, 1);
  assert.match(words(await pages.text('/guardrail?q=nothing-like-that')), /No component is like that/);
});

test('live: what goes is on the page while it is open', async (t) => {
  const g = await guarded(t, SETUP);
  await g.look();
  const pages = await pagesOf(t, g.s);
  await pages.live(
    '/guardrail',
    (name, html) => name === 'verdict' && words(html).includes('No: 1 of 2'),
    () => {
      rmSync(g.s.path('other'), { recursive: true });
      void g.look();
    },
  );
  mkdirSync(g.s.path('other'));
});

/** Every file of a station, with its content, but for what reading itself touches. */
function filesOf(s: TestStation): string {
  return execFileSync('sh', ['-c', 'find . -type f -print0 | sort -z | xargs -0 sha256sum'], {
    cwd: s.root,
    encoding: 'utf8',
  });
}

test.run();
