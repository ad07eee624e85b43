import { conforms } from '../../../src/platform/schema.ts';
import {
  BUILD_JOB,
  BUNDLES,
  badSums,
  bundleOf,
  dropJob,
  jobStation,
  removeFrom,
  resultOf,
  TEST_JOB,
  verifyJob,
} from '../../support/bundles.ts';
import { ledgerOf } from '../../support/missions.ts';
import { assert, suite } from '../../support/suite.ts';

/** Jobs as their producers write them: inbox, spine, worktree, commit, bundle, and what verifies it. Nothing is faked but the agent's model. */

const test = suite('pipeline/jobs: from the inbox to the bundle', { needs: ['sha256sum'] });

const ALWAYS = ['hash_manifest.sha256', 'ledger_refs.json', 'packet_refs.json', 'refs.json', 'result.json'];
const OUTPUTS = ['duration_s.txt', 'rc.txt', 'stderr.txt', 'stdout.txt'];
const NO_ID = 'job-04ca38dae13d';

test('rule 14: a job that builds ends with a commit, a bundle that `sha256sum` reads, and a proof', (t) => {
  const { station: s } = jobStation(t);
  dropJob(s, BUILD_JOB);
  s.drain();
  const [commit = '', ...more] = s.commitsOf('JOB-001');
  assert.deepEqual(more, []);
  assert.equal(s.git('show', `${commit}:src/hello.txt`), 'hello');
  assert.deepEqual(Object.keys(bundleOf(s, 'JOB-001')), [
    ...['duration_s.txt', 'hash_manifest.sha256', 'ledger_refs.json', 'packet_refs.json'],
    ...['packets/Review_Packet_JOB-001_v1.0.md', 'packets/TP_JOB-001.yaml'],
    ...['rc.txt', 'refs.json', 'result.json', 'stderr.txt', 'stdout.txt'],
  ]);
  assert.equal(badSums(s, 'JOB-001'), '');
  const result = resultOf(s, 'JOB-001');
  assert.ok(conforms('job-result', result));
  const { state, outcome, reason, run_id } = result;
  assert.deepEqual(
    { state, outcome, reason, run_id },
    { state: 'terminal', outcome: 'PASS', reason: 'PASS', run_id: 'openclaw:JOB-001' },
  );
  // every reference leads somewhere
  for (const ref of [
    ...(result['packet_refs'] as string[]),
    String(result['terminal_packet_ref']),
    String(result['hash_manifest_ref']),
  ])
    assert.ok(s.exists(ref), ref);
  const end = ledgerOf(s, 'JOB-001').at(-1);
  assert.ok((result['ledger_refs'] as string[]).includes(`ledger:${end?.seq}:${end?.hash}`));
  for (const [file, contract] of [
    ['packet_refs.json', 'job-packet-refs'],
    ['ledger_refs.json', 'job-ledger-refs'],
    ['refs.json', 'job-refs'],
  ] as const)
    assert.ok(conforms(contract, JSON.parse(s.read(`${BUNDLES}/JOB-001/${file}`))), file);
  // the packet in it is the one that stands among all packets
  assert.equal(
    s.read(`${BUNDLES}/JOB-001/packets/TP_JOB-001.yaml`),
    s.read('state/artifacts/terminal/TP_JOB-001.yaml'),
  );
  const { code, ok, bundle, faults } = verifyJob(s, 'JOB-001');
  assert.deepEqual({ code, ok, bundle, faults }, { code: 0, ok: true, bundle: `${BUNDLES}/JOB-001`, faults: [] });
  assert.match(s.waybill('verify').stdout, /^verified: .* 1 bundle of jobs, /m);
  assert.equal(s.git('status', '--short'), '', 'git sees nothing of it');
  const warned =
    s
      .result('JOB-001')
      .warnings?.map(({ message }) => message)
      .join('\n') ?? '';
  assert.match(warned, /submitted_by/);
  assert.match(warned, /trace/);
});

test('rule 4: a job that only runs a command: no agent, no commit, and what the command said is in the bundle', (t) => {
  const { station: s, agents } = jobStation(t);
  const head = s.git('rev-parse', 'HEAD');
  dropJob(s, TEST_JOB);
  s.drain();
  assert.deepEqual(agents.steps(), []);
  assert.equal(s.git('rev-parse', 'HEAD'), head);
  assert.deepEqual(Object.keys(bundleOf(s, NO_ID)).sort(), [...ALWAYS, ...OUTPUTS, `packets/TP_${NO_ID}.yaml`].sort());
  const read = (name: string) => s.read(`${BUNDLES}/${NO_ID}/${name}`);
  assert.deepEqual([read('stdout.txt'), read('stderr.txt'), read('rc.txt')], ['1:old\n', '', '0\n']);
  assert.match(read('duration_s.txt'), /^\d+\n$/);
  assert.deepEqual([resultOf(s, NO_ID)['job_id'], resultOf(s, NO_ID)['outcome']], [NO_ID, 'PASS']);
  assert.equal(badSums(s, NO_ID), '');
  assert.deepEqual(verifyJob(s, NO_ID).faults, []);
});

