import type { JobDocument } from '../../../src/order/generated.ts';
import { onlyRuns } from '../../../src/order/jobs/only-runs.ts';
import { E2E_JOB } from '../../support/jobs.ts';
import { assert, suite } from '../../support/suite.ts';

const test = suite('order/jobs/only-runs');

const job = (more: Readonly<Record<string, unknown>>): JobDocument => ({
  ...(E2E_JOB as JobDocument),
  scope: [],
  non_goals: [],
  ...more,
});

test('a job whose command is only to be run is known by its type', () => {
  for (const type of ['test', 'e2e_test', 'check', 'verify', 'run', 'run-job', 'smoke test', 'Lint'])
    for (const hasPaths of [false, true]) assert.ok(onlyRuns(job({ job_type: type }), hasPaths), type);
  for (const type of ['build', 'fix_tests', 'write-tests', 'implement', 'doc', 'runtime', '', null])
    assert.equal(onlyRuns(job({ job_type: type }), false), false, String(type));
});

const PHRASES = [
  'no code edits',
  'No edits.',
  'without any changes',
  'no changes to the code',
  'Do not edit any files',
];

test('a whole entry that rules every change out counts, where neither type nor paths speak of one', () => {
  for (const words of PHRASES)
    for (const key of ['scope', 'non_goals']) {
      assert.ok(onlyRuns(job({ job_type: null, [key]: [words] }), false), words);
      assert.equal(onlyRuns(job({ job_type: null, [key]: [words] }), true), false, words);
    }
  for (const words of ['read-only', 'Read only.', 'run tests only', 'only run the tests']) {
    assert.ok(onlyRuns(job({ job_type: null, scope: [words] }), false), words);
    assert.equal(onlyRuns(job({ job_type: null, non_goals: [words] }), false), false, `no goal: ${words}`);
  }
});

test('rule 14: no words make a job that is to build something pass without it', () => {
  for (const type of ['build', 'implement', 'Implementation', 'bugfix', 'feature-work', 'fixes', 'code', 'rewrite'])
    for (const words of [...PHRASES, 'read-only', 'run tests only'])
      for (const key of ['scope', 'non_goals'])
        assert.equal(onlyRuns(job({ job_type: type, [key]: [words] }), false), false, `${type}: ${words}`);
  // no whole phrase, whatever its type
  for (const words of [
    'no changes to the public API',
    'do not touch the read-only fixtures',
    'any file changes outside src/, and no edits of tests',
    'no code edits in vendor/',
    'tests only',
    'only run black on what you changed',
    'no network',
    'thread-only locks',
  ])
    for (const key of ['scope', 'non_goals'])
      assert.equal(onlyRuns(job({ job_type: 'doc', [key]: [words] }), false), false, words);
});

test('an entry made to be slow is read in good time', () => {
  const entry = `no${' code'.repeat(800)} edits${' code'.repeat(800)} x`;
  assert.equal(onlyRuns(job({ job_type: null, scope: Array.from({ length: 200 }, () => entry) }), false), false);
});

test.run();
