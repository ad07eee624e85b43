import { writeFileSync } from 'node:fs';
import { BUILD_JOB, E2E_JOB } from '../../support/jobs.ts';
import { HELLO, ledgerOf, missionStation, stepped, whyOf } from '../../support/missions.ts';
import { type TestStation, testStation, until } from '../../support/station.ts';
import { assert, suite } from '../../support/suite.ts';

const test = suite('pipeline/jobs: jobs in');

const POLICY = 'version: 1\nrules: [{class: safe, commands: ["*"]}]\n';
const FILES = { 'src/old.txt': 'old\n' };

/** A job as its producer writes it: pretty-printed JSON in a lane. */
function send(s: TestStation, name: string, job: Readonly<Record<string, unknown>>, space = 2): void {
  s.write(`bridge/inbox/MAIN/${name}`, `${JSON.stringify(job, null, space)}\n`);
}

const idOf = (s: TestStation) =>
  s
    .names(s.stateFolder())
    .find((name) => name.startsWith('job-'))
    ?.slice(0, -5) ?? '';
const counted = (s: TestStation, woId: string, event: string) =>
  ledgerOf(s, woId).filter((record) => record.event === event).length;

test('a job that only runs a command passes through the spine with no agent there, no commit and no review', (t) => {
  const s = testStation(t, { policy: POLICY, files: FILES });
  // by another name of the root, as scripts write it
  const command = ['sh', '-c', 'pwd; cat old.txt; echo made > made.txt; echo other > old.txt'];
  send(s, 'job.json', { ...E2E_JOB, command, workdir: s.path('src') });
  const head = s.git('rev-parse', 'HEAD');
  s.drain();
  const id = idOf(s);
  assert.equal(s.state(id).status, 'done', whyOf(s, id));
  assert.deepEqual(stepped(s, id), ['hydrate', 'policy', 'close']);
  const packet = s.read(`state/artifacts/terminal/TP_${id}.yaml`);
  assert.match(packet, /^outcome: PASS$/m);
  assert.match(packet, /reads_only: true/);
  assert.equal((packet.match(/phase: post\n {4}ok: true/g) ?? []).length, 8, 'every gate was asked');
  assert.equal(s.git('rev-parse', 'HEAD'), head, 'nothing landed');
  assert.equal(s.read('src/old.txt'), 'old\n', 'the root is untouched');
  const warnings = s.result(id).warnings;
  for (const path of ['src/made.txt', 'src/old.txt'])
    assert.ok(
      warnings.some(({ code, message }) => code === 'leftover' && message.startsWith(path)),
      path,
    );
  assert.match(s.waybill('keep', 'show', id, 'src/made.txt').stdout, /made/);
  assert.match(s.read(`state/evidence/${id}/commands/01-command-of-the-job.stdout`), /\/src\nold\n$/);
  const record = ledgerOf(s, id).find(({ event }) => event === 'admitted');
  assert.ok(record?.event === 'admitted' && record.data.job?.id === id && record.data.agents === undefined);
  assert.equal(s.waybill('verify').code, 0);
});

test('rule 14: a job whose command fails, or leaves out what it was to make, is blocked with what the command said; once', (t) => {
  const s = testStation(t, { policy: POLICY, files: FILES });
  send(s, 'a.json', { ...E2E_JOB, job_id: 'JOB-FAILS', command: ['sh', '-c', 'echo no >&2; exit 3'] });
  send(s, 'b.json', {
    ...E2E_JOB,
    job_id: 'JOB-LACKS',
    command: ['true'],
    expected_artifacts: ['report.xml', 'rc.txt'],
  });
  send(s, 'c.json', { ...E2E_JOB, job_id: 'JOB-SLOW', command: ['sleep', '30'], timeout_s: 1 });
  send(s, 'd.json', {
    ...E2E_JOB,
    job_id: 'JOB-MAKES',
    command: ['touch', 'report.xml'],
    workdir: 'src/',
    expected_artifacts: ['report.xml', 'src/report.xml', 'a report', 'state/artifacts/terminal'],
  });
  s.drain();
  const end = (id: string) => `${s.state(id).last_error?.code}: ${s.state(id).last_error?.message}`;
  assert.equal(end('JOB-FAILS'), 'CHECK_FAILED: check "command of the job" ended with 3');
  assert.deepEqual(stepped(s, 'JOB-FAILS'), ['hydrate', 'policy', 'close!CHECK_FAILED'], 'trying again mends nothing');
  assert.match(s.read('state/artifacts/terminal/TP_JOB-FAILS.yaml'), /^outcome: BLOCKED\nreason: CHECK_FAILED$/m);
  assert.equal(end('JOB-LACKS'), 'CHECK_FAILED: check "expected artifacts" expected "report.xml", got ""');
  assert.equal(end('JOB-SLOW'), 'CHECK_FAILED: check "command of the job" timed out');
  assert.equal(s.state('JOB-MAKES').status, 'done', whyOf(s, 'JOB-MAKES'));
  assert.equal(s.waybill('verify').code, 0);
});

