import { DEPRECATED_TYPES } from '../../../src/order/dialects/deprecated.ts';
import { assert, suite } from '../../support/suite.ts';
import { mapped, refused } from './sheets.ts';

const test = suite('order/dialects/deprecated');

const OK = 'wo_id: WO-1\ntitle: t\n';
const FILES = 'files: [{path: a, content: x}]\n';
const deprecatedTypes = { ...DEPRECATED_TYPES, legacy: 'Write `type: command`.' };
const context = { deprecatedTypes };

test('rule 7: a type that is not taken any more is refused under each of its names, with the text that goes with it', () => {
  for (const key of ['type', 'task_type', 'kind', 'mission', 'mission_type', 'job_type', 'intent', 'action']) {
    const error = refused(`${OK}${key}: legacy\n${FILES}`, 'DEPRECATED_TYPE', '3:1', key, context);
    assert.equal(error.hint, 'Write `type: command`.');
    const old = refused(`${OK}${key}: autonomous_build_cycle\n${FILES}`, 'DEPRECATED_TYPE', '3:1', key, context);
    assert.match(old.hint, /waybill spine run/);
  }
  refused(`${OK}type: toString\n${FILES}`, 'UNKNOWN_TYPE', '3:1', 'type', context);
});

test('it is refused also where the document is of no shape at all, and where it stands in a mapping', () => {
  refused('mission_type: autonomous_build_cycle\nparams: {}\n', 'DEPRECATED_TYPE', '1:1', 'mission_type', context);
  refused(`${OK}task_spec:\n  kind: legacy\n  context: x\n`, 'DEPRECATED_TYPE', '4:3', 'task_spec.kind', context);
  refused(`${OK}mission:\n  type: legacy\n`, 'DEPRECATED_TYPE', '4:3', 'mission.type', context);
  const payload = { wo_id: 'WO-1', payload: { file_path: 'a', action: 'append', content: 'x' } };
  assert.equal(mapped(payload, { deprecatedTypes: { append: 'x' } }).shape, 'envelope', 'an action is no type');
});

test('however the key is written, deeper in mappings and lists, by the name of a mission, and by the last part of a dotted name', () => {
  const old = 'autonomous_build_cycle';
  for (const [order, place, name] of [
    [`missionType: ${old}`, '3:1', 'missionType'],
    [`mission_name: ${old}`, '3:1', 'mission_name'],
    [`chain: ${old}`, '3:1', 'chain'],
    [`metadata: {mission_type: ${old}}`, '3:12', 'metadata.mission_type'],
    [`params: {mission_type: ${old}}`, '3:10', 'params.mission_type'],
    [`steps: [{id: a}, {type: ${old}}]`, '3:19', 'steps.1.type'],
    [`task_spec: {job: {type: ${old}}}`, '3:19', 'task_spec.job.type'],
    [`mission: {name: ${old}}`, '3:11', 'mission.name'],
    [`type: runtime.orchestration.missions.${old}`, '3:1', 'type'],
  ] as const)
    assert.match(refused(`${OK}${order}\n${FILES}`, 'DEPRECATED_TYPE', place, name, context).hint, /waybill spine run/);
});

test('words that speak of it, and names of other things, are allowed', () => {
  const order = [
    'type: mission',
    'intent: replace runtime.autonomous_build_cycle',
    'task: take autonomous_build_cycle out',
    'metadata: {name: autonomous_build_cycle, note: autonomous_build_cycle}',
    'context_refs: [autonomous_build_cycle]',
  ];
  mapped(`${OK}${order.join('\n')}\n`, context);
  refused(`${OK}type: autonomous_build_cycle.next\n${FILES}`, 'UNKNOWN_TYPE', '3:1', 'type', context);
});

test('however its words are joined it is the same name; a name that only begins like it is another', () => {
  for (const name of [
    'Autonomous Build Cycle',
    'autonomous-build-cycle',
    'AutonomousBuildCycle',
    ' AUTONOMOUS_BUILD_CYCLE ',
  ])
    refused(`${OK}type: "${name}"\n${FILES}`, 'DEPRECATED_TYPE', '3:1', 'type', context);
  refused(`${OK}type: autonomous_build_cycle_2\n${FILES}`, 'UNKNOWN_TYPE', '3:1', 'type', context);
  assert.equal(mapped(`${OK}summary: autonomous_build_cycle\n${FILES}`, context).shape, 'canonical');
});

test.run();
