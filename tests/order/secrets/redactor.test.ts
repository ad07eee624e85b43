import fc from 'fast-check';
import { CUT, findSecrets, Redactor } from '../../../src/order/secrets/redactor.ts';
import { assert, suite } from '../../support/suite.ts';

/** "Secrets are cut from everything that is recorded, across chunk borders." Nothing here is a real key; each is put together at run time. */

const test = suite('cutting secrets');

const MIXED = 'aB3dE5gH7jK9mN1pQ3sT5vW7yZ2cF4hJ6lM8nP0rS2uV4xY6zA8bC0dE2fG4hI6';
const HEX = '0123456789abcdef'.repeat(4);
const body = (n: number, signs = MIXED) => signs.repeat(2).slice(0, n);
const KEY = [
  `${'-'.repeat(5)}BEGIN RSA PRIVATE ${'KEY'}-----`,
  ...Array.from({ length: 8 }, () => body(64)),
  `${'-'.repeat(5)}END RSA PRIVATE ${'KEY'}-----`,
].join('\n');

/** By kind: a text, and the part of it that must go. */
const SAMPLES: Record<string, string[]> = {
  'API key (sk-)': [`sk${'-'}${body(40)}`, `sk${'-'}ant-api03-${body(60)}`, `sk${'-'}proj-${body(48)}`],
  'GitHub token': ['p', 'o', 'u', 's', 'r'].map((c) => `gh${c}${'_'}${body(36)}`).concat(`github${'_pat_'}${body(60)}`),
  'GitLab token': [`gl${'pat-'}${body(20)}`],
  'Slack token': [`xo${'xb-'}123456789012-${body(24)}`, `xa${'pp-'}1-A012345-${body(40)}`],
  'AWS access key': [`AK${'IA'}${'IOSFODNN7QZRTWKL'}`, `AS${'IA'}${'IOSFODNN7QZRTWKL'}`],
  'Google API key': [`AI${'za'}${body(35)}`],
  'Google client secret': [`GOC${'SPX-'}${body(28)}`],
  'Stripe key': [`sk${'_live_'}${body(24)}`, `rk${'_live_'}${body(24)}`],
  'npm token': [`npm${'_'}${body(36)}`],
  'PyPI token': [`pypi${'-AgE'}IcHlwaS5vcmc${body(60)}`],
  'Hugging Face token': [`hf${'_'}${body(34)}`],
  'JSON web token': [`ey${'J'}hbGciOiJIUzI1NiJ9.eyJ${body(30)}.${body(43)}`],
  'SendGrid key': [`SG${'.'}${body(22)}.${body(43)}`],
  'Twilio key': [`S${'K'}${HEX.slice(0, 32)}`],
  'Telegram bot token': [`123456789${':'}AA${body(33)}`],
  'Discord token': [`M${body(23)}.${body(6)}.${body(38)}`],
  'DigitalOcean token': [`dop${'_v1_'}${HEX}`],
  'Databricks token': [`da${'pi'}${HEX.slice(0, 32)}`],
  'Vault token': [`hv${'s.'}${body(24)}`],
  'private key': [KEY, KEY.replace('RSA ', '').replace('RSA ', '')],
};

for (const [kind, samples] of Object.entries(SAMPLES))
  test(`${kind}: found and cut, whatever stands around it`, () => {
    for (const secret of samples) {
      const around = [
        ['', ''],
        ['before ', ' after'],
        ['"', '"'],
        ["token '", "'\n"],
        ['line\nx=', ';'],
        ['\\n', '\\n'],
        ['\u001b[31m', '\u001b[0m'],
      ];
      for (const [before = '', after = ''] of around) {
        assert.equal(new Redactor().redactText(`${before}${secret}${after}`), `${before}${CUT}${after}`);
        assert.deepEqual(
          findSecrets(`é\n${before}${secret}${after}`).map((f) => f.kind),
          [kind],
        );
      }
    }
  });

