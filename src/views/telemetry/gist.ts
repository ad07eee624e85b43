/** What stands in columns of its own, or says nothing to people. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'v',
  'ts',
  'agent',
  'event',
  'ok',
  'wo_id',
  'lane',
  'seq',
  'trace_id',
  'span_id',
  'parent_id',
]);
/** So much of one value is said. */
const VALUE = 120;

/** What a line says beside who, when and what: `code EDIT_NO_MATCH, duration_ms 21`. What others wrote stands in it as it is. */
export function lineGist(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .filter(([key, value]) => !ELSEWHERE.has(key) && value !== null && typeof value !== 'object')
    .map(([key, value]) => `${key} ${String(value).slice(0, VALUE)}`)
    .slice(0, 12)
    .join(', ');
}
