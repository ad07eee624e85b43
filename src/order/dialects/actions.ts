import { assertNoCaution } from './fields.ts';
import { isMapping, type Path, type Sheet } from './sheet.ts';

/** The shapes that say themselves what is to be done. Each is mapped onto the canonical `files` and `actions`. */

/** Canonical: as is, apart from what authors write as one where a list is asked for, and modes that YAML reads as numbers. */
export function mapCanonical(sheet: Sheet): void {
  for (const key of ['files', 'actions']) sheet.copy(key);
  for (const list of ['files', 'actions']) {
    const entries = sheet.get(list);
    if (!Array.isArray(entries)) continue;
    const plain = (entries as unknown[]).map((entry, index) => withTextMode(sheet, entry, [list, index]));
    sheet.put(list, plain, [list]);
  }
}

/** Checks stand beside every shape. One command where a list is asked for is a list of one. */
export function mapChecks(sheet: Sheet): void {
  for (const list of ['post_verify', 'tests']) {
    const value = sheet.get(list);
    if (list === 'post_verify' && typeof value === 'string') {
      sheet.warn('alias', [list], 'read as a list of one');
      sheet.addValue(list, value, [list]);
    } else if (Array.isArray(value) && sheet.document[list] !== undefined)
      for (const [index, check] of (value as unknown[]).entries()) sheet.addValue(list, check, [list, index]);
    else sheet.copy(list);
  }
}

/** YAML reads `mode: 0755` as the number 755, and `0o755` as 493. */
const MODE_NUMBERS: Readonly<Record<number, string>> = { 755: '0755', 493: '0755', 644: '0644', 420: '0644' };

export function withTextMode(sheet: Sheet, entry: unknown, path: Path): unknown {
  if (!isMapping(entry) || typeof entry['mode'] !== 'number') return entry;
  const mode = MODE_NUMBERS[entry['mode']];
  if (mode === undefined) return entry;
  sheet.warn('alias', [...path, 'mode'], `the number ${entry['mode']} read as "${mode}"`);
  return { ...entry, mode };
}

/** `files: {path: content}` and `edits: [{path, mode: patch, find, after}]`. */
export function mapFileMap(sheet: Sheet): void {
  const files = sheet.get('files');
  if (isMapping(files)) {
    for (const [path, content] of Object.entries(files)) {
      if (isMapping(content))
        for (const key of ['path', 'action'])
          if (content[key] !== undefined)
            throw sheet.fault(
              'AMBIGUOUS_FIELD',
              ['files', path, key],
              `says something else than the name it stands under`,
              'Remove it.',
            );
      const entry = isMapping(content) ? { ...content, path } : { path, content };
      sheet.add('files', withTextMode(sheet, entry, ['files', path]) as Record<string, unknown>, ['files', path], {
        content: isMapping(content) ? ['files', path, 'content'] : ['files', path],
      });
    }
    sheet.warn(
      'alias',
      ['files'],
      `a mapping of paths to contents, read as ${Object.keys(files).length} files to write`,
    );
  } else if (files !== undefined) mapCanonical(sheet);
  const edits = sheet.get('edits');
  sheet.use('edits');
  if (edits === undefined) return;
  if (!Array.isArray(edits))
    throw sheet.fault('SCHEMA_INVALID', ['edits'], 'must be a list', 'Write a list of {path, find, after}.');
  for (const [index, edit] of (edits as unknown[]).entries()) {
    const path = ['edits', index];
    if (!isMapping(edit)) throw sheet.fault('SCHEMA_INVALID', path, 'must be a mapping', 'Write {path, find, after}.');
    const { mode, ...rest } = edit;
    if (mode !== undefined && mode !== 'patch')
      throw sheet.fault('SCHEMA_INVALID', [...path, 'mode'], 'must be patch', 'Write `mode: patch`.');
    const line = insertsLines(rest) && rest['whole_line'] === undefined;
    if (line) sheet.warn('alias', path, 'whole lines, so they go after the line in which the text stands');
    if (rest['action'] !== undefined && rest['action'] !== 'edit')
      throw sheet.fault('AMBIGUOUS_FIELD', [...path, 'action'], 'stands in a list of edits', 'Remove it.');
    sheet.add('actions', { ...rest, action: 'edit', ...(line ? { whole_line: true } : {}) }, path);
  }
  sheet.warn('alias', ['edits'], `read as ${edits.length} edit actions`);
}