test('a job that is to build something is done by agents, and its command is the check of what they built', (t) => {
  const { station: s, agents } = missionStation(
    t,
    { build: [{ write: { 'src/hello.txt': 'hallo\n' } }, { write: { 'src/hello.txt': 'hello\n' } }] },
    { policy: POLICY },
  );
  send(s, 'job.json', { ...BUILD_JOB, reply_to: 'telegram' });
  s.drain();
  assert.equal(s.state('JOB-900').status, 'done', whyOf(s, 'JOB-900'));
  assert.ok(stepped(s, 'JOB-900').includes('build!CHECK_FAILED'), 'the command judged it');
  assert.equal(s.git('show', 'HEAD:src/hello.txt'), 'hello');
  const told = agents.calls().find(({ step }) => step === 'build')?.prompt ?? '';
  assert.match(told, /must not be done:[\\n\s]*- network/);
  assert.match(told, /src\/\*/, 'scope bounds the paths');
  assert.ok(s.result('JOB-900').warnings.some(({ message }) => message.startsWith('reply_to')));
  assert.match(s.read('state/artifacts/terminal/TP_JOB-900.yaml'), /^outcome: PASS$/m);
});

test('rule 14: ordinary non-goals leave a job that is to build something to the agents', (t) => {
  const { station: s, agents } = missionStation(t, HELLO, { policy: POLICY });
  const job = { ...BUILD_JOB, command: ['true'], expected_artifacts: [], non_goals: ['no changes to the public API'] };
  send(s, 'job.json', { ...job, scope: ['src/*', 'do not touch the read-only fixtures', 'no code edits'] });
  s.drain();
  assert.ok(agents.steps().includes('build'), agents.steps().join(' '));
  assert.equal(s.git('show', 'HEAD:src/hello.txt'), 'hello');
});

test('expected files: a pattern, an absolute path below the root, and what leads out is refused before anything is done', (t) => {
  const s = testStation(t, { policy: POLICY, files: FILES });
  const job = { ...E2E_JOB, workdir: 'src', command: ['sh', '-c', 'mkdir -p out && touch out/a.xml ../top.txt'] };
  const good = ['src/*.txt', 'out/*.xml', '**/a.xml', '../top.txt', s.path('src/out/a.xml')];
  send(s, 'a.json', { ...job, job_id: 'JOB-GOOD', expected_artifacts: good });
  send(s, 'b.json', { ...job, job_id: 'JOB-NONE', expected_artifacts: ['out/*.txt', s.path('src/never.txt')] });
  const outside = ['/nowhere/at/all.txt', '../../never.txt', 'out/../../../x', '~/x.txt', '../../*.txt', '/no where'];
  for (const [n, path] of outside.entries())
    send(s, `c${n}.json`, { ...job, job_id: `JOB-OUT-${n}`, command: ['touch', 'ran'], expected_artifacts: [path] });
  send(s, 'd.json', { ...job, job_id: 'JOB-TOLD', expected_artifacts: ['a report', 'state/artifacts/x'] });
  s.drain();
  assert.equal(s.state('JOB-GOOD').status, 'done', whyOf(s, 'JOB-GOOD'));
  assert.match(s.state('JOB-NONE').last_error?.message ?? '', /"expected artifacts" expected .*, got ""$/);
  assert.deepEqual(
    s
      .rejections()
      .map(({ wo_id: id, error }) => `${id} ${error?.code}`)
      .sort(),
    outside.map((_, n) => `JOB-OUT-${n} PATH_DENIED`),
  );
  const told = s.result('JOB-TOLD').warnings.map(({ message }) => message);
  assert.ok(told.includes('expected_artifacts.0: read as words, not looked for: a report'), told.join('\n'));
  assert.ok(
    told.some((text) => text.endsWith('not looked for: state/artifacts/x')),
    told.join('\n'),
  );
});

