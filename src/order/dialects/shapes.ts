import { isJob, JOB_KEYS, JOB_KIND } from '../job.ts';
import { hasOperations, mapCanonical, mapFileMap, mapOperations, mapTaskSpec } from './actions.ts';
import { mapEnvelope } from './envelope.ts';
import { mapJob } from './jobs.ts';
import { mapAuto, mapBundle, mapConstrained, mapInput, mapNarrative, mapSpecMission } from './missions.ts';
import { isMapping, type Sheet } from './sheet.ts';

/** One way in which agents write work orders (docs/dialects.md has an example of each). */
export interface Shape {
  readonly name: ShapeName;
  /** Whether this document is of this shape. */
  readonly is: (value: Readonly<Record<string, unknown>>) => boolean;
  /** The keys by which it is known: told to authors whose order is of no shape. */
  readonly needs: readonly string[];
  /** Keys that belong to it beside those that every shape has; what mapping does not use of them is ignored with a warning. */
  readonly keys: readonly string[];
  /** What the order is when it does not say. */
  readonly type: 'actions' | 'mission' | 'ping';
  readonly map: (sheet: Sheet, body: string | null) => void;
}

export type ShapeName =
  | 'canonical'
  | 'job'
  | 'file map'
  | 'envelope'
  | 'operations'
  | 'task spec'
  | 'ping'
  | 'folder bundle'
  | 'constrained'
  | 'auto'
  | 'input'
  | 'narrative'
  | 'mission';

const NARRATIVE = ['problem', 'requirements', 'success_criteria', 'implementation_notes'] as const;
const MISSION = [
  'kind',
  'task',
  'task_ref',
  ...NARRATIVE,
  'context_refs',
  'input',
  'agents',
  'chain',
  'expected_outputs',
  'constraints',
] as const;

const has = (value: Readonly<Record<string, unknown>>, ...keys: string[]) =>
  keys.some((key) => value[key] !== undefined && value[key] !== null);
const hasAll = (value: Readonly<Record<string, unknown>>, ...keys: string[]) => keys.every((key) => has(value, key));
/** A list of paths alone is no list of files to write. */
const isEntryList = (value: unknown) => Array.isArray(value) && value.some(isMapping);

export const CANONICAL: Shape = {
  name: 'canonical',
  is: (v) => isEntryList(v['files']) || ['actions'].some((key) => has(v, key)),
  needs: ['files: [{path, content}]'],
  keys: ['files', 'actions'],
  type: 'actions',
  map: mapCanonical,
};

/** It has keys of its own only: what others mean by theirs is nothing in a job. */
export const JOB: Shape = {
  name: 'job',
  is: isJob,
  needs: [`kind: ${JOB_KIND}`, 'objective', 'command'],
  keys: JOB_KEYS,
  type: 'mission',
  map: mapJob,
};

/** The shapes that carry actions. A document may be of one of them at most. */
export const ACTION_SHAPES: readonly Shape[] = [
  {
    name: 'file map',
    is: (v) => isMapping(v['files']) || has(v, 'edits'),
    needs: ['files: {path: content}'],
    keys: ['files', 'edits'],
    type: 'actions',
    map: mapFileMap,
  },
  {
    name: 'envelope',
    is: (v) => has(v, 'payload'),
    needs: ['payload'],
    keys: ['payload', 'origin', 'intent', 'target_inbox'],
    type: 'actions',
    map: mapEnvelope,
  },
  {
    name: 'operations',
    is: (v) => has(v, 'tasks') || hasOperations(v['operations']),
    needs: ['tasks'],
    keys: [
      'tasks',
      'operations',
      'objective',
      'routing_hint',
      'self_apply',
      'complexity',
      'requires_paid_lane',
      'post_verify',
      'tests',
    ],
    type: 'actions',
    map: mapOperations,
  },
  {
    name: 'task spec',
    is: (v) => isMapping(v['task_spec']) && hasOperations(v['task_spec']['operations']),
    needs: ['task_spec'],
    keys: ['task_spec', 'gmx_plan', 'intent'],
    type: 'actions',
    map: mapTaskSpec,
  },
  CANONICAL,
];

