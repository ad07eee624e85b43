import { createHash } from 'node:crypto';
import { ANYTHING, testStation } from '../support/station.ts';
import { assert, suite } from '../support/suite.ts';

/**
 * Each row of dialects.md, and each of its "other things seen", dropped as a file through the real processors. The first line of each
 * test names the row.
 */

const test = suite('dialects');

const codes = (warnings: readonly { code: string; message: string }[]) =>
  warnings.map((w) => `${w.code} ${w.message.split(':')[0] ?? ''}`);

test('canonical, file map, operations, task spec: the files stand there, with one commit each', (t) => {
  const s = testStation(t, {
    policy:
      'version: 1\nrules: [{class: safe, commands: ["cat app.conf", "test -f docs/a.md"]}]\nisolation: {commands: in_place}\n',
    files: {
      'server.sh': '#!/bin/sh\nexec python3 -m http.server "$PORT"\necho bye\n',
      'app.conf': 'port=1\n',
    },
  });
  s.write(
    'bridge/inbox/MAIN/WO-CANONICAL.yaml',
    `wo_id: WO-CANONICAL
title: Canonical
type: apply_patch
files:
  - path: tools/run.sh
    mode: "0755"
    content: |
      #!/bin/sh
      echo "$(date)"
post_verify: [cat app.conf]
tests:
  - {name: "conf is there", command: cat app.conf, expected: port=1}
...
`,
  );
  s.drop({
    wo_id: 'WO-FILE-MAP',
    task_type: 'apply_patch',
    title: 'File map',
    files: { 'docs/a.md': '# A\n', 'docs/b.md': '# B\n' },
    edits: [
      { path: 'server.sh', mode: 'patch', find: 'python3 -m http.server', after: '# served\n' },
      { path: 'server.sh', mode: 'patch', find: 'echo bye', after: ' # soon' },
    ],
    post_verify: ['test -f docs/a.md'],
  });
  s.drop({
    wo_id: 'WO-OPERATIONS',
    objective: 'Operations in tasks',
    routing_hint: 'oss',
    priority: 'high',
    self_apply: true,
    complexity: 'low',
    requires_paid_lane: false,
    tasks: [
      {
        task_id: 'T1',
        description: 'first',
        operations: [{ op: 'write_file', file: 'ops/one.txt', content: 'one\n' }],
      },
      {
        task_id: 'T2',
        description: 'second',
        operations: [{ op: 'apply_patch', file: 'ops/one.txt', content: '@@ -1 +1,2 @@\n one\n+two\n' }],
      },
    ],
  });
  s.drop({
    wo_id: 'WO-TASK-SPEC',
    task_spec: {
      intent: 'write',
      target_files: ['spec.txt'],
      operations: [{ op: 'write_file', file: 'spec.txt', content: 'spec\n' }],
      context: {},
    },
    gmx_plan: { intent: 'write', description: 'Write the spec' },
  });
  s.drain();
  for (const woId of ['WO-CANONICAL', 'WO-FILE-MAP', 'WO-OPERATIONS', 'WO-TASK-SPEC']) {
    const result = s.result(woId);
    assert.equal(result.status, 'done', JSON.stringify(result.error));
    assert.equal(s.commitsOf(woId).length, 1);
  }
  assert.equal(s.read('tools/run.sh'), '#!/bin/sh\necho "$(date)"\n');
  assert.equal(s.read('docs/b.md'), '# B\n');
  // `after` of a part of a line: whole lines go after the line, words right after the match
  assert.equal(s.read('server.sh'), '#!/bin/sh\nexec python3 -m http.server "$PORT"\n# served\necho bye # soon\n');
  assert.equal(s.read('ops/one.txt'), 'one\ntwo\n');
  assert.equal(s.read('spec.txt'), 'spec\n');
  assert.deepEqual(s.result('WO-CANONICAL').warnings, []);
  assert.deepEqual(codes(s.result('WO-FILE-MAP').warnings), [
    'alias task_type',
    'alias files',
    'alias edits.0',
    'alias edits',
  ]);
  assert.equal(s.state('WO-OPERATIONS').title, 'Operations in tasks');
  assert.equal(s.state('WO-OPERATIONS').priority, 'P1');
  // the original bytes are the evidence
  assert.ok(s.read('state/evidence/WO-OPERATIONS/request.json').includes('"routing_hint":"oss"'));
});

