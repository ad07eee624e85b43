import { rmSync } from 'node:fs';
import { BUNDLES, dropJob, jobStation, TEST_JOB } from '../support/bundles.ts';
import { assert, suite } from '../support/suite.ts';

/** `waybill evidence verify`: what it says to people and to programs, and what it exits with. */

const test = suite('cli/evidence');

test('rule 7: what has nothing to show proves nothing; the code is the same with --json and without', (t) => {
  const { station: s } = jobStation(t);
  const ask = (id: string) => {
    const [plain, json] = [s.waybill('evidence', 'verify', id), s.waybill('evidence', 'verify', id, '--json')];
    assert.equal(plain.code, json.code, `${plain.stdout}${json.stdout}`);
    return { code: plain.code, said: plain.stdout + plain.stderr, json: json.stdout };
  };
  // one that waits, one that is rejected, one that is none
  dropJob(s, { ...TEST_JOB, job_id: 'held' }, 'held.json');
  s.write('policy.yaml', 'version: 1\nrules: [{class: never, commands: ["*"]}]\nnonsense: true\n');
  dropJob(s, { ...TEST_JOB, job_id: 'bad', command: [] }, 'bad.json');
  s.waybill('up', '--drain');
  assert.equal(ask('held').code, 1);
  assert.match(ask('held').said, /^bundle held: there is no bundle yet: the job is ready/m);
  assert.deepEqual([ask('nobody').code, ask('../../etc').code], [66, 66]);
  s.git('checkout', '--quiet', 'policy.yaml');
  s.drain();
  const { code, said, json } = ask('held');
  assert.equal(code, 0, said);
  assert.match(said, /^verified: the bundle state\/artifacts\/evidence\/openclaw\/jobs\/held, 1 evidence folders, /m);
  const document = JSON.parse(json) as Record<string, unknown>;
  assert.deepEqual([document['v'], document['ok'], document['wo_id'], document['faults']], [1, true, 'held', []]);
  rmSync(s.path(BUNDLES, 'held'), { recursive: true });
  const gone = ask('held');
  assert.equal(gone.code, 1);
  assert.match(gone.said, /^bundle held: .*\/held is missing: `waybill restore` writes it again$/m);
  assert.match(gone.said, /^1 error in /m);
});

test('it knows one word', (t) => {
  const { station: s } = jobStation(t);
  const { code, stderr } = s.waybill('evidence', 'show', 'x');
  assert.equal(code, 64);
  assert.match(stderr, /knows verify/);
  assert.match(s.waybill('evidence', '--help').stdout, /waybill evidence verify JOB-001/);
});

test.run();
