import { assert, suite } from '../../support/suite.ts';
import { mapped, refused } from './sheets.ts';

const test = suite('order/dialects/fields');

const FILES = 'files: [{path: a, content: x}]\n';
/** What the fields above the files become, without those. */
function fields(yaml: string): { document: Record<string, unknown>; warnings: string[] } {
  const { document, warnings } = mapped(yaml + FILES);
  const { files: _files, ...rest } = document;
  return { document: rest, warnings };
}
const OK = 'wo_id: WO-1\ntitle: t\n';
const only = (yaml: string, key: string) => fields(OK + yaml).document[key];

test('formats: an order in canonical form is taken over as it stands, without a word', () => {
  const canonical = {
    ...{ v: 1, wo_id: 'WO-1', title: 't', type: 'apply_patch', summary: 's', description: 'd', owner: 'o' },
    ...{ requested_by: 'r', priority: 'P1', created_at: '2026-01-01T00:00:00.000Z', tags: ['a'], depends_on: ['WO-0'] },
    ...{ not_before: '2026-01-01T00:00:00Z', hold: true, retries: 2, timeout_seconds: 3, metadata: { dry_run: true } },
    ...{ approval: { by: ['b'], why: 'w' }, files: [{ path: 'a', mode: '0755', content: 'x' }] },
    ...{ actions: [{ action: 'delete', path: 'b' }], post_verify: ['true'], tests: [{ command: 'true' }] },
  };
  assert.deepEqual(mapped(canonical), { shape: 'canonical', document: canonical, warnings: [], messages: [] });
});

test('formats: other names of a field are read as it, with a warning at their line', () => {
  const { document, warnings } = fields(
    'work_order_id: WO-1\ntitle: t\nassignee: a\nagent: b\ndry_run: true\ntask_type: command\n',
  );
  assert.deepEqual(document, {
    ...{ wo_id: 'WO-1', title: 't', owner: 'a', requested_by: 'b', metadata: { dry_run: true }, type: 'command' },
  });
  assert.deepEqual(warnings.sort(), [
    'alias 1:1 work_order_id',
    'alias 3:1 assignee',
    'alias 4:1 agent',
    'alias 5:1 dry_run',
    'alias 6:1 task_type',
  ]);
  assert.equal(fields('id: WO-1\n').document['wo_id'], 'WO-1');
  assert.equal(fields('task_id: WO-1\n').document['wo_id'], 'WO-1');
});

test('formats: task_id is the id only where nothing else can be', () => {
  assert.equal(fields('task_id: T-9\nwo_id: WO-1\n').document['wo_id'], 'WO-1');
  const operations = 'tasks: [{task_id: T-1, operations: [{op: delete_file, file: a}]}]\n';
  assert.equal(mapped(`task_id: T-9\n${operations}`).document['wo_id'], undefined);
});

test('rule 7: two names of one field that disagree are refused, and that agree are one', () => {
  refused(`wo_id: WO-1\nid: WO-2\n${FILES}`, 'AMBIGUOUS_FIELD', '2:1', 'id');
  refused(`${OK}owner: a\nassignee: b\n${FILES}`, 'AMBIGUOUS_FIELD', '4:1', 'assignee');
  refused(`${OK}agent: a\nrequested_by: b\n${FILES}`, 'AMBIGUOUS_FIELD', '3:1', 'agent');
  refused(`${OK}type: command\ntask_type: apply_patch\n${FILES}`, 'AMBIGUOUS_FIELD', '4:1', 'task_type');
  refused(`${OK}type: command\nintent: apply_patch\n${FILES}`, 'AMBIGUOUS_FIELD', '4:1', 'intent');
  refused(`${OK}dry_run: false\nmetadata: {dry_run: true}\n${FILES}`, 'AMBIGUOUS_FIELD', '3:1', 'dry_run');
  assert.deepEqual(fields('id: WO-1\ntitle: t\nwo_id: WO-1\nowner: a\nassignee: a\n').warnings, []);
});

test('formats: null is nothing', () => {
  assert.deepEqual(fields(`${OK}id: null\nowner: ~\nassignee: a\npriority:\ndepends_on: null\n`).document, {
    ...{ wo_id: 'WO-1', title: 't', owner: 'a' },
  });
});

test('formats: without a title, the best line there is becomes it, and that is told', () => {
  for (const [yaml, title, warning] of [
    ['objective: "O\\n2"\nsummary: S\ndescription: D\n', 'O', 'alias 2:1 objective'],
    ['summary: "  S\\n2"\ndescription: D\n', 'S', 'alias 2:1 summary'],
    ['description: "D\\n2"\n', 'D', 'alias 2:1 description'],
    ['summary: " "\ndescription: D\n', 'D', 'alias 3:1 description'],
  ] as const) {
    const { document, warnings } = fields(`wo_id: WO-1\n${yaml}`);
    assert.equal(document['title'], title);
    assert.ok(warnings.includes(warning), warnings.join(', '));
  }
  const none = fields('wo_id: WO-1\n');
  assert.deepEqual([none.document['title'], none.warnings], ['WO-1', ['defaulted 1:1 wo_id']]);
});