/** Lines to insert, given a part of a line to find: right after the part they would cut the line in two, which nobody means. */
function insertsLines(edit: Record<string, unknown>): boolean {
  const { find, after } = edit;
  return (
    typeof find === 'string' &&
    typeof after === 'string' &&
    !find.endsWith('\n') &&
    after.endsWith('\n') &&
    !after.startsWith('\n')
  );
}

/** `tasks: [{task_id, description, operations: [..]}]`, or `operations` alone: the operations of all tasks, in their order. */
export function mapOperations(sheet: Sheet): void {
  const tasks = sheet.get('tasks');
  for (const key of ['tasks', 'operations']) sheet.use(key);
  if (tasks !== undefined && !Array.isArray(tasks))
    throw sheet.fault(
      'SCHEMA_INVALID',
      ['tasks'],
      'must be a list',
      'Write a list of {task_id, description, operations}.',
    );
  for (const [index, task] of ((tasks ?? []) as unknown[]).entries()) {
    if (!isMapping(task))
      throw sheet.fault(
        'SCHEMA_INVALID',
        ['tasks', index],
        'must be a mapping',
        'Write {task_id, description, operations}.',
      );
    const path = ['tasks', index];
    if (!hasOperations(task['operations']))
      throw sheet.fault(
        'SCHEMA_INVALID',
        path,
        'has no operations: what it says in words would not be done',
        'Add `operations` to it, or say all of it in words, as `task`.',
      );
    mapOperationList(sheet, task['operations'], [...path, 'operations']);
    mapInnerChecks(sheet, task, path, ['task_id', 'id', 'title', 'name', 'description', 'operations']);
  }
  const top = sheet.get('operations');
  if (top !== undefined) mapOperationList(sheet, top, ['operations']);
  sheet.warn(
    'alias',
    [tasks === undefined ? 'operations' : 'tasks'],
    `read as ${((sheet.document['actions'] ?? []) as unknown[]).length} actions`,
  );
}

/** Checks of one task are checks of the order; what else a task says is told. */
function mapInnerChecks(sheet: Sheet, holder: Record<string, unknown>, path: Path, known: readonly string[]): void {
  for (const list of ['post_verify', 'tests']) {
    const value = holder[list];
    if (value === undefined || value === null) continue;
    const at = [...path, list];
    if (typeof value !== 'string' && !Array.isArray(value))
      throw sheet.fault('SCHEMA_INVALID', at, 'must be a list', `Write \`${list}\` as a list of commands.`);
    for (const [index, check] of [value].flat().entries())
      sheet.addValue(list, check, Array.isArray(value) ? [...at, index] : at);
  }
  assertNoCaution(sheet, holder, path, []);
  for (const key of Object.keys(holder))
    if (!known.includes(key) && key !== 'post_verify' && key !== 'tests')
      sheet.warn('ignored', [...path, key], 'not used');
}

/** `task_spec: {intent, target_files, operations, context}`, as operations. */
export function mapTaskSpec(sheet: Sheet): void {
  const spec = sheet.get('task_spec');
  sheet.use('task_spec');
  if (!isMapping(spec))
    throw sheet.fault(
      'SCHEMA_INVALID',
      ['task_spec'],
      'must be a mapping',
      'Write {intent, target_files, operations}.',
    );
  mapOperationList(sheet, spec['operations'], ['task_spec', 'operations']);
  mapInnerChecks(sheet, spec, ['task_spec'], ['task_id', 'intent', 'source', 'target_files', 'operations']);
  const plan = sheet.get('gmx_plan');
  if (isMapping(plan) && typeof plan['description'] === 'string' && sheet.document['title'] === undefined)
    sheet.put('title', plan['description'].trim().split('\n')[0]?.slice(0, 200), ['gmx_plan', 'description']);
  sheet.warn('alias', ['task_spec'], `read as ${((sheet.document['actions'] ?? []) as unknown[]).length} actions`);
}

