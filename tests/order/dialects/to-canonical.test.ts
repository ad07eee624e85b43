import { nearestShape } from '../../../src/order/dialects/shapes.ts';
import { WaybillError } from '../../../src/order/error.ts';
import { assert, suite } from '../../support/suite.ts';
import { mapped, refused } from './sheets.ts';

const test = suite('order/dialects/to-canonical');

const OK = 'wo_id: WO-1\ntitle: t\n';
const FILES = 'files: [{path: a, content: x}]\n';
const shapeOf = (order: object) => mapped({ wo_id: 'WO-1', title: 't', ...order }).shape;

test('formats: every shape is known by its keys', () => {
  for (const [shape, order] of [
    ['canonical', { files: [{ path: 'a', content: '' }] }],
    ['canonical', { actions: [] }],
    ['canonical', { tests: [] }],
    ['file map', { files: { a: '' } }],
    ['file map', { edits: [] }],
    ['file map', { files: { a: '' }, tests: [], post_verify: [] }],
    ['file map', { files: [{ path: 'a', content: '' }], edits: [] }],
    ['envelope', { payload: { action: 'append', file_path: 'a', content: '' } }],
    ['operations', { tasks: [] }],
    ['operations', { operations: [{ op: 'delete', file: 'a' }], tests: [] }],
    ['task spec', { task_spec: { operations: [{ op: 'delete', file: 'a' }] }, gmx_plan: {} }],
    ['task spec', { task_spec: { intent: 'x' } }],
    ['ping', { intent: 'test', target: 'x', objective: 'o', source: 's', files: [] }],
    ['ping', { intent: 'health' }],
    ['ping', { type: 'ping' }],
    ['folder bundle', { body_file: 'b', schema: 's' }],
    ['constrained', { engine: 'e', problem: 'p' }],
    ['constrained', { context: { instructions: 'i' } }],
    ['auto', { intent: 'plan', summary: 's' }],
    ['auto', { route_hints: {} }],
    ['input', { task_type: 'analyze', input: {} }],
    ['narrative', { requirements: 'r' }],
    ['mission', { type: 'mission', task: 't' }],
  ] as const)
    assert.equal(shapeOf(order), shape, JSON.stringify(order));
});

test('formats: every shape says its type, and an author may say it too', () => {
  const type = (order: object) => mapped({ wo_id: 'WO-1', title: 't', ...order }).document['type'];
  const files = { files: [{ path: 'a', content: '' }] };
  assert.deepEqual(
    [type(files), type({ ...files, type: 'command' }), type({ ...files, task_type: 'apply_patch' })],
    [undefined, 'command', 'apply_patch'],
  );
  assert.deepEqual([type({ intent: 'test' }), type({ problem: 'p' })], ['ping', 'mission']);
  const analyze = mapped({ wo_id: 'WO-1', title: 't', type: 'analyze', problem: 'p' });
  assert.deepEqual(
    [analyze.document['type'], analyze.document['kind']],
    ['mission', 'analyze'],
    "an agent's work is of any kind",
  );
  assert.ok(analyze.warnings.some((w) => w.startsWith('alias') && w.endsWith(' type')));
});

test('rule 7: a type that does not fit what the order holds is refused', () => {
  refused(`${OK}type: mission\n${FILES}`, 'AMBIGUOUS_FIELD', '3:1', 'type');
  refused(`${OK}type: ping\n${FILES}`, 'AMBIGUOUS_FIELD', '3:1', 'type');
  refused(`${OK}task_type: command\nproblem: p\n`, 'AMBIGUOUS_FIELD', '3:1', 'task_type');
});

test('rule 7: an order that says in two ways what to do is refused', () => {
  for (const [more, key] of [
    ['payload: {action: append, file_path: a, content: x}\n', 'files'],
    ['tasks: [{operations: [{op: delete, file: a}]}]\n', 'files'],
    ['task_spec: {operations: [{op: delete, file: a}]}\n', 'files'],
  ] as const)
    refused(`${OK}${more}${FILES}`, 'AMBIGUOUS_FIELD', '4:1', key);
  refused(`${OK}payload: {action: append, file_path: a, content: x}\ntasks: []\n`, 'AMBIGUOUS_FIELD', '4:1', 'tasks');
  refused(`${OK}edits: []\npayload: {action: append, file_path: a, content: x}\n`, 'AMBIGUOUS_FIELD', '4:1', 'payload');
});