test('formats: priorities in every spelling', () => {
  for (const [written, expected, warnings] of [
    ['P1', 'P1', 0],
    ['p1', 'P1', 1],
    ['High', 'high', 1],
    ['" urgent "', 'urgent', 1],
    ['0', 0, 0],
    ['"2"', 2, 0],
    ['7', 3, 1],
    ['-1', -1, 0],
    ['soon', 'soon', 0],
    ['1.5', 1.5, 0],
    ['[1]', [1], 0],
  ] as const) {
    const result = fields(`${OK}priority: ${written}\n`);
    assert.deepEqual([result.document['priority'], result.warnings.length], [expected, warnings], written);
  }
});

test("rule 8: the author's date is only told: one that cannot be read is no reason to refuse", () => {
  assert.equal(only('created_at: "2025-11-13T01:50:00+0700"\n', 'created_at'), '2025-11-12T18:50:00.000Z');
  for (const [written, kept, warning] of [
    ['"$(date -u +%FT%TZ)"', undefined, /a command that no shell ran/],
    ['"`date`"', undefined, /a command that no shell ran/],
    ['2025-02-30', undefined, /is no date/],
    ['yesterday', undefined, /is no date/],
    ['[2025]', undefined, /is no date/],
    ['2025-11-13', '2025-11-13T00:00:00.000Z', /midnight/],
    ['2025-11-13 01:50', '2025-11-13T01:50:00.000Z', /no zone/],
    ['1763000000', '2025-11-13T02:13:20.000Z', /1970/],
  ] as const) {
    const { document, warnings, messages } = mapped(`${OK}created_at: ${written}\n${FILES}`);
    assert.equal(document['created_at'], kept, written);
    assert.deepEqual(warnings.length, 1);
    assert.match(warnings[0] ?? '', /^(ignored|defaulted) 3:1 created_at$/);
    assert.match(messages.join(), warning, written);
  }
});

test('formats: tags as one text are parted at commas', () => {
  assert.deepEqual(only('tags: "a, b,,c "\n', 'tags'), ['a', 'b', 'c']);
  assert.deepEqual(only('tags: [a, "b,c"]\n', 'tags'), ['a', 'b,c']);
  assert.deepEqual(only('tags: ""\n', 'tags'), []);
});

test('rule 7: prose is no dependency, because nothing could ever fulfil it', () => {
  assert.deepEqual(only('depends_on: WO-0\n', 'depends_on'), ['WO-0']);
  assert.deepEqual(only('depends_on: WO-0, WO-9\n', 'depends_on'), ['WO-0', 'WO-9']);
  assert.deepEqual(only('depends_on: [WO-0, " WO-9 "]\n', 'depends_on'), ['WO-0', 'WO-9']);
  for (const prose of ['none', 'N/A', 'when the build is green', '""'])
    assert.deepEqual(only(`depends_on: ${prose}\n`, 'depends_on'), [], prose);
  const { document, warnings } = fields(`${OK}depends_on:\n  - WO-0\n  - the other one, please\n`);
  assert.deepEqual([document['depends_on'], warnings], [['WO-0'], ['ignored 5:5 depends_on.1']]);
  assert.deepEqual(only('depends_on: [7]\n', 'depends_on'), [7], 'left to the schema, which refuses it');
});

test('formats: an id that looks like a template is noted', () => {
  assert.deepEqual(fields('wo_id: WO-20251113-XXXXX\ntitle: t\n').warnings, ['note 1:1 wo_id']);
  assert.deepEqual(fields('wo_id: WO-MAX\ntitle: t\n').warnings, []);
});

test('rule 7: a type that is not known is refused, and the nearest one named', () => {
  assert.match(refused(`${OK}type: apply_pach\n${FILES}`, 'UNKNOWN_TYPE', '3:1', 'type').hint, /`type: apply_patch`/);
  refused(`${OK}task_type: deploy\n${FILES}`, 'UNKNOWN_TYPE', '3:1', 'task_type');
});

test('formats: intent and action say the type only where it is one', () => {
  assert.equal(only('intent: command\n', 'type'), 'command');
  const { document, warnings } = fields(`${OK}intent: cleanup\n`);
  assert.deepEqual([document['type'], warnings], [undefined, ['ignored 3:1 intent']]);
});

test.run();
