import { assert, suite } from '../../support/suite.ts';
import { mapped, refused } from './sheets.ts';

const test = suite('order/dialects/missions');

const OK = 'wo_id: WO-1\ntitle: t\n';
/** A mission of this shape, without what every order has. */
function mission(order: object, shape: string, body: string | null = null): Record<string, unknown> {
  const result = mapped({ wo_id: 'WO-1', title: 't', ...order }, { body });
  assert.equal(result.shape, shape);
  const { wo_id: _id, title: _title, type, ...rest } = result.document;
  assert.equal(type, 'mission');
  return rest;
}

test('formats: narrative: blocks of text are what an agent is told', () => {
  const texts = { problem: 'P\n', requirements: 'R\n', success_criteria: 'S\n', implementation_notes: 'I\n' };
  assert.deepEqual(mission({ ...texts, tags: 'a,b' }, 'narrative'), { ...texts, tags: ['a', 'b'] });
});

test('formats: a list where text is asked for is told as one', () => {
  assert.deepEqual(mission({ requirements: ['one', 2, true] }, 'narrative'), { requirements: '- one\n- 2\n- true' });
  assert.deepEqual(mission({ problem: { a: ['b'] } }, 'narrative'), { problem: '{\n  "a": [\n    "b"\n  ]\n}' });
});

test('formats: a mission in canonical form is taken over as it stands', () => {
  const canonical = {
    ...{ type: 'mission', kind: 'analyze', task: 'T', input: { a: 1 }, context_refs: ['a'], agents: ['x'] },
    ...{ expected_outputs: ['o'], constraints: { paths: ['src'], allow_write: false, budget: { usd: 1 } } },
  };
  const result = mapped({ wo_id: 'WO-1', title: 't', ...canonical });
  assert.deepEqual([result.document, result.warnings], [{ wo_id: 'WO-1', title: 't', ...canonical }, []]);
});

test('formats: auto: summary, candidates, caps and hints', () => {
  assert.deepEqual(
    mission(
      {
        ...{ intent: 'plan', summary: 'S', priority: 'normal', target_candidates: ['a', { path: 'b' }], notify: 'x' },
        ...{ timeout_sec: 60, cost_cap_usd: 0.5, artifacts: ['out.md'], return_channel: 'y' },
        route_hints: { fallback_order: ['x', 'y', 'x'], preferred_executor: 'y' },
      },
      'auto',
    ),
    {
      ...{ summary: 'S', priority: 'normal', kind: 'plan', task: 'S', context_refs: ['a', 'b'] },
      ...{ expected_outputs: ['out.md'], agents: ['y', 'x'], constraints: { budget: { usd: 0.5, seconds: 60 } } },
    },
  );
});

test('rule 7: a budget that is no number is refused: it would be none', () => {
  refused(`${OK}intent: plan\nsummary: s\ncost_cap_usd: "5"\n`, 'SCHEMA_INVALID', '5:1', 'cost_cap_usd');
  refused(`${OK}intent: plan\nsummary: s\ntimeout_sec: -1\n`, 'SCHEMA_INVALID', '5:1', 'timeout_sec');
  refused(`${OK}routing: {}\nconstraints:\n  max_tokens: many\n`, 'SCHEMA_INVALID', '5:3', 'constraints.max_tokens');
});

test('formats: input: what to do stands in words, data goes along', () => {
  const input = { instructions: 'Do it.', target_files: ['a'], more: 1 };
  assert.deepEqual(mission({ task_type: 'analyze', input }, 'input'), {
    input,
    kind: 'analyze',
    task: 'Do it.',
    context_refs: ['a'],
  });
  assert.deepEqual(mission({ task_type: 'analyze', input: 'text', description: 'D' }, 'input'), {
    ...{ input: 'text', kind: 'analyze', task: 'D', description: 'D' },
  });
});

test('formats: constrained: bounds, reviewers and agents', () => {
  assert.deepEqual(
    mission(
      {
        ...{ engine: 'e', impact_zone: 'z', target_files: ['a'] },
        routing: { prefer_agent: 'x', review_required_by: ['boss', ''], locked_zone_allowed: false },
        context: { title: 'other', instructions: 'Do it.', more: 1 },
        constraints: { max_tokens: 9, temperature: 0, allow_write: false, output_format: 'md', timeout_seconds: 5 },
        artifacts: { expected_outputs: ['o'] },
      },
      'constrained',
    ),
    {
      ...{ task: 'Do it.', context_refs: ['a'], input: { more: 1 }, expected_outputs: ['o'], agents: ['x'] },
      constraints: { budget: { tokens: 9, seconds: 5 }, allow_write: false, protected_paths: true },
      approval: { by: ['boss'], why: 'routing names who must review' },
    },
  );
  assert.equal(mapped('wo_id: WO-1\nrouting: {}\ncontext: {title: T, instructions: i}\n').document['title'], 'T');
});

test('rule 7: bounds that the author set in canonical words hold in every shape', () => {
  const bounds = mission(
    { routing: {}, task: 'T', constraints: { paths: ['src'], protected_paths: true, budget: { usd: 1 } } },
    'constrained',
  );
  assert.deepEqual(bounds['constraints'], { paths: ['src'], protected_paths: true, budget: { usd: 1 } });
  const auto = mission(
    { intent: 'plan', task: 'T', cost_cap_usd: 5, constraints: { paths: ['src'], budget: { tokens: 7 } } },
    'auto',
  );
  assert.deepEqual(auto['constraints'], { paths: ['src'], budget: { tokens: 7, usd: 5 } });
});

