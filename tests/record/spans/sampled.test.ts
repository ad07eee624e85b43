import { ROOT_CONTEXT } from '@opentelemetry/api';
import { SamplingDecision, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace';
import { newTraceId } from '../../../src/platform/ids.ts';
import { isSampled } from '../../../src/record/spans/sampled.ts';
import { assert, suite } from '../../support/suite.ts';

const test = suite('record/spans: which traces are sent');

test("the same traces as OpenTelemetry's own sampler takes, so that programs that decide by it agree", () => {
  const ids = ['f'.repeat(32), `${'0'.repeat(31)}1`, ...Array.from({ length: 500 }, newTraceId)];
  for (const ratio of [0, 0.1, 0.5, 0.999, 1]) {
    const sampler = new TraceIdRatioBasedSampler(ratio);
    for (const id of ids) {
      const { decision } = sampler.shouldSample(ROOT_CONTEXT, id);
      assert.equal(isSampled(id, ratio), decision === SamplingDecision.RECORD_AND_SAMPLED, `${id} of ${ratio}`);
    }
  }
});

test.run();
