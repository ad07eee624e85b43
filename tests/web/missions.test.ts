import { writeFileSync } from 'node:fs';
import { decide, HELLO, type MISSION, mission, missionStation, whyOf } from '../support/missions.ts';
import { type Pages, pagesOf } from '../support/pages.ts';
import { testStation, until } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** What agents are at, how far along their chain, and what it cost: real missions with scripted agents. */

const test = suite('web/missions', { needs: ['git', 'script'], timeoutMs: 150_000 });

/** The steps of a mission as people read them: `plan done`, `build now`. */
function stepsOf(page: string, woId: string): string[] {
  const card = page.split('<li data-key=').find((part) => part.startsWith(`"/orders/${woId}"`)) ?? '';
  return [
    ...card.matchAll(/<b>([^<]*)<\/b> <span class="sr">([^<]*)<\/span>(?:<span class="soft">([^<]*)<\/span>)?/g),
  ].map(([, id, word, more]) => `${id} ${word}${more === undefined ? '' : ` (${more})`}`);
}

function words(html: string): string {
  return html.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
}

async function known(pages: Pages, woId: string): Promise<void> {
  await until(() => pages.records.catalogue.get(woId)?.finishedAt != null, `${woId} is in the catalogue`);
}

test('no mission: how one is handed in; a stop file is told first', async (t) => {
  const s = testStation(t);
  const pages = await pagesOf(t, s);
  assert.match(words(await pages.text('/missions')), /No mission is alive\. waybill spine run TASK/);
  writeFileSync(s.path('STOP_MISSIONS'), '<b>anna</b>: the provider is down\n');
  const text = await pages.text('/missions');
  assert.match(text, /STOP_MISSIONS is there: no mission goes on\..*&lt;b&gt;anna&lt;\/b&gt;/s);
});

test('one that asks says where it stops and what it used; when it ended its steps stay, also for a dashboard that starts later', async (t) => {
  const policy = 'version: 1\nmissions: {chain: full, checkpoints: [build], budget: {tokens: 50000}}\n';
  const { station: s } = missionStation(t, HELLO, { policy });
  s.drop(mission('WO-1', { title: '<i>Say</i> hello' }));
  s.drain();
  const pages = await pagesOf(t, s);
  const asks = await pages.text('/missions');
  assert.deepEqual(
    stepsOf(asks, 'WO-1'),
    [
      'hydrate done',
      'policy done',
      'design done (by own)',
      'design_review done (approved, by own)',
      'plan done (by own)',
      'plan_review done (approved, by own)',
      'build asks you',
      'review to come',
      'packet to come',
      'close to come',
    ],
    whyOf(s, 'WO-1'),
  );
  assert.match(words(asks), /1 alive: 0 at work, 1 asks you \. Together they used 440 tokens, \$0\.04/);
  assert.match(words(asks), /&lt;i&gt;Say&lt;\/i&gt; hello/);
  assert.match(words(asks), /440 of 50 000 tokens/);
  assert.match(asks, /<meter min="0" max="50000" high="40000" value="440"/);
  assert.match(asks, /href="\/approvals\/WO-1">Look and decide/);
  decide(s, 'WO-1');
  s.drain();
  await known(pages, 'WO-1');
  const later = await pagesOf(t, s);
  await known(later, 'WO-1');
  for (const one of [pages, later]) {
    const text = await one.text('/missions');
    assert.match(words(text), /No mission is alive/);
    assert.deepEqual(
      stepsOf(text, 'WO-1').map((step) => step.split(' ').slice(0, 2).join(' ')),
      ['hydrate', 'policy', 'design', 'design_review', 'plan', 'plan_review', 'build', 'review', 'packet', 'close'].map(
        (id) => `${id} done`,
      ),
    );
    assert.match(words(text), /660 tokens/);
  }
});

test('live: a step that is being done, with its agent, and what a revision takes back', async (t) => {
  const script = { ...HELLO, review: [{ verdict: 'needs_revision', required: ['Say it louder.'] }, { sleep: 3000 }] };
  const { station: s } = missionStation(t, script, { policy: 'version: 1\nmissions: {chain: full}\n' });
  const pages = await pagesOf(t, s);
  const up = await s.up(t);
  const seen: string[] = [];
  await pages.live(
    '/missions',
    (name, html) => {
      if (name !== 'alive') return false;
      for (const step of stepsOf(html, 'WO-1')) if (!seen.includes(step)) seen.push(step);
      return stepsOf(html, 'WO-1').includes('review now (by own, 2 times)');
    },
    () => s.drop(mission('WO-1')),
  );
  assert.ok(seen.some((step) => /^\w+ now/.test(step)));
  assert.ok(seen.includes('review to be done again (needs revision, by own)'), seen.join('\n'));
  assert.match(words(await pages.text('/missions')), /1 alive: 1 at work, none asks you/);
  await until(() => s.state('WO-1').status === 'done', 'it ends');
  await up.stop();
});

test('what failed says so, with its code; many are paged', async (t) => {
  const { station: s } = missionStation(t);
  for (let n = 0; n < 14; n++) s.drop({ ...mission(`WO-${n}`), chain: 'nothing_like_that' } as typeof MISSION);
  s.drain();
  assert.equal(s.state('WO-0').status, 'failed', whyOf(s, 'WO-0'));
  const pages = await pagesOf(t, s);
  await until(() => pages.records.catalogue.isWhole, 'the catalogue is whole');
  const first = await pages.text('/missions');
  assert.match(words(first), /14 missions, page 1 of 2\. Next/);
  assert.match(words(first), /✗ failed WO-\d+ Say hello MAIN It ended before its first step.* POLICY_DENIED /);
  const next = /<a rel="next" href="([^"]+)"/.exec(first)?.[1] ?? '';
  const second = await pages.text(next);
  const ids = [first, second].flatMap((text) =>
    [...text.matchAll(/data-key="\/orders\/([^"]+)"/g)].map(([, id]) => id),
  );
  assert.equal(new Set(ids).size, 14);
});

test.run();
