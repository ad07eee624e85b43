import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../src/order/canonical-json.ts';
import { WaybillError } from '../../src/order/error.ts';
import { lanePolicy, loadPolicy, parsePolicy } from '../../src/policy/policy.ts';
import { POLICY_FILE } from '../../src/station/settings.ts';
import { write } from '../station/stations.ts';
import { assert, suite } from '../support/suite.ts';
import { policyOf } from './questions.ts';

const test = suite('policy/policy');

function refusal(read: () => unknown): WaybillError {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof WaybillError, String(error));
    assert.equal(error.code, 'POLICY_INVALID', error.message);
    assert.equal(error.place.file, POLICY_FILE);
    assert.ok(error.hint.length > 0);
    return error;
  }
  throw new Error('accepted');
}

const parsed = (text: string | Buffer) => refusal(() => parsePolicy(Buffer.from(text as string)));

test('rule 7: a policy that is wrong is refused where it is wrong, with the key that was meant', () => {
  for (const [text, place, message, hint] of [
    ['version: 1\nrulse: []\n', '2:1', /rulse/, 'Did you mean rules?'],
    ['rules: []\n', '1:1', /version/, null],
    ['version: 2\n', '1:1', /version/, null],
    ['version: 1\nrules:\n  - {class: maybe, paths: [a]}\n', '3:6', /rules\.0\.class/, null],
    ['version: 1\nrules:\n  - {class: safe}\n', '3:5', /rules\.0/, null],
    ['version: 1\nrules:\n  - class: safe\n    path: [a]\n', '4:5', /rules\.0/, 'Did you mean paths?'],
    ['version: 1\nrules:\n  - {class: safe, commands: [[]]}\n', '3:30', /rules\.0\.commands\.0/, null],
    ['version: 1\ndefaults: {paths: allow}\n', '2:12', /defaults\.paths/, null],
    ['version: 1\nlimits:\n  files: 0\n', '3:3', /limits\.files/, null],
    ['version: 1\nisolation: {commands: inplace}\n', '2:13', /isolation\.commands/, null],
    ['version: 1\nrules: []\nrules: []\n', '3:1', /./, null],
    ['version: 1\nrules:\n\t- a\n', '3:1', /./, null],
    ['- a\n', '1:1', /./, null],
  ] as const) {
    const error = parsed(text);
    assert.equal(`${error.place.line}:${error.place.column}`, place, `${text}: ${error.message}`);
    assert.match(error.message, message);
    if (hint !== null) assert.equal(error.hint, hint);
  }
  parsed('');
  parsed(Buffer.from([0x61, 0xff]));
  parsed(`version: 1\nroots: ["${'x'.repeat(2 * 1024 * 1024)}"]\n`);
});

test('rule 13: a policy that nobody could ever decide by is refused, with the line', () => {
  const key = 'ssh-ed25519 AAAA anna';
  for (const [text, place, message] of [
    ['approvers: [{name: a}, {name: b}, {name: a}]\n', '2:35', /approvers\.2: a stands there twice/],
    ['approvers: [{name: a}]\nrules:\n  - {class: ask, paths: [x], approvers: [b]}\n', '4:30', /b is none of the appr/],
    ['rules:\n  - {class: ask, paths: [x], approvers: [b]}\n', '3:30', /b is none of the approvers/],
    ['approvers: [{name: a}]\nrules:\n  - {class: ask, paths: [x], proof: ssh}\n', '4:30', /no approver has a key/],
    [
      `approvers: [{name: a}, {name: b, keys: ["${key}"]}]\nrules:\n  - {class: ask, paths: [x], proof: ssh, approvers: [a]}\n`,
      '4:30',
      /no approver has a key/,
    ],
    ['approvers: [{name: a}]\napprovals: {proof: ssh}\n', '3:13', /no approver has a key/],
    ['approvals: {proof: ssh}\n', '2:13', /no approver has a key/],
  ] as const) {
    const error = parsed(`version: 1\n${text}`);
    assert.equal(`${error.place.line}:${error.place.column}`, place, `${text}: ${error.message}`);
    assert.match(error.message, message);
  }
  // who is named where nothing is asked is no fault of what is decided
  policyOf('rules: [{class: safe, paths: [x], proof: ssh}]\n');
  policyOf(`approvers: [{name: a, keys: ["${key}"]}]\nrules: [{class: ask, paths: [x], proof: ssh, approvers: [a]}]\n`);
});

