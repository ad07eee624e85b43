import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { SpineOutcome, SpineStatus } from '../../src/order/generated.ts';
import { groupMembers, isAlive } from '../../src/platform/processes.ts';
import { conforms } from '../../src/platform/schema.ts';
import { askOf, atTerminal, newKey } from '../support/deciding.ts';
import { HELLO, MISSION, missionStation, ROLES, type Script } from '../support/missions.ts';
import { CLI, type TestStation, until } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/** Missions from the command line: one command until a person is needed, another until the end, with exit codes that say which. */

const test = suite('cli/spine', { needs: ['ssh-keygen'] });

const { wo_id: _id, type: _type, title: _title, ...TASK } = MISSION;
const FULL = 'version: 1\nmissions: {chain: full, checkpoints: [build]}\n';
const BEFORE_BUILD = ['design', 'design_review', 'plan', 'plan_review'];

function spine(station: TestStation, ...args: string[]): { code: number | null; stdout: string; stderr: string } {
  return station.waybill('spine', ...args);
}

/** With --json: the one document, which keeps to its schema. */
function told(station: TestStation, ...args: string[]): { code: number | null; outcome: SpineOutcome; stderr: string } {
  const { code, stdout, stderr } = spine(station, ...args, '--json');
  const outcome = JSON.parse(stdout) as SpineOutcome;
  assert.ok(conforms('spine-outcome', outcome), stdout);
  return { code, outcome, stderr };
}

test('seed 001: one command runs the full chain until a checkpoint; approved elsewhere, resume lands what was approved', (t) => {
  const key = newKey(t, 'anna');
  const policy = `${FULL}approvers: [{name: anna, keys: ["${key.publicKey}"]}]\n`;
  const { station, agents } = missionStation(t, HELLO, { policy });
  const ran = spine(station, 'run', JSON.stringify(TASK), '--id', 'WO-S');
  assert.equal(ran.code, 3, ran.stdout + ran.stderr);
  assert.match(ran.stdout, /WO-S: CHECKPOINT, parked \(checkpoint at build\)/);
  assert.match(ran.stderr, / 3 design +own is at work\n.* 3 design +ok, [\d.]+ s, 110 tokens\n/);
  assert.match(ran.stderr, / 6 plan_review +approved, /);
  assert.deepEqual(agents.steps(), BEFORE_BUILD);
  assert.equal(station.exists('src/hello.txt'), false);

  const { ask } = askOf(station, 'WO-S');
  const early = told(station, 'resume', ask);
  assert.deepEqual(
    [early.code, early.outcome.outcome, early.outcome.ask, early.outcome.at, early.outcome.reason],
    [3, 'CHECKPOINT', ask, 'build', 'CHECKPOINT'],
    'nobody has decided',
  );
  assert.deepEqual(agents.steps(), BEFORE_BUILD, 'resume decides nothing, and starts nothing');

  const yes = station.waybill('approve', 'WO-S', '--key', key.file, '--yes');
  assert.equal(yes.code, 0, yes.stderr);
  const resumed = spine(station, 'resume', ask);
  assert.equal(resumed.code, 0, resumed.stdout + resumed.stderr);
  assert.match(resumed.stdout, /WO-S: PASS, done/);
  assert.deepEqual(agents.steps(), [...BEFORE_BUILD, 'build', 'review'], 'rule 4: no step before the checkpoint again');
  assert.equal(station.read('src/hello.txt'), 'hello\n');
  const [commit] = station.commitsOf('WO-S');
  assert.match(resumed.stdout, new RegExp(`commit  ${commit}`));
  assert.match(station.read('state/artifacts/terminal/TP_WO-S.yaml'), /^outcome: PASS$/m);
  assert.deepEqual(station.leftovers(), []);
  const verified = station.waybill('verify');
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);

  const again = told(station, 'resume', ask);
  assert.deepEqual(
    [again.code, again.outcome.outcome, again.outcome.wo_id, again.outcome.commits, again.outcome.terminal_packet],
    [0, 'PASS', 'WO-S', [commit], 'state/artifacts/terminal/TP_WO-S.yaml'],
    'a checkpoint that was decided still leads to its mission',
  );
  assert.equal(again.outcome.steps.length, 10);
  const other = told(station, 'run', JSON.stringify({ ...TASK, task: 'Something else.' }), '--id', 'WO-S');
  assert.deepEqual(
    [other.code, other.outcome.outcome, other.outcome.reason],
    [1, 'BLOCKED', 'DUPLICATE_ID'],
    'an answer about what was handed in, not about the mission that has the id',
  );
  for (const { folder } of again.outcome.steps)
    assert.ok(folder === null || folder.includes('state/evidence/WO-S/mission'));
});

