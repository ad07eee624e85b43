import { isMapping, type Path, type Sheet } from './sheet.ts';

/** The shapes that say what an agent is to do: each becomes a mission. */

const TEXTS = ['task', 'problem', 'requirements', 'success_criteria', 'implementation_notes'] as const;

/** Canonical missions, and narratives: `problem`, `requirements`, `success_criteria`, `implementation_notes` as blocks of text. */
export function mapNarrative(sheet: Sheet): void {
  for (const key of TEXTS) text(sheet, key, [key], sheet.get(key));
  for (const key of ['kind', 'context_refs', 'input', 'agents', 'chain', 'expected_outputs', 'constraints'])
    sheet.copy(key);
  mapBounds(sheet);
  mapTaskRef(sheet);
}

/** Other names for the paths that a mission may change. */
const PATH_NAMES = ['scope', 'allowed_paths'] as const;

/** Bounds with `scope` and `allowed_paths`, as task specs of a loop spine have them, under their own name. */
function mapBounds(sheet: Sheet): void {
  const bounds = boundsOf(sheet);
  if (bounds !== sheet.get('constraints')) sheet.put('constraints', bounds, ['constraints']);
}

/** What bounds the mission, with its paths under `paths`. Throws AMBIGUOUS_FIELD where two names say different things. */
function boundsOf(sheet: Sheet): unknown {
  const bounds = sheet.get('constraints');
  if (!isMapping(bounds)) return bounds;
  const isThere = (name: string) => bounds[name] !== undefined && bounds[name] !== null;
  const named = PATH_NAMES.filter(isThere);
  const there = [...(isThere('paths') ? ['paths'] : []), ...named];
  const [first] = there;
  if (first === undefined || named.length === 0) return bounds;
  for (const other of there.slice(1))
    if (JSON.stringify(bounds[other]) !== JSON.stringify(bounds[first]))
      throw sheet.fault(
        'AMBIGUOUS_FIELD',
        ['constraints', other],
        `says something else than constraints.${first}, and both mean paths`,
        'Remove one of the two.',
      );
  for (const name of named) sheet.warn('alias', ['constraints', name], 'read as constraints.paths');
  const rest = Object.entries(bounds).filter(([key]) => !there.includes(key));
  return { ...Object.fromEntries(rest), paths: bounds[first] };
}

/** `task_ref`: where the task stands; whoever works on it is told. */
function mapTaskRef(sheet: Sheet): void {
  const ref = sheet.get('task_ref');
  if (ref === undefined) return;
  const input = sheet.document['input'];
  if (typeof ref !== 'string')
    throw sheet.fault('SCHEMA_INVALID', ['task_ref'], 'must be text', 'Write `task_ref: "BACKLOG.md#12"`.');
  if (input === undefined || isMapping(input))
    sheet.put('input', { task_ref: ref, ...input }, input === undefined ? ['task_ref'] : ['input']);
  sheet.use('task_ref');
}

/** `intent: plan, summary, target_candidates, timeout_sec, cost_cap_usd, artifacts, route_hints{..}, notify, return_channel`. */
export function mapAuto(sheet: Sheet): void {
  mapNarrative(sheet);
  if (typeof sheet.get('intent') === 'string') sheet.putOnce('kind', sheet.get('intent'), ['intent']);
  if (sheet.document['task'] === undefined) text(sheet, 'task', ['summary'], sheet.get('summary'));
  list(sheet, 'context_refs', ['target_candidates'], sheet.get('target_candidates'));
  list(sheet, 'expected_outputs', ['artifacts'], sheet.get('artifacts'));
  const hints = sheet.get('route_hints');
  if (Array.isArray(hints)) agents(sheet, hints as unknown[], ['route_hints']);
  else if (isMapping(hints)) {
    const preferred = hints['preferred_executor'];
    const fallback = Array.isArray(hints['fallback_order']) ? (hints['fallback_order'] as unknown[]) : [];
    agents(sheet, [...(typeof preferred === 'string' ? [preferred] : []), ...fallback], ['route_hints']);
  }
  budget(sheet, { usd: ['cost_cap_usd'], seconds: ['timeout_sec'] });
}

/** `task_type: analyze, input: {..}`. */
export function mapInput(sheet: Sheet): void {
  mapNarrative(sheet);
  const input = sheet.get('input');
  if (isMapping(input) && sheet.document['task'] === undefined)
    text(sheet, 'task', ['input', 'instructions'], input['instructions']);
  if (isMapping(input) && sheet.document['context_refs'] === undefined)
    list(sheet, 'context_refs', ['input', 'target_files'], input['target_files']);
  const words = ['description', 'summary', 'objective'].find((key) => typeof sheet.get(key) === 'string');
  if (sheet.document['task'] === undefined && words !== undefined) text(sheet, 'task', [words], sheet.get(words));
}

/** What bounds a mission, under the names that are canonical. */
const BOUNDS = ['allow_write', 'paths', 'denied_paths', 'protected_paths', 'max_diff_lines', 'budget'];