test('rule 7: no policy.yaml is no policy, and neither is one that cannot be read', (t) => {
  const root = t.tempDir();
  const missing = refusal(() => loadPolicy(root));
  assert.match(missing.message, /there is no policy\.yaml/);
  assert.match(missing.hint, /waybill policy init/);
  write(root, 'folder/policy.yaml/x');
  refusal(() => loadPolicy(join(root, 'folder')));
  write(root, POLICY_FILE, 'version: 1\nroots: [x]\n');
  assert.deepEqual(loadPolicy(root).roots, ['x']);
});

test('the hash is that of the bytes, as sha256sum tells it', () => {
  const bytes = Buffer.from('# ours\nversion: 1\n');
  assert.equal(parsePolicy(bytes).sha256, sha256(bytes));
  assert.notEqual(parsePolicy(Buffer.from('version: 1\n')).sha256, sha256(bytes));
});

test('rules have names and lines: their own name, or their number', () => {
  const { rules } = policyOf(
    'rules:\n  - {class: safe, paths: [a]}\n  - name: mine\n    class: ask\n    commands: [b]\n',
  );
  assert.deepEqual(
    rules.map(({ name, line }) => [name, line]),
    [
      ['rule 1', 3],
      ['mine', 4],
    ],
  );
});

test('numbers of users are read as they are written in records', () => {
  const { rules, approvers } = policyOf(
    'approvers: [{name: a, users: [501, anna]}]\nrules: [{class: safe, paths: [a], requesters: [501, bob]}]\n',
  );
  assert.deepEqual(
    [approvers[0]?.users, rules[0]?.requesters],
    [
      ['501', 'anna'],
      ['501', 'bob'],
    ],
  );
});

test('a lane has what it names, and the rest from all', () => {
  const policy = policyOf(`isolation: {commands: in_place, link: [node_modules]}
sandbox: {use: prefer, hidden: [secret]}
lanes:
  Code: {isolation: {files: branch}, sandbox: {use: require}}
`);
  const code = lanePolicy(policy, 'CODE');
  assert.deepEqual(
    [code.isolation.commands, code.isolation.files, code.isolation.link],
    ['in_place', 'branch', ['node_modules']],
  );
  assert.deepEqual([code.sandbox.use, code.sandbox.hidden], ['require', ['secret']]);
  assert.equal(lanePolicy(policy, 'MAIN').sandbox.use, 'prefer');
  assert.equal(lanePolicy(policy, 'COD').isolation.files, 'in_place');
});

type Json = Record<string, unknown>;

test('formats: the defaults in policy.schema.json are those that are used', () => {
  const schema = JSON.parse(
    readFileSync(new URL('../../schemas/policy.schema.json', import.meta.url), 'utf8'),
  ) as Json & { $defs: Record<string, Json> };
  const camel = (key: string) => key.replace(/_(\w)/g, (_, c: string) => c.toUpperCase());
  const compared: string[] = [];
  const walk = (given: Json, actual: unknown, path: string): void => {
    const name = /^#\/\$defs\/(.*)$/.exec(String(given['$ref'] ?? ''))?.[1];
    const at = name === undefined ? given : { ...schema.$defs[name], ...given };
    if ('default' in at) {
      assert.deepEqual(actual, at['default'], path);
      compared.push(path);
    }
    for (const [key, inner] of Object.entries((at['properties'] ?? {}) as Record<string, Json>)) {
      if (path === '' && key === 'version') continue;
      assert.ok(typeof actual === 'object' && actual !== null, path);
      // budgets and classes of failures have one name everywhere
      const own = [camel(key), key].find((name) => name in actual);
      assert.ok(own !== undefined, `${path}.${key} is read nowhere`);
      walk(inner, (actual as Json)[own], `${path}.${key}`);
    }
  };
  const { $defs, ...body } = schema;
  walk(body, policyOf(), '');
  const texts = [body, $defs['PolicyLimits'], $defs['PolicyIsolation'], $defs['PolicySandbox']].map((part) =>
    JSON.stringify(part),
  );
  assert.equal(compared.length, texts.join('').split('"default":').length - 1);
  assert.ok(compared.length >= 12, compared.join(' '));
});

test.run();
