import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Ajv2020, ValidateFunction } from 'ajv/dist/2020.js';
import type { FormatsPlugin } from 'ajv-formats';
import { parseSettings } from '../../src/station/settings.ts';
import { assert, suite } from '../support/suite.ts';

const test = suite('schemas');

const FOLDER = new URL('../../schemas/', import.meta.url);
const require = createRequire(import.meta.url);

type Json = Record<string, unknown>;
const names = readdirSync(FOLDER).map((file) => file.replace('.schema.json', ''));
const schemas = new Map(
  names.map((name) => [name, JSON.parse(readFileSync(new URL(`${name}.schema.json`, FOLDER), 'utf8')) as Json]),
);

function compile(schema: Json): ValidateFunction {
  const { Ajv2020: Ajv } = require('ajv/dist/2020.js') as { Ajv2020: new (options: object) => Ajv2020 };
  const ajv = new Ajv({
    strict: true,
    strictRequired: false,
    strictTypes: false,
    allErrors: true,
    discriminator: true,
  });
  (require('ajv-formats') as { default: FormatsPlugin }).default(ajv);
  return ajv.compile(schema);
}

const validators = new Map([...schemas].map(([name, schema]) => [name, compile(schema)]));
const conforms = (name: string, value: unknown) => validators.get(name)?.(value) === true;
const exampleOf = (name: string): Json => structuredClone(((schemas.get(name)?.['examples'] ?? []) as Json[])[0] ?? {});

/** Every value in a document under this key, wherever it stands. */
function* everyValue(at: unknown, key: string): Generator<unknown> {
  if (typeof at !== 'object' || at === null) return;
  for (const [name, inner] of Object.entries(at)) {
    if (name === key) yield inner;
    yield* everyValue(inner, key);
  }
}

test('formats: there is a contract for every document, each strict, named and with examples that conform', () => {
  assert.deepEqual(names.sort(), [
    'agent',
    'agent-usage',
    'agents-report',
    'alert-batch',
    'approval-subject',
    'backlog',
    'backlog-claim',
    'build-packet',
    'build-report',
    'chain',
    'checkpoint-packet',
    'closing-packet',
    'command-file',
    'component',
    'context-packet',
    'digest',
    'doctor-report',
    'documents-check',
    'drift-report',
    'drift-schedule',
    'error',
    'event',
    'evidence-manifest',
    'followup',
    'forensics',
    'guardrail-look',
    'guardrail-seen',
    'heartbeat',
    'history',
    'job',
    'job-ledger-refs',
    'job-packet-refs',
    'job-refs',
    'job-result',
    'ledger-record',
    'lesson',
    'metrics',
    'order',
    'plan-packet',
    'plan-register',
    'policy',
    'policy-cases',
    'redacted-evidence',
    'result',
    'review-packet',
    'runtime-status',
    'settings',
    'spine-outcome',
    'spine-status',
    'state',
    'status-file',
    'telemetry-line',
    'terminal-packet',
    'trust',
    'verdict',
    'worktree',
  ]);
  for (const [name, schema] of schemas) {
    assert.equal(schema['$id'], `waybill:${name}/1`);
    assert.ok(typeof schema['description'] === 'string', name);
    const examples = schema['examples'] as unknown[];
    assert.ok(Array.isArray(examples) && examples.length > 0, name);
    const validate = validators.get(name);
    for (const example of examples) assert.ok(validate?.(example), `${name}: ${JSON.stringify(validate?.errors)}`);
  }
});

test('formats: each document carries its schema version, and a newer one does not conform', () => {
  // a component is a part of waybill.yaml, or of a list; usage is written by programs of others, and read at once; jobs have it in `kind`; a
  // backlog has the version of a format of others, as text
  const others = ['component', 'agent-usage', 'job', 'job-result', 'backlog'];
  const inVersion = ['settings', 'policy', 'policy-cases', 'agent', 'chain', 'plan-register'];
  for (const name of names.filter((n) => !others.includes(n))) {
    const key = inVersion.includes(name) ? 'version' : 'v';
    assert.ok(conforms(name, { ...exampleOf(name), [key]: 1 }), name);
    for (const version of [2, '1', null, 1.5])
      assert.equal(conforms(name, { ...exampleOf(name), [key]: version }), false, `${name} ${version}`);
  }
});

