import type { StateDocument } from '../../order/generated.ts';
import { nearest } from '../../order/nearest.ts';
import { plain, usage } from '../output.ts';

/** Fields of a state file, with those below them; null: any. */
const FIELDS: Readonly<Record<keyof StateDocument, readonly string[] | null>> = {
  v: [],
  wo_id: [],
  title: [],
  summary: [],
  type: [],
  lane: [],
  owner: [],
  priority: [],
  status: [],
  waiting_for: [],
  progress: [],
  attempt: [],
  revision: [],
  created_at: [],
  received_at: [],
  started_at: [],
  finished_at: [],
  updated_at: [],
  depends_on: [],
  tags: [],
  requester: ['uid', 'user', 'lane', 'via', 'declared_by'],
  trace_id: [],
  request: ['path', 'sha256'],
  evidence: ['path', 'manifest_sha256'],
  commits: [],
  branch: [],
  last_error: ['code', 'message', 'hint', 'at'],
  meta: null,
};

type Piece = string | readonly string[];

/** How an order is written by a template as `{wo_id}\t{status} {title}`. Throws USAGE for a field that no state file has. */
export function formatOf(template: string): (state: StateDocument) => string {
  const pieces = piecesOf(template);
  return (state) => pieces.map((piece) => (typeof piece === 'string' ? piece : valueAt(state, piece))).join('');
}

const TOKEN = /\\([tn\\])|\{\{|\}\}|\{([^{}]*)\}|[{}]/g;
const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', '\\': '\\' };

function piecesOf(template: string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const { 0: token, 1: escaped, 2: field, index } of template.matchAll(TOKEN)) {
    pieces.push(template.slice(end, index));
    end = index + token.length;
    if (escaped !== undefined) pieces.push(ESCAPES[escaped] ?? '');
    else if (field !== undefined) pieces.push(pathOf(field.trim()));
    else if (token === '{{' || token === '}}') pieces.push(token.slice(1));
    else throw usage(`--format has a lone ${token}; ${token}${token} writes one`);
  }
  return [...pieces, template.slice(end)];
}

function pathOf(field: string): readonly string[] {
  const path = field.split('.');
  const [first = '', ...rest] = path;
  const below = Object.hasOwn(FIELDS, first) ? FIELDS[first as keyof StateDocument] : undefined;
  if (below === null) return path;
  if (below === undefined || rest.length > 1 || (rest[0] !== undefined && !below.includes(rest[0]))) {
    const names = fieldNames();
    const near = nearest(field, names);
    throw usage(
      `--format knows no field {${plain(field)}}${near === null ? '' : `; did you mean {${near}}?`} There are ${names.join(', ')}`,
    );
  }
  return path;
}

function fieldNames(): string[] {
  return Object.entries(FIELDS).flatMap(([name, below]) => [
    name,
    ...(below === null ? [`${name}.…`] : below.map((inner) => `${name}.${inner}`)),
  ]);
}

function valueAt(state: StateDocument, path: readonly string[]): string {
  let value: unknown = state;
  for (const key of path)
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Record<string, unknown>)[key]
        : null;
  // other people's text stays in its field and its line
  return plain(text(value)).replace(/[\t\n]/g, ' ');
}

function text(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(text).join(',');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