test('file map: a find that matches 0 or 2 times is an error', (t) => {
  const s = testStation(t, { files: { f: 'a a\n' } });
  for (const [woId, find] of [
    ['WO-NONE', 'b'],
    ['WO-TWO', 'a'],
  ] as const)
    s.drop({
      wo_id: woId,
      task_type: 'apply_patch',
      files: {},
      edits: [{ path: 'f', mode: 'patch', find, after: 'x' }],
    });
  s.drain();
  assert.equal(s.result('WO-NONE').error?.code, 'FIND_NOT_FOUND');
  assert.equal(s.result('WO-TWO').error?.code, 'FIND_AMBIGUOUS');
  assert.equal(s.read('f'), 'a a\n');
});

test('envelope: append, prepend, replace, create, set_key_value, a patch, and a dry run', (t) => {
  const plist =
    '<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0">\n<dict>\n\t<!-- seconds -->\n\t<key>StartInterval</key>\n\t<integer>60</integer>\n</dict>\n</plist>\n';
  const s = testStation(t, {
    files: { log: 'b\n', 'conf.json': '{\n  // port\n  "port": 80\n}\n', 'a.plist': plist, old: 'old\n', p: '1\n' },
  });
  const envelope = (woId: string, payload: object, metadata: object = {}) =>
    s.drop({
      wo_id: woId,
      origin: { world: 'cli', actor: 'gg' },
      created_at: '2025-11-13T01:50:00+07:00',
      intent: 'update_doc',
      target_inbox: 'MAIN',
      metadata: { source_request: 'do it', schema_version: '1.0', ...metadata },
      payload,
    });
  envelope('WO-1-APPEND', { file_path: 'log', action: 'append', content: 'c\n' });
  envelope('WO-2-PREPEND', { file_path: 'log', action: 'prepend', content: 'a\n' });
  envelope('WO-3-REPLACE', { file_path: 'old', action: 'replace', content: 'new\n' });
  envelope('WO-4-CREATE', { file_path: 'fresh', action: 'create', content: 'fresh\n' });
  envelope('WO-5-SET', {
    file_path: 'conf.json',
    action: 'set_key_value',
    key: 'port',
    value: '8080',
    value_type: 'integer',
  });
  envelope('WO-6-PLIST', {
    file_path: 'a.plist',
    action: 'set_key_value',
    key: 'StartInterval',
    value: 90,
    value_type: 'integer',
  });
  envelope('WO-7-PATCH', {
    file_path: 'p',
    patch_format: 'diff',
    patch_content: '--- a/p\n+++ b/p\n@@ -1 +1 @@\n-1\n+2\n',
  });
  envelope('WO-8-DRY', { file_path: 'log', action: 'append', content: 'never\n' }, { dry_run: true });
  s.drain();
  // creating what is there, and replacing what is not, is not what the author saw
  envelope('WO-9-CREATE', { file_path: 'old', action: 'create', content: 'x' });
  envelope('WO-9-REPLACE', { file_path: 'nowhere', action: 'replace', content: 'x' });
  s.drain();
  for (const woId of [
    'WO-1-APPEND',
    'WO-2-PREPEND',
    'WO-3-REPLACE',
    'WO-4-CREATE',
    'WO-5-SET',
    'WO-6-PLIST',
    'WO-7-PATCH',
    'WO-8-DRY',
  ])
    assert.equal(s.result(woId).status, 'done', JSON.stringify(s.result(woId).error));
  assert.equal(s.read('log'), 'a\nb\nc\n');
  assert.equal(s.read('old'), 'new\n');
  assert.equal(s.read('fresh'), 'fresh\n');
  assert.equal(s.read('conf.json'), '{\n  // port\n  "port": 8080\n}\n');
  assert.equal(s.read('a.plist'), plist.replace('60', '90'));
  assert.equal(s.read('p'), '2\n');
  assert.match(s.result('WO-8-DRY').diff ?? '', /^\+never$/m);
  assert.equal(s.state('WO-1-APPEND').created_at, '2025-11-12T18:50:00.000Z');
  assert.equal(s.result('WO-9-CREATE').error?.code, 'TARGET_EXISTS');
  assert.equal(s.result('WO-9-REPLACE').error?.code, 'TARGET_MISSING');
});