test('rule 7: records, results, state and settings know all their keys; only what others write, telemetry and heartbeats carry others', () => {
  for (const name of names) {
    const open = ['order', 'job', 'backlog', 'telemetry-line', 'heartbeat', 'status-file'].includes(name);
    assert.equal(conforms(name, { ...exampleOf(name), surprise: 1 }), open, name);
  }
});

test('rule 7: a document without one of its required keys does not conform', () => {
  let tried = 0;
  for (const [name, schema] of schemas) {
    for (const key of (schema['required'] ?? []) as string[]) {
      const { [key]: _, ...rest } = exampleOf(name);
      assert.equal(conforms(name, rest), false, `${name} without ${key}`);
      tried++;
    }
    for (const value of [null, [], 'text', 5, true]) assert.equal(conforms(name, value), false, `${name}: ${value}`);
  }
  assert.ok(tried > 50);
});

const BAD: Record<string, Json[]> = {
  event: [
    { v: 2 },
    { kind: 'news' },
    { kind: 'beat' },
    { seq: 0 },
    { ts: 'now' },
    { event: '' },
    { wo_id: 5 },
    { lane: 5 },
    { attempt: -1 },
    { to: 5 },
    { gist: 'x'.repeat(302) },
    { gist: null },
    { record: [] },
    { data: {} },
  ],
  backlog: [
    { schema_version: 'backlog.v2' },
    { tasks: {} },
    { tasks: ['text'] },
    { tasks: [{}] },
    { tasks: [{ title: '' }] },
    { tasks: [{ title: ' ' }] },
    { tasks: [{ title: 5 }] },
    { tasks: [{ title: 'a', id: 5 }] },
    { tasks: [{ title: 'a', priority: [] }] },
    { tasks: [{ title: 'a', scope_paths: [5] }] },
    { tasks: [{ title: 'a', requires_approval: 'yes' }] },
    { tasks: [{ title: 'a', tags: 'x' }] },
    { tasks: [{ title: 'a', depends_on: [''] }] },
  ],
  agent: [
    { use: [] },
    { use: 'claude' },
    { use: [{ name: 'a' }] },
    { use: [{ adapter: 'acp' }] },
    { use: [{ name: 'a b', adapter: 'acp' }] },
    { use: [{ name: '../a', adapter: 'acp' }] },
    { use: [{ name: 'a', adapter: 'telnet' }] },
    { use: [{ name: 'a', adapter: 'acp', command: 'a --acp' }] },
    { use: [{ name: 'a', adapter: 'acp', command: [] }] },
    { use: [{ name: 'a', adapter: 'acp', command: ['a\0'] }] },
    { use: [{ name: 'a', adapter: 'acp', env: ['A=B'] }] },
    { use: [{ name: 'a', adapter: 'acp', set: { 'A B': 'c' } }] },
    { use: [{ name: 'a', adapter: 'acp', set: { A: 1 } }] },
    { use: [{ name: 'a', adapter: 'acp', usage: 'all' }] },
    { use: [{ name: 'a', adapter: 'acp', mode: '' }] },
    { use: [{ name: 'a', adapter: 'acp', shell: true }] },
    { tools: ['everything'] },
    { tools: ['read', 'read'] },
    { prompt: '' },
    { prompt: { file: '../prompt.md' } },
    { prompt: { file: 'a/b.md' } },
    { timeout_seconds: 0 },
    { timeout_seconds: 86_401 },
    { lanes: [] },
    { lanes: 'CODE' },
  ],
  order: [
    { wo_id: '' },
    { wo_id: '../x' },
    { wo_id: '.hidden' },
    { wo_id: 'a/b' },
    { wo_id: 'a b' },
    { wo_id: 'a.' },
    { wo_id: 'a'.repeat(129) },
    { wo_id: 'é' },
    { wo_id: 'a\n' },
    { wo_id: 5 },
    { title: '' },
    { title: 5 },
    { type: 'other' },
    { priority: 'HIGH' },
    { priority: 4 },
    { priority: 1.5 },
    { tags: 'x' },
    { tags: [1] },
    { depends_on: 'WO-2' },
    { not_before: 'tomorrow' },
    { not_before: '2026-01-01T00:00:00' },
    { hold: 'yes' },
    { retries: -1 },
    { retries: 21 },
    { timeout_seconds: 0 },
    { metadata: { dry_run: 'yes' } },
    { files: {} },
    { files: [{ path: 'a' }] },
    { files: [{ path: '', content: '' }] },
    { files: [{ path: 'a', content: 5 }] },
    { files: [{ path: 'a', content: '', mode: '0777' }] },
    { files: [{ path: 'a', content: '', encoding: 'hex' }] },
    { files: [{ path: 'a', content: '', extra: 1 }] },
    { actions: [{ action: 'explode' }] },
    { actions: [{ path: 'a' }] },
    { actions: [{ action: 'edit', path: 'a', find: 'x' }] },
    { actions: [{ action: 'edit', path: 'a', find: 'x', replace: '', after: '' }] },
    { actions: [{ action: 'edit', path: 'a', find: '', replace: '' }] },
    { actions: [{ action: 'move', path: 'a' }] },
    { actions: [{ action: 'delete', path: 'a', content: '' }] },
    { actions: [{ action: 'patch', patch: '' }] },
    { actions: [{ action: 'command' }] },
    { actions: [{ action: 'command', argv: [] }] },
    { actions: [{ action: 'command', argv: ['a'], command: 'a' }] },
    { actions: [{ action: 'command', argv: [1] }] },
    { post_verify: 'true' },
    { post_verify: [''] },
    { tests: ['true'] },
    { tests: [{ name: 'x' }] },
    { tests: [{ command: 'x', exit_code: 256 }] },
    { actions: [{ action: 'set', path: 'a.json', value: 1 }] },
    { actions: [{ action: 'set', path: 'a.json', key: 'a' }] },
    { actions: [{ action: 'set', path: 'a.json', key: [], value: 1 }] },
    { actions: [{ action: 'set', path: 'a.json', key: [-1], value: 1 }] },
    { actions: [{ action: 'set', path: 'a', key: 'a', value: 1, format: 'ini' }] },
    { approval: { from: 'anna' } },
    { agents: 'anna' },
    { constraints: { budget: { usd: -1 } } },
    { constraints: { speed: 1 } },
    { context_refs: [''] },
  ],
  settings: [
    { lanes: { 'a/b': {} } },
    { lanes: { MAIN: { concurrency: 0 } } },
    { lanes: { MAIN: { speed: 1 } } },
    { default_lane: '..' },
    { paths: { inbox: '' } },
    { paths: { nowhere: 'x' } },
    { intake: { settle_ms: -1 } },
    { intake: { scan_seconds: 60 } },
    { intake: { max_depth: 3 } },
    { commands: { allow: [] } },
    { commands: { env: ['A=B'] } },
    { commands: { timeout_seconds: 0 } },
    { fence: {} },
    { git: { branch: '' } },
    { dependency_deadline_hours: 0 },
    { telemetry: { rotate_bytes: 1 } },
    { lanes: { MAIN: { folder: '../x' } } },
    { lanes: { MAIN: { take: [{ order: {} }] } } },
    { lanes: { MAIN: { take: [{ match: '*', command: 'x' }] } } },
    { deprecated_types: { old: '' } },
    { tracker: { stale_hours: 0 } },
  ],
  'agent-usage': [{ input: -1 }, { output: 1.5 }, { output: '5' }, { usd: -1 }, { cache_read: true }],
  'agents-report': [
    { ok: 'yes' },
    { root: null },
    { roles: [{ role: 'builder' }] },
    { roles: [{ ...((exampleOf('agents-report')['roles'] as Json[])[0] ?? {}), usable: 'yes' }] },
    { roles: [{ ...((exampleOf('agents-report')['roles'] as Json[])[0] ?? {}), agents: [{ name: 'a' }] }] },
    { faults: [{ role: 'builder', error: 'AGENT_INVALID' }] },
    { faults: [{ role: 'builder', error: { code: 'AGENT_INVALID', message: 'x' } }] },
  ],
  'command-file': [
    { command: 'explode' },
    { lane: '../x' },
    { at: 'now' },
    { content: 5 },
    { file: '' },
    { wo_id: 'WO-1' },
    { attachments: [{ path: '../x', content: '' }] },
    { attachments: [{ path: '/x', content: '' }] },
    { attachments: [{ path: 'a/./b', content: '' }] },
  ],
  'spine-outcome': [
    { outcome: 'FINE' },
    { status: 'asleep' },
    { steps: [{}] },
    { budget: { tokens: 5 } },
    { ok: 'yes' },
  ],
  'spine-status': [{ missions: [{}] }, { running: 'no' }, { stop_file: 'STOP' }, { ok: 1 }],
  job: [
    { kind: 'lifeos.job.v0.2' },
    { job_id: '.' },
    { job_id: '..' },
    { job_id: 'a/b' },
    { job_id: '' },
    { job_id: 7 },
    { objective: ' ' },
    { workdir: '' },
    { command: [] },
    { command: 'pytest -q' },
    { command: ['pytest', 1] },
    { timeout_s: true },
    { timeout_s: 0 },
    { timeout_s: 1.5 },
    { timeout_s: '900' },
    { scope: 'tests' },
    { non_goals: [1] },
    { expected_artifacts: {} },
    { context_refs: [null] },
    { run_id: '' },
    { clean_repo_required: 'yes' },
  ],
  'job-result': [
    { kind: 'lifeos.result.v0.1' },
    { state: 'checkpoint' },
    { state: 'running' },
    { outcome: 'DONE' },
    { reason: 'because' },
    { terminal_at: 'today' },
    { checkpoint_id: 'x' },
    { trigger: 'x' },
    { ledger_refs: ['a', 'a'] },
    { packet_refs: [''] },
  ],
  'checkpoint-packet': [
    { checkpoint_id: 'CP_1' },
    { wo_id: '../x' },
    { trigger: 'luck' },
    { job: {} },
    { job: { job_id: 'x', run_id: '' } },
    { asked: [{ subject: 'x' }] },
    { subject_sha256: '1'.repeat(64) },
    { asked_at: 'now' },
    { approvers: 'berta' },
    { proof: 'word' },
    { ledger: { seq: 0, hash: '' } },
  ],
  'job-packet-refs': [
    { packet_refs: ['a', 'a'] },
    { packets: [{ path: 'a' }] },
    { packets: [{ path: 'a', sha256: '' }] },
  ],
  'job-ledger-refs': [{ ledger_refs: ['artifacts/ledger.jsonl'] }, { records: [{ seq: 0 }] }, { station: '' }],
  'job-refs': [{ attempt: 0 }, { result_file: 'other.json' }, { evidence: {} }, { evidence: { path: 'a' } }],
  chain: [
    { steps: [] },
    { steps: [{ id: 'x' }] },
    { steps: [{ id: 'X', run: 'close' }] },
    { steps: [{ id: 'x', run: 'land' }] },
    { steps: [{ id: 'x', role: 'builder' }] },
    { steps: [{ id: 'x', role: 'builder', run: 'close', gives: 'commit' }] },
    { steps: [{ id: 'x', role: 'builder', gives: 'everything' }] },
    { steps: [{ id: 'x', run: 'close', takes: ['the lot'] }] },
    { steps: [{ id: 'x', run: 'close', next: 'y' }] },
  ],
  policy: [
    { rules: {} },
    { rules: [{ paths: ['a'] }] },
    { rules: [{ class: 'maybe', paths: ['a'] }] },
    { rules: [{ class: 'safe' }] },
    { rules: [{ class: 'safe', lanes: ['A'] }] },
    { rules: [{ class: 'safe', paths: [''] }] },
    { rules: [{ class: 'safe', paths: 'a' }] },
    { rules: [{ class: 'safe', commands: [[]] }] },
    { rules: [{ class: 'safe', commands: [''] }] },
    { rules: [{ class: 'safe', commands: [5] }] },
    { rules: [{ class: 'safe', commands: [{ argv: ['a'] }] }] },
    { rules: [{ class: 'ask', paths: ['a'], proof: 'word' }] },
    { rules: [{ class: 'ask', paths: ['a'], speed: 1 }] },
    { defaults: { paths: 'allow' } },
    { defaults: { files: 'safe' } },
    { always_ask: ['a'] },
    { roots: [''] },
    { limits: { files: 0 } },
    { limits: { seconds: 0 } },
    { limits: { diff_lines: 1.5 } },
    { isolation: { commands: 'inplace' } },
    { isolation: { allow: ['anywhere'] } },
    { isolation: 'worktree' },
    { sandbox: { use: 'maybe' } },
    { sandbox: { network: 'yes' } },
    { budgets: { usd: -1 } },
    { approvals: { proof: 'none' } },
    { approvals: { trust_after: -1 } },
    { approvals: { remind_hours: '24' } },
    { approvers: [{}] },
    { approvers: [{ name: 'a b' }] },
    { approvers: [{ name: 'a', keys: ['AAAA'] }] },
    { approvers: [{ name: 'a', keys: ['ssh-ed25519 AAAA\nb namespaces="x" ssh-ed25519 BBBB'] }] },
    { approvers: [{ name: 'a', users: [1.5] }] },
    { lanes: { 'a/b': {} } },
    { lanes: { A: { rules: [] } } },
  ],
  'policy-cases': [
    { cases: [] },
    { cases: [{ command: 'a' }] },
    { cases: [{ expect: 'safe' }] },
    { cases: [{ command: 'a', expect: 'maybe' }] },
    { cases: [{ command: 'a', path: 'a', expect: 'safe' }] },
    { cases: [{ argv: [], expect: 'safe' }] },
    { cases: [{ path: '', expect: 'safe' }] },
  ],
  'backlog-claim': [
    { key: 'a/b' },
    { key: '' },
    { key: '-a' },
    { station: 'Ops' },
    { station: '../ops' },
    { wo_id: 'BL 1' },
    { at: 'yesterday' },
    { item: 'x'.repeat(501) },
    { item: null },
  ],
  'approval-subject': [
    { attempt: 0 },
    { ask: 'x' },
    { stage: 'end' },
    { requester: { uid: 'anna', user: 'anna' } },
    { changes: [{ path: 'a', before: null }] },
    { changes: [{ path: 'a', before: null, after: { mode: '100644', sha256: 'x', size: 1 } }] },
    { commands: [{}] },
    { isolation: 'elsewhere' },
    { sandbox: 'on' },
    { rulings: [{ ...((exampleOf('approval-subject')['rulings'] as Json[])[0] ?? {}), proof: 'none' }] },
    { diff_sha256: 'x' },
  ],
  trust: [
    { entries: {} },
    { entries: [{}] },
    { entries: [{ ...((exampleOf('trust')['entries'] as Json[])[0] ?? {}), pattern: 'npm test' }] },
    { entries: [{ ...((exampleOf('trust')['entries'] as Json[])[0] ?? {}), promoted: true }] },
    { entries: [{ ...((exampleOf('trust')['entries'] as Json[])[0] ?? {}), promoted: { seq: 0 } }] },
  ],
  followup: [
    { counts: { parked: -1 } },
    { generated_at: 'now' },
    { stale: [{ wo_id: 'WO-1' }] },
    { recent: [{ ...((exampleOf('followup')['recent'] as Json[])[0] ?? {}), status: 'ready' }] },
    { lanes: [{ lane: 'MAIN' }] },
  ],
  'ledger-record': [
    { seq: 0 },
    { seq: 1.5 },
    { ts: '2026-11-20T10:00:00Z' },
    { event: 'vanished' },
    { prev: 'sha256:00' },
    { hash: 'abc' },
    { data: null },
    { attempt: -1 },
    { purged: false },
  ],
  state: [{ status: 'lost' }, { waiting_for: 'luck' }, { trace_id: 'x' }, { revision: 0 }, { evidence: {} }],
  result: [{ status: 'ready' }, { completed_at: 'now' }, { checks: [{ name: 'x' }] }, { duration_ms: -1 }],
  error: [{ code: 'lower' }, { line: 0 }, { at: 'now' }],
  'alert-batch': [
    { station: '' },
    { alerts: [{ ...((exampleOf('alert-batch')['alerts'] as Json[])[0] ?? {}), severity: 'fatal' }] },
    { alerts: [{ ...((exampleOf('alert-batch')['alerts'] as Json[])[0] ?? {}), at: 'now' }] },
    { alerts: [{ at: '2025-11-13T23:45:00.000Z' }] },
  ],
  'doctor-report': [
    { ok: 'yes' },
    { root: 5 },
    { findings: [{ check: 'git', ok: true, message: 'x', mend: null }] },
    { findings: [{ check: 'git', ok: 'ok', message: 'x' }] },
  ],
  component: [
    { kind: 'blob' },
    { kind: 5 },
    { path: '' },
    { path: 5 },
    { severity: 'bad' },
    { repair: 'always' },
    { content: 'same' },
    { executable: 'yes' },
  ],
  heartbeat: [{ at: 'now' }, { pid: '5' }, { processors: 'intake' }, { processors: [1] }, { slow: null }],
  'guardrail-look': [{ at: 'now' }, { by: 'me' }, { faults: {} }, { faults: [{ component: 'x' }] }, { ledger: 5 }],
  'guardrail-seen': [{ head: 5 }, { files: [] }, { files: { x: { blob: 'x' } } }, { lists: { x: 5 } }],
  history: [
    { answer: 'never_worked' },
    { hours: 0 },
    { fault: 'gone' },
    { cause: {} },
    { now: {} },
    { asked_at: 'now' },
  ],
  forensics: [{ recommendation: 'pray' }, { findings: {} }, { components: 'all' }, { investigation_date: 'today' }],
  metrics: [
    { ok: false },
    { since: 'yesterday' },
    { waivers: { n: 0, count: 0, rate: 2 } },
    { purged: -1 },
    { ledger: {} },
  ],
  digest: [
    { ok: false },
    { since: 'yesterday' },
    { totals: { done: -1 } },
    { waiting: [{ wo_id: 'WO-1', waiting_for: 'dependency' }] },
    { failures: 'none' },
    { lost_records: null },
  ],
  'drift-report': [
    { week: '2026-47' },
    { repo_root: '/home/anna/ops' },
    { generated_at_utc: '2026-11-22T10:00:00+01:00' },
    { findings: [{ fingerprint: 'x' }] },
    { not_read: 'all' },
  ],
  'drift-schedule': [{ next: 'soon' }, { line: 5 }, { tries: 0 }],
  'runtime-status': [
    { status: 'fine' },
    { repo_root: '/home/anna/ops' },
    { generated_at_utc: '2026-11-22T10:00:00+01:00' },
    { contradictions: [{ id: 'x' }] },
    { reasons: ['because'] },
    { facts: {} },
  ],
  'documents-check': [{ mode: 'loud' }, { checked: ['weather'] }, { findings: [{ id: 'x' }] }],
  'plan-register': [
    { plans: [{ path: 'a.md' }] },
    { plans: [{ path: '', status: 'active' }] },
    { plans: [{ path: 'a.md', status: 'done' }] },
    { plans: [{ path: 'a.md', status: 'active', supersedes: 'b.md' }] },
    { plans: [{ path: 'a.md', status: 'active', surprise: 1 }] },
  ],
  'status-file': [
    { status: 'fine' },
    { generated_at_utc: 'yesterday' },
    { contradictions: [5] },
    { contradictions: [{ id: 'x' }] },
    { facts: [] },
  ],
  lesson: [{ type: 'guess' }, { title: '' }, { id: 'x' }, { tags: [''] }, { context: 'x'.repeat(20_001) }],
  'evidence-manifest': [{ files: [{ path: '', sha256: 'x', size: 0 }] }, { files: {} }, { attempt: -1 }],
  'redacted-evidence': [{ files: [{ path: '', cuts: 1 }] }, { files: [{ path: 'x', cuts: 0 }] }, { request_sha256: 5 }],
  worktree: [{ name: '../x' }, { state: 'lost' }, { links: 'node_modules' }, { attempt: -1 }, { folder_id: 5 }],
  'build-packet': [
    { goal: '' },
    { goal: '  \n' },
    { goal: 'x'.repeat(2001) },
    { approach: ['by doing'] },
    { steps: [] },
    { files: [] },
    { files: [{ path: 'a', change: 'rename', why: 'x' }] },
    { files: [{ path: 'a', change: 'create' }] },
    ...['', '/a', '../a', 'a/../b', 'a/', './a', 'a//b', '~/a', 'a\\b', 'a\nb', '!a', '..'].map((path) => ({
      files: [{ path, change: 'create', why: 'x' }],
    })),
    { tests: null },
    { risks: 'none' },
    { checkpoint: true },
    { checkpoint: { why: '' } },
  ],
  'plan-packet': [
    { summary: ' ' },
    { steps: [] },
    { steps: [{ id: 'A B', what: 'x', paths: ['a'], done_when: 'x' }] },
    { steps: [{ id: 'a', what: 'x', paths: [], done_when: 'x' }] },
    { steps: [{ id: 'a', what: 'x', paths: ['a'], done_when: '' }] },
    { order_matters: 'yes' },
  ],
  'build-report': [
    { summary: '' },
    { changed: ['src/a.js'] },
    { changed: [{ path: '/etc/passwd', what: 'x' }] },
    { tests_run: 'all' },
    { open_questions: [5] },
    { checkpoint: {} },
  ],
  'review-packet': [
    { mission: '' },
    { attempt: 0 },
    { base: 'HEAD' },
    { files: [{ path: 'a' }] },
    { diff_sha256: 'x' },
    { diff_cut: true },
    { checks: [{ name: 'x', ok: true }] },
    { report: 'Done.' },
  ],
  verdict: [
    { verdict: 'ok' },
    { verdict: null },
    { verdict: 'needs_revision', required_changes: [] },
    { verdict: 'approved' },
    { verdict: 'approved', required_changes: [] },
    { required_changes: [''] },
    { findings: [{ severity: 'bad', what: 'x' }] },
    { findings: [{ severity: 'note', what: 'x', line: 0 }] },
    { summary: '' },
  ],
  'closing-packet': [
    { summary: '' },
    { commit_message: '' },
    { commit_message: ' x' },
    { commit_message: 'x'.repeat(101) },
    { follow_ups: {} },
  ],
  'context-packet': [
    { task: ' ' },
    { base: null },
    { files: [{ path: 'a' }] },
    { policy: {} },
    { policy: { ...(exampleOf('context-packet')['policy'] as Json), paths: [] } },
    { requirements: 'fast' },
  ],
  'terminal-packet': [
    { outcome: 'SUCCESS' },
    { reason: 'pass' },
    { run: { wo_id: 'WO-1', attempt: 1 } },
    { ended: 'now' },
    { commits: ['HEAD'] },
    { steps: [{}] },
    { usage: {} },
    { usage: { ...(exampleOf('terminal-packet')['usage'] as Json), tokens: -1 } },
    { gates: [{ name: 'x', ok: true }] },
    { gates: [{ name: 'x', phase: 'mid', ok: true, why: null }] },
    { ledger: { seq: 0, hash: 'x' } },
    { review_packet: 'x.md' },
    { packet_hash: 'x' },
  ],
  'telemetry-line': [{ event: 'WO Received' }, { ts: 'now' }, { ok: 'yes' }, { trace_id: 'x' }, { duration_ms: -1 }],
};