test('headers, addresses and assignments keep their words and lose the secret', () => {
  const secret = body(24);
  const lines: [string, string][] = [
    [`Authorization: Bearer ${secret}`, `Authorization: Bearer ${CUT}`],
    [`"authorization": "token ${secret}"`, `"authorization": "token ${CUT}"`],
    [`curl -H 'X: bearer ${secret}'`, `curl -H 'X: bearer ${CUT}'`],
    [`Basic ${Buffer.from('anna:hunter22').toString('base64')}`, `Basic ${CUT}`],
    [`postgres://anna:${body(9)}@db.example.org/x`, `postgres://anna:${CUT}@db.example.org/x`],
    [`redis://:${body(9)}@host`, `redis://:${CUT}@host`],
    [`password: ${secret}`, `password: ${CUT}`],
    [`DB_PASSWORD="${body(14)}"`, `DB_PASSWORD="${CUT}"`],
    [`  "clientSecret" : "${secret}",`, `  "clientSecret" : "${CUT}",`],
    [`const apiKey = '${secret}';`, `const apiKey = '${CUT}';`],
    [`{\\"api_key\\": \\"${secret}\\"}`, `{\\"api_key\\": \\"${CUT}\\"}`],
    [`tool --auth-token ${secret} run`, `tool --auth-token ${CUT} run`],
    [`AccountKey=${body(64)}==;End`, `AccountKey=${CUT};End`],
  ];
  for (const [line, wanted] of lines) assert.equal(new Redactor().redactText(line), wanted);
});

test('ordinary code and prose stay as they are', () => {
  const ordinary = [
    ['password: $', '{DB_PASSWORD}'].join(''),
    'password: changeme-changeme1',
    'token = process.env.GITHUB_TOKEN_2024_PROD',
    'const token = getTokenFromHeader22(request)',
    'token: <your token here 12345>',
    'api_key: xxxxxxxxxxxxxxxxxxxxxxxx',
    'secret: my-app-secret-v12-prod',
    'secret: /run/secrets/db2-password-01',
    'password = config.database2.password22',
    'max_tokens: 128000',
    'git clone https://user:password@host/x',
    'git clone https://host:8080/path@1',
    'the class sk-fading-circle-with-many-dots of a spinner',
    'Basic authentication is described below, bearer authentication-scheme too',
    'ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
    'a file that begins with -----BEGIN PRIVATE KEY----- and ends somewhere',
    'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    '550e8400-e29b-41d4-a716-446655440000',
    'import { readToken } from "./token.ts"; token: string; password?: string',
  ];
  for (const text of ordinary) assert.deepEqual(findSecrets(text), [], text);
});

const VALUES = [
  { name: 'A_TOKEN', value: `first ${body(10)} "quoted" \\ ü\nsecond ${body(30)}` },
  { name: 'B', value: 'ab-cd-ef' },
  { name: 'C', value: 'ab-cd-ef-gh' },
];

test('values are cut also as JSON, addresses, hex and base64 write them', () => {
  const redactor = new Redactor(VALUES);
  for (const { value } of VALUES) {
    const forms = [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)];
    forms.push(Buffer.from(value).toString('hex'), Buffer.from(value).toString('base64url'));
    for (const form of forms) assert.equal(redactor.redactText(`<${form}>`).replaceAll('=', ''), `<${CUT}>`, form);
    for (const shift of ['', 'x', 'xy']) {
      const clean = redactor.redactText(Buffer.from(`${shift}${value}:rest`).toString('base64'));
      assert.ok(clean.includes(CUT), clean);
      assert.ok(!Buffer.from(clean.replace(CUT, ''), 'base64').includes(Buffer.from(value).subarray(0, 6)));
    }
  }
  assert.equal(redactor.redactText('ab-cd-ef-gh ab-cd-ef'), `${CUT} ${CUT}`);
  assert.deepEqual(redactor.find('x ab-cd-ef'), [{ kind: 'value of B', line: 1, column: 3 }]);
});

test('other bytes stay as they are, and a buffer without secrets is the same buffer', () => {
  const bytes = Buffer.from([0xff, 0xfe, 0, 0x80, 10, 13, 0xc3]);
  const redactor = new Redactor(VALUES);
  assert.equal(redactor.redact(bytes), bytes);
  const mixed = Buffer.concat([bytes, Buffer.from('ab-cd-ef'), bytes]);
  assert.deepEqual(redactor.redact(mixed), Buffer.concat([bytes, Buffer.from(CUT), bytes]));
});

/** Texts full of secrets, halves of secrets, and what looks like one. */
const piece = fc.oneof(
  fc.constantFrom(...Object.values(SAMPLES).flat()),
  fc.constantFrom(...VALUES.map((v) => v.value)),
  fc.constantFrom(
    KEY.slice(0, 200),
    KEY.slice(-120),
    '"',
    '-----',
    'password=',
    `token: "${body(20)}`,
    'Bearer ',
    '://u:',
  ),
  fc.constantFrom(body(30), `${body(300)}${body(300)}`, '@host', ' ', '\n', '\u001b[1m', 'x'.repeat(700), '\\n', '('),
  fc.string({ maxLength: 12 }),
);
const text = fc.array(piece, { maxLength: 12 }).map((parts) => Buffer.from(parts.join('')));

