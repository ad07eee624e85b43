import { readDocument } from '../../../src/order/document.ts';
import { WaybillError } from '../../../src/order/error.ts';
import { isWrapped, wrappedJob } from '../../../src/order/jobs/wrapped.ts';
import { E2E_JOB } from '../../support/jobs.ts';
import { assert, suite } from '../../support/suite.ts';

const test = suite('order/jobs/wrapped');

const LIMITS = { maxBytes: 16 * 1024 * 1024, maxDepth: 64 };
const TEXT = JSON.stringify(E2E_JOB);

function jobIn(...texts: unknown[]) {
  const answer = JSON.stringify({ payloads: texts.map((text) => ({ text })), meta: {} }, null, 2);
  return wrappedJob(readDocument(Buffer.from(answer), 'json', LIMITS), LIMITS);
}

function refusal(call: () => unknown): WaybillError {
  try {
    call();
  } catch (thrown) {
    if (thrown instanceof WaybillError) return thrown;
    throw thrown;
  }
  throw new assert.AssertionError({ message: 'it was not refused' });
}

test('a job stands in one of the texts of an answer, between other words and braces', () => {
  for (const text of [
    TEXT,
    `\`\`\`json\n${JSON.stringify(E2E_JOB, null, 2)}\n\`\`\``,
    `Sure! {ok} Here it is: ${TEXT} {done`,
    `{ {"a": "}"} { ${TEXT} }`,
    `{"kind": "lifeos.job.v0.1" ... no: ${TEXT}`,
  ])
    assert.deepEqual(jobIn('Here it is:', text), { job: E2E_JOB, at: ['payloads', 1, 'text'] }, text);
  for (const none of [[], [1, null], ['{"kind": "lifeos.job.v0.1"'], ['{"a": 1}'], ['{'.repeat(100_000)]])
    assert.equal(jobIn(...none), null);
  assert.ok(isWrapped({ payloads: [{ text: '' }] }));
  for (const none of [null, {}, { payloads: [] }, { payloads: 'x' }, { payloads: [null, { text: 1 }] }])
    assert.equal(isWrapped(none), false);
});

test('rule 10: more than one job in an answer is refused with the place, and so is a key that stands twice', () => {
  for (const texts of [
    [TEXT, `and ${TEXT}`],
    [`${TEXT} or ${TEXT.replace('1800', '1')}`, ''],
  ]) {
    const error = refusal(() => jobIn(...texts));
    assert.equal(error.code, 'AMBIGUOUS_FIELD');
    assert.match(error.message, /^payloads\.[01]\.text: the answer holds 2 jobs/);
    assert.equal(error.place.line, texts[1] === '' ? 4 : 7);
  }
  for (const doubled of [`${TEXT.slice(0, -1)},"command":["rm"]}`, `${TEXT.slice(0, -1)},"kind":"other"}`]) {
    const error = refusal(() => jobIn('x', doubled));
    assert.deepEqual([error.code, error.place.line], ['JSON_INVALID', 7]);
    assert.match(error.message, /^payloads\.1\.text: .*twice/);
  }
});

test.run();
