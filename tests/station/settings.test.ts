import { join } from 'node:path';
import { WaybillError } from '../../src/order/error.ts';
import { parsePolicy } from '../../src/policy/policy.ts';
import { policyText, presetText } from '../../src/station/presets.ts';
import { loadSettings, parseSettings, SETTINGS_FILE } from '../../src/station/settings.ts';
import { assert, suite } from '../support/suite.ts';
import { write } from './stations.ts';

const test = suite('station/settings');

const parse = (text: string | Buffer) => parseSettings(Buffer.from(text as string));

/** A preset's text with what it shows in comments made real. */
const uncommented = (text: string) =>
  text.replaceAll('[]\n#  -', '\n  -').replaceAll('\n#  -', '\n  -').replaceAll('AAAA...', 'AAAA');

function refusal(text: string | Buffer): WaybillError {
  try {
    parse(text);
  } catch (error) {
    assert.ok(error instanceof WaybillError, String(error));
    assert.equal(error.code, 'SETTINGS_INVALID', error.message);
    assert.equal(error.place.file, SETTINGS_FILE);
    assert.ok(error.hint.length > 0);
    return error;
  }
  throw new Error(`accepted: ${text.toString()}`);
}

test('what moved to policy.yaml says so', () => {
  for (const text of ['commands: {allow: [npm test]}\n', 'fence: {roots: [/tmp]}\n'])
    assert.throws(
      () => parse(text),
      (error: unknown) => error instanceof WaybillError && /policy\.yaml now/.test(error.hint),
    );
});

test('settings: every key has a default, also where the file is missing, empty or a comment', (t) => {
  const defaults = loadSettings(t.tempDir());
  for (const text of ['', '\n\n', '# nothing set\n  # here\n', '{}', 'version: 1\n', '\ufeff# bom\n'])
    assert.deepEqual(parse(text), defaults, text);
  assert.deepEqual([defaults.defaultLane, defaults.intake.settleMs, defaults.git.branch], ['MAIN', 250, null]);
});

test('settings: what is set wins over the default beside it', () => {
  const settings = parse(
    'lanes: {CLC: {concurrency: 3}, ENTRY: {folder: ~/in, take: [{match: "*.patch"}]}}\npaths: {state: g/state}\nintake: {settle_ms: 0}\n',
  );
  assert.deepEqual(settings.lanes, {
    CLC: { concurrency: 3, folder: null, take: [] },
    ENTRY: { concurrency: 1, folder: '~/in', take: [{ match: '*.patch' }] },
  });
  assert.equal(settings.defaultLane, 'CLC', 'the first lane named');
  assert.deepEqual([settings.paths.state, settings.paths.inbox], ['g/state', 'bridge/inbox']);
  assert.deepEqual([settings.intake.settleMs, settings.intake.scanSeconds], [0, 15]);
  assert.equal(parse('default_lane: X\nlanes: {A: {}}\n').defaultLane, 'X');
});

test('rule 7: unknown keys are errors, with line, column and the key that was meant', () => {
  for (const [text, place, hint] of [
    ['version: 1\ncomands:\n  env: []\n', '2:1', 'Did you mean commands?'],
    ['commands:\n  hid: []\n', '2:3', 'Did you mean hide?'],
    ['intake:\n  settle-ms: 1\n', '2:3', 'Did you mean settle_ms?'],
    ['guardrail:\n  lists: []\n  component: []\n', '3:3', 'Did you mean components?'],
  ] as const) {
    const error = refusal(text);
    assert.deepEqual([`${error.place.line}:${error.place.column}`, error.hint], [place, hint], text);
  }
});

test('rule 7: wrong values and broken YAML are refused where they stand', () => {
  for (const [text, place] of [
    ['intake:\n  settle_ms: soon\n', '2:3'],
    ['version: 2\n', '1:1'],
    ['a: 1\na: 2\n', '2:1'],
    ['commands:\n\tenv: []\n', '2:1'],
    ['- a\n', '1:1'],
    ['commands: {env: *x}\n', undefined],
  ] as const) {
    const error = refusal(text);
    if (place !== undefined) assert.equal(`${error.place.line}:${error.place.column}`, place, error.message);
  }
  refusal(Buffer.from([0x61, 0xff]));
});

test('rule 9: own paths lie plainly inside the station', () => {
  for (const path of ['/abs', '../up', 'a/../b', '.git/waybill', 'a/.GIT/x', 'a//b', 'a/', './a', 'a/./b', '.'])
    assert.match(refusal(`paths: {state: ${JSON.stringify(path)}}\n`).message, /paths\.state/, path);
  assert.equal(parse('paths: {state: "..a/.b"}\n').paths.state, '..a/.b');
});

test('telemetry: its file ends in .jsonl, because it is rotated beside itself', () => {
  assert.match(refusal('paths: {telemetry: logs/unified.log}\n').message, /\.jsonl/);
});

test('settings: every preset parses, says what it should, and its policy opens nothing', () => {
  const plain = parse(presetText('default'));
  assert.equal(plain.defaultLane, 'MAIN');
  const luka = parse(presetText('02luka'));
  assert.deepEqual(Object.keys(luka.lanes), ['CLC', 'ENTRY']);
  assert.deepEqual(
    [luka.defaultLane, luka.paths.state, luka.paths.telemetry, luka.paths.alerts, luka.paths.inbox],
    ['CLC', 'g/followup/state', 'g/telemetry/unified.jsonl', 'logs/guardrail_alerts.log', 'bridge/inbox'],
  );
  const lifeos = parse(presetText('lifeos'));
  assert.deepEqual(
    [lifeos.paths.artifacts, lifeos.backlog.files[0], lifeos.documents.index, plain.paths.artifacts],
    ['artifacts', 'docs/11_admin/BACKLOG.md', 'docs/INDEX.md', 'state/artifacts'],
    'seed 000, sections 5 and 7',
  );
  assert.match(lifeos.intake.deprecatedTypes['autonomous_build_cycle'] ?? '', /waybill spine run/);
  for (const name of ['default', '02luka', 'lifeos']) {
    const text = policyText(name);
    const { rules, roots, approvers, defaults } = parsePolicy(Buffer.from(text));
    assert.deepEqual({ rules, roots, approvers }, { rules: [], roots: [], approvers: [] }, name);
    assert.deepEqual(defaults, { paths: 'safe', commands: 'ask' }, name);
    // a key stands where a person would put theirs
    const opened = parsePolicy(Buffer.from(uncommented(text)));
    assert.deepEqual(
      [opened.rules.length, opened.roots.length, opened.approvers.length],
      [3, name === '02luka' ? 1 : 0, 1],
      'what stands in comments parses once it is no comment',
    );
  }
  for (const name of ['nope', '', '__proto__', 'toString'])
    assert.throws(
      () => [presetText, policyText].map((of) => of(name)),
      (e: unknown) => e instanceof WaybillError && e.code === 'UNKNOWN_PRESET',
      name,
    );
});

test('settings: waybill.yaml is read at the root', (t) => {
  const root = t.tempDir();
  write(root, SETTINGS_FILE, 'default_lane: HERE\n');
  assert.equal(loadSettings(root).defaultLane, 'HERE');
  assert.equal(loadSettings(join(root, 'sub')).defaultLane, 'MAIN');
});

test.run();
