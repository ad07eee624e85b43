import fc from 'fast-check';
import { asksForCare } from '../../src/order/dialects/fields.ts';
import type { JobDocument } from '../../src/order/generated.ts';
import { isGoodId } from '../../src/order/id.ts';
import {
  CHECKS_CHAIN,
  isJob,
  JOB_KEYS,
  type JobStanding,
  jobData,
  jobIdFault,
  jobResult,
  orderIdOf,
  orderOfJob,
} from '../../src/order/job.ts';
import { conform, conforms } from '../../src/platform/schema.ts';
import { E2E_JOB } from '../support/jobs.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('order/job');

const job = (more: Readonly<Record<string, unknown>>): JobDocument => ({ ...(E2E_JOB as JobDocument), ...more });
const mapped = (document: JobDocument) => orderOfJob(document, asksForCare);
const saidOf = (document: JobDocument, key: string) => mapped(document).values.find((v) => v.key === key)?.value;

test('a job is one by its kind', () => {
  assert.ok(isJob(E2E_JOB) && isJob({ kind: 'lifeos.job.v9' }));
  for (const other of [null, 'lifeos.job.v0.1', [], {}, { kind: 1 }, { kind: 'lifeos.result.v0.2' }])
    assert.equal(isJob(other), false);
});

test('the two jobs that real producers write say of an order what is meant', () => {
  const { job: data, values, notes } = mapped(job({ reply_to: 'telegram' }));
  const order = Object.fromEntries(values.map(({ key, value }) => [key, value]));
  assert.match(data.id, /^job-[0-9a-f]{12}$/);
  assert.equal(data.run_id, `openclaw:${data.id}`);
  assert.deepEqual(order, {
    wo_id: data.id,
    type: 'mission',
    kind: 'e2e_test',
    title: 'Run a representative E2E test in the LifeOS repo',
    task: 'Run a representative E2E test in the LifeOS repo',
    requirements:
      'Keep to this scope:\n- run tests only\n- no code edits\n\nThese are no goals, and must not be done:\n- no installs\n- no network\n- no git operations',
    tests: [
      {
        name: 'command of the job',
        argv: ['python3', '-m', 'pytest', '-q', 'tests_recursive/test_e2e.py'],
        timeout_seconds: 1800,
      },
    ],
    chain: CHECKS_CHAIN,
  });
  assert.deepEqual(
    notes.map(({ code, path }) => `${code} ${path.join('.')}`),
    ['defaulted ', 'note expected_artifacts', 'note ', 'note clean_repo_required', 'ignored reply_to'],
  );

  const build = job({
    job_id: 'JOB-900',
    job_type: 'build',
    scope: ['runtime/orchestration/*', 'tests only', 'README.md', 'network'],
    non_goals: ['network'],
    workdir: './runtime/',
    expected_artifacts: ['artifacts/terminal', 'rc.txt'],
    context_refs: ['docs/11_admin/LIFEOS_STATE.md'],
  });
  assert.equal(mapped(build).job.run_id, 'openclaw:JOB-900');
  assert.deepEqual(saidOf(build, 'constraints'), { paths: ['runtime/orchestration/*', 'README.md'] });
  assert.match(String(saidOf(build, 'requirements')), /- tests only\n- network\n/);
  assert.ok(mapped(build).notes.some(({ message }) => message.includes('write network/')));
  assert.deepEqual(saidOf(build, 'context_refs'), ['docs/11_admin/LIFEOS_STATE.md']);
  assert.deepEqual(saidOf(build, 'expected_outputs'), ['artifacts/terminal']);
  assert.equal((saidOf(build, 'tests') as { cwd: string }[])[0]?.cwd, 'runtime');
  assert.equal(saidOf(build, 'chain'), undefined, 'agents build it');
  assert.equal(
    saidOf(build, 'success_criteria'),
    'This exits with 0: python3 -m pytest -q tests_recursive/test_e2e.py (in ./runtime/)',
  );
});