/** `engine, impact_zone, routing{..}, target_files, context{title, instructions}, constraints{..}, artifacts{expected_outputs}`. */
export function mapConstrained(sheet: Sheet): void {
  const context = sheet.get('context');
  const routing = sheet.get('routing');
  const bounds = boundsOf(sheet);
  const artifacts = sheet.get('artifacts');
  for (const key of TEXTS) text(sheet, key, [key], sheet.get(key));
  list(sheet, 'context_refs', ['target_files'], sheet.get('target_files'));
  if (isMapping(context)) {
    if (sheet.document['title'] === undefined) sheet.put('title', context['title'], ['context', 'title']);
    text(sheet, 'task', ['context', 'instructions'], context['instructions']);
    const { title: _t, instructions: _i, ...rest } = context;
    if (Object.keys(rest).length > 0) sheet.putOnce('input', rest, ['context']);
  } else text(sheet, 'task', ['context'], context);
  mapTaskRef(sheet);
  if (isMapping(artifacts))
    list(sheet, 'expected_outputs', ['artifacts', 'expected_outputs'], artifacts['expected_outputs']);
  else list(sheet, 'expected_outputs', ['artifacts'], artifacts);
  const constraints: Record<string, unknown> = {};
  if (routing !== undefined && !isMapping(routing))
    throw sheet.fault(
      'SCHEMA_INVALID',
      ['routing'],
      'must be a mapping',
      'Write `routing: {prefer_agent: …, review_required_by: …}`',
    );
  if (isMapping(bounds)) {
    for (const key of BOUNDS) if (bounds[key] !== undefined && bounds[key] !== null) constraints[key] = bounds[key];
    budget(sheet, { tokens: ['constraints', 'max_tokens'], seconds: ['constraints', 'timeout_seconds'] });
    for (const key of Object.keys(bounds))
      if (!['max_tokens', 'timeout_seconds', ...BOUNDS].includes(key))
        sheet.warn('ignored', ['constraints', key], 'says how a model is to be called; not used');
  }
  if (isMapping(routing)) {
    agents(sheet, [routing['prefer_agent']].flat(), ['routing', 'prefer_agent']);
    const locked = routing['locked_zone_allowed'];
    if (locked !== undefined && locked !== null && typeof locked !== 'boolean')
      throw sheet.fault(
        'SCHEMA_INVALID',
        ['routing', 'locked_zone_allowed'],
        'must be true or false',
        'Write `locked_zone_allowed: false`',
      );
    if (locked === false) constraints['protected_paths'] = true;
    for (const key of Object.keys(routing))
      if (!['prefer_agent', 'review_required_by', 'locked_zone_allowed'].includes(key))
        sheet.warn('ignored', ['routing', key], 'not used');
  }
  sheet.use('routing');
  sheet.use('context');
  const known = sheet.document['constraints'];
  const all = { ...(isMapping(known) ? known : {}), ...constraints, ...bothBudgets(known, constraints) };
  if (Object.keys(all).length > 0) sheet.put('constraints', all, ['constraints']);
  else sheet.use('constraints');
}

/** A folder bundle: its body is what is to be done. */
export function mapBundle(sheet: Sheet, body: string | null): void {
  mapNarrative(sheet);
  for (const key of ['schema', 'body_file', 'evidence_dir']) sheet.use(key);
  if (body === null) return;
  if (sheet.document['task'] !== undefined)
    throw sheet.fault(
      'AMBIGUOUS_FIELD',
      ['body_file'],
      'both the body and task say what is to be done',
      'Remove the line `task`, or the line `body_file`.',
    );
  sheet.put('task', body, ['body_file']);
}

/** `task_spec` without operations: what is to be done stands in words. */
export function mapSpecMission(sheet: Sheet): void {
  mapNarrative(sheet);
  const spec = sheet.get('task_spec');
  if (!isMapping(spec)) return;
  sheet.use('task_spec');
  list(sheet, 'context_refs', ['task_spec', 'target_files'], spec['target_files']);
  // a plan of paths beside it, as some write it
  if (sheet.document['context_refs'] === undefined && Array.isArray(sheet.get('files')))
    list(sheet, 'context_refs', ['files'], sheet.get('files'));
  const { intent, context, target_files: _files, operations: _operations, ...rest } = spec;
  if (typeof intent === 'string') sheet.putOnce('kind', intent, ['task_spec', 'intent']);
  const plan = sheet.get('gmx_plan');
  if (typeof context === 'string') text(sheet, 'task', ['task_spec', 'context'], context);
  else if (isMapping(context) && typeof context['description'] === 'string')
    text(sheet, 'task', ['task_spec', 'context', 'description'], context['description']);
  else if (isMapping(plan) && typeof plan['description'] === 'string')
    text(sheet, 'task', ['gmx_plan', 'description'], plan['description']);
  else if (typeof sheet.get('objective') === 'string') text(sheet, 'task', ['objective'], sheet.get('objective'));
  const input = { ...rest, ...(isMapping(context) ? { context } : {}) };
  if (Object.keys(input).length > 0) sheet.putOnce('input', input, ['task_spec']);
}