test('auto, narrative, input, constrained: missions that wait for an agent, and say for which', (t) => {
  const s = testStation(t);
  s.write(
    'bridge/inbox/MAIN/auto.yaml',
    `id: WO-AUTO
intent: plan
summary: Plan the move
priority: normal
target_candidates: [clc, shell]
timeout_sec: 900
cost_cap_usd: 0.50
artifacts: [{type: plan_md, path: plans/move.md}]
route_hints: {fallback_order: [gptdeep, oss], preferred_executor: clc}
notify: {telegram: true}
return_channel: "shell:response:shell"
...
`,
  );
  s.write(
    'bridge/inbox/MAIN/narrative.yaml',
    `---
wo_id: WO-NARRATIVE
agent: CLS
title: Tidy up
tags: "cleanup, bot,logs"
created_at: "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
problem: |
  Logs grow.
requirements: |
  Rotate them.
success_criteria: |
  They stay small.
implementation_notes: |
  Use what is there.
...
`,
  );
  s.drop({
    wo_id: 'WO-INPUT',
    task_type: 'analyze',
    input: { instructions: 'Look at the tests', target_files: ['tests/a.ts'] },
  });
  s.write(
    'bridge/inbox/MAIN/constrained.yaml',
    `wo_id: WO-CONSTRAINED
engine: gemini
task_type: bulk_test_generation
impact_zone: apps
routing: {prefer_agent: gemini, review_required_by: andy, locked_zone_allowed: false}
target_files: [apps/a.js]
context: {title: Write tests, instructions: "Cover a.js"}
constraints: {max_tokens: 4000, temperature: 0.2, allow_write: false, output_format: patch_unified, timeout_seconds: 300}
artifacts: {expected_outputs: [tests/a.test.js]}
...
`,
  );
  s.drain();
  const waits = (woId: string) => [s.state(woId).status, s.state(woId).waiting_for, s.state(woId).progress];
  assert.deepEqual(waits('WO-AUTO'), [
    'parked',
    'agent',
    'no agent is configured; wanted: clc, gptdeep, oss. `waybill agents init` writes agents/',
  ]);
  assert.deepEqual(waits('WO-NARRATIVE'), [
    'parked',
    'agent',
    'no agent is configured. `waybill agents init` writes agents/',
  ]);
  assert.deepEqual(waits('WO-INPUT'), [
    'parked',
    'agent',
    'no agent is configured. `waybill agents init` writes agents/',
  ]);
  // the agent first: what is to be approved is not known before there is a plan
  assert.deepEqual(waits('WO-CONSTRAINED'), [
    'parked',
    'agent',
    'no agent is configured; wanted: gemini. `waybill agents init` writes agents/',
  ]);
  const admitted = s
    .read('.git/waybill/ledger/000000000001.jsonl')
    .split('\n')
    .find((line) => line.includes('"admitted"') && line.includes('"WO-CONSTRAINED"'));
  assert.match(admitted ?? '', /"approval":\{"by":\["andy"\],"why":"routing names who must review"\}/);
  assert.deepEqual(s.state('WO-NARRATIVE').tags, ['cleanup', 'bot', 'logs']);
  assert.equal(s.state('WO-NARRATIVE').created_at, null);
  assert.equal(s.state('WO-NARRATIVE').requester.declared_by, 'CLS');
  assert.equal(s.state('WO-CONSTRAINED').title, 'Write tests');
  assert.equal(s.state('WO-AUTO').type, 'mission');
  // nobody gets past a missing agent by releasing, or by holding and releasing
  for (const woId of ['WO-CONSTRAINED', 'WO-AUTO']) s.waybill('release', woId);
  s.drain();
  s.waybill('hold', 'WO-CONSTRAINED');
  s.drain();
  s.waybill('release', 'WO-CONSTRAINED');
  s.drain();
  assert.deepEqual(waits('WO-CONSTRAINED').slice(0, 2), ['parked', 'agent']);
  assert.deepEqual(waits('WO-AUTO').slice(0, 2), ['parked', 'agent']);
  assert.equal(s.git('log', '--format=%s'), 'Begin');
});

test('operations: checks of a task are checks of the order; a task in words beside operations is refused (rules 7 and 14)', (t) => {
  const s = testStation(t, { policy: ANYTHING });
  const operations = [{ op: 'write_file', file: 'x', content: 'x' }];
  s.drop({ wo_id: 'WO-CHECKED', tasks: [{ operations, post_verify: ['false'] }], post_verify: ['true'] });
  s.drop({
    wo_id: 'WO-ENVELOPE',
    payload: { file_path: 'y', action: 'create', content: 'y' },
    tests: [{ command: 'false' }],
  });
  s.drop({ wo_id: 'WO-SPEC', task_spec: { operations, tests: [{ command: 'echo no', expected: 'yes' }] } });
  s.drop({ wo_id: 'WO-WORDS', tasks: [{ operations }, { task_id: 'T2', description: 'and tidy up' }] });
  s.drain();
  for (const woId of ['WO-CHECKED', 'WO-ENVELOPE', 'WO-SPEC'])
    assert.equal(s.result(woId).error?.code, 'CHECK_FAILED', woId);
  assert.equal(s.result('WO-CHECKED').checks.length, 2);
  assert.equal(
    s.rejections()[0]?.error?.message,
    'tasks.1: has no operations: what it says in words would not be done',
  );
  assert.ok(!s.exists('x') && !s.exists('y'));
});

