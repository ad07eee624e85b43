import { withTextMode } from './actions.ts';
import { assertNoCaution } from './fields.ts';
import { isMapping, type Path, type Sheet } from './sheet.ts';

/** One action with its payload, as orders are handed on between agents. */

/** `payload{file_path, action, content | patch_format + patch_content | key + value + value_type}`: one action. */
export function mapEnvelope(sheet: Sheet): void {
  const payload = sheet.get('payload');
  if (!isMapping(payload))
    throw sheet.fault('SCHEMA_INVALID', ['payload'], 'must be a mapping', 'Write file_path, action and content in it.');
  const at = (key: string): Path => ['payload', key];
  const action = payload['action'] ?? (payload['patch_content'] === undefined ? undefined : 'patch');
  const entry = envelopeEntry(sheet, payload, action);
  sheet.warn('alias', at('action'), `read as the action ${String(entry['action'])}`);
  const allowed = ['file_path', 'action', ...(ENVELOPE_KEYS[String(entry['action'])] ?? [])];
  assertNoCaution(sheet, payload, ['payload'], []);
  for (const key of Object.keys(payload))
    if (!allowed.includes(key) && payload[key] !== null)
      throw sheet.fault(
        'UNKNOWN_FIELD',
        at(key),
        `has no meaning for the action ${String(entry['action'])}`,
        `Remove it; known keys here: ${allowed.join(', ')}.`,
      );
  const places: Record<string, Path> = { path: at('file_path'), action: at('action') };
  for (const key of ['content', 'key', 'value']) if (key in entry) places[key] = at(key);
  if ('patch' in entry) places['patch'] = at('patch_content');
  sheet.add('actions', entry, ['payload'], places);
}

/** What each action takes from the payload. */
const ENVELOPE_KEYS: Readonly<Record<string, readonly string[]>> = {
  append: ['content', 'encoding'],
  prepend: ['content', 'encoding'],
  write: ['content', 'encoding', 'mode'],
  set: ['key', 'value', 'value_type'],
  patch: ['patch_format', 'patch_content'],
};

function envelopeEntry(sheet: Sheet, payload: Record<string, unknown>, action: unknown): Record<string, unknown> {
  const given = Object.fromEntries(
    ['content', 'encoding'].flatMap((key) => (key in payload ? [[key, payload[key]]] : [])),
  );
  const mode = 'mode' in payload ? { mode: payload['mode'] } : {};
  const path = payload['file_path'];
  const format = payload['patch_format'];
  if (
    payload['patch_content'] !== undefined &&
    (action === 'patch' || action === 'replace' || action === 'apply_patch')
  ) {
    if (
      format !== undefined &&
      (typeof format !== 'string' || !/^(git|unified|unified[_-]diff|diff|patch|git[_-]diff)$/i.test(format))
    )
      throw sheet.fault(
        'SCHEMA_INVALID',
        ['payload', 'patch_format'],
        `${JSON.stringify(format)} is no format that is known`,
        'Write `patch_format: unified`, and a unified diff.',
      );
    return { action: 'patch', patch: payload['patch_content'], ...(path === undefined ? {} : { path }) };
  }
  switch (action) {
    case 'append':
    case 'prepend':
      return { action, path, ...given };
    case 'create':
      return withTextMode(sheet, { action: 'write', path, ...given, ...mode, must_exist: false }, [
        'payload',
      ]) as Record<string, unknown>;
    case 'replace':
      return withTextMode(sheet, { action: 'write', path, ...given, ...mode, must_exist: true }, ['payload']) as Record<
        string,
        unknown
      >;
    case 'set_key_value':
      return { action: 'set', path, key: payload['key'], value: typedValue(sheet, payload) };
    default:
      throw sheet.fault(
        'SCHEMA_INVALID',
        ['payload', 'action'],
        `${JSON.stringify(action)} is no action of this shape`,
        'Write one of `action: append`, prepend, replace, create, set_key_value.',
      );
  }
}

/** A value written as text, with its type beside it. */
function typedValue(sheet: Sheet, payload: Record<string, unknown>): unknown {
  const { value, value_type: type } = payload;
  const bad = (what: string) =>
    sheet.fault(
      'SCHEMA_INVALID',
      ['payload', 'value'],
      `${JSON.stringify(value)} is no ${what}, as value_type says`,
      'Write a value of that type, or another value_type.',
    );
  if (value === undefined)
    throw sheet.fault('SCHEMA_INVALID', ['payload'], 'set_key_value needs a value', 'Add `value` to the payload.');
  if (type === undefined) return value;
  if (typeof type !== 'string')
    throw sheet.fault('SCHEMA_INVALID', ['payload', 'value_type'], 'must be text', 'Write `value_type: string`');
  const text = typeof value === 'string' ? value.trim() : value;
  switch (String(type).toLowerCase()) {
    case 'string':
    case 'str':
    case 'text':
      return typeof value === 'string' ? value : JSON.stringify(value);
    case 'integer':
    case 'int':
    case 'number':
    case 'float':
    case 'real': {
      const number = typeof text === 'string' && text !== '' ? Number(text) : text;
      if (
        typeof number !== 'number' ||
        !Number.isFinite(number) ||
        (/^int/i.test(String(type)) && !Number.isSafeInteger(number))
      )
        throw bad(String(type));
      return number;
    }
    case 'boolean':
    case 'bool': {
      if (text === true || text === false) return text;
      if (text === 'true' || text === 'false') return text === 'true';
      throw bad('boolean');
    }
    case 'null':
      return null;
    case 'json':
    case 'object':
    case 'array':
    case 'list': {
      const read = typeof value === 'string' ? parsed(value) : value;
      const kind = String(type).toLowerCase();
      const fits = kind === 'json' ? read !== undefined : kind === 'object' ? isMapping(read) : Array.isArray(read);
      if (!fits) throw bad(kind === 'json' ? 'JSON' : kind);
      return read;
    }
    default:
      throw sheet.fault(
        'SCHEMA_INVALID',
        ['payload', 'value_type'],
        `${JSON.stringify(type)} is not known`,
        'Write one of string, integer, number, boolean, null, json.',
      );
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