test('rule 9: an id that names a place, or none, is refused; every other gives an order that a file and a ref can be called', () => {
  for (const bad of ['', '.', '..', 'a/b', '..\\x', 'a b', 'ä', 'x'.repeat(201)]) {
    assert.notEqual(jobIdFault(bad), null, bad);
    assert.equal(conforms('job', job({ job_id: bad })), false, bad);
  }
  const anyId = fc.string({ unit: fc.constantFrom(...'AZaz09._:-'), minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(anyId, (id) => {
      fc.pre(id !== '.' && id !== '..');
      assert.equal(jobIdFault(id), null);
      assert.ok(conforms('job', job({ job_id: id })));
      assert.ok(isGoodId(orderIdOf(id)), orderIdOf(id));
      assert.equal(orderIdOf(id) === id, isGoodId(id));
    }),
  );
});

test('ids and run ids come back in the result as the job has them, and the same job is the same however it is written', () => {
  const anyText = fc.string({ minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(
      fc.option(fc.string({ unit: fc.constantFrom(...'Aa0.:-'), minLength: 1, maxLength: 30 }), { nil: undefined }),
      fc.option(fc.string({ unit: fc.constantFrom(...'Aa0./ ä'), minLength: 1, maxLength: 30 }), { nil: undefined }),
      fc.dictionary(anyText, fc.jsonValue()),
      (id, runId, more) => {
        fc.pre(id !== '.' && id !== '..' && !('__proto__' in more && Object.hasOwn(more, '__proto__')));
        const document = {
          ...more,
          ...job({}),
          ...(id === undefined ? {} : { job_id: id }),
          ...(runId === undefined ? {} : { run_id: runId }),
        };
        conform('job', document, 'SCHEMA_INVALID');
        const data = jobData(document);
        const otherwise = Object.fromEntries(Object.entries(document).reverse()) as unknown as JobDocument;
        assert.deepEqual(jobData(JSON.parse(JSON.stringify(otherwise, null, 3)) as JobDocument), data);
        const result = jobResult({ ...STANDING, job: data });
        assert.equal(result.job_id, id ?? data.id);
        assert.equal(result.run_id, runId ?? `openclaw:${result.job_id}`);
        assert.ok(conforms('job-result', result));
      },
    ),
  );
  assert.notEqual(jobData(job({ timeout_s: 5 })).sha256, jobData(job({ timeout_s: 6 })).sha256);
});

/** Values of a job's own keys that say something, and that it can be without. */
const SOMETHING: Readonly<Record<string, unknown>> = {
  job_id: 'JOB-1',
  job_type: 'build',
  workdir: 'runtime',
  timeout_s: 17,
  scope: ['src/*'],
  non_goals: ['no network'],
  expected_artifacts: ['rc.txt'],
  context_refs: ['README.md'],
  run_id: 'run-1',
  clean_repo_required: false,
};

test('nothing of a job is dropped silently: every key changes the order, or is told', () => {
  const needed = ['kind', 'objective', 'command'];
  assert.deepEqual([...needed, ...Object.keys(SOMETHING)].sort(), [...JOB_KEYS].sort());
  const whole = job(SOMETHING);
  const said = (document: JobDocument) => {
    const { values, notes, job: data } = mapped(document);
    return JSON.stringify({ values, id: data.id, run: data.run_id, notes: notes.map((n) => n.message) });
  };
  for (const key of Object.keys(SOMETHING)) {
    const { [key]: _, ...without } = whole;
    assert.notEqual(said(whole), said(without as JobDocument), key);
  }
  for (const [key, value] of [
    ['objective', 'Another'],
    ['command', ['true']],
  ] as const)
    assert.notEqual(said(whole), said({ ...whole, [key]: value } as JobDocument), key);
  fc.assert(
    fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue()), (more) => {
      const unknown = Object.keys(more).filter((key) => !JOB_KEYS.includes(key) && key !== '__proto__');
      const document = { ...more, ...whole };
      const told = mapped(document).notes.filter(({ path }) => unknown.includes(String(path[0])));
      assert.deepEqual(told.map(({ path }) => path[0]).sort(), unknown.sort());
    }),
  );
});