test('operations: self_apply: false asks for approval, and nothing is written before', (t) => {
  const s = testStation(t);
  s.drop({
    wo_id: 'WO-ASKS',
    objective: 'Ask first',
    self_apply: false,
    tasks: [{ task_id: 'T1', operations: [{ op: 'write_file', file: 'x', content: 'x' }] }],
  });
  s.drain();
  const isWaiting = () => [s.state('WO-ASKS').status, s.state('WO-ASKS').waiting_for];
  assert.deepEqual(isWaiting(), ['parked', 'approval']);
  assert.ok(!s.exists('x'));
  // nobody gets past it by releasing, or by holding and releasing
  s.waybill('release', 'WO-ASKS');
  s.drain();
  assert.deepEqual(isWaiting(), ['parked', 'approval']);
  s.waybill('hold', 'WO-ASKS');
  s.drain();
  s.waybill('release', 'WO-ASKS');
  s.drain();
  assert.deepEqual(isWaiting(), ['parked', 'approval']);
  assert.ok(!s.exists('x'));
});

test('ping: done at once, reported as no_operations', (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-PING', target: 'lac', intent: 'test', objective: 'Are you there?', source: 'mary', files: [] });
  s.drop({ wo_id: 'WO-HEALTH', target: 'lac', intent: 'health', objective: 'Health', source: 'mary', files: [] });
  s.drain();
  for (const woId of ['WO-PING', 'WO-HEALTH']) {
    assert.equal(s.result(woId).status, 'done');
    assert.match(s.result(woId).summary, /^no_operations/);
    assert.ok(s.result(woId).warnings.some((w) => w.code === 'no_operations'));
    assert.deepEqual(s.commitsOf(woId), []);
  }
});

const sha = (text: string) => createHash('sha256').update(text).digest('hex');

test('folder bundle: one order with its body, checked against evidence/manifest.json; a mismatch is a rejection', (t) => {
  const s = testStation(t);
  const bundle = (woId: string, change: (files: Record<string, string>) => void) => {
    const order = `wo_id: ${woId}\nagent: CLS\ntitle: A bundle\nschema: AI-OP-001/WO/v1\nbody_file: body.md\nevidence_dir: evidence/\n`;
    const body = '# What is to be done\nTidy up.\n';
    const files: Record<string, string> = {
      [`${woId}.yaml`]: order,
      'body.md': body,
      'evidence/manifest.json': JSON.stringify({
        wo_id: woId,
        checksums: { wo_yaml: sha(order), body: sha(body) },
        sizes: { wo_yaml: order.length, body: body.length },
      }),
    };
    change(files);
    for (const [path, content] of Object.entries(files)) s.write(`bridge/inbox/MAIN/${woId}/${path}`, content);
  };
  bundle('WO-B1', () => {});
  bundle('WO-B2', (files) => {
    files['body.md'] += 'and more';
  });
  bundle('WO-B3', (files) => {
    delete files['evidence/manifest.json'];
  });
  bundle('WO-B4', (files) => {
    files['WO-B4.yaml'] = (files['WO-B4.yaml'] ?? '').replace('body.md', '../../../../waybill.yaml');
    delete files['evidence/manifest.json'];
    files['WO-B4.yaml'] = files['WO-B4.yaml'].replace('evidence_dir: evidence/\n', '');
  });
  s.drain();
  assert.deepEqual([s.state('WO-B1').status, s.state('WO-B1').waiting_for], ['parked', 'agent']);
  const refusals = Object.fromEntries(s.rejections().map((r) => [r.wo_id, r.error?.code]));
  assert.deepEqual(refusals, { 'WO-B2': 'CHECKSUM_MISMATCH', 'WO-B3': 'BUNDLE_INVALID', 'WO-B4': 'BUNDLE_INVALID' });
  // a refused bundle lies in quarantine whole
  const folder = s.names('bridge/quarantine/MAIN').find((n) => n.endsWith('-WO-B2')) ?? '';
  assert.deepEqual(s.names(`bridge/quarantine/MAIN/${folder}`), ['WO-B2.yaml', 'body.md', 'evidence']);
  // the accepted one is evidence whole, once it ended
  s.waybill('cancel', 'WO-B1');
  s.drain();
  assert.equal(s.read('state/evidence/WO-B1/request/body.md'), '# What is to be done\nTidy up.\n');
  assert.equal(s.waybill('verify').code, 0);
  // and comes back whole from the journal
  s.git('clean', '-fdxq');
  s.drain();
  assert.equal(s.read(`bridge/quarantine/MAIN/${folder}/body.md`), '# What is to be done\nTidy up.\nand more');
  s.waybill('retry', 'WO-B1');
  s.drain();
  assert.deepEqual([s.state('WO-B1').status, s.state('WO-B1').waiting_for], ['parked', 'agent']);
});