test('rule 4: the same job gives one run, also written otherwise and handed in another way; another one under its id is refused', async (t) => {
  const s = testStation(t, { policy: POLICY, files: FILES });
  const job = { ...E2E_JOB, command: ['sh', '-c', 'echo run >> "$WAYBILL_STATION/.git/runs.txt"'] };
  send(s, 'job.json', job);
  s.drain();
  const id = idOf(s);
  const turned = Object.fromEntries(Object.entries(job).reverse());
  send(s, 'again.json', turned, 0);
  // the answer of an agent that was asked for a job
  const text = `Sure:\n\`\`\`json\n${JSON.stringify(turned, null, 4)}\n\`\`\`\n`;
  send(s, 'agent_raw.json', { payloads: [{ text: 'thinking' }, { text }], meta: { durationMs: 4 } });
  writeFileSync(s.path('.git/job.json'), JSON.stringify(job));
  assert.equal(s.waybill('drop', '.git/job.json').code, 0);
  const station = await s.up(t);
  await until(() => counted(s, id, 'repeated') === 3, 'each is answered');
  await station.stop();
  assert.equal(s.read('.git/runs.txt'), 'run\n');
  assert.equal(counted(s, id, 'started'), 1);

  send(s, 'JOB-7.json', { ...E2E_JOB, job_id: 'JOB-7', command: ['false'] });
  s.drain();
  assert.equal(s.state('JOB-7').status, 'failed');
  // a failed one runs again, also from other bytes
  send(s, 'JOB-7.json', { job_id: 'JOB-7', ...E2E_JOB, command: ['false'] }, 0);
  s.drain();
  assert.deepEqual(
    [s.state('JOB-7').attempt, s.state('JOB-7').last_error?.code],
    [2, 'CHECK_FAILED'],
    whyOf(s, 'JOB-7'),
  );
  send(s, 'JOB-7.json', { ...E2E_JOB, job_id: 'JOB-7', command: ['true'] });
  s.drain();
  assert.equal(s.state('JOB-7').status, 'done', 'revised');
  send(s, 'JOB-7.json', { ...E2E_JOB, job_id: 'JOB-7', command: ['true'], timeout_s: 7 });
  s.drain();
  assert.deepEqual(
    s.rejections().map(({ error }) => error?.code),
    ['DUPLICATE_ID'],
  );
});

test('rule 4: a station that is killed in the middle of a job does it after all, once, and answers it when it comes again', (t) => {
  const s = testStation(t, { policy: POLICY, files: FILES });
  const ends: string[] = [];
  let isKilled = true;
  for (let n = 2; isKilled; n += 7) {
    const id = `JOB-${n}`;
    send(s, `${id}.json`, { ...E2E_JOB, job_id: id, command: ['true'] });
    ({ killed: isKilled } = s.drainKilledAt(n));
    // as its producer would that had no answer
    send(s, `${id}-again.json`, { job_id: id, ...E2E_JOB, command: ['true'] }, 0);
    s.drain();
    ends.push(`${s.state(id).status} ${stepped(s, id).join(' ')}`);
    assert.equal(counted(s, id, 'succeeded'), 1, id);
    assert.match(s.read(`state/artifacts/terminal/TP_${id}.yaml`), /^outcome: PASS$/m);
  }
  assert.ok(ends.length > 2, 'killed at several places');
  // its last step is done again where nobody knows that it came to its end
  for (const end of ends) assert.match(end, /^done hydrate policy close( close)?$/);
  assert.equal(s.waybill('verify').code, 0);
});

