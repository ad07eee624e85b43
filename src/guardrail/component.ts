import { isAbsolute, join, normalize } from 'node:path';
import { readDocument } from '../order/document.ts';
import { asWaybillError, WaybillError } from '../order/error.ts';
import type { ComponentDocument } from '../order/generated.ts';
import { readIfThere } from '../platform/durable.ts';
import { conform } from '../platform/schema.ts';
import { expandHome } from '../platform/user.ts';
import type { Station } from '../station/station.ts';
import type { Severity } from './alert.ts';

/** Something that must be there, intact and alive, with every default filled in. */
export type Component = Named & What;

interface Named {
  /** How it is called in telemetry and alerts: its path, or its kind and what it is about. */
  readonly name: string;
  readonly severity: Severity;
  readonly repair: 'report' | 'ask' | 'auto';
}

type What = FileWish | FolderWish | GlobWish | OtherWish;

/** What is asked of a file. */
interface FileWish {
  readonly kind: 'file';
  /** Relative to the root, or absolute outside of it. */
  readonly path: string;
  /** null: as last recorded. */
  readonly executable: boolean | null;
  readonly content: 'recorded' | 'any';
}

interface FolderWish {
  readonly kind: 'folder';
  readonly path: string;
}

interface GlobWish {
  readonly kind: 'glob';
  readonly pattern: string;
  readonly atLeast: number;
  readonly executable: boolean | null;
  readonly content: 'recorded' | 'any';
}

type OtherWish =
  | {
      readonly kind: 'processor';
      readonly processor: string;
      readonly maxAgeSeconds: number | null;
      readonly always: boolean;
    }
  | {
      readonly kind: 'service';
      readonly service: string;
      readonly manager: 'launchd' | 'systemd' | null;
      readonly scope: 'user' | 'system' | null;
    }
  | { readonly kind: 'program'; readonly program: string }
  | { readonly kind: 'disk'; readonly path: string; readonly minFreeMb: number }
  | { readonly kind: 'waiting'; readonly maxHours: number }
  | { readonly kind: 'ledger' }
  | { readonly kind: 'backup'; readonly maxAgeHours: number }
  /** What could not be read as a component, or a list that could not be: at fault by itself. */
  | { readonly kind: 'unreadable'; readonly why: string };

export type OfKind<K extends Component['kind']> = Extract<Component, { kind: K }>;

/** What of a station says which components there are. */
export type Guarded = Pick<Station, 'settings' | 'layout'>;

/** Files of a list as they were when they could be read last. */
export type Lists = Record<string, string>;

/**
 * Every component of a station: its own, those in waybill.yaml, and those of the lists that it names. Never throws: what cannot be read
 * becomes a component that is at fault. A list that is gone counts as it was last (`remembered`, which this brings up to date), so that
 * whoever deletes it takes nothing out of sight.
 */
export function componentsOf(guarded: Guarded, remembered: Lists = {}): readonly Component[] {
  const { settings, layout } = guarded;
  const lists = settings.guardrail.lists.map((list) => ({ list, bytes: bytesOf(layout.root, list) }));
  const before = known.get(settings.guardrail);
  if (before?.root === layout.root && lists.every(({ bytes }, n) => isSame(bytes, before.lists[n]))) {
    for (const { list, bytes } of lists) if (Buffer.isBuffer(bytes)) remembered[list] = bytes.toString('utf8');
    return before.components;
  }
  const found = settings.guardrail.defaults ? stationComponents(guarded) : [];
  for (const [n, doc] of settings.guardrail.components.entries())
    found.push(read(guarded, doc, `waybill.yaml guardrail.components.${n}`));
  for (const { list, bytes } of lists) {
    // one that is cut off may still be a list, of fewer components
    found.push(withDefaults(guarded, { kind: 'file', path: list }), ...listed(guarded, list, bytes, remembered));
  }
  // what is named twice counts as it was named last: waybill.yaml before defaults, lists before both
  const components = [...new Map(found.map((component) => [component.name, component])).values()];
  const isWhole = lists.every(
    ({ list, bytes }) => Buffer.isBuffer(bytes) && remembered[list] === bytes.toString('utf8'),
  );
  if (isWhole) known.set(settings.guardrail, { root: layout.root, lists: lists.map(({ bytes }) => bytes), components });
  return components;
}

/** Thousands of components take longer to read than to look at: those of settings and lists that did not change since are the same. */
const known = new WeakMap<
  object,
  { readonly root: string; readonly lists: readonly (Buffer | WaybillError)[]; readonly components: Component[] }
>();

function bytesOf(root: string, list: string): Buffer | WaybillError {
  try {
    return readIfThere(join(root, list)) ?? new WaybillError('NO_INPUT', `${list} is not there`);
  } catch (thrown) {
    return asWaybillError(thrown);
  }
}

function isSame(bytes: Buffer | WaybillError, before: Buffer | WaybillError | undefined): boolean {
  return Buffer.isBuffer(bytes) && Buffer.isBuffer(before) && bytes.equals(before);
}

function listed(guarded: Guarded, list: string, bytes: Buffer | WaybillError, remembered: Lists): Component[] {
  const faults: Component[] = [];
  try {
    if (!Buffer.isBuffer(bytes)) throw bytes;
    const entries = entriesOf(bytes);
    remembered[list] = bytes.toString('utf8');
    return entries.map((entry, n) => read(guarded, entry, `${list} ${n + 1}`));
  } catch (thrown) {
    faults.push(unreadable(`list:${list}`, `the list cannot be read: ${asWaybillError(thrown).message}`));
  }
  const last = remembered[list];
  if (last === undefined) return faults;
  return [...entriesOf(Buffer.from(last)).map((entry, n) => read(guarded, entry, `${list} ${n + 1}`)), ...faults];
}

