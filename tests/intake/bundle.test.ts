import { type Attachment, orderFileOf, readBody, verifyManifest } from '../../src/intake/bundle.ts';
import { sha256 } from '../../src/order/canonical-json.ts';
import { WaybillError } from '../../src/order/error.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('intake/bundle');

const ORDER = Buffer.from('wo_id: WO-1\r\nbody_file: body.md\r\n');
const BODY = Buffer.from('# Do it\n');
const hash = (bytes: Buffer) => sha256(bytes).slice(7);
const locate = () => ({ line: 3, column: 1 });
const file = (path: string, bytes: Buffer | string): Attachment => ({ path, bytes: Buffer.from(bytes as string) });
const manifest = (value: unknown, path = 'evidence/manifest.json') => file(path, JSON.stringify(value));

const verify = (value: Record<string, unknown>, ...attachments: Attachment[]) =>
  verifyManifest(ORDER, value, [file('body.md', BODY), ...attachments], locate);
const refusal = (code: string, message: RegExp) => (e: unknown) =>
  e instanceof WaybillError && e.code === code && message.test(e.message);

test('formats: the order of a folder is the file that is called as it is', () => {
  assert.equal(orderFileOf('WO-1', ['body.md', 'other.yaml', 'WO-1.yaml']), 'WO-1.yaml');
  assert.equal(orderFileOf('WO-1', ['wo-1.YML', 'zzz.json']), 'wo-1.YML');
  assert.equal(orderFileOf('WO-1', ['zzz.json', 'order.yaml']), 'order.yaml');
  assert.equal(orderFileOf('WO-1', ['zzz.json', 'work-order.yml', 'body.md']), 'work-order.yml');
  assert.equal(orderFileOf('WO-1', ['any.json', 'body.md']), 'any.json', 'the only one that may be');
  assert.equal(orderFileOf('WO-1', ['a.yaml', 'b.yaml']), null, 'nobody knows which');
  assert.equal(orderFileOf('WO-1', ['.WO-1.yaml', 'WO-1.md', 'WO-1.yaml.txt', 'yaml']), null);
  assert.equal(orderFileOf('WO-1', []), null);
});

test('rule 7: checksums and sizes that hold are accepted, in every spelling', () => {
  for (const value of [
    { checksums: { wo_yaml: hash(ORDER), body: hash(BODY) }, sizes: { wo_yaml: ORDER.length, body: BODY.length } },
    { checksums: { wo_yaml: `sha256:${hash(ORDER).toUpperCase()}` } },
    { sizes: { body: String(BODY.length) } },
    { checksums: {}, files: [] },
  ])
    verify({ body_file: './body.md', evidence_dir: 'evidence/' }, manifest(value));
  verify({ body_file: 'body.md' });
});

test('rule 7: a checksum or a size that does not hold is a refusal, and says what holds', () => {
  const value = { body_file: 'body.md' };
  for (const [name, bad] of [
    ['wo_yaml', { checksums: { wo_yaml: hash(BODY) } }],
    ['body', { checksums: { wo_yaml: hash(ORDER), body: hash(ORDER) } }],
    ['body', { checksums: { body: '' } }],
    ['body', { checksums: { body: null } }],
    ['wo_yaml', { sizes: { wo_yaml: 0 } }],
    ['body', { sizes: { body: 'many' } }],
  ] as const)
    assert.throws(
      () => verify(value, manifest(bad)),
      (e: unknown) =>
        refusal('CHECKSUM_MISMATCH', new RegExp(`\\.${name} is`))(e) &&
        e instanceof WaybillError &&
        e.place.file === 'evidence/manifest.json' &&
        e.hint.includes(name),
      JSON.stringify(bad),
    );
});

test('rule 7: a checksum of a body that the order does not name, or that did not come, does not hold', () => {
  const value = manifest({ checksums: { body: hash(BODY) } });
  assert.throws(() => verify({}, value), refusal('CHECKSUM_MISMATCH', /body/));
  assert.throws(
    () => verifyManifest(ORDER, { body_file: 'body.md' }, [value], locate),
    refusal('CHECKSUM_MISMATCH', /nothing/),
  );
});

test('rule 7: a manifest in another form than is known proves nothing, so it is refused', () => {
  for (const bad of [{ checksums: [hash(ORDER)] }, { checksums: hash(ORDER) }, { sizes: 5 }])
    assert.throws(() => verify({}, manifest(bad)), refusal('BUNDLE_INVALID', /manifest/), JSON.stringify(bad));
});

test('rule 10: a manifest that was promised and is not there, or is none, is told', () => {
  assert.throws(() => verify({ evidence_dir: 'proof' }), refusal('BUNDLE_INVALID', /proof/));
  verify({ evidence_dir: './proof//' }, manifest({}, 'proof/manifest.json'));
  for (const bad of ['', '[]', 'null', '{"a":', '\xff'])
    assert.throws(
      () => verify({}, file('evidence/manifest.json', bad)),
      refusal('BUNDLE_INVALID', /no JSON mapping/),
      bad,
    );
  assert.throws(() => verify({ evidence_dir: 7 }), refusal('SCHEMA_INVALID', /evidence_dir/));
});

test('rule 9: no name leads out of the bundle', () => {
  for (const path of ['../body.md', '/etc/passwd', 'a/../../b', '..', '', './', '/']) {
    assert.throws(
      () => readBody({ body_file: path }, [file(path, 'x'), file('body.md', 'x')], locate),
      refusal('BUNDLE_INVALID', /body_file/),
      path,
    );
    assert.throws(() => verify({ evidence_dir: path }), refusal('BUNDLE_INVALID', /evidence_dir/), path);
  }
});

test('formats: the body is the text of the file that the order names', () => {
  const files = [file('body.md', '# é\r\n'), file('deep/b.md', 'deep')];
  assert.equal(readBody({}, files, locate), null);
  assert.equal(readBody({ body_file: null }, files, locate), null);
  assert.equal(readBody({ body_file: 'body.md' }, files, locate), '# é\r\n');
  assert.equal(readBody({ body_file: './deep//b.md' }, files, locate), 'deep');
});

test('rule 10: a body that is not there, or no text, is told with its place', () => {
  const at = (e: unknown) => e instanceof WaybillError && e.place.line === 3;
  const missing = () => readBody({ body_file: 'gone.md' }, [file('body.md', 'x')], locate);
  assert.throws(missing, (e: unknown) => at(e) && refusal('BUNDLE_INVALID', /"gone\.md" \(it has body\.md\)/)(e));
  const binary = () => readBody({ body_file: 'b' }, [{ path: 'b', bytes: Buffer.from([0xff]) }], locate);
  assert.throws(binary, (e: unknown) => at(e) && refusal('NOT_UTF8', /b is not valid UTF-8/)(e));
  assert.throws(() => readBody({ body_file: ['b'] }, [], locate), refusal('BUNDLE_INVALID', /body_file/));
});

test.run();
