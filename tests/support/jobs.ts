/** Jobs of OpenClaw as their real producers write them. */

/** What the script asks an agent for, word for word but for its command: no id, sentences in `scope`, and a key that no mapping knew. */
export const E2E_JOB: Readonly<Record<string, unknown>> = {
  kind: 'lifeos.job.v0.1',
  job_type: 'e2e_test',
  objective: 'Run a representative E2E test in the LifeOS repo',
  scope: ['run tests only', 'no code edits'],
  non_goals: ['no installs', 'no network', 'no git operations'],
  workdir: '.',
  command: ['python3', '-m', 'pytest', '-q', 'tests_recursive/test_e2e.py'],
  timeout_s: 1800,
  expected_artifacts: ['stdout.txt', 'stderr.txt', 'rc.txt', 'duration_s.txt'],
  clean_repo_required: true,
};

/** What the mapping's own tests hand in: with an id, a path in `scope`, and references. */
export const BUILD_JOB: Readonly<Record<string, unknown>> = {
  kind: 'lifeos.job.v0.1',
  job_id: 'JOB-900',
  job_type: 'build',
  objective: 'Write src/hello.txt, which says hello',
  scope: ['src/*'],
  non_goals: ['network'],
  workdir: '.',
  command: ['grep', '-qx', 'hello', 'src/hello.txt'],
  timeout_s: 120,
  expected_artifacts: ['src/hello.txt', 'stdout.txt'],
  context_refs: ['src/old.txt'],
};