test('a folder bundle with actions of its own is carried out like any order, and dropped again it is answered again', (t) => {
  const s = testStation(t);
  const drop = () => {
    s.write('bridge/inbox/MAIN/WO-B/WO-B.yaml', 'wo_id: WO-B\nfiles:\n  - {path: b.txt, content: b}\n');
    s.write('bridge/inbox/MAIN/WO-B/notes.txt', 'why\n');
  };
  drop();
  s.drain();
  assert.equal(s.result('WO-B').status, 'done');
  assert.equal(s.read('state/evidence/WO-B/request/notes.txt'), 'why\n');
  drop();
  s.drain();
  assert.equal(s.commitsOf('WO-B').length, 1);
  assert.deepEqual(s.rejections(), []);
  s.write('bridge/inbox/MAIN/WO-B/WO-B.yaml', 'wo_id: WO-B\nfiles:\n  - {path: b.txt, content: b}\n');
  s.write('bridge/inbox/MAIN/WO-B/notes.txt', 'other\n');
  s.drain();
  assert.deepEqual(
    s.rejections().map((r) => r.error?.code),
    ['DUPLICATE_ID'],
  );
  assert.deepEqual(s.leftovers(), []);
});

test('unknown shapes are quarantined with the nearest shape and what it lacks', (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-VAGUE', objective: 'something', routing_hint: 'oss', complexity: 'low' });
  s.drain();
  const [refusal] = s.rejections();
  assert.equal(refusal?.error?.code, 'UNKNOWN_SHAPE');
  assert.match(refusal?.error?.message ?? '', /nearest shape is operations, which lacks tasks/);
});

test('autonomous_build_cycle is refused with guidance, without any settings and in every shape; other types with the text of settings', (t) => {
  const s = testStation(t, {
    settings: 'version: 1\ndeprecated_types:\n  legacy: "Run `waybill spine run`, please."\n',
  });
  const old = 'autonomous_build_cycle';
  const files = [{ path: 'x', content: 'x' }];
  const shapes: Record<string, object> = {
    'WO-TYPE': { type: old, files },
    'WO-TASK-TYPE': { task_type: old, input: { instructions: 'do it' } },
    'WO-KIND': { type: 'mission', kind: old, task: 'do it' },
    'WO-MISSION': { mission: old, inputs: { task: 'do it' } },
    'WO-MISSION-TYPE': { mission_type: old, params: {} },
    'WO-SPEC': { task_spec: { mission_type: old, context: 'do it' } },
    'WO-SPEC-OPS': { task_spec: { intent: old, operations: [{ op: 'write_file', file: 'x', content: 'x' }] } },
    'WO-PAYLOAD': { payload: { type: old, file_path: 'x', action: 'append', content: 'x' } },
    'WO-WORDS': { type: 'Autonomous-Build Cycle', problem: 'it' },
  };
  for (const [woId, order] of Object.entries(shapes)) s.drop({ wo_id: woId, ...order });
  s.drop({ wo_id: 'WO-LEGACY', type: 'legacy', files });
  s.drop({ wo_id: 'WO-TYPO', type: 'aply_patch', files });
  s.drop({ wo_id: 'WO-TALK', title: `About ${old}`, tags: [old], files: [{ path: 'y', content: old }] });
  s.drain();
  const errors = Object.fromEntries(s.rejections().map((r) => [r.wo_id, r.error]));
  for (const woId of Object.keys(shapes)) {
    assert.equal(errors[woId]?.code, 'DEPRECATED_TYPE', woId);
    assert.match(errors[woId]?.hint ?? '', /waybill spine run/, woId);
  }
  assert.match(errors['WO-SPEC']?.message ?? '', /^task_spec\.mission_type: autonomous_build_cycle/);
  assert.equal(errors['WO-LEGACY']?.hint, 'Run `waybill spine run`, please.');
  assert.equal(errors['WO-TYPO']?.code, 'UNKNOWN_TYPE');
  assert.match(errors['WO-TYPO']?.hint ?? '', /apply_patch/);
  assert.equal(s.result('WO-TALK').status, 'done', 'an order may speak of it');

  const run = s.waybill('spine', 'run', '--json', `{"mission_type": "${old}", "task": "do it"}`);
  assert.equal((JSON.parse(run.stdout) as { error: { code: string } }).error.code, 'DEPRECATED_TYPE');
  assert.equal(run.code, 65);
});