/** What asks for a person stands in any shape: `self_apply: false`, and reviewers. */
export function mapApproval(sheet: Sheet): void {
  const routing = sheet.get('routing');
  const named = isMapping(routing) ? [routing['review_required_by']].flat() : [];
  const asked = named.filter((name) => name !== undefined && name !== null && name !== '' && name !== false);
  const reviewers = asked.map((name) => {
    if (typeof name === 'string' || typeof name === 'number') return String(name);
    throw sheet.fault(
      'SCHEMA_INVALID',
      ['routing', 'review_required_by'],
      'must be a name, or a list of names',
      'Write `review_required_by: NAME`',
    );
  });
  const asks: string[] = [];
  const selfApply = sheet.get('self_apply');
  if (selfApply !== undefined) {
    sheet.use('self_apply');
    if (selfApply === false) asks.push('self_apply is false');
    else if (selfApply !== true)
      throw sheet.fault('SCHEMA_INVALID', ['self_apply'], 'must be true or false', 'Write `self_apply: false`.');
  }
  if (reviewers.length > 0) asks.push('routing names who must review');
  if (asks.length === 0) return;
  const from: Path = reviewers.length > 0 ? ['routing', 'review_required_by'] : ['self_apply'];
  sheet.warn('alias', from, 'read as: asks for approval');
  const known = sheet.document['approval'];
  sheet.put(
    'approval',
    { why: asks.join(', '), ...(isMapping(known) ? known : {}), ...bothReviewers(known, reviewers) },
    from,
  );
}

/** Whoever is named in either place is asked. */
function bothReviewers(known: unknown, reviewers: readonly string[]): { by?: unknown[] } {
  const before = isMapping(known) && Array.isArray(known['by']) ? (known['by'] as unknown[]) : [];
  const all = [...new Set([...before, ...reviewers])];
  return all.length > 0 ? { by: all } : {};
}

/** A text, or a list of texts written as one. */
function text(sheet: Sheet, to: string, from: Path, value: unknown): void {
  if (value === undefined || value === null) return;
  const lines =
    Array.isArray(value) && value.every((v) => ['string', 'number', 'boolean'].includes(typeof v))
      ? (value as unknown[])
      : null;
  if (lines !== null) {
    sheet.warn('alias', from, 'a list, read as text');
    sheet.putOnce(to, lines.map((line) => `- ${String(line)}`).join('\n'), from);
  } else if (isMapping(value) || Array.isArray(value)) {
    sheet.warn('alias', from, 'read as text');
    sheet.putOnce(to, JSON.stringify(value, null, 2), from);
  } else sheet.putOnce(to, value, from);
}

function list(sheet: Sheet, to: string, from: Path, value: unknown): void {
  if (typeof from[0] === 'string') sheet.use(from[0]);
  if (value === undefined || value === null) return;
  const items = (Array.isArray(value) ? (value as unknown[]) : [value]).map((item) =>
    isMapping(item) ? (item['path'] ?? item['file'] ?? item['name'] ?? JSON.stringify(item)) : item,
  );
  if (items.length > 0) sheet.putOnce(to, items, from);
}

function agents(sheet: Sheet, names: readonly unknown[], from: Path): void {
  const wanted = [...new Set(names.filter((name): name is string => typeof name === 'string' && name !== ''))];
  if (typeof from[0] === 'string') sheet.use(from[0]);
  if (wanted.length > 0) sheet.putOnce('agents', wanted, from);
}

/** Bounds from two places hold together. */
function bothBudgets(known: unknown, more: Record<string, unknown>): { budget?: Record<string, unknown> } {
  const parts = [known, more].map((part) => (isMapping(part) && isMapping(part['budget']) ? part['budget'] : {}));
  const budget = Object.assign({}, ...parts) as Record<string, unknown>;
  return Object.keys(budget).length > 0 ? { budget } : {};
}

/** Budgets under their names in the source. */
function budget(sheet: Sheet, from: Readonly<Record<string, Path>>): void {
  const found: Record<string, unknown> = {};
  let first: Path | null = null;
  for (const [unit, path] of Object.entries(from)) {
    const top = sheet.get(String(path[0]));
    const value = path.length === 1 ? top : isMapping(top) ? top[String(path[1])] : undefined;
    if (path.length === 1) sheet.use(String(path[0]));
    if (value === undefined || value === null) continue;
    if (typeof value !== 'number' || value < 0)
      throw sheet.fault('SCHEMA_INVALID', path, 'must be a number from 0', 'Write a number without quotes.');
    found[unit] = value;
    first ??= path;
  }
  if (first === null) return;
  const known = sheet.document['constraints'];
  sheet.put('constraints', { ...(isMapping(known) ? known : {}), ...bothBudgets(known, { budget: found }) }, first);
}
