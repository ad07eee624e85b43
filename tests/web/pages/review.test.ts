import { html } from 'hono/html';
import { closeRepository } from '../../../src/git/repository.ts';
import { locateStation } from '../../../src/station/locate.ts';
import { openStationToRead } from '../../../src/station/station.ts';
import type { Request } from '../../../src/views/approvals.ts';
import { requestOf } from '../../../src/views/approvals.ts';
import type { PageContext } from '../../../src/web/page.ts';
import { reviewAgain } from '../../../src/web/pages/approval.ts';
import { openPages } from '../../support/pages.ts';
import { testStation } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

/** The review of an order that asks: who says yes has all of it before them. */

const test = suite('web/pages/review');

test('a command is shown to its end, with every space, and so are why it asks and what else is told of it', async (t) => {
  const s = testStation(t, { policy: 'version: 1\n' });
  const tail = 'touch  hidden-tail.txt';
  s.drop({
    wo_id: 'WO-1',
    title: 'Long',
    actions: [{ action: 'command', command: `echo ${'a'.repeat(2100)}   ; ${tail}` }],
  });
  s.drain();
  assert.equal(s.state('WO-1').waiting_for, 'approval');
  const { get } = await openPages(t, s.root);
  const { headers } = await get('/approvals/WO-1');
  const { status, text } = await get(headers.get('location') ?? '');
  assert.equal(status, 200);
  // once where it says what it runs, once where it says why it asks
  assert.equal(text.split(`   ; ${tail}`).length - 1, 2, text.slice(0, 3000));
  assert.doesNotMatch(text, /…/);
});

test('where not all of a diff is drawn no yes is taken by a click; a long line of it is drawn whole', async (t) => {
  const s = testStation(t, { policy: 'version: 1\n' });
  s.drop({ wo_id: 'WO-1', title: 'Asks', actions: [{ action: 'command', command: 'echo a; echo b' }] });
  s.drain();
  const station = await openStationToRead(await locateStation(s.root));
  t.defer(() => closeRepository(station.repo));
  const request = await requestOf(station, 'WO-1');
  const drawn = async (diff: string) => {
    const visitor = { mayAct: true, startedAt: { tty: '/dev/pts/1' }, csrfField: () => html`` };
    const again = { ...request, diff } satisfies Request;
    const view = await reviewAgain(again, 'other')({ station, visitor } as unknown as PageContext, {
      params: {},
      query: new URLSearchParams(),
    });
    return String(await view.frame(view.regions));
  };
  const diffOf = (lines: readonly string[]) =>
    `diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -0,0 +1,${lines.length} @@\n${lines.map((line) => `+${line}\n`).join('')}`;
  const small = await drawn(diffOf([`${'b'.repeat(5000)}the end`]));
  assert.match(small, /bbthe end/);
  assert.match(small, />Approve<\/button>/);
  const large = await drawn(diffOf(Array.from({ length: 4000 }, (_, n) => `line ${n}`)));
  assert.doesNotMatch(large, />Approve<\/button>/);
  assert.match(large, /waybill approve WO-1/);
  assert.match(large, />Deny<\/button>/);
});

test.run();