test('with a station that runs, run follows it, and resume follows after a decision at a terminal', async (t) => {
  const { station, agents } = missionStation(t, HELLO, { policy: FULL });
  await station.up(t);
  const ran = told(station, 'run', JSON.stringify({ ...MISSION, wo_id: 'WO-R' }));
  assert.deepEqual([ran.code, ran.outcome.outcome, ran.outcome.waiting_for], [3, 'CHECKPOINT', 'checkpoint']);
  assert.equal(ran.stderr, '', 'quiet with --json');
  const same = told(station, 'run', JSON.stringify({ ...MISSION, wo_id: 'WO-R' }));
  assert.deepEqual([same.code, same.outcome.ask], [3, ran.outcome.ask], 'the same again is the same mission');
  assert.equal(atTerminal(station, 'y\n', ['approve', 'WO-R']).code, 0);
  const resumed = told(station, 'resume', 'WO-R');
  assert.deepEqual([resumed.code, resumed.outcome.outcome], [0, 'PASS'], resumed.outcome.why ?? '');
  assert.deepEqual(agents.steps(), [...BEFORE_BUILD, 'build', 'review']);
});

test('rule 14: a dry run did nothing, so it is no PASS, and there is no packet that says how it ended', (t) => {
  const { station } = missionStation(t);
  station.drop({ ...MISSION, metadata: { dry_run: true } });
  station.drain();
  assert.equal(station.state('WO-M').status, 'done');
  const { code, outcome } = told(station, 'status', 'WO-M');
  assert.deepEqual([code, outcome.ok, outcome.outcome, outcome.reason], [0, false, 'DRY_RUN', 'DRY_RUN']);
  assert.deepEqual([outcome.commits, outcome.terminal_packet], [[], null]);
  assert.equal(station.exists('state/artifacts/terminal/TP_WO-M.yaml'), false);
  assert.equal(station.waybill('verify').code, 0);
});

test('what is blocked exits 1, with --json and without', (t) => {
  const script: Script = { ...HELLO, review: [{ verdict: 'rejected' }] };
  const { station } = missionStation(t, script);
  const ran = spine(station, 'run', JSON.stringify(TASK), '--id', 'WO-B');
  assert.equal(ran.code, 1, ran.stdout + ran.stderr);
  assert.match(ran.stdout, /WO-B: BLOCKED REVIEW_REJECTED, failed/);
  const json = told(station, 'run', JSON.stringify({ ...TASK, id: 'WO-B2' }));
  assert.deepEqual(
    [json.code, json.outcome.ok, json.outcome.outcome, json.outcome.reason],
    [1, false, 'BLOCKED', 'REVIEW_REJECTED'],
  );
  assert.equal(told(station, 'resume', 'WO-B').code, 1);
  assert.equal(told(station, 'status', 'WO-B').code, 1);
  const taken = told(station, 'run', JSON.stringify({ ...TASK, task: 'Something else.' }), '--id', 'WO-B');
  assert.deepEqual(
    [taken.code, taken.outcome.reason === 'REVIEW_REJECTED'],
    [1, true],
    'a failed order may be revised',
  );
});

