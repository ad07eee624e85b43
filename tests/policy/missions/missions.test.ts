import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { WaybillError } from '../../../src/order/error.ts';
import { FAILURE_CLASSES } from '../../../src/policy/missions/missions.ts';
import { assert, suite } from '../../support/suite.ts';
import { policyOf } from '../questions.ts';

/** Rule 7: what policy.yaml says of missions is understood whole, or refused where it is wrong. */
const test = suite('policy/missions/missions');

function refusal(lines: string): WaybillError {
  try {
    policyOf(`missions: ${lines}\n`);
  } catch (error) {
    assert.ok(error instanceof WaybillError && error.code === 'POLICY_INVALID', String(error));
    return error;
  }
  throw new Error(`accepted: ${lines}`);
}

test('nothing can be set to a value with which a check would mean nothing, or something always', () => {
  for (const lines of [
    '{progress: {no_progress: 0}}',
    '{progress: {oscillation: 1}}',
    '{progress: {oscillation: 2}}',
    '{progress: {no_progress: 1.5}}',
    '{budget: {tokens: 0}}',
    '{budget: {tokens: -1}}',
    '{budget: {tokens: true}}',
    '{budget: {tokens: .nan}}',
    '{budget: {usd: .inf}}',
    '{budget: {seconds: 0}}',
    '{budget: {attempts: 0}}',
    '{budget: {diff_lines: 0}}',
    '{step: {seconds: 0}}',
    '{retries: {total: -1}}',
    '{retries: {per_class: 1e9}}',
    '{reviewers: 0}',
    '{revisions: -1}',
    '{chains: []}',
    '{paths: []}',
    '{checkpoints: [Build]}',
    '{checkpoints: [build, build]}',
    '{require_usage: maybe}',
    '{routing: {timeout: again}}',
    '{rules: [{paths: []}]}',
    '{rules: [{reviewers: 0}]}',
    '{rules: [{agents: []}]}',
  ])
    assert.match(refusal(lines).message, /missions/, lines);
});

test('a key, a class of failures or a chain that does not exist is refused, with place and hint', () => {
  const place = ({ place: { line, column } }: WaybillError) => `${line}:${column}`;
  for (const [lines, at, hint] of [
    ['{reviewer: 2}', '2:12', 'Did you mean reviewers?'],
    ['{routing: {test_failur: retry}}', '2:22', 'Did you mean test_failure?'],
    ['{retries: {classes: {lint_error: 1}}}', '2:32', null],
    ['{retries: {classes: {governance_violation: 1}}}', '2:32', null],
    ['{chain: mine}', '2:12', null],
    ['{rules: [{chain: mine}]}', '2:21', null],
    ['{chains: [full]}', null, null],
  ] as const) {
    const error = refusal(lines);
    if (at !== null) assert.equal(place(error), at, `${lines}: ${error.message}`);
    if (hint !== null) assert.equal(error.hint, hint);
  }
  assert.match(refusal('{chain: mine}').message, /mine is none of missions\.chains \(short, full\)/);
});

test('every class of failures has its routing and its retries, as the schema tells them', () => {
  const schema = JSON.parse(readFileSync(resolve('schemas/policy.schema.json'), 'utf8')) as {
    properties: { missions: { properties: Record<string, Part> } };
  };
  interface Part {
    readonly default?: unknown;
    readonly properties?: Readonly<Record<string, Part>>;
  }
  const { properties } = schema.properties.missions;
  const policy = policyOf().missions;
  const routing = properties['routing']?.properties ?? {};
  assert.deepEqual(Object.keys(routing).sort(), [...FAILURE_CLASSES].sort());
  for (const name of FAILURE_CLASSES) assert.equal(policy.routing[name], routing[name]?.default, name);
  const ofBudget = Object.entries(properties['budget']?.properties ?? {}).map(([key, part]) => [
    key,
    part.default ?? null,
  ]);
  assert.deepEqual(policy.budget, Object.fromEntries(ofBudget));
  const ofRetries = properties['retries']?.properties ?? {};
  assert.equal(policy.retries.total, ofRetries['total']?.default);
  assert.equal(policy.retries.classes.timeout, ofRetries['per_class']?.default);
  assert.equal(policy.retries.classes.governance_violation, 0);
  assert.deepEqual(policy.chains, properties['chains']?.default);
  assert.equal(policy.progress.noProgress, properties['progress']?.properties?.['no_progress']?.default);
  assert.equal(policy.progress.oscillation, properties['progress']?.properties?.['oscillation']?.default);
});

test('what a rule of missions says is read, with its line', () => {
  const [rule, second] = policyOf('missions:\n  rules:\n    - {paths: [a/], requesters: [7]}\n    - {why: all}\n')
    .missions.rules;
  assert.deepEqual([rule?.name, rule?.line, rule?.requesters], ['rule 1', 4, ['7']]);
  assert.deepEqual([second?.name, second?.paths, second?.chain], ['rule 2', null, null]);
});

test.run();