test('a type that settings take out of use stays readable in orders that were admitted before', (t) => {
  const s = testStation(t);
  s.drop({ wo_id: 'WO-OLD', kind: 'legacy', hold: true, files: [{ path: 'x', content: 'x' }] });
  s.drain();
  s.write('waybill.yaml', 'version: 1\ndeprecated_types: {legacy: "Write `type: mission`."}\n');
  assert.equal(s.waybill('release', 'WO-OLD').code, 0);
  s.drain();
  assert.equal(s.result('WO-OLD').status, 'done');
  assert.equal(s.waybill('show', 'WO-OLD').code, 0);
  s.drop({ wo_id: 'WO-NEW', kind: 'legacy', files: [{ path: 'z', content: 'x' }] });
  s.drain();
  assert.deepEqual(
    s.rejections().map((r) => r.error?.code),
    ['DEPRECATED_TYPE'],
  );
});

test('aliases: two that disagree are AMBIGUOUS_FIELD, two that agree are one', (t) => {
  const s = testStation(t);
  const files = [{ path: 'x', content: 'x' }];
  s.drop({ wo_id: 'WO-AGREE', id: 'WO-AGREE', assignee: 'anna', files });
  s.write('bridge/inbox/MAIN/differ.json', JSON.stringify({ wo_id: 'WO-DIFFER', id: 'WO-OTHER', files }));
  s.write(
    'bridge/inbox/MAIN/types.json',
    JSON.stringify({ wo_id: 'WO-TYPES', type: 'apply_patch', task_type: 'command', files }),
  );
  s.write(
    'bridge/inbox/MAIN/both.json',
    JSON.stringify({ wo_id: 'WO-BOTH', files, payload: { file_path: 'x', action: 'append', content: '' } }),
  );
  s.drain();
  assert.equal(s.result('WO-AGREE').status, 'done');
  assert.equal(s.state('WO-AGREE').owner, 'anna');
  assert.deepEqual(
    s.rejections().map((r) => r.error?.code),
    ['AMBIGUOUS_FIELD', 'AMBIGUOUS_FIELD', 'AMBIGUOUS_FIELD'],
  );
});

