import type { ReadDocument } from './document.ts';
import { WaybillError } from './error.ts';
import type { ActionEntry, CheckEntry, OrderDocument } from './generated.ts';
import { readInstant } from './instant.ts';
import {
  type Check,
  type Command,
  type FileAction,
  type FileMode,
  type Invocation,
  invocationText,
  type Mission,
  type Order,
  type Priority,
  type SetFormat,
} from './order.ts';
import { readPatch } from './patch.ts';

/** The keys an order may have at the top in its canonical form. */
export const ORDER_KEYS = [
  'v',
  'wo_id',
  'title',
  'type',
  'summary',
  'description',
  'owner',
  'requested_by',
  'priority',
  'created_at',
  'tags',
  'depends_on',
  'not_before',
  'hold',
  'retries',
  'isolation',
  'timeout_seconds',
  'metadata',
  'approval',
  'kind',
  'task',
  'problem',
  'requirements',
  'success_criteria',
  'implementation_notes',
  'context_refs',
  'input',
  'agents',
  'chain',
  'expected_outputs',
  'constraints',
  'files',
  'actions',
  'post_verify',
  'tests',
] as const;

/** What authors call their priorities. */
export const PRIORITY_WORDS: Readonly<Record<string, Priority>> = {
  P0: 0,
  P1: 1,
  P2: 2,
  P3: 3,
  critical: 0,
  urgent: 0,
  high: 1,
  normal: 2,
  medium: 2,
  low: 3,
};

/**
 * The order that a document in canonical form (already valid by schemas/order.schema.json) describes: exact, no guesses.
 * Throws ACTION_ORDER, NOTHING_TO_DO, DEPENDENCY_CYCLE or SCHEMA_INVALID, with the place.
 */
export function fromCanonical(doc: OrderDocument, locate: ReadDocument['locate']): Order {
  const fileActions: FileAction[] = (doc.files ?? []).map((f, i) => ({
    action: 'write',
    path: f.path,
    mode: fileMode(f.mode),
    content: placed(() => decode(f.content, f.encoding, f.path), locate, ['files', i, 'content']),
    mustExist: null,
  }));
  const commands: Command[] = [];
  for (const [index, entry] of (doc.actions ?? []).entries()) {
    if (entry.action === 'command') commands.push(command(entry, commands.length, doc.timeout_seconds));
    else if (commands.length > 0) {
      throw new WaybillError(
        'ACTION_ORDER',
        `actions.${index}: the ${entry.action} action follows the command ${JSON.stringify(commands.at(-1)?.name)}`,
        { place: locate(['actions', index]) },
      );
    } else fileActions.push(placed(() => fileAction(entry), locate, ['actions', index]));
  }
  const checks = [
    ...(doc.post_verify ?? []).map((c, i) =>
      check(typeof c === 'string' ? { command: c } : c, 'post_verify', i, doc.timeout_seconds),
    ),
    ...(doc.tests ?? []).map((c, i) => check(c, 'test', i, doc.timeout_seconds)),
  ];
  const type = doc.type ?? (fileActions.length > 0 ? 'apply_patch' : 'command');
  const mission = type === 'mission' ? missionOf(doc) : null;
  if (fileActions.length + commands.length + checks.length === 0 && mission === null && type !== 'ping')
    throw new WaybillError('NOTHING_TO_DO', `${doc.wo_id} has no files, actions or checks`, { place: locate([]) });
  if (mission !== null && mission.brief === '' && mission.input === null)
    throw new WaybillError('NOTHING_TO_DO', `${doc.wo_id} does not say what the agent is to do`, {
      place: locate([]),
      hint: 'Add the line `task: what the agent is to do`.',
    });
  const ids = (doc.depends_on ?? []).map((id) => id.toLowerCase());
  if (ids.includes(doc.wo_id.toLowerCase()))
    throw new WaybillError('DEPENDENCY_CYCLE', `${doc.wo_id} depends on itself`, {
      place: locate(['depends_on']),
      hint: 'Remove its own id from `depends_on`.',
    });
  return {
    woId: doc.wo_id,
    title: oneLine(doc.title ?? doc.summary ?? doc.description ?? doc.wo_id),
    type,
    summary: doc.summary ?? doc.description ?? '',
    owner: doc.owner ?? null,
    declaredBy: doc.requested_by ?? null,
    priority: priority(doc.priority),
    createdAt: doc.created_at ?? null,
    tags: doc.tags ?? [],
    dependsOn: [...new Set(doc.depends_on ?? [])],
    notBefore: doc.not_before === undefined ? null : instant('not_before', doc.not_before, locate),
    hold: doc.hold ?? false,
    retries: doc.retries ?? 0,
    isolation: doc.isolation ?? null,
    dryRun: doc.metadata?.dry_run ?? false,
    approval:
      doc.approval === undefined
        ? null
        : {
            by: doc.approval.by ?? [],
            why: doc.approval.why ?? 'the order asks for it',
            expires:
              doc.approval.expires === undefined ? null : instant('approval.expires', doc.approval.expires, locate),
          },
    mission,
    fileActions,
    commands,
    checks,
  };
}