test('a command that fails, one that is ended by a signal, and one that runs too long: BLOCKED, with the number that a shell would give', (t) => {
  const { station: s } = jobStation(t);
  const job = (job_id: string, line: string, timeout_s = 60) =>
    dropJob(s, { ...TEST_JOB, job_id, command: ['sh', '-c', line], timeout_s }, `${job_id}.json`);
  job('fails', 'echo no >&2; exit 7');
  job('killed', 'kill -TERM $$');
  job('late', 'sleep 60', 1);
  s.drain();
  const codes = ['fails', 'killed', 'late'].map((id) => s.read(`${BUNDLES}/${id}/rc.txt`).trim());
  assert.deepEqual(codes, ['7', '143', '124']);
  assert.equal(s.read(`${BUNDLES}/fails/stderr.txt`), 'no\n');
  for (const id of ['fails', 'killed', 'late']) {
    const { state, outcome, reason } = resultOf(s, id);
    assert.deepEqual([state, outcome], ['terminal', 'BLOCKED'], id);
    assert.match(String(reason), /^CHECK_FAILED: /);
    assert.deepEqual(verifyJob(s, id).faults, []);
  }
});

test('rule 3: the same job again, by whatever name and in whatever order of keys: one run, one result', (t) => {
  const { station: s, agents } = jobStation(t);
  dropJob(s, BUILD_JOB);
  s.drain();
  const before = bundleOf(s, 'JOB-001');
  const steps = agents.steps();
  dropJob(s, Object.fromEntries(Object.entries(BUILD_JOB).reverse()), 'again.json');
  s.drain();
  assert.deepEqual(agents.steps(), steps);
  assert.deepEqual(bundleOf(s, 'JOB-001'), before);
  assert.equal(s.commitsOf('JOB-001').length, 1);
  assert.deepEqual(s.names(BUNDLES), ['JOB-001']);
  assert.equal(ledgerOf(s, 'JOB-001').at(-1)?.event, 'repeated');
  assert.deepEqual(verifyJob(s, 'JOB-001').faults, []);
  // whoever asks again because the answer is gone gets it again
  removeFrom(s, `${BUNDLES}/JOB-001`);
  dropJob(s, BUILD_JOB, 'once-more.json');
  s.drain();
  assert.deepEqual(bundleOf(s, 'JOB-001'), before);
});

test('an id that no folder can have: the bundle is called like the order, and found by the id', (t) => {
  const { station: s } = jobStation(t);
  dropJob(s, { ...TEST_JOB, job_id: 'nightly:e2e:7' });
  s.drain();
  const [folder = '', ...more] = s.names(BUNDLES);
  assert.deepEqual(more, []);
  assert.match(folder, /^JOB-[0-9a-f]{12}$/);
  assert.equal(resultOf(s, folder)['job_id'], 'nightly:e2e:7');
  assert.deepEqual(verifyJob(s, 'nightly:e2e:7').bundle, `${BUNDLES}/${folder}`);
  assert.equal(verifyJob(s, folder).code, 0);
});

test('a second attempt stands in the place of the first; a mission that is no job has no bundle', (t) => {
  const { station: s } = jobStation(t);
  dropJob(s, { ...TEST_JOB, job_id: 'J', command: ['test', '-e', 'src/there.txt'] });
  s.drop({ wo_id: 'WO-1', title: 'no job', files: [{ path: 'src/a.txt', content: 'a\n' }] } as { wo_id: string });
  s.drain();
  assert.deepEqual(s.names(BUNDLES), ['J']);
  assert.equal(resultOf(s, 'J')['outcome'], 'BLOCKED');
  s.write('src/there.txt', 'x\n');
  s.commitAll('There it is');
  s.waybill('retry', 'J');
  s.drain();
  assert.equal(resultOf(s, 'J')['outcome'], 'PASS');
  assert.deepEqual(
    Object.keys(bundleOf(s, 'J')).filter((path) => path.startsWith('packets/')),
    ['packets/TP_J@2.yaml'],
  );
  assert.equal(s.read(`${BUNDLES}/J/rc.txt`), '0\n');
  assert.deepEqual(verifyJob(s, 'J').faults, []);
  const verified = s.waybill('verify');
  assert.equal(verified.code, 0, verified.stdout);
  const { code, stdout } = s.waybill('evidence', 'verify', 'WO-1');
  assert.equal(code, 0, stdout);
  assert.doesNotMatch(stdout, /bundle/);
  const unknown = s.waybill('evidence', 'verify', 'WO-NO');
  assert.equal(unknown.code, 66, unknown.stderr);
});

test.run();