test('other things seen: ids, names, twins, dates, prose, marks, big and exact content', (t) => {
  const s = testStation(t, { policy: 'version: 1\nroots: [../Library/LaunchAgents]\n' });
  const inbox = (name: string, text: string | Buffer) => s.write(`bridge/inbox/MAIN/${name}`, text);
  const file = 'files:\n  - {path: FILE, content: x}\n';
  inbox('spaces.yaml', `wo_id: WO with spaces\n${file}...\n`);
  inbox('slashes.yaml', `wo_id: WO/../../etc\n${file}...\n`);
  inbox('dots.yaml', `wo_id: "..."\n${file}...\n`);
  inbox('cyrillic.yaml', `wo_id: W\u041e-1\n${file}...\n`);
  inbox('template.yaml', `wo_id: WO-20251030-H6R94XXXXX\n${file.replace('FILE', 'tpl')}...\n`);
  inbox('another-name.yaml', `wo_id: WO-INSIDE\n${file.replace('FILE', 'inside')}...\n`);
  inbox(
    'WO-DATES.yaml',
    `wo_id: WO-DATES\ncreated_at: 2025-11-13T01:50:00+0700\n${file.replace('FILE', 'dates')}...\n`,
  );
  inbox('WO-NOZONE.yaml', `wo_id: WO-NOZONE\ncreated_at: 2025-11-13 01:50\n${file.replace('FILE', 'nozone')}...\n`);
  inbox('WO-FEB30.yaml', `wo_id: WO-FEB30\ncreated_at: 2025-02-30T00:00:00Z\n${file.replace('FILE', 'feb')}...\n`);
  inbox('WO-PROSE.yaml', `wo_id: WO-PROSE\ndepends_on: Phase 22 must be merged\n${file.replace('FILE', 'prose')}...\n`);
  inbox('tabs.yaml', `wo_id: WO-TABS\nfiles:\n\t- {path: x, content: x}\n...\n`);
  inbox('bracket.yaml', `wo_id: WO-BRACKET\ntags: [a, b\n${file}...\n`);
  inbox('several.yaml', `wo_id: WO-S1\n${file}---\nwo_id: WO-S2\n${file}...\n`);
  inbox('list.yaml', `- wo_id: WO-LIST\n...\n`);
  inbox('empty.yaml', '');
  inbox('WO-BOM.yaml', `\ufeffwo_id: WO-BOM\r\nfiles:\r\n  - path: bom.txt\r\n    content: "a\\r\\nb"\r\n...\r\n`);
  const big = 'line of a big file\n'.repeat(250_000);
  s.drop({ wo_id: 'WO-BIG', files: [{ path: 'big.txt', content: big }] });
  const script = '#!/bin/zsh\nset -euo pipefail\necho "$(date) `id` $HOME" # ümläut\n\tprintf "%s\\n" \'x\'\n';
  s.drop({
    wo_id: 'WO-EXACT',
    files: [
      { path: 'tools/x.zsh', content: script, mode: '0755' },
      { path: '../Library/LaunchAgents/com.x.plist', content: '<plist/>\n' },
    ],
  });
  s.drop({ wo_id: 'WO-HOME', files: [{ path: '~/x', content: 'x' }] });
  s.drop({ wo_id: 'WO-ETC', files: [{ path: '/etc/x', content: 'x' }] });
  inbox('.DS_Store', 'junk');
  inbox('.WO-1.yaml.swp', 'junk');
  inbox('WO-1.yaml~', 'junk');
  s.drain();
  const refused = Object.fromEntries(s.rejections().map((r) => [r.file, r.error]));
  const refusedCodes = Object.fromEntries(s.rejections().map((r) => [r.file, r.error?.code]));
  assert.deepEqual(refusedCodes, {
    'bracket.yaml': 'YAML_INVALID',
    'cyrillic.yaml': 'BAD_ID',
    'dots.yaml': 'BAD_ID',
    'empty.yaml': 'EMPTY',
    'list.yaml': 'NOT_AN_ORDER',
    'several.yaml': 'YAML_INVALID',
    'slashes.yaml': 'BAD_ID',
    'spaces.yaml': 'BAD_ID',
    'tabs.yaml': 'YAML_INVALID',
  });
  assert.match(refused['cyrillic.yaml']?.message ?? '', /U\+041E\), which looks like O and is not/);
  assert.match(refused['spaces.yaml']?.hint ?? '', /WO-with-spaces/);
  assert.ok(s.result('WO-20251030-H6R94XXXXX').warnings.some((w) => /row of X/.test(w.message)));
  assert.equal(s.result('WO-INSIDE').file, 'another-name.yaml');
  assert.equal(s.state('WO-DATES').created_at, '2025-11-12T18:50:00.000Z');
  assert.equal(s.state('WO-NOZONE').created_at, '2025-11-13T01:50:00.000Z');
  assert.ok(s.result('WO-NOZONE').warnings.some((w) => w.code === 'defaulted'));
  assert.equal(s.state('WO-FEB30').created_at, null);
  assert.deepEqual(s.state('WO-PROSE').depends_on, []);
  assert.equal(s.result('WO-PROSE').status, 'done');
  assert.equal(s.read('bom.txt'), 'a\r\nb');
  assert.equal(s.read('big.txt'), big);
  assert.equal(s.read('tools/x.zsh'), script);
  assert.equal(s.read('../Library/LaunchAgents/com.x.plist'), '<plist/>\n');
  assert.equal(s.result('WO-HOME').error?.code, 'PATH_DENIED');
  assert.equal(s.result('WO-ETC').error?.code, 'PATH_DENIED');
  assert.deepEqual(s.names('bridge/inbox/MAIN'), ['WO-1.yaml~']);
});

test('twins: one id in two lanes, in other letters, and one file dropped twice', (t) => {
  const s = testStation(t, { settings: 'lanes: {MAIN: {}, CLC: {}}\n' });
  const order = { wo_id: 'WO-TWIN', files: [{ path: 'x', content: 'x' }] };
  s.drop(order);
  s.drain();
  s.drop(order, 'CLC');
  s.drop({ ...order, wo_id: 'wo-twin' }, 'CLC');
  s.drain();
  // the same bytes are answered in the lane they came in, too; and that is on record
  assert.equal(s.result('WO-TWIN', 'CLC').status, 'done');
  assert.equal(s.commitsOf('WO-TWIN').length, 1);
  assert.match(s.waybill('log', 'WO-TWIN').stdout, /repeated/);
  assert.deepEqual(
    s.rejections('CLC').map((r) => r.error?.code),
    ['DUPLICATE_ID'],
  );
  // a drop while the first is still alive is answered when that one ends
  const held = { wo_id: 'WO-HELD', hold: true, files: [{ path: 'y', content: 'y' }] };
  s.drop(held);
  s.drain();
  s.drop(held, 'CLC');
  s.drain();
  s.waybill('release', 'WO-HELD');
  s.drain();
  assert.equal(s.result('WO-HELD', 'MAIN').status, 'done');
  assert.equal(s.result('WO-HELD', 'CLC').status, 'done');
  assert.deepEqual(s.leftovers(), []);
  assert.equal(s.waybill('verify').code, 0);
});