/** The shapes without actions of their own. The first that fits counts. */
export const OTHER_SHAPES: readonly Shape[] = [
  {
    name: 'ping',
    // only where nothing else says what to do
    is: (v) =>
      !has(v, ...NARRATIVE, 'task', 'input', 'task_spec', 'context', 'body_file', 'constraints', 'target_candidates') &&
      ([v['type'], v['task_type']].includes('ping') || v['intent'] === 'test' || v['intent'] === 'health'),
    needs: ['intent: test'],
    keys: ['target', 'intent', 'objective', 'source', 'files'],
    type: 'ping',
    map: (sheet) => sheet.use('files'),
  },
  {
    name: 'folder bundle',
    is: (v) => has(v, 'body_file'),
    needs: ['schema', 'body_file'],
    keys: ['schema', 'body_file', 'evidence_dir', ...MISSION],
    type: 'mission',
    map: mapBundle,
  },
  {
    name: 'task spec',
    is: (v) => isMapping(v['task_spec']),
    needs: ['task_spec'],
    keys: ['task_spec', 'gmx_plan', 'intent', 'files', ...MISSION],
    type: 'mission',
    map: mapSpecMission,
  },
  {
    name: 'constrained',
    is: (v) =>
      has(v, 'engine', 'impact_zone', 'routing') || (isMapping(v['context']) && has(v['context'], 'instructions')),
    needs: ['routing', 'context', 'constraints'],
    keys: [
      'engine',
      'impact_zone',
      'routing',
      'target_files',
      'context',
      'artifacts',
      'objective',
      'intent',
      ...MISSION,
    ],
    type: 'mission',
    map: mapConstrained,
  },
  {
    name: 'auto',
    is: (v) => v['intent'] === 'plan' || has(v, 'target_candidates', 'route_hints', 'cost_cap_usd', 'return_channel'),
    needs: ['intent: plan', 'summary', 'target_candidates'],
    keys: [
      'intent',
      'target_candidates',
      'timeout_sec',
      'cost_cap_usd',
      'artifacts',
      'route_hints',
      'notify',
      'return_channel',
      ...MISSION,
    ],
    type: 'mission',
    map: mapAuto,
  },
  {
    name: 'input',
    is: (v) => hasAll(v, 'task_type', 'input'),
    needs: ['task_type', 'input'],
    keys: ['objective', ...MISSION],
    type: 'mission',
    map: mapInput,
  },
  {
    name: 'narrative',
    is: (v) => has(v, ...NARRATIVE),
    needs: ['problem', 'requirements', 'success_criteria'],
    keys: ['objective', 'schema', 'evidence_dir', ...MISSION],
    type: 'mission',
    map: mapNarrative,
  },
  {
    name: 'mission',
    is: (v) => v['type'] === 'mission' || v['task_type'] === 'mission',
    needs: ['type: mission', 'task'],
    keys: ['objective', ...MISSION],
    type: 'mission',
    map: mapNarrative,
  },
];

/** Of the shapes the one of which most stands there, and what it lacks: what an author most likely meant. */
export function nearestShape(value: Readonly<Record<string, unknown>>): { shape: Shape; lacks: string[] } {
  const keys = new Set(Object.keys(value));
  let best: { shape: Shape; lacks: string[]; score: number } | null = null;
  for (const shape of [...ACTION_SHAPES, JOB, ...OTHER_SHAPES]) {
    const lacks = shape.needs.filter((need) => !keys.has(need.split(':')[0] ?? ''));
    const score =
      shape.keys.filter((key) => keys.has(key)).length * 2 - lacks.length - (shape.name === 'canonical' ? 0 : 0.5);
    if (best === null || score > best.score) best = { shape, lacks, score };
  }
  if (best === null) throw new Error('there are no shapes');
  return best;
}