test('rule 9: a workdir outside the station is refused before anything is done', (t) => {
  const { station: s, agents } = missionStation(t, HELLO, { policy: POLICY });
  send(s, 'a.json', { ...BUILD_JOB, job_id: 'JOB-ABS', workdir: '/tmp' });
  send(s, 'b.json', { ...BUILD_JOB, job_id: 'JOB-UP', workdir: 'src/../../x' });
  send(s, 'c.json', { ...E2E_JOB, job_id: 'JOB-GONE', command: ['true'], workdir: 'nowhere' });
  s.drain();
  for (const id of ['JOB-ABS', 'JOB-UP', 'JOB-GONE'])
    assert.equal(s.state(id).last_error?.code, 'PATH_DENIED', whyOf(s, id));
  assert.deepEqual(agents.steps(), [], 'no agent was asked');
});

test('rule 10: what is wrong with a job is told at its line, and its id is answered under', (t) => {
  const settings = 'deprecated_types: {autonomous_build_cycle: "Use `waybill spine run`."}\n';
  const s = testStation(t, { policy: POLICY, files: FILES, settings });
  send(s, 'a.json', { ...E2E_JOB, job_id: '..' });
  send(s, 'b.json', { ...E2E_JOB, job_id: 'JOB-B', timeout_s: true });
  send(s, 'c.json', { ...E2E_JOB, kind: 'lifeos.job.v0.2' });
  send(s, 'd.json', { ...E2E_JOB, job_id: 'JOB-D', job_type: 'autonomous_build_cycle' });
  s.drain();
  const refusals = new Map(s.rejections().map((r) => [r.file, r]));
  const codes = [...refusals].map(([file, { error }]) => `${file} ${error?.code} ${error?.line}`);
  assert.deepEqual(codes.sort(), [
    'a.json BAD_ID 30',
    'b.json SCHEMA_INVALID 22',
    'c.json NEWER_VERSION 2',
    'd.json DEPRECATED_TYPE 3',
  ]);
  assert.match(refusals.get('a.json')?.error?.hint ?? '', /"job_id": /);
  assert.equal(refusals.get('b.json')?.wo_id, 'JOB-B');
});

test('a mission of a chain that writes nothing waits for the stop file and goes on with no agent; a changed chain of that name needs leave', (t) => {
  const s = testStation(t, { policy: POLICY, files: FILES });
  s.write('STOP_MISSIONS', 'wait\n');
  send(s, 'a.json', { ...E2E_JOB, job_id: 'JOB-STOP', command: ['true'] });
  s.drain();
  assert.equal(s.state('JOB-STOP').waiting_for, 'hold', whyOf(s, 'JOB-STOP'));
  s.git('clean', '-fq', 'STOP_MISSIONS');
  const end = s.waybill('spine', 'resume', 'JOB-STOP');
  assert.equal(end.code, 0, end.stderr);
  assert.equal(s.state('JOB-STOP').status, 'done', whyOf(s, 'JOB-STOP'));
  // a station's own file of that name, with a step that writes, is no chain that needs no leave
  s.write(
    'agents/chains/checks.yaml',
    'version: 1\nsteps:\n  - {id: policy, run: policy}\n  - {id: build, role: builder, gives: review_packet}\n' +
      '  - {id: review, role: reviewer, takes: [review_packet], gives: verdict, back_to: build}\n  - {id: close, run: close, gives: commit}\n',
  );
  s.write('agents/builder/agent.yaml', 'version: 1\nuse: [{name: own, adapter: command, command: [/bin/true]}]\n');
  send(s, 'b.json', { ...E2E_JOB, job_id: 'JOB-OTHER', command: ['true'] });
  s.drain();
  assert.equal(s.state('JOB-OTHER').last_error?.code, 'POLICY_DENIED', whyOf(s, 'JOB-OTHER'));
});

test.run();