test('formats: a task spec as seeds 000 and 004 have it, from standard input, a file and the command line', (t) => {
  const { station, agents } = missionStation(t);
  const spec = {
    task: 'Write src/hello.txt, which says hello.',
    context_refs: ['src/old.txt'],
    task_ref: 'docs/BACKLOG.md#7',
    constraints: { scope: ['src/**'], denied_paths: ['src/secret/**'], max_diff_lines: 40 },
  };
  const { code, outcome } = told(station, 'run', JSON.stringify(spec));
  assert.equal(code, 0, JSON.stringify(outcome));
  assert.match(outcome.wo_id, /^WO-[0-9A-Z]{26}$/);
  const [design] = agents.calls();
  assert.match(design?.prompt ?? '', /docs\/BACKLOG\.md#7/);
  assert.match(design?.prompt ?? '', /src\/secret/, 'what it may not change is told');
  writeFileSync(
    station.path('../narrative.yaml'),
    'problem: |\n  Nobody says hello.\nrequirements:\n  - a file that does\nsuccess_criteria: it says hello\n',
  );
  agents.script({ build: [{ write: { 'src/other.txt': 'hello\n' } }] });
  const file = told(station, 'run', '../narrative.yaml', '--id', 'WO-N');
  assert.deepEqual([file.code, file.outcome.files.map(({ path }) => path)], [0, ['src/other.txt']]);
  agents.script({ build: [{ write: { 'src/third.txt': 'hello\n' } }] });
  const piped = spawnSync(process.execPath, [CLI, 'spine', 'run', '-', '--id', 'WO-I'], {
    cwd: station.root,
    encoding: 'utf8',
    input: '# a note\ntask: Say hello.\n...\n',
  });
  assert.equal(piped.status, 0, piped.stdout + piped.stderr);
  assert.match(piped.stdout, /WO-I: PASS, done\n.*\n {2}create {2}src\/third\.txt\n/);
});

test('rule 7: what a mission names in denied_paths stays as it is, also where paths name it', (t) => {
  const script: Script = { build: [{ write: { 'src/secret/key.txt': 'x\n' } }] };
  const { station } = missionStation(t, script);
  const { code, outcome } = told(
    station,
    'run',
    JSON.stringify({ ...TASK, constraints: { allowed_paths: ['src/**'], denied_paths: ['src/secret/**'] } }),
  );
  assert.equal(outcome.reason, 'ENVELOPE_VIOLATION', JSON.stringify(outcome));
  assert.equal(code, 3, 'a person decides');
  assert.equal(station.exists('src/secret/key.txt'), false);
});

test('rule 10: what is wrong with a task is told by intake, at its line, and nothing is handed in', (t) => {
  const { station } = missionStation(t);
  writeFileSync(station.path('../bad.yaml'), 'task: Say hello.\ncontext_ref: [a]\n');
  const typo = spine(station, 'run', '../bad.yaml');
  assert.equal(typo.code, 65);
  assert.match(typo.stderr, /bad\.yaml:2:1: UNKNOWN_FIELD context_ref: .*context_refs\?\n {2}hint: /);
  const broken = spine(station, 'run', '{"task": "x",,}');
  assert.equal(broken.code, 65);
  assert.match(broken.stderr, /task\.json:1:\d+/);
  const patch = spine(station, 'run', '{"wo_id": "WO-P", "files": [{"path": "a", "content": "b"}]}');
  assert.ok(patch.code !== 0);
  const other = spine(station, 'run', JSON.stringify({ ...MISSION }), '--id', 'WO-OTHER');
  assert.equal(other.code, 64);
  assert.equal(spine(station, 'run', '../nothing.yaml').code, 66);
  assert.equal(spine(station, 'resume', 'WO-NOBODY').code, 66);
  assert.equal(spine(station, 'resume', '01JD3Q0000000000000000ASKS').code, 66);
  assert.equal(spine(station, 'stand').code, 64);
  assert.deepEqual(station.names('.git/waybill/commands'), []);
});

test('abort ends a mission with the agent that is at work for it', async (t) => {
  const { station, agents } = missionStation(t, { ...HELLO, design: [{ sleep: 60_000 }] });
  await station.up(t);
  station.drop(MISSION);
  await until(() => agents.calls().length === 1, 'the designer is at work');
  const [{ pid } = { pid: 0 }] = agents.calls();
  const alive = JSON.parse(spine(station, 'status', '--json').stdout) as SpineStatus;
  assert.ok(conforms('spine-status', alive));
  assert.deepEqual(
    alive.missions.map(({ wo_id: woId, status, step, agent }) => [woId, status, step, agent]),
    [['WO-M', 'running', 'design', 'own']],
  );
  const aborted = spine(station, 'abort', 'WO-M', '--reason', 'the wrong file');
  assert.equal(aborted.code, 0, aborted.stdout + aborted.stderr);
  assert.match(aborted.stdout, /WO-M: BLOCKED CANCELLED, cancelled/);
  assert.equal(isAlive(pid, null), false);
  assert.deepEqual(groupMembers(pid), []);
  assert.equal(spine(station, 'abort', 'WO-M').code, 0, 'again says the same');
});

test('abort where no station runs: what a killed one left is ended, and nothing else is started', async (t) => {
  const { station, agents } = missionStation(t, { ...HELLO, design: [{ sleep: 60_000 }] });
  const { stop } = await station.up(t);
  station.drop(MISSION);
  await until(() => agents.calls().length === 1, 'the designer is at work');
  const [{ pid } = { pid: 0 }] = agents.calls();
  await stop('SIGKILL');
  station.drop({ ...MISSION, wo_id: 'WO-M2' });
  const aborted = spine(station, 'abort', 'WO-M');
  assert.equal(aborted.code, 0, aborted.stdout + aborted.stderr);
  await until(() => !isAlive(pid, null), 'the agent is gone');
  assert.equal(station.state('WO-M').status, 'cancelled');
  assert.equal(station.state('WO-M2').status, 'ready');
  assert.deepEqual(agents.steps(), ['design']);
});

test('stop writes the stop file and says who and why; resume goes on when it is gone', (t) => {
  const { station } = missionStation(t);
  const stopped = spine(station, 'stop', '--reason', 'the model is down');
  assert.equal(stopped.code, 0, stopped.stderr);
  assert.match(station.read('STOP_MISSIONS'), /^by: .+\nat: 20.*Z\nwhy: "the model is down"\n$/);
  const ran = told(station, 'run', JSON.stringify(MISSION));
  assert.deepEqual([ran.code, ran.outcome.waiting_for, ran.outcome.reason], [3, 'hold', 'MISSION_STOPPED']);
  assert.match(station.waybill('why', 'WO-M').stdout, /STOP_MISSIONS is there.*`waybill spine go`/);
  assert.match(spine(station, 'status').stdout, /the model is down/);
  assert.match(station.waybill('status').stdout, /STOP_MISSIONS is there/);
  assert.match(spine(station, 'stop').stdout, /there already/);
  assert.equal(spine(station, 'go').code, 0);
  assert.equal(station.exists('STOP_MISSIONS'), false);
  assert.match(spine(station, 'go').stdout, /was not there/);
  assert.equal(told(station, 'resume', 'WO-M').code, 0);
});

test('a mission without agents waits for one, and is told so', (t) => {
  const { station } = missionStation(t);
  for (const role of ROLES) station.git('rm', '-q', `agents/${role}/agent.yaml`);
  station.commitAll('No agents');
  const ran = told(station, 'run', JSON.stringify(MISSION));
  assert.deepEqual([ran.code, ran.outcome.waiting_for, ran.outcome.reason], [3, 'agent', 'AGENT_UNAVAILABLE']);
  assert.match(station.waybill('why', 'WO-M').stdout, /`waybill agents check`/);
});

test('rule 13: approvals shows what a mission did, its figures, and what a yes raises', (t) => {
  const { station } = missionStation(t, HELLO, {
    policy: 'version: 1\nmissions: {budget: {tokens: 150}}\n',
  });
  const ran = told(station, 'run', JSON.stringify(MISSION));
  assert.deepEqual([ran.code, ran.outcome.waiting_for, ran.outcome.reason], [3, 'budget', 'BUDGET_EXHAUSTED']);
  const { stdout } = station.waybill('approvals', 'WO-M');
  assert.match(stdout, /stops +at review: /);
  assert.match(stdout, /did +design by own: ok, gave build_packet sha256:/);
  assert.match(stdout, /used +220 of 150 tokens; a yes raises the limit to \d+/);
  assert.match(stdout, /a yes +raises what is marked above, and goes on with review/);
  assert.match(stdout, /\+hello/, 'the work so far');
  assert.match(station.waybill('why', 'WO-M').stdout, /waits for a person, because it has used up what it was given/);
  assert.equal(atTerminal(station, 'y\n', ['approve', 'WO-M']).code, 0);
  const resumed = told(station, 'resume', 'WO-M');
  assert.equal(resumed.outcome.budget['tokens']?.used, 440);
  const log = station.waybill('log', 'WO-M').stdout;
  assert.match(log, /stepped +4 build +ok, [\d.]+ s, 110 tokens, 1 lines changed/);
  assert.match(log, /approved .* raises tokens to \d+/);
});

test('rule 8: words of an agent stand on no terminal as anything but words', (t) => {
  const evil = '\u001b[2Jgone\u202e';
  const { station } = missionStation(t, {
    design: [{ packet: { nothing: evil, [evil]: 1 } }],
  });
  const ran = spine(station, 'run', JSON.stringify(MISSION));
  for (const args of [
    ['why', 'WO-M'],
    ['show', 'WO-M'],
    ['log', 'WO-M'],
    ['approvals', 'WO-M'],
    ['spine', 'status', 'WO-M'],
  ]) {
    const { stdout, stderr } = station.waybill(...args);
    assert.ok(!/[\u001b\u202e]/.test(stdout + stderr), args.join(' '));
  }
  assert.ok(!/[\u001b\u202e]/.test(ran.stdout + ran.stderr));
});

test('rule 14: a mission on a chain that only reads, with no check, does not pass with nothing done', (t) => {
  const { station } = missionStation(t);
  const nothing = { type: 'mission', task: 'Write a hello.', chain: 'checks' };
  const ran = told(station, 'run', JSON.stringify(nothing), '--id', 'WO-NONE');
  assert.deepEqual([ran.code, ran.outcome.outcome, ran.outcome.reason], [1, 'BLOCKED', 'NO_CHECKS'], ran.stderr);
  assert.match(ran.outcome.next.join(' '), /Name what is to be run under `tests`/);
});

test.run();