test('formats: task specs of a loop spine: other names for paths, and where the task stands', () => {
  const spec = { type: 'mission', task: 'T', task_ref: 'BACKLOG.md#1' };
  for (const name of ['scope', 'allowed_paths']) {
    const bounds = { [name]: ['src/**'], denied_paths: ['src/x'], max_diff_lines: 9 };
    const { document, warnings } = mapped({ wo_id: 'WO-1', title: 't', ...spec, constraints: bounds });
    assert.deepEqual(document['constraints'], { paths: ['src/**'], denied_paths: ['src/x'], max_diff_lines: 9 });
    assert.deepEqual(document['input'], { task_ref: 'BACKLOG.md#1' });
    assert.deepEqual(
      warnings.map((warning) => warning.split(' ').at(-1)),
      [`constraints.${name}`],
    );
    assert.deepEqual(
      mission({ routing: {}, task: 'T', constraints: bounds }, 'constrained')['constraints'],
      { paths: ['src/**'], denied_paths: ['src/x'], max_diff_lines: 9 },
      'rule 7: bounds hold in every shape',
    );
  }
  assert.deepEqual(mission({ ...spec, input: { a: 1 } }, 'mission')['input'], { task_ref: 'BACKLOG.md#1', a: 1 });
  refused(
    `${OK}type: mission\ntask: T\nconstraints:\n  paths: [a]\n  scope: [b]\n`,
    'AMBIGUOUS_FIELD',
    '7:3',
    'constraints.scope',
  );
  refused(`${OK}type: mission\ntask: T\ntask_ref: [a]\n`, 'SCHEMA_INVALID', '5:1', 'task_ref');
});

test('rule 7: protection that its author did not lift stays', () => {
  const bounds = (locked: unknown) =>
    (mission({ routing: { locked_zone_allowed: locked }, task: 'T' }, 'constrained')['constraints'] ?? {}) as {
      protected_paths?: boolean;
    };
  assert.equal(bounds(false).protected_paths, true);
  assert.equal(bounds(true).protected_paths ?? false, false);
});

test('formats: folder bundle: the body is what is to be done', () => {
  const order = { schema: 'AI-OP-001/WO/v1', body_file: 'body.md', evidence_dir: 'evidence/', requirements: 'R' };
  assert.deepEqual(mission(order, 'folder bundle', '# Do it\n'), { task: '# Do it\n', requirements: 'R' });
  const both = `${OK}body_file: body.md\ntask: T\n`;
  refused(both, 'AMBIGUOUS_FIELD', '3:1', 'body_file', { body: 'B' });
});

test('formats: task spec without operations', () => {
  assert.deepEqual(
    mission(
      { task_spec: { intent: 'fix', target_files: ['a'], operations: [], context: { description: 'D', x: 1 }, y: 2 } },
      'task spec',
    ),
    { kind: 'fix', task: 'D', context_refs: ['a'], input: { y: 2, context: { description: 'D', x: 1 } } },
  );
  assert.deepEqual(mission({ task_spec: { context: 'C' }, files: ['a', 'b'] }, 'task spec'), {
    task: 'C',
    context_refs: ['a', 'b'],
  });
  assert.equal(mission({ task_spec: { intent: 'fix' }, gmx_plan: { description: 'G' } }, 'task spec')['task'], 'G');
});

test('rule 7: what asks for a person asks in every shape', () => {
  const approval = (more: object) => mapped({ wo_id: 'WO-1', title: 't', ...more }).document['approval'];
  const operations = { tasks: [{ operations: [{ op: 'delete', file: 'a' }] }] };
  const files = { files: [{ path: 'a', content: 'x' }] };
  for (const order of [
    operations,
    files,
    { problem: 'p' },
    { payload: { action: 'append', file_path: 'a', content: '' } },
  ]) {
    assert.deepEqual(approval({ ...order, self_apply: false }), { why: 'self_apply is false' });
    assert.equal(approval({ ...order, self_apply: true }), undefined);
    assert.deepEqual(approval({ ...order, routing: { review_required_by: 'boss' } }), {
      ...{ by: ['boss'], why: 'routing names who must review' },
    });
  }
  assert.deepEqual(approval({ ...files, self_apply: false, approval: { by: ['x'] } }), {
    why: 'self_apply is false',
    by: ['x'],
  });
  refused(`${OK}self_apply: "no"\nproblem: p\n`, 'SCHEMA_INVALID', '3:1', 'self_apply');
});

test('rule 7: reviewers in a form that cannot be read never mean that nobody is asked', () => {
  const ask = (routing: string) => {
    try {
      return mapped(`${OK}routing: ${routing}\nproblem: p\n`).document['approval'] !== undefined;
    } catch {
      return true;
    }
  };
  for (const routing of ['{review_required_by: 7}', '{review_required_by: {name: boss}}', '{review_required_by: true}'])
    assert.ok(ask(routing), routing);
});

test.run();
