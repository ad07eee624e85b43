import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { canonicalJson, hashOf, sha256 } from '../../src/order/canonical-json.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('order/canonical-json');

test('ledger record: RFC 8785, section 3.2.2 and 3.2.3: the sample of the specification', () => {
  const sample = JSON.parse(
    '{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],' +
      '"string": "\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/",' +
      '"literals": [null, true, false]}',
  ) as unknown;
  assert.equal(
    canonicalJson(sample),
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
      '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
});

test('ledger record: RFC 8785, section 3.2.3: keys sort by UTF-16 code units', () => {
  const keys = {
    '\u20ac': 'Euro Sign',
    '\r': 'Carriage Return',
    '\ufb33': 'Hebrew',
    '1': 'One',
    '\u{1f600}': 'Emoji',
    '\u0080': 'Control',
    '\u00f6': 'o',
  };
  const sorted = Object.keys(JSON.parse(canonicalJson({ x: keys })).x as object);
  assert.deepEqual(new Set(sorted), new Set(Object.keys(keys)));
  assert.equal(
    canonicalJson(keys),
    '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"o","€":"Euro Sign","😀":"Emoji","\ufb33":"Hebrew"}',
  );
});

test('ledger record: RFC 8785, appendix B: numbers', () => {
  const view = new DataView(new ArrayBuffer(8));
  for (const [bits, text] of [
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af6', '1e+23'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['41b3de4355555553', '333333333.3333332'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
  ] as const) {
    view.setBigUint64(0, BigInt(`0x${bits}`));
    assert.equal(canonicalJson(view.getFloat64(0)), text, bits);
  }
  assert.throws(() => canonicalJson(Number.NaN));
  assert.throws(() => canonicalJson(Number.POSITIVE_INFINITY));
});

test('ledger record: a value without a JSON form has no hash', () => {
  assert.throws(() => hashOf(undefined), /cannot be hashed/);
});

test('ledger record: the hash is sha256: and the digest of the canonical text', () => {
  assert.equal(sha256(''), 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  assert.equal(hashOf({ b: 1, a: 'é' }), sha256(Buffer.from('{"a":"é","b":1}', 'utf8')));
});

test('ledger record: for any value, the order of keys and a trip through JSON change no hash', () => {
  const shuffled = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(shuffled)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(
            Object.entries(value)
              .reverse()
              .map(([k, v]) => [k, shuffled(v)]),
          )
        : value;
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
      assert.equal(hashOf(shuffled(value)), hashOf(value));
      assert.equal(hashOf(JSON.parse(JSON.stringify(value))), hashOf(value));
      assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)));
    }),
    { numRuns: 300 },
  );
});

test('ledger record: the short way gives what the library gives, also where it refuses', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('__proto__', '10', '9', '\u2028', '\ud800', '\udc00x', '😀'),
  );
  const { tree } = fc.letrec<{ tree: unknown; leaf: unknown }>((tie) => ({
    leaf: fc.oneof(text, fc.double(), fc.integer(), fc.boolean(), fc.constantFrom(null, undefined, new Date(0))),
    tree: fc.oneof(tie('leaf'), fc.array(tie('tree')), fc.dictionary(text, tie('tree'))),
  }));
  const outcome = (form: () => string | undefined) => {
    try {
      return form();
    } catch {
      return undefined;
    }
  };
  fc.assert(
    fc.property(tree, (value) => {
      assert.equal(
        outcome(() => canonicalJson(value)),
        outcome(() => canonicalize(value)),
      );
    }),
    { numRuns: 2000 },
  );
});

test.run();