/** What a mission says to its agent, in the order in which one would tell it. */
function missionOf(doc: OrderDocument): Mission {
  const parts: [string, string | undefined][] = [
    ['', doc.task],
    ['Problem', doc.problem],
    ['Requirements', doc.requirements],
    ['Success criteria', doc.success_criteria],
    ['Implementation notes', doc.implementation_notes],
  ];
  const brief = parts
    .filter(([, text]) => text !== undefined && text.trim() !== '')
    .map(([name, text]) => (name === '' ? (text ?? '').trim() : `${name}:\n${(text ?? '').trim()}`))
    .join('\n\n');
  const { budget, ...bounds } = doc.constraints ?? {};
  return {
    kind: doc.kind ?? null,
    brief: brief === '' ? (doc.description ?? doc.summary ?? '') : brief,
    input: doc.input ?? null,
    contextRefs: doc.context_refs ?? [],
    agents: doc.agents ?? [],
    expectedOutputs: doc.expected_outputs ?? [],
    paths: bounds.paths ?? null,
    deniedPaths: bounds.denied_paths ?? [],
    allowWrite: bounds.allow_write ?? true,
    protectedPaths: bounds.protected_paths ?? false,
    chain: doc.chain ?? null,
    budget: {
      usd: budget?.usd ?? null,
      tokens: budget?.tokens ?? null,
      seconds: budget?.seconds ?? null,
      attempts: budget?.attempts ?? null,
      diff_lines: bounds.max_diff_lines ?? null,
    },
  };
}

/** Says where in the document a fault of `read` stands. */
function placed<T>(read: () => T, locate: ReadDocument['locate'], path: (string | number)[]): T {
  try {
    return read();
  } catch (thrown) {
    throw thrown instanceof WaybillError ? thrown.at(locate(path)) : thrown;
  }
}

function instant(key: string, text: string, locate: ReadDocument['locate']): string {
  const read = readInstant(text);
  if (read === null)
    throw new WaybillError('SCHEMA_INVALID', `${key}: ${JSON.stringify(text)} is not an instant`, {
      place: locate(key.split('.')),
      hint: `Write \`${key}: 2026-11-20T10:00:00Z\`, or with an offset like +01:00.`,
    });
  return read.iso;
}

/** The word people use for a priority. */
export function priorityWord(priority: Priority): string {
  return `P${priority}`;
}

function priority(value: OrderDocument['priority']): Priority {
  if (value === undefined) return 2;
  if (typeof value === 'number') return value as Priority;
  return PRIORITY_WORDS[value] ?? 2;
}

function oneLine(text: string): string {
  const line = text.trim().split(/\r?\n/)[0] ?? '';
  const plain = line.replace(/\p{Cc}+/gu, ' ');
  return plain.slice(0, 200).replace(/[\ud800-\udbff]$/, '') || 'untitled';
}

function fileMode(mode: string | undefined): FileMode | null {
  if (mode === undefined) return null;
  return mode.endsWith('755') ? '100755' : '100644';
}

function decode(content: string, encoding: 'utf8' | 'base64' | undefined, path: string): Buffer {
  if (encoding !== 'base64') return Buffer.from(content, 'utf8');
  const packed = content.replace(/\s+/g, '');
  const bytes = Buffer.from(packed, 'base64');
  if (bytes.toString('base64') !== packed) throw new WaybillError('SCHEMA_INVALID', `content of ${path} is not base64`);
  return bytes;
}

