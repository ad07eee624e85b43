import { WaybillError } from './error.ts';
import type { ActionEntry, CheckEntry, OrderDocument } from './generated.ts';
import {
  type Check,
  type Command,
  type FileAction,
  type FileMode,
  type Invocation,
  invocationText,
  type Order,
  type Priority,
  type Warning,
} from './order.ts';

/** The keys an order may have at the top; others are ignored with a warning, near misses refused. */
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
  'timeout_seconds',
  'metadata',
  'files',
  'actions',
  'post_verify',
  'tests',
] as const;

const PRIORITY_WORDS: Record<string, Priority> = {
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
 * Maps a document in canonical form (already valid by schemas/order.schema.json) onto the model.
 * Guesses come back as warnings. Throws ACTION_ORDER, NOTHING_TO_DO, UNKNOWN_FIELD or SCHEMA_INVALID.
 */
export function fromCanonical(doc: OrderDocument): { order: Order; warnings: Warning[] } {
  const warnings: Warning[] = [];
  for (const key of Object.keys(doc)) noteUnknownKey(key, warnings);
  const fileActions: FileAction[] = (doc.files ?? []).map((f) => ({
    action: 'write',
    path: f.path,
    mode: fileMode(f.mode),
    content: decode(f.content, f.encoding, f.path),
  }));
  const commands: Command[] = [];
  for (const entry of doc.actions ?? []) {
    if (entry.action === 'command') commands.push(command(entry, commands.length, doc.timeout_seconds));
    else if (commands.length > 0) {
      throw new WaybillError(
        'ACTION_ORDER',
        `the ${entry.action} action follows the command ${JSON.stringify(commands.at(-1)?.name)}`,
      );
    } else fileActions.push(fileAction(entry));
  }
  const checks = [
    ...(doc.post_verify ?? []).map((c, i) =>
      check(typeof c === 'string' ? { command: c } : c, 'post_verify', i, doc.timeout_seconds),
    ),
    ...(doc.tests ?? []).map((c, i) => check(c, 'test', i, doc.timeout_seconds)),
  ];
  if (fileActions.length + commands.length + checks.length === 0) {
    throw new WaybillError('NOTHING_TO_DO', `${doc.wo_id} has no files, actions or checks`);
  }
  const ids = (doc.depends_on ?? []).map((id) => id.toLowerCase());
  if (ids.includes(doc.wo_id.toLowerCase()))
    throw new WaybillError('DEPENDENCY_CYCLE', `${doc.wo_id} depends on itself`);
  if (doc.title === undefined)
    warnings.push({ code: 'defaulted', message: 'title: not given, taken from summary, description or wo_id' });
  return {
    order: {
      woId: doc.wo_id,
      title: oneLine(doc.title ?? doc.summary ?? doc.description ?? doc.wo_id),
      type: doc.type ?? (fileActions.length > 0 ? 'apply_patch' : 'command'),
      summary: doc.summary ?? doc.description ?? '',
      owner: doc.owner ?? null,
      declaredBy: doc.requested_by ?? null,
      priority: priority(doc.priority),
      createdAt: doc.created_at ?? null,
      tags: doc.tags ?? [],
      dependsOn: [...new Set(doc.depends_on ?? [])],
      notBefore: doc.not_before === undefined ? null : instant('not_before', doc.not_before),
      hold: doc.hold ?? false,
      retries: doc.retries ?? 0,
      dryRun: doc.metadata?.dry_run ?? false,
      fileActions,
      commands,
      checks,
    },
    warnings,
  };
}

/** The schema lets pass what RFC 3339 allows and no clock shows: a leap second, an offset without minutes. */
function instant(key: string, text: string): string {
  const at = new Date(text);
  if (Number.isNaN(at.getTime()))
    throw new WaybillError('SCHEMA_INVALID', `${key}: ${text} is not an instant`, {
      hint: 'Write it like 2026-11-20T10:00:00Z or 2026-11-20T10:00:00+01:00.',
    });
  return at.toISOString();
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

/** A typing slip in a key such as post_verify would silently skip checks, so near misses are refused (rule 7). */
function noteUnknownKey(key: string, warnings: Warning[]): void {
  if ((ORDER_KEYS as readonly string[]).includes(key)) return;
  const near = nearest(key, ORDER_KEYS);
  if (near !== null)
    throw new WaybillError('UNKNOWN_FIELD', `unknown key ${JSON.stringify(key)}; did you mean ${near}?`);
  warnings.push({ code: 'ignored', message: `${key}: not a key of a work order, ignored` });
}

/** The known word within two edits of `word`, or null. Short words must match closer. */
export function nearest(word: string, known: readonly string[]): string | null {
  const lower = word.toLowerCase().replaceAll('-', '_');
  let best: string | null = null;
  let bestDistance = lower.length > 4 ? 3 : 2;
  for (const candidate of known) {
    const d = distance(lower, candidate);
    if (d < bestDistance) [best, bestDistance] = [candidate, d];
  }
  return best;
}

function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(
        Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)),
      );
    }
    row = next;
  }
  return row[b.length] ?? 0;
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
      };
    case 'append':
    case 'prepend':
      return { action: entry.action, path: entry.path, content: decode(entry.content, entry.encoding, entry.path) };
    case 'edit': {
      const place = entry.replace !== undefined ? 'replace' : entry.after !== undefined ? 'after' : 'before';
      return { action: 'edit', path: entry.path, find: entry.find, place, text: entry[place] ?? '' };
    }
    case 'patch':
      return { action: 'patch', patch: entry.patch, path: entry.path ?? null };
    case 'delete':
      return { action: 'delete', path: entry.path };
    case 'move':
      return { action: 'move', path: entry.path, to: entry.to };
  }
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
    timeoutSeconds: entry.timeout_seconds ?? timeout ?? null,
    expected: entry.expected ?? null,
    exitCode: entry.exit_code ?? 0,
  };
}