/** A list is one of components, or of paths, of which those that end in / are folders. Throws what readDocument throws. */
function entriesOf(bytes: Buffer): unknown[] {
  const { value } = readDocument(bytes, 'yaml', { maxBytes: 4 * 1024 * 1024, maxDepth: 16 });
  if (!Array.isArray(value)) throw new WaybillError('SETTINGS_INVALID', 'it holds no list');
  return value.map((entry: unknown) => {
    if (typeof entry !== 'string') return entry;
    return entry.endsWith('/') ? { kind: 'folder', path: entry.slice(0, -1) } : { kind: 'file', path: entry };
  });
}

function read(guarded: Guarded, doc: unknown, where: string): Component {
  try {
    return withDefaults(guarded, conform('component', doc, 'SETTINGS_INVALID'));
  } catch (thrown) {
    const { message, hint } = asWaybillError(thrown);
    return unreadable(where, `${message.replace(/^the document: /, 'it ')}. ${hint}`);
  }
}

function unreadable(name: string, why: string): Component {
  return { kind: 'unreadable', name, severity: 'critical', repair: 'report', why };
}

/** A day: what waits longer is forgotten rather than slow. */
const WAITING_HOURS = 24;
const FREE_MB = 512;

function withDefaults(guarded: Guarded, doc: ComponentDocument): Component {
  const severity = doc.severity ?? 'critical';
  const base = { severity, repair: 'report' } as const;
  switch (doc.kind) {
    case 'file': {
      const path = componentPath(guarded, doc.path);
      return {
        ...base,
        kind: 'file',
        name: path,
        path,
        executable: doc.executable ?? null,
        content: doc.content ?? 'recorded',
        repair: doc.repair ?? 'report',
      };
    }
    case 'folder': {
      const path = componentPath(guarded, doc.path);
      return { ...base, kind: 'folder', name: path, path, repair: doc.repair ?? 'report' };
    }
    case 'glob':
      return {
        ...base,
        kind: 'glob',
        name: `glob:${doc.pattern}`,
        pattern: doc.pattern,
        atLeast: doc.at_least ?? 1,
        executable: doc.executable ?? null,
        content: doc.content ?? 'recorded',
        repair: doc.repair ?? 'report',
      };
    case 'processor':
      return {
        ...base,
        kind: 'processor',
        name: `processor:${doc.name}`,
        processor: doc.name,
        maxAgeSeconds: doc.max_age_seconds ?? null,
        always: true,
      };
    case 'service':
      return {
        ...base,
        kind: 'service',
        name: `service:${doc.name}`,
        service: doc.name,
        manager: doc.manager ?? null,
        scope: doc.scope ?? null,
      };
    case 'program':
      return { ...base, kind: 'program', name: `program:${doc.name}`, program: doc.name };
    case 'disk': {
      const path = componentPath(guarded, doc.path ?? '.');
      return { ...base, kind: 'disk', name: `disk:${path}`, path, minFreeMb: doc.min_free_mb ?? FREE_MB };
    }
    case 'waiting':
      return { ...base, kind: 'waiting', name: 'waiting', maxHours: doc.max_hours ?? WAITING_HOURS };
    case 'ledger':
      return { ...base, kind: 'ledger', name: 'ledger' };
    case 'backup':
      return {
        ...base,
        kind: 'backup',
        name: 'backup',
        maxAgeHours: doc.max_age_hours ?? 2 * guarded.settings.backup.everyHours,
      };
  }
}

/** A path as it is written in telemetry: without ./ and the like; one that leads into the root, as seen from there. */
export function componentPath({ layout: { root } }: Pick<Guarded, 'layout'>, raw: string): string {
  const path = normalize(expandHome(raw)).replace(/(?<=.)\/$/, '');
  const absolute = isAbsolute(path) ? path : join(root, path);
  if (absolute === root) return '.';
  return absolute.startsWith(`${root}/`) ? absolute.slice(root.length + 1) : absolute;
}

/** What every station needs: its settings, the folders that orders come and go through, and itself. */
function stationComponents(guarded: Guarded): Component[] {
  const { paths, lanes, defaultLane, backup } = guarded.settings;
  const folders = [
    paths.outbox,
    paths.state,
    ...[...new Set([defaultLane, ...Object.keys(lanes)])].map((lane) => `${paths.inbox}/${lane}`),
  ];
  const documents: ComponentDocument[] = [
    { kind: 'file', path: 'waybill.yaml', content: 'any' },
    { kind: 'file', path: 'policy.yaml', content: 'any' },
    ...folders.map((path) => ({ kind: 'folder' as const, path })),
    { kind: 'program', name: 'git' },
    { kind: 'disk' },
    { kind: 'waiting', severity: 'warning' },
    { kind: 'ledger' },
  ];
  if (backup.to !== null) documents.push({ kind: 'backup', severity: 'warning' });
  const processors = ['intake', 'executor', 'tracker'].map((processor) => ({
    kind: 'processor' as const,
    name: `processor:${processor}`,
    severity: 'critical' as const,
    repair: 'report' as const,
    processor,
    maxAgeSeconds: null,
    // a station that a person ended is no fault; one that died is
    always: false,
  }));
  return [...documents.map((doc) => withDefaults(guarded, doc)), ...processors];
}