export function hasOperations(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

function mapOperationList(sheet: Sheet, operations: unknown, path: Path): void {
  if (operations === undefined || operations === null) return;
  if (!Array.isArray(operations))
    throw sheet.fault('SCHEMA_INVALID', path, 'must be a list', 'Write a list of {op, file, content}.');
  for (const [index, operation] of (operations as unknown[]).entries())
    mapOperation(sheet, operation, [...path, index]);
}

/** What an operation is called, and the action it is. */
const OPERATIONS: Readonly<Record<string, string>> = {
  write_file: 'write',
  create_file: 'create',
  write: 'write',
  add: 'create',
  modify: 'write',
  append_file: 'append',
  append: 'append',
  prepend: 'prepend',
  apply_patch: 'patch',
  patch: 'patch',
  delete_file: 'delete',
  delete: 'delete',
  move_file: 'move',
  move: 'move',
  run: 'command',
  run_command: 'command',
  command: 'command',
};

function mapOperation(sheet: Sheet, operation: unknown, at: Path): void {
  if (!isMapping(operation)) throw sheet.fault('SCHEMA_INVALID', at, 'must be a mapping', 'Write {op, file, content}.');
  const opKey = ['op', 'operation', 'type', 'action'].find((key) => typeof operation[key] === 'string') ?? 'op';
  const fileKey = ['file', 'path', 'file_path'].find((key) => operation[key] !== undefined) ?? 'file';
  if (operation[opKey] === 'create_dir') {
    sheet.warn('ignored', at, 'git keeps no empty folders; a folder is made with the first file in it');
    return;
  }
  for (const [used, names] of [
    [opKey, ['op', 'operation', 'type', 'action']],
    [fileKey, ['file', 'path', 'file_path']],
  ] as const)
    for (const other of names)
      if (other !== used && operation[other] !== undefined && operation[other] !== null)
        throw sheet.fault(
          'AMBIGUOUS_FIELD',
          [...at, other],
          `stands beside ${used}, and both mean the same`,
          'Remove one of the two.',
        );
  const op = typeof operation[opKey] === 'string' ? operation[opKey] : '';
  const action = Object.hasOwn(OPERATIONS, op) ? OPERATIONS[op] : undefined;
  if (action === undefined)
    throw sheet.fault(
      'SCHEMA_INVALID',
      [...at, opKey],
      `${JSON.stringify(operation[opKey] ?? null)} is no operation that is known`,
      'Write one of `op: write_file`, append_file, apply_patch, delete_file, move_file, run_command.',
    );
  const path = operation[fileKey];
  if (operation['patch'] !== undefined && operation['content'] !== undefined)
    throw sheet.fault(
      'AMBIGUOUS_FIELD',
      [...at, 'content'],
      'stands beside patch; only one of them can be what to write',
      'Remove one of the two.',
    );
  const { [opKey]: _op, [fileKey]: _file, content, patch, to, description: _about, ...rest } = operation;
  const places: Record<string, Path> = { path: [...at, fileKey], action: [...at, opKey] };
  const put = (entry: Record<string, unknown>) =>
    sheet.add('actions', withTextMode(sheet, { ...rest, ...entry }, at) as Record<string, unknown>, at, places);
  if (action === 'patch') {
    places['patch'] = [...at, patch === undefined ? 'content' : 'patch'];
    put({ action, patch: patch ?? content, ...(path === undefined ? {} : { path }) });
  } else if (action === 'command') put({ action });
  else if (action === 'delete') put({ action, path });
  else if (action === 'move') put({ action, path, ...(to === undefined ? {} : { to }) });
  else if (action === 'create') put({ action: 'write', path, content, must_exist: false });
  else put({ action, path, content });
}
