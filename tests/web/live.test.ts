import { setTimeout as pause } from 'node:timers/promises';
import { html } from 'hono/html';
import type { SSEStreamingApi } from 'hono/streaming';
import type { Records } from '../../src/views/records.ts';
import { refuseRegions, sendRegions } from '../../src/web/live.ts';
import type { View } from '../../src/web/page.ts';
import { until } from '../support/station.ts';
import { assert, suite, type TestContext } from '../support/suite.ts';

/** What keeps a page up to date says that it is of now only when it is (issue 10). */

const test = suite('web/live');

/** What a browser gets, without one. */
function listening(t: TestContext) {
  const said: { event: string; data: Record<string, string> }[] = [];
  const stream = {
    aborted: false,
    closed: false,
    onAbort: () => {},
    sleep: (ms: number) => pause(ms),
    writeSSE: async ({ event, data }: { event: string; data: string }) => {
      said.push({ event, data: JSON.parse(data) as Record<string, string> });
    },
  };
  t.defer(() => {
    stream.aborted = true;
  });
  return { said, stream: stream as unknown as SSEStreamingApi };
}

const records = { onMove: () => () => {} } as unknown as Records;

function view(text: string): View {
  return { title: '', place: null, regions: { one: html`${text}` }, frame: () => html`` };
}

test('it says that the page is of now behind the first drawing, and not before it', async (t) => {
  const { said, stream } = listening(t);
  void sendRegions(stream, records, async () => view('a'));
  await until(() => said.length >= 2, 'both came');
  assert.deepEqual(said, [
    { event: 'region', data: { name: 'one', html: 'a' } },
    { event: 'hello', data: {} },
  ]);
});

test('a page that cannot be drawn is told as that, once, and is live again when it can', async (t) => {
  const { said, stream } = listening(t);
  let tries = 0;
  void sendRegions(stream, records, async () => {
    if (++tries <= 2) throw new Error('no such order');
    return view('a');
  });
  await until(() => said.some(({ event }) => event === 'hello'), 'it is live again');
  assert.deepEqual(
    said.map(({ event }) => event),
    ['fault', 'region', 'hello'],
  );
  assert.match(said[0]?.data['text'] ?? '', /no such order/);
});

test('where there is no place for one more page, it says so', async (t) => {
  const { said, stream } = listening(t);
  await refuseRegions(stream);
  assert.equal(said[0]?.event, 'fault');
  assert.match(said[0]?.data['text'] ?? '', /Too many pages/);
});

test.run();