function fileAction(entry: Exclude<ActionEntry, { action: 'command' }>): FileAction {
  switch (entry.action) {
    case 'write':
      return {
        action: 'write',
        path: entry.path,
        mode: fileMode(entry.mode),
        content: decode(entry.content, entry.encoding, entry.path),
        mustExist: entry.must_exist ?? null,
      };
    case 'restore':
      return {
        action: 'restore',
        path: entry.path,
        mode: fileMode(entry.mode),
        content: decode(entry.content, entry.encoding, entry.path),
        found: entry.found,
      };
    case 'append':
    case 'prepend':
      return { action: entry.action, path: entry.path, content: decode(entry.content, entry.encoding, entry.path) };
    case 'edit': {
      const place = entry.replace !== undefined ? 'replace' : entry.after !== undefined ? 'after' : 'before';
      return {
        action: 'edit',
        path: entry.path,
        find: entry.find,
        place,
        text: entry[place] ?? '',
        wholeLine: entry.whole_line ?? false,
      };
    }
    case 'set':
      return {
        action: 'set',
        path: entry.path,
        key: keyOf(entry.key),
        value: entry.value,
        format: formatOf(entry.path, entry.format),
      };
    case 'patch':
      assertPatch(entry.patch, entry.path);
      return { action: 'patch', patch: entry.patch, path: entry.path ?? null };
    case 'delete':
      return { action: 'delete', path: entry.path };
    case 'move':
      return { action: 'move', path: entry.path, to: entry.to };
  }
}

/** A patch that cannot be read, or is for another file than the action names, is refused where it stands. */
function assertPatch(patch: string, path: string | undefined): void {
  for (const file of readPatch(patch, path ?? null))
    for (const name of [file.from, file.to])
      if (path !== undefined && name !== null && name !== path && name !== path.replace(/^\.\//, ''))
        throw new WaybillError('PATCH_INVALID', `the patch is for ${name}, and the action for ${path}`, {
          hint: 'Leave path out, or make the patch for that file.',
        });
}

/** A key as a list of names and list positions. In a text, dots part them; a name with a dot in it needs the list. */
function keyOf(key: string | readonly (string | number)[]): readonly (string | number)[] {
  return typeof key === 'string'
    ? key.split('.').map((part) => (/^(0|[1-9]\d{0,8})$/.test(part) ? Number(part) : part))
    : key;
}

const FORMATS: Readonly<Record<string, SetFormat>> = {
  json: 'json',
  jsonc: 'json',
  yaml: 'yaml',
  yml: 'yaml',
  plist: 'plist',
};

function formatOf(path: string, given: SetFormat | undefined): SetFormat {
  const ending = /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? '';
  const format = given ?? (Object.hasOwn(FORMATS, ending) ? FORMATS[ending] : undefined);
  if (format === undefined)
    throw new WaybillError('SCHEMA_INVALID', `${path}: its name does not tell whether it is JSON, YAML or plist`, {
      hint: 'Add `format: json`, yaml or plist to the action.',
    });
  return format;
}

function invocation(entry: { argv?: string[]; command?: string }): Invocation {
  return entry.argv !== undefined ? { argv: entry.argv } : { shell: entry.command ?? '' };
}

function command(
  entry: Extract<ActionEntry, { action: 'command' }>,
  index: number,
  timeout: number | undefined,
): Command {
  const run = invocation(entry);
  return {
    name: entry.name ?? `command ${index + 1}: ${invocationText(run).slice(0, 60)}`,
    run,
    cwd: entry.cwd ?? null,
    timeoutSeconds: entry.timeout_seconds ?? timeout ?? null,
    idempotent: entry.idempotent ?? false,
    outputs: entry.outputs ?? [],
  };
}

function check(entry: CheckEntry, kind: Check['kind'], index: number, timeout: number | undefined): Check {
  const run = invocation(entry);
  return {
    name: entry.name ?? `${kind} ${index + 1}: ${invocationText(run).slice(0, 60)}`,
    kind,
    run,
    cwd: entry.cwd ?? null,
    timeoutSeconds: entry.timeout_seconds ?? timeout ?? null,
    expected: entry.expected ?? null,
    exitCode: entry.exit_code ?? 0,
  };
}