test('in pieces it gives what the whole gives, however it is cut', () => {
  const redactor = new Redactor(VALUES);
  fc.assert(
    fc.property(text, fc.array(fc.nat(4000), { maxLength: 12 }), (bytes, cuts) => {
      const stream = redactor.stream();
      const borders = [0, ...cuts.map((c) => Math.min(c, bytes.length)).sort((a, b) => a - b), bytes.length];
      const pieces = borders.slice(1).map((to, i) => stream.push(bytes.subarray(borders[i], to)));
      assert.equal(
        Buffer.concat([...pieces, stream.end()]).toString('latin1'),
        redactor.redact(bytes).toString('latin1'),
      );
    }),
    { numRuns: 400 },
  );
  const whole = Buffer.from(`a ${KEY} b ${VALUES[0]?.value} c`);
  const stream = redactor.stream();
  const single = [...whole].map((byte) => stream.push(Buffer.from([byte])));
  assert.equal(Buffer.concat([...single, stream.end()]).toString(), `a ${CUT} b ${CUT} c`);
});

test('a look in between shows whole lines without secrets, and moves nothing', () => {
  const redactor = new Redactor();
  const secrets = ['GitHub token', 'Slack token', 'npm token'].flatMap((kind) => SAMPLES[kind] ?? []);
  const line = fc.oneof(fc.constantFrom(...secrets, `a ${KEY} b`, 'x'.repeat(700)), fc.string({ maxLength: 12 }));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), fc.array(fc.nat(2000), { maxLength: 8 }), (lines, cuts) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
      const stream = redactor.stream();
      const borders = [0, ...cuts.map((c) => Math.min(c, bytes.length)).sort((a, b) => a - b), bytes.length];
      let solid = '';
      for (const [i, to] of borders.slice(1).entries()) {
        solid += stream.push(bytes.subarray(borders[i], to)).toString('latin1');
        const seen = solid + stream.peek().toString('latin1');
        for (const secret of secrets) assert.ok(!seen.includes(secret));
        assert.ok(!seen.includes(body(64)) || !bytes.includes(KEY));
      }
      assert.equal(solid + stream.peek().toString('latin1'), redactor.redact(bytes).toString('latin1'));
      assert.equal(solid + stream.end().toString('latin1'), redactor.redact(bytes).toString('latin1'));
    }),
    { numRuns: 300 },
  );
  const half = redactor.stream();
  half.push(Buffer.from(`told\ngh${'p_'}${body(10)}`));
  assert.equal(half.peek().toString(), 'told\n', 'a line that is not whole may hold half a secret');
  const long = new Redactor([{ name: 'K', value: `${body(20)}\n${body(30)}` }]).stream();
  long.push(Buffer.from(`${body(20)}\n`));
  assert.equal(long.peek().length, 0, 'a value of several lines may be half there');
});

test('no value that it was given is left', () => {
  const redactor = new Redactor(VALUES);
  fc.assert(
    fc.property(text, (bytes) => {
      const clean = redactor.redact(bytes);
      for (const { value } of VALUES) assert.ok(!clean.includes(value));
    }),
  );
});

test('an endless token or key is cut to its end, and never held', () => {
  for (const [begin, more] of [
    [`gh${'p_'}${body(36)}`, body(64)],
    [KEY.slice(0, 300), `${body(63)}\n`],
  ] as const) {
    const stream = new Redactor().stream();
    let out = stream.push(Buffer.from(begin)).toString();
    // of a key without an end 64 KiB are cut
    for (let n = 0; n < 1000; n++) out += stream.push(Buffer.from(more)).toString();
    assert.ok(out.length <= CUT.length + 2 * 1200, `${out.length}`);
    assert.ok(out.startsWith(CUT));
  }
});

test('hostile texts take linear time', () => {
  const hostile = [
    '-',
    'password=',
    'eyJ',
    'eyJaaaaaaaa.',
    'http://a:',
    '--a-',
    'sk-',
    `${'-'.repeat(5)}BEGIN PRIVATE KEY-----`,
  ];
  hostile.push('Authorization: x ', '\u001b[', '\\n', 'a1', '://', 'token:"', 'SG.aaaaaaaaaaaaaaaaaaaa');
  const redactor = new Redactor(VALUES);
  // each would take hours where time grows with the square; the runner's limit is what fails then
  for (const part of hostile) redactor.redact(Buffer.from(part.repeat(Math.ceil(4_000_000 / part.length))));
});

test.run();