test('rule 7: documents known to be bad are refused, each for the one thing wrong with it', () => {
  assert.deepEqual(Object.keys(BAD).sort(), names.sort());
  for (const [name, changes] of Object.entries(BAD)) {
    assert.ok(conforms(name, exampleOf(name)), name);
    for (const change of changes)
      assert.equal(conforms(name, { ...exampleOf(name), ...change }), false, `${name}: ${JSON.stringify(change)}`);
  }
});

test('rule 13: a decision that does not say all of what it decides, or carries no proof, does not conform', () => {
  const example = (command: string) =>
    ((schemas.get('command-file')?.['examples'] ?? []) as Json[]).find((e) => e['command'] === command) ?? {};
  const proof = example('decide')['proof'] as Json;
  const bad: Record<string, Json[]> = {
    decide: [
      { ask: 'x' },
      { sha256: 'x' },
      { decision: 'maybe' },
      { always: 'yes' },
      { reason: 'x'.repeat(1001) },
      { proof: {} },
      { proof: { ...proof, kind: 'word' } },
      { proof: { ...proof, pid: 0 } },
      { proof: { ...proof, tty: '' } },
      { proof: { ...proof, signature: 'x' } },
      { proof: { kind: 'ssh' } },
      { proof: { kind: 'ssh', signature: '' } },
      { by: 'anna' },
      { at: 'now' },
    ],
    distrust: [{ pattern: 'npm test' }, { pattern: '' }, { wo_id: 'WO-1' }, { reason: 5 }],
  };
  for (const [command, changes] of Object.entries(bad)) {
    const whole = example(command);
    assert.ok(conforms('command-file', whole), command);
    for (const change of changes)
      assert.ok(!conforms('command-file', { ...whole, ...change }), `${command}: ${JSON.stringify(change)}`);
    for (const key of Object.keys(whole)) {
      const { [key]: _, ...rest } = whole;
      assert.ok(!conforms('command-file', rest), `${command} without ${key}`);
    }
  }
});