test('names: a lane in other capitals is that lane; file names and targets that only look alike are told apart', (t) => {
  const s = testStation(t, { settings: 'lanes: {MAIN: {}, CLC: {}}\n' });
  const files = [{ path: 'x', content: 'x' }];
  s.drop({ wo_id: 'WO-CAPITALS', files }, 'clc');
  // the same name to a person, two names to a disk that keeps them apart
  s.write(
    'bridge/inbox/MAIN/caf\u00e9.json',
    JSON.stringify({ wo_id: 'WO-NFC', files: [{ path: 'nfc', content: 'c' }] }),
  );
  s.write(
    'bridge/inbox/MAIN/cafe\u0301.json',
    JSON.stringify({ wo_id: 'WO-NFD', files: [{ path: 'nfd', content: 'd' }] }),
  );
  s.write('bridge/inbox/MAIN/bad-caf\u00e9.json', '{');
  s.write('bridge/inbox/MAIN/bad-cafe\u0301.json', '{');
  s.drop({
    wo_id: 'WO-ALIKE',
    files: [
      { path: 'Read.me', content: '1' },
      { path: 'read.me', content: '2' },
    ],
  });
  s.drain();
  assert.equal(s.result('WO-CAPITALS', 'CLC').status, 'done');
  assert.equal(s.state('WO-CAPITALS').lane, 'CLC');
  assert.deepEqual([s.result('WO-NFC').status, s.result('WO-NFD').status], ['done', 'done']);
  assert.equal(s.rejections().length, 2);
  assert.ok(s.result('WO-ALIKE').warnings.some((w) => /Read\.me and read\.me are one file/.test(w.message)));
  s.write('waybill.yaml', 'lanes: {CLC: {}, clc: {}}\n');
  assert.match(s.waybill('up', '--drain').stderr, /only in capitals/);
});

test('lint --fix prints the canonical form of every shape, which reads as the same order without a guess', (t) => {
  const s = testStation(t);
  const shapes: Record<string, object> = {
    map: {
      wo_id: 'WO-1',
      task_type: 'apply_patch',
      title: 'x',
      files: { a: 'a\n' },
      edits: [{ path: 'b', mode: 'patch', find: 'x', after: 'y\n' }],
    },
    envelope: {
      wo_id: 'WO-2',
      title: 'x',
      payload: { file_path: 'c.json', action: 'set_key_value', key: 'k', value: '1', value_type: 'int' },
    },
    operations: {
      wo_id: 'WO-3',
      objective: 'x',
      self_apply: false,
      tasks: [{ operations: [{ op: 'write_file', file: 'a', content: 'a' }] }],
    },
    narrative: { wo_id: 'WO-4', title: 'x', tags: 'a, b', problem: 'p', requirements: ['r1', 'r2'] },
    auto: {
      id: 'WO-5',
      intent: 'plan',
      summary: 's',
      cost_cap_usd: 1,
      timeout_sec: 5,
      route_hints: { fallback_order: ['a'] },
    },
    constrained: {
      wo_id: 'WO-6',
      routing: { review_required_by: 'x' },
      context: { title: 't', instructions: 'i' },
      constraints: { allow_write: false },
    },
    input: { wo_id: 'WO-7', title: 'x', task_type: 'analyze', input: { a: [1, null, 'b'] } },
    ping: { wo_id: 'WO-8', intent: 'test', objective: 'x', files: [] },
  };
  for (const [name, order] of Object.entries(shapes)) {
    s.write(`${name}.json`, JSON.stringify(order));
    const fixed = s.waybill('lint', `${name}.json`, '--fix');
    assert.equal(fixed.code, 0, fixed.stderr);
    s.write(`${name}.yaml`, fixed.stdout);
    const again = JSON.parse(s.waybill('lint', `${name}.yaml`, '--fix', '--json').stdout) as {
      files: { warnings: { code: string }[]; canonical: object }[];
    };
    const first = JSON.parse(s.waybill('lint', `${name}.json`, '--fix', '--json').stdout) as typeof again;
    assert.deepEqual(again.files[0]?.canonical, first.files[0]?.canonical, name);
    assert.deepEqual(
      again.files[0]?.warnings.filter((w) => w.code !== 'no_operations'),
      [],
      name,
    );
  }
});

test.run();
