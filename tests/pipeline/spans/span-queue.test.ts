import { SpanQueue } from '../../../src/pipeline/spans/span-queue.ts';
import { openLog } from '../../../src/platform/log.ts';
import { OtlpRefused } from '../../../src/platform/otlp/refused.ts';
import type { Span } from '../../../src/platform/otlp/span.ts';
import { until } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

const test = suite('pipeline/spans: queue');

const LIMITS = { delayMs: 5, maxQueue: 10, maxBatch: 4, timeoutMs: 1000 };

function span(n: number): Span {
  const base = { traceId: 'a'.repeat(32), parentId: null, name: `${n}`, startMs: 0, endMs: 0, error: null, ok: true };
  return { ...base, spanId: String(n).padStart(16, '0'), attributes: {}, events: [] };
}

/** A queue to a receiver that does with each message what `answer` says. */
function queueTo(answer: (names: string[]) => Promise<void>, limits: Partial<typeof LIMITS> = {}) {
  const marks: number[] = [];
  const tries: number[] = [];
  const queue = new SpanQueue(
    { ...LIMITS, ...limits },
    {
      log: openLog('silent'),
      open: async (timeoutMs) => {
        tries.push(timeoutMs);
        return { send: (spans) => answer(spans.map(({ name }) => name)) };
      },
      onSent: (seq) => marks.push(seq),
    },
  );
  const add = (from: number, to: number) => {
    for (let n = from; n <= to; n++) queue.add([{ span: span(n), seq: n }], n);
  };
  return { queue, add, marks, tries };
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `${from + i}`);

test('spans come in their order, one message at a time, none twice, and what is sent is known', async () => {
  const came: string[][] = [];
  let open = 0;
  const { queue, add, marks } = queueTo(async (names) => {
    assert.equal(++open, 1);
    await new Promise((done) => setTimeout(done, 5));
    open--;
    came.push(names);
  });
  add(1, 7);
  queue.add([], 9);
  await queue.end();
  assert.deepEqual(came.flat(), numbers(1, 7));
  assert.ok(came.every((names) => names.length <= LIMITS.maxBatch));
  assert.equal(marks.at(-1), 9, 'records without spans count as sent with those before them');
  assert.deepEqual(
    marks,
    [...marks].sort((a, b) => a - b),
  );
});

test('the spans of one record that lie in two messages count as sent with the last of them', async () => {
  const { queue, marks } = queueTo(async () => {});
  queue.add(
    [1, 2, 3, 4, 5].map((n) => ({ span: span(n), seq: 7 })),
    7,
  );
  await queue.end();
  assert.deepEqual(marks, [6, 7]);
});

test('while the receiver is away the newest are kept, and the oldest given up', async () => {
  let isAway = true;
  const came: string[] = [];
  const { queue, add, marks } = queueTo(async (names) => {
    if (isAway) throw new Error('away');
    came.push(...names);
  });
  add(1, 25);
  await new Promise((done) => setTimeout(done, 30));
  assert.deepEqual([came, marks], [[], []]);
  isAway = false;
  // it tries again by itself after some seconds
  await until(() => came.length === 10, 'the spans that were kept', 20_000);
  assert.deepEqual(came, numbers(16, 25));
  assert.equal(marks.at(-1), 25);
  await queue.end();
});

test('what a receiver refuses is given up, and what follows is sent', async () => {
  const came: string[] = [];
  const { queue, add, marks } = queueTo(async (names) => {
    if (names.includes('2')) throw new OtlpRefused('it answered 400');
    came.push(...names);
  });
  add(1, 6);
  await queue.end();
  assert.deepEqual(came, ['5', '6']);
  assert.equal(marks.at(-1), 6);
});

test('a station that stops tries once where the receiver is away, and not again where that is known', async () => {
  let tried = 0;
  const { queue, add, tries } = queueTo(
    async () => {
      tried++;
      throw new Error('away');
    },
    { timeoutMs: 10_000 },
  );
  add(1, 9);
  await queue.end();
  assert.equal(tried, 1);
  assert.deepEqual(tries, [2500], 'the first try is short');
});

test('a receiver that says nothing holds up no station for longer than the bound', async () => {
  let free = () => {};
  const { queue, add } = queueTo(() => new Promise((done) => (free = done)));
  add(1, 3);
  const begunAt = Date.now();
  await queue.end();
  assert.ok(Date.now() - begunAt >= 4900, 'it was waited for');
  free();
});

test.run();