test('rule 10: no pattern of any schema can be made to backtrack without end', () => {
  const patterns = [
    ...new Set(
      [...schemas.values()].flatMap(({ examples: _, ...schema }) =>
        [...everyValue(schema, 'pattern')].filter((p) => typeof p === 'string'),
      ),
    ),
  ] as string[];
  assert.ok(patterns.length >= 6);
  for (const pattern of patterns) {
    const regex = new RegExp(pattern, 'u');
    for (const unit of ['a', 'A', '0', '.', '-', '_', 'a.', 'a-', '2026-11-20T', 'sha256:', ' ', 'é']) {
      for (const tail of ['', '\n', '!', '\0', '.']) {
        const text = unit.repeat(100_000) + tail;
        const begun = performance.now();
        regex.test(text);
        const took = performance.now() - begun;
        assert.ok(took < 100, `${pattern} on ${JSON.stringify(unit)}...: ${took} ms`);
      }
    }
  }
});

test('formats: the defaults in settings.schema.json are those the station uses', () => {
  const camel = (key: string) => key.replace(/_(\w)/g, (_, c: string) => c.toUpperCase());
  // what has no default itself is given, so that the defaults in it are seen
  const given = 'guardrail: {alerts: {webhook: {url: "http://x"}, command: {argv: [x]}}}';
  const parsed = parseSettings(Buffer.from(given));
  // intake is what asks for them, so that is where the station keeps them
  const settings = { ...parsed, deprecatedTypes: parsed.intake.deprecatedTypes } as unknown as Json;
  const compared: string[] = [];
  const walk = (schema: Json, actual: unknown, path: string): void => {
    if ('default' in schema) {
      assert.deepEqual(actual, schema['default'], path);
      compared.push(path);
    }
    for (const [key, inner] of Object.entries((schema['properties'] ?? {}) as Record<string, Json>)) {
      if (path === '' && key === 'version') continue;
      const name = path === '.paths' ? key : camel(key);
      assert.ok(typeof actual === 'object' && actual !== null && name in actual, `${path}.${key} is read nowhere`);
      walk(inner, (actual as Json)[name], `${path}.${key}`);
    }
  };
  const schema = schemas.get('settings') ?? {};
  walk(schema, settings, '');
  assert.equal(compared.length, [...everyValue(schema['properties'], 'default')].length);
  assert.ok(compared.length >= 20, compared.join(' '));
  const lane = parseSettings(Buffer.from('lanes: {A: {}}')).lanes['A'];
  assert.deepEqual(lane, { concurrency: 1, folder: null, take: [] });
});

test.run();
