import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WaybillError } from '../../src/order/error.ts';
import { parseChain } from '../../src/spine/chain.ts';
import { chainBytes, chainNames, chainReadsOnly } from '../../src/spine/chains.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('spine/chain');

const HYDRATE = '{id: hydrate, run: hydrate, gives: context}';
const POLICY = '{id: policy, run: policy}';
const DESIGN = '{id: design, role: designer, takes: [context, "verdict?"], gives: build_packet}';
const BUILD = '{id: build, role: builder, takes: [build_packet], gives: review_packet}';
const REVIEW = '{id: review, role: reviewer, takes: [review_packet], gives: verdict}';
const CLOSE = '{id: close, run: close, takes: [verdict], gives: commit}';
const SOUND = [HYDRATE, POLICY, DESIGN, BUILD, REVIEW, CLOSE];

function faultOf(steps: readonly string[], more = ''): string {
  const text = `version: 1\nsteps:\n${steps.map((step) => `  - ${step}\n`).join('')}${more}`;
  try {
    parseChain('own', Buffer.from(text));
  } catch (thrown) {
    assert.ok(thrown instanceof WaybillError && thrown.code === 'CHAIN_INVALID', String(thrown));
    assert.equal(thrown.place.file, 'agents/chains/own.yaml');
    assert.ok(thrown.hint !== '');
    return thrown.message;
  }
  return '';
}

/** The sound chain with one step in another form, or without it. */
const other = (was: string, is: string | null) => SOUND.flatMap((step) => (step === was ? (is ?? []) : step));

test('a sound chain is taken, and has its hash', () => {
  assert.equal(faultOf(SOUND), '');
});

test('rule 14: a chain that could land what nobody reviewed is refused', () => {
  assert.match(faultOf(other(REVIEW, null)), /verdict|never reviewed/);
  assert.match(
    faultOf([HYDRATE, POLICY, DESIGN, REVIEW.replace('review_packet', 'build_packet'), BUILD, CLOSE]),
    /never reviewed/,
  );
  assert.match(
    faultOf(other(REVIEW, REVIEW.replace('review_packet', 'build_packet'))),
    /never reviewed/,
    'of something else',
  );
  assert.match(faultOf(other(REVIEW, REVIEW.replace('}', ', optional: true}'))), /cannot be optional/);
  assert.match(faultOf(other(BUILD, BUILD.replace('}', ', optional: true}'))), /cannot be optional/);
  assert.match(faultOf(other(BUILD, null)), /nothing was built|takes review_packet/);
});

test('rule 7: policy is asked before any role, and the end is the close', () => {
  assert.match(faultOf(other(POLICY, null)), /policy is not asked/);
  assert.match(faultOf([HYDRATE, DESIGN, POLICY, BUILD, REVIEW, CLOSE]), /policy is not asked/);
  assert.match(faultOf(SOUND.slice(0, -1)), /does not close/);
  assert.match(faultOf([...SOUND, CLOSE.replace('id: close', 'id: again')]), /closes twice/);
});

test('what could only break after money is spent is refused at once', () => {
  assert.match(faultOf(other(DESIGN, DESIGN.replace('[context, "verdict?"]', '[plan_packet]'))), /takes plan_packet/);
  assert.match(faultOf(other(DESIGN, DESIGN.replace('gives: build_packet', 'gives: commit'))), /gives commit/);
  assert.match(faultOf(other(DESIGN, DESIGN.replace('gives: build_packet', 'gives: context'))), /gives context/);
  assert.match(faultOf(other(POLICY, '{id: policy, run: policy, gives: build_packet}')), /gives build_packet/);
  assert.match(faultOf(other(HYDRATE, '{id: hydrate, run: hydrate}')), /gives nothing|takes context/);
  assert.match(faultOf(other(REVIEW, REVIEW.replace('}', ', back_to: close}'))), /no step before it/);
  assert.match(faultOf([HYDRATE, HYDRATE, ...SOUND.slice(1)]), /twice/);
  assert.match(faultOf(SOUND, 'extra: 1\n'), /extra/);
  assert.match(faultOf(['{id: x, role: designer}']), /./);
});

test('rule 14: a chain without a role writes nothing, asks policy before it runs anything, and gives no commit', (t) => {
  const ends = '{id: close, run: close}';
  assert.equal(faultOf([HYDRATE, POLICY, ends]), '');
  assert.equal(faultOf([POLICY, ends]), '');
  assert.match(faultOf([HYDRATE, ends]), /policy is not asked/);
  assert.match(faultOf([ends, POLICY]), /policy is not asked|does not close/);
  assert.match(faultOf([HYDRATE, POLICY, '{id: close, run: close, gives: commit}']), /gives commit/);
  // one with an agent that hands in nothing to review is none
  assert.match(faultOf([HYDRATE, POLICY, DESIGN, ends]), /gives nothing/);
  assert.match(faultOf([HYDRATE, POLICY, DESIGN, CLOSE.replace('[verdict]', '[]')]), /nothing was built/);
  const root = t.tempDir();
  assert.ok(chainReadsOnly(root, 'checks'));
  for (const name of ['full', 'short', 'none']) assert.equal(chainReadsOnly(root, name), false, name);
});

test('rule 9: a chain is a file of the station itself, and no link leads to it', (t) => {
  const root = t.tempDir();
  assert.deepEqual(chainNames(root), ['checks', 'full', 'short']);
  mkdirSync(join(root, 'docs/chains'), { recursive: true });
  writeFileSync(join(root, 'docs/chains/own.yaml'), 'version: 1\nsteps: []\n');
  mkdirSync(join(root, 'agents'));
  symlinkSync('../docs/chains', join(root, 'agents/chains'));
  assert.throws(
    () => chainBytes(root, 'own'),
    (e) => e instanceof WaybillError && e.code === 'CHAIN_INVALID' && /link/.test(e.message),
  );
  const other = t.tempDir();
  mkdirSync(join(other, 'agents/chains'), { recursive: true });
  symlinkSync(join(root, 'docs/chains/own.yaml'), join(other, 'agents/chains/own.yaml'));
  assert.throws(
    () => chainBytes(other, 'own'),
    (e) => e instanceof WaybillError && e.code === 'CHAIN_INVALID' && /link/.test(e.message),
  );
  assert.throws(
    () => chainBytes(other, 'none'),
    (e) => e instanceof WaybillError && /there is no chain none/.test(e.message),
  );
});

test.run();