test('rule 7: actions are never passed over for words beside them', () => {
  const { shape, warnings } = mapped(`${OK}problem: p\n${FILES}`);
  assert.equal(shape, 'canonical');
  assert.ok(warnings.includes('ignored 3:1 problem'), warnings.join(', '));
});

test('rule 7: checks beside a shape that has none are never skipped', () => {
  for (const checks of ['tests: [{command: "false"}]\n', 'post_verify: ["false"]\n']) {
    for (const shape of [
      'payload: {action: append, file_path: a, content: x}\n',
      'task_spec: {operations: [{op: delete, file: a}]}\n',
      'tasks: [{operations: [{op: delete, file: a}]}]\n',
      'problem: p\n',
      'intent: test\n',
    ]) {
      const key = checks.split(':')[0] ?? '';
      let document: Record<string, unknown> | null = null;
      try {
        document = mapped(OK + shape + checks).document;
      } catch {
        continue; // refused: its author hears of it
      }
      assert.notEqual(document[key], undefined, shape + checks);
    }
  }
});

test('rule 7: allow_write: false beside actions of its own is refused', () => {
  refused(`${OK}${FILES}constraints:\n  allow_write: false\n`, 'AMBIGUOUS_FIELD', '5:3', 'constraints.allow_write');
  assert.doesNotThrow(() => mapped(`${OK}${FILES}constraints: {allow_write: true}\n`));
});

test('rule 10: an order of no shape is told the nearest, and what it lacks', () => {
  const message = (yaml: string) => {
    try {
      mapped(yaml);
    } catch (error) {
      assert.ok(error instanceof WaybillError && error.code === 'UNKNOWN_SHAPE' && error.place.line === 1);
      return error.message;
    }
    throw new Error(`accepted: ${yaml}`);
  };
  assert.match(message(OK), /it has wo_id, title.*canonical, which lacks files/);
  assert.match(message(`${OK}schema: x\nevidence_dir: e\n`), /folder bundle, which lacks body_file/);
  assert.match(message(`${OK}files: []\n`), /nothing in it says what to do/);
  assert.equal(nearestShape({}).shape.name, 'canonical');
});

test('rule 7: a near miss of a key that changes what is done is refused with the right one', () => {
  for (const [slip, right] of [
    ['post_verfy', 'post_verify'],
    ['postverify', 'post_verify'],
    ['post-verify', 'post_verify'],
    ['Tests', 'tests'],
    ['test', 'tests'],
    ['dependson', 'depends_on'],
    ['file', 'files'],
    ['action_s', 'actions'],
    ['not_befor', 'not_before'],
    ['aproval', 'approval'],
    ['self_aply', 'self_apply'],
    ['dryrun', 'dry_run'],
    ['Hold', 'hold'],
  ] as const) {
    const error = refused(`${OK}${FILES}${slip}: []\n`, 'UNKNOWN_FIELD', '4:1', slip);
    assert.ok(`${error.message} ${error.hint}`.includes(right), error.message);
  }
});

test('rule 15: a key that is none and resembles none is ignored, with a warning that names it', () => {
  const { warnings } = mapped(`${OK}${FILES}reviewer: x\nx-tool: 1\nnothing: null\nintent: cleanup\n`);
  assert.deepEqual(warnings, ['ignored 4:1 reviewer', 'ignored 5:1 x-tool', 'ignored 7:1 intent']);
});

test('rule 8: keys that mean something to JavaScript are keys like any other', () => {
  const { document, warnings } = mapped(`${OK}${FILES}constructor: 1\n__proto__: {type: ping}\n`);
  assert.equal(document['type'], undefined);
  assert.equal(warnings.length, 2, warnings.join(', '));
});

test.run();
