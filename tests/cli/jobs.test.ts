import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { JobResult } from '../../src/order/generated.ts';
import { conforms } from '../../src/platform/schema.ts';
import { BUILD_JOB, E2E_JOB } from '../support/jobs.ts';
import { decide, ledgerOf, missionStation } from '../support/missions.ts';
import { CLI, type TestStation, testStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('cli/jobs');

const POLICY = 'version: 1\nrules: [{class: safe, commands: ["*"]}]\n';
const FILES = { 'src/old.txt': 'old\n' };

/** `jobs run` with this job on standard input. */
function runJob(
  s: TestStation,
  job: unknown,
  ...args: string[]
): { code: number | null; stdout: string; stderr: string } {
  const input = typeof job === 'string' ? job : JSON.stringify(job, null, 2);
  const all = [CLI, 'jobs', 'run', '-', ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, all, { cwd: s.root, encoding: 'utf8', input });
  return { code: status, stdout, stderr };
}

/** The one document on standard output. */
function resultIn({ stdout }: { stdout: string }): JobResult {
  const result = JSON.parse(stdout) as JobResult;
  assert.ok(conforms('job-result', result), stdout);
  return result;
}

test('a job that is run is answered with its result, and when it comes again with the same; exit codes are those without --json', (t) => {
  const s = testStation(t, { policy: POLICY, files: FILES });
  const passes = { ...E2E_JOB, job_id: 'nightly:1', command: ['true'], reply_to: '\u001b[31mx' };
  const first = runJob(s, passes, '--json');
  const result = resultIn(first);
  assert.equal(first.code, 0, first.stderr);
  assert.deepEqual([result.job_id, result.run_id, result.outcome], ['nightly:1', 'openclaw:nightly:1', 'PASS']);
  assert.ok(s.exists(result.terminal_packet_ref ?? 'none'));
  const again = runJob(s, passes);
  assert.equal(again.code, 0);
  assert.match(again.stdout, /^nightly:1: PASS\n {2}order {3}JOB-[0-9a-f]{12}\n/);
  assert.doesNotMatch(again.stdout + again.stderr, /\u001b\[31mx/);
  const known = `nightly:1: answered from what is known: it ended ${result.terminal_at}, nothing ran\n`;
  assert.ok(again.stderr.includes(known), again.stderr);
  const thrice = runJob(s, passes, '--json');
  assert.deepEqual(resultIn(thrice), result);
  assert.ok(thrice.stderr.includes(known), thrice.stderr);
  assert.doesNotMatch(first.stderr, /answered from what is known/);
  assert.match(first.stderr, /^ignored: reply_to/m, 'notes reach whoever reads JSON');

  const fails = { ...E2E_JOB, job_id: 'JOB-F', command: ['sh', '-c', 'exit 4'] };
  const blocked = runJob(s, fails, '--json');
  assert.equal(resultIn(blocked).reason, 'CHECK_FAILED: check "command of the job" ended with 4');
  assert.equal(blocked.code, 1);
  assert.equal(runJob(s, fails).code, 1);
  // another job under that id
  const other = runJob(s, { ...fails, job_id: 'nightly:1' }, '--json');
  assert.match(resultIn(other).reason ?? '', /^DUPLICATE_ID: /);
  assert.equal(other.code, 65, 'refused, as whatever no order is made of');

  const ls = JSON.parse(s.waybill('jobs', 'ls', '--json').stdout) as { jobs: Record<string, unknown>[] };
  assert.deepEqual(
    ls.jobs.map(({ job_id: id, status }) => [id, status]),
    [
      ['JOB-F', 'failed'],
      ['nightly:1', 'done'],
    ],
  );
  assert.match(s.waybill('jobs', 'ls').stdout, /^JOB-F {6}failed .*\nnightly:1 {2}done .* order JOB-/m);
  for (const id of ['nightly:1', ls.jobs[1]?.['wo_id'] as string]) {
    const shown = s.waybill('jobs', 'show', id, '--json');
    assert.deepEqual(resultIn(shown), result);
    assert.equal(shown.code, 0);
  }
  assert.equal(s.waybill('jobs', 'show', 'JOB-F').code, 1);
});

test('a job that waits is at a checkpoint, and at its end once somebody decided', (t) => {
  const { station: s } = missionStation(t, undefined, { policy: 'version: 1\n' });
  const run = runJob(s, BUILD_JOB, '--json');
  assert.equal(run.code, 3, run.stderr);
  const asked = resultIn(run);
  assert.equal(asked.state, 'checkpoint');
  assert.ok(s.exists(asked.checkpoint_packet_ref ?? 'none'));
  const shown = s.waybill('jobs', 'show', 'JOB-900');
  assert.equal(shown.code, 3);
  assert.match(shown.stdout, /^JOB-900: CHECKPOINT\n {2}waits {3}APPROVAL_NEEDED: /);
  assert.match(shown.stderr, /waybill approve JOB-900/);
  decide(s, 'JOB-900');
  const ended = resultIn(runJob(s, BUILD_JOB, '--json'));
  assert.deepEqual([ended.state, ended.outcome, ended.run_id], ['terminal', 'PASS', asked.run_id], ended.reason);
  assert.equal(ledgerOf(s, 'JOB-900').filter(({ event }) => event === 'started').length, 2, 'asked, then done: once');
});

test('a job that waits for no person is answered too, and a dry run does nothing', (t) => {
  const s = testStation(t, { policy: POLICY, files: FILES });
  const run = runJob(s, BUILD_JOB, '--json');
  const waits = resultIn(run);
  assert.deepEqual([run.code, waits.state, waits.checkpoint_id], [3, 'checkpoint', 'wait:JOB-900']);
  assert.match(waits.trigger ?? '', /^AGENT_UNAVAILABLE: no agent is configured/);
  const dry = { ...E2E_JOB, job_id: 'JOB-DRY', command: ['sh', '-c', 'echo x > "$WAYBILL_STATION/x"'], dry_run: true };
  const plan = runJob(s, dry, '--json');
  assert.equal(plan.code, 0, plan.stderr);
  assert.match(resultIn(plan).reason ?? '', /^DRY_RUN: /);
  assert.equal(s.exists('x'), false);
  // it has taken the id
  const real = runJob(s, { ...dry, dry_run: false }, '--json');
  assert.match(resultIn(real).reason ?? '', /^DUPLICATE_ID: /);
});

test('rule 10: what is no job is refused with code and place; a job that intake refuses is answered, and never thrown', (t) => {
  const s = testStation(t, { policy: POLICY, files: FILES });
  const said = (job: unknown, ...args: string[]) => {
    const { code, stdout, stderr } = runJob(s, job, ...args);
    return { code, stdout, stderr };
  };
  assert.match(said({ v: 1, kind: 'work-order' }).stderr, /^job\.json:3:3: NOT_A_JOB .*work-order/);
  assert.match(said({ wo_id: 'WO-1' }).stderr, /^job\.json:1:1: NOT_A_JOB .*has no kind/);
  assert.match(said('[1]').stderr, /NOT_A_JOB/);
  assert.match(said('{"kind": "lifeos.job.v0.1",').stderr, /^job\.json:1:\d+: JSON_INVALID /);
  assert.equal(said({ kind: 'x' }, '--json').code, 65);
  assert.equal((JSON.parse(said({ kind: 'x' }, '--json').stdout) as { error: { line: number } }).error.line, 2);
  for (const bad of [{ job_id: '..' }, { job_id: 'a/b' }, { job_id: 'JOB-1', timeout_s: true }, { command: [] }]) {
    const job = { ...E2E_JOB, ...bad };
    const refused = said(job, '--json');
    const result = resultIn(refused);
    assert.deepEqual([refused.code, result.state, result.outcome], [65, 'terminal', 'BLOCKED']);
    assert.match(result.reason ?? '', /^(BAD_ID|SCHEMA_INVALID): /);
    assert.equal(result.job_id, 'job_id' in bad && bad.job_id === 'JOB-1' ? 'JOB-1' : 'unknown_job');
    const plain = said(job);
    assert.equal(plain.code, 65);
    assert.match(plain.stderr, /^job\.json:\d+:\d+: /);
  }
  const outside = said({ ...E2E_JOB, expected_artifacts: ['../never.txt'] }, '--json');
  assert.match(resultIn(outside).reason ?? '', /^PATH_DENIED: \.\.\/never\.txt/);
  assert.equal(outside.code, 65);
  assert.match(outside.stderr, /PATH_DENIED/);
  const text = JSON.stringify(E2E_JOB);
  const two = said({ payloads: [{ text }, { text }] });
  assert.match(two.stderr, /^job\.json:7:\d+: AMBIGUOUS_FIELD payloads\.1\.text: the answer holds 2 jobs/);
  assert.match(said({ payloads: [{ text: 'Sure! {ok}' }] }).stderr, /^job\.json:2:\d+: NOT_A_JOB .*payloads/);
  assert.deepEqual(s.names(s.stateFolder()), [], 'nothing was handed in');
  s.drop({ wo_id: 'WO-1', files: [{ path: 'x', content: 'x' }] });
  s.drain();
  assert.match(s.waybill('jobs', 'show', 'WO-1').stderr, /NOT_A_JOB/);
  assert.match(s.waybill('jobs', 'show', 'JOB-NONE').stderr, /UNKNOWN_ORDER/);
  for (const args of [
    ['jobs', 'fly'],
    ['jobs', 'run'],
    ['jobs', 'ls', 'x'],
    ['jobs', 'ls', '--limit', '0'],
  ])
    assert.equal(s.waybill(...args).code, 64, args.join(' '));
  // a file that says yaml is read as it
  writeFileSync(
    s.path('.git/job.yaml'),
    'kind: lifeos.job.v0.1\njob_id: JOB-Y\njob_type: check\nobjective: x\ncommand: [true]\n',
  );
  assert.match(s.waybill('jobs', 'run', '.git/job.yaml').stderr, /command\.0: must be string/);
});

test.run();