test('what its words rule out beside a type or paths that speak of a change is told, and so is what is not looked for', () => {
  const told = (document: JobDocument) =>
    mapped(document).notes.map(({ path, message }) => `${path.join('.')} ${message}`);
  const contrary = job({ job_type: 'build', scope: ['src/*', 'read-only'], non_goals: ['No code edits.'] });
  assert.equal(saidOf(contrary, 'chain'), undefined);
  assert.ok(told(contrary).includes('scope.1 agents do the work all the same, and are told "read-only"'));
  assert.ok(told(contrary).includes('non_goals.0 agents do the work all the same, and are told "No code edits."'));
  assert.match(String(saidOf(contrary, 'requirements')), /- read-only\n\n.*\n- No code edits\./);
  const notes = told(job({ expected_artifacts: ['a report', 'https://x.org/y', 'rc.txt', 'out/*.xml', '/a b'] }));
  assert.deepEqual(
    notes.filter((text) => text.includes('not looked for')),
    [
      'expected_artifacts.0 read as words, not looked for: a report',
      'expected_artifacts.1 read as words, not looked for: https://x.org/y',
    ],
  );
});

test('rule 7: whoever asks for care in words that no job has gets more of it, not less', () => {
  assert.deepEqual(saidOf(job({ dry_run: true }), 'metadata'), { dry_run: true });
  const careful = job({ requires_approval: true, review_required: 'yes', dry_run: false });
  assert.deepEqual(saidOf(careful, 'approval'), { why: 'the job says requires_approval, review_required' });
  assert.equal(saidOf(careful, 'metadata'), undefined);
  assert.equal(saidOf(job({ requires_approval: false }), 'approval'), undefined);
});

const STANDING: JobStanding = {
  job: { id: 'JOB-1', run_id: 'r' },
  terminal: { outcome: 'PASS', reason: 'PASS', why: null, at: '2026-11-22T08:00:00.000Z', packetRef: 'b' },
  checkpoint: null,
  packetRefs: ['b', 'a', 'b'],
  ledgerRefs: ['ledger:2', 'ledger:1'],
  manifestRef: null,
};
const CHECKPOINT = { trigger: 'risky', id: 'ask-1', at: '2026-11-22T08:00:00.000Z', packetRef: null };

test('a result is of an end or of a checkpoint, never of both or neither, and its references are sorted, each once', () => {
  assert.deepEqual(jobResult(STANDING), {
    kind: 'lifeos.result.v0.2',
    job_id: 'JOB-1',
    run_id: 'r',
    state: 'terminal',
    outcome: 'PASS',
    reason: 'PASS',
    terminal_at: '2026-11-22T08:00:00.000Z',
    terminal_packet_ref: 'b',
    packet_refs: ['a', 'b'],
    ledger_refs: ['ledger:1', 'ledger:2'],
  });
  const at = jobResult({ ...STANDING, terminal: null, checkpoint: CHECKPOINT });
  assert.ok(conforms('job-result', at));
  assert.deepEqual([at.state, at.checkpoint_id, at.trigger, at.outcome], ['checkpoint', 'ask-1', 'risky', undefined]);
  const blocked = { outcome: 'BLOCKED', reason: 'CHECK_FAILED', why: 'ended with 1' } as const;
  const ended = { ...STANDING, terminal: { ...blocked, at: CHECKPOINT.at, packetRef: null }, manifestRef: 'm' };
  assert.ok(conforms('job-result', jobResult(ended)));
  assert.equal(jobResult(ended).reason, 'CHECK_FAILED: ended with 1');
  assert.throws(() => jobResult({ ...STANDING, checkpoint: CHECKPOINT }), TypeError);
  assert.throws(() => jobResult({ ...STANDING, terminal: null }), TypeError);
});

test.run();
