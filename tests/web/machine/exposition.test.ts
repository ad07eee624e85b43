import fc from 'fast-check';
import { exposition, type Family, formatOf } from '../../../src/web/machine/exposition.ts';
import { readExposition } from '../../support/prometheus.ts';
import { assert, suite } from '../../support/suite.ts';

/** What is written is what a Prometheus client reads, whatever the labels hold. */

const test = suite('web/machine/exposition', { needs: ['prometheus-client'] });

const HOSTILE = [
  '"} 1\nwaybill_forged 1\n#',
  '\\',
  '\\"',
  'a\\nb',
  'line\nbreak',
  '<script>alert(1)</script>',
  '\u202eevil',
  '{a="b"}',
  ' ',
  'é 漢 🚀',
];

test('labels and help come back as they were, in both formats', () => {
  const random = fc.sample(fc.string({ unit: 'grapheme', maxLength: 30 }), { numRuns: 200, seed: 7 });
  const values = [...new Set([...HOSTILE, ...random])];
  const family: Family = {
    name: 'waybill_things_total',
    type: 'counter',
    help: 'What \\ and "quotes"\nsay.',
    samples: values.map((value, i) => ({
      labels: [
        ['lane', value],
        ['n', String(i)],
      ],
      value: i,
    })),
  };
  for (const format of ['prometheus', 'openmetrics'] as const) {
    const read = readExposition(exposition([family], format), format === 'openmetrics' ? 'openmetrics' : 'text');
    assert.deepEqual(
      read.map(({ labels, value }) => [labels['lane'], value]),
      values.map((value, i) => [value, i]),
      format,
    );
    assert.equal(read[0]?.help, family.help);
    assert.equal(read[0]?.type, 'counter');
  }
});

test('numbers that are none, and families without samples', () => {
  const one = (value: number): Family => ({
    name: 'waybill_n',
    type: 'gauge',
    help: 'N.',
    samples: [{ labels: [], value }],
  });
  assert.match(exposition([one(Number.POSITIVE_INFINITY)], 'prometheus'), /^waybill_n \+Inf$/m);
  assert.match(exposition([one(Number.NaN)], 'prometheus'), /^waybill_n NaN$/m);
  assert.equal(exposition([{ ...one(1), samples: [] }], 'prometheus'), '');
  assert.equal(exposition([], 'openmetrics'), '# EOF\n');
});

test('OpenMetrics only for who asks for it', () => {
  assert.equal(formatOf(undefined), 'prometheus');
  assert.equal(formatOf('text/plain;version=0.0.4;q=0.5,*/*;q=0.1'), 'prometheus');
  assert.equal(formatOf('application/openmetrics-text;version=1.0.0;q=0.75,text/plain;q=0.5'), 'openmetrics');
});

test.run();
