import { WaybillError } from '../error.ts';
import type { FileAction, SetFormat } from '../order.ts';
import { setInJson } from './json.ts';
import { indexIn, type Key, type SetIn } from './key.ts';
import { setInPlist } from './plist.ts';
import { setInYaml } from './yaml.ts';

type SetAction = Extract<FileAction, { action: 'set' }>;
const FORMATS: Readonly<Record<SetFormat, SetIn>> = { json: setInJson, yaml: setInYaml, plist: setInPlist };

/**
 * Sets one key of a JSON, YAML or plist file. Comments, order and layout stay, because the change is made in the text; it is held
 * against the same change made to the value, so nothing else can have changed. Throws SET_FAILED.
 */
export function applySet(bytes: Buffer, action: SetAction): Buffer {
  const { read, set } = FORMATS[action.format];
  const fail = (why: string) =>
    new WaybillError('SET_FAILED', `${action.path}: ${action.key.join('.')} cannot be set: ${why}`);
  if (bytes.subarray(0, 6).toString('latin1') === 'bplist')
    throw fail('the plist is binary; `plutil -convert xml1` makes it text');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw fail('the file is not valid UTF-8');
  }
  const mark = text.startsWith('\ufeff') ? '\ufeff' : '';
  try {
    const before = text.slice(mark.length);
    const wanted = withValue(read(before), action.key, action.value);
    const after = set(before, action.key, action.value);
    if (!same(read(after), wanted)) throw new Error('the file is written in a way that this cannot change safely');
    return Buffer.from(mark + after, 'utf8');
  } catch (thrown) {
    if (thrown instanceof WaybillError) throw thrown;
    throw fail(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

/** The same change, made to the value: what the text must hold afterwards. Mappings and lists that are missing on the way are made. */
function withValue(holder: unknown, key: Key, value: unknown): unknown {
  const [step, ...rest] = key;
  if (step === undefined) return value;
  if (Array.isArray(holder)) {
    const list = [...(holder as unknown[])];
    const index = indexIn(step, list.length);
    list[index] = withValue(list[index], rest, value);
    return list;
  }
  if (holder === undefined || holder === null) return { [String(step)]: withValue(undefined, rest, value) };
  if (typeof holder !== 'object')
    throw new Error(`${JSON.stringify(holder).slice(0, 60)} stands where ${JSON.stringify(step)} would be looked for`);
  const map = holder as Record<string, unknown>;
  const name = String(step);
  const made = withValue(Object.hasOwn(map, name) ? map[name] : undefined, rest, value);
  return Object.fromEntries([...Object.entries(map).filter(([k]) => k !== name), [name, made]]);
}

/** Deep equality that looks at each pair of holders once: in YAML the same one may stand in many places. */
function same(a: unknown, b: unknown, seen = new Map<object, Set<object>>()): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b);
  const before = seen.get(a) ?? new Set();
  if (before.has(b)) return true;
  seen.set(a, before.add(b));
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [keys, others] = [Object.keys(a), Object.keys(b)];
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  return (
    keys.length === others.length && keys.every((key) => Object.hasOwn(right, key) && same(left[key], right[key], seen))
  );
}
