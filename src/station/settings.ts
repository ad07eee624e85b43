import { join } from 'node:path';
import { BACKLOG_FILES } from '../order/bookkeeping.ts';
import { DEPRECATED_TYPES } from '../order/dialects/deprecated.ts';
import { readDocument } from '../order/document.ts';
import { asWaybillError, WaybillError } from '../order/error.ts';
import type { DocumentClaim, SettingsDocument, TakeRule } from '../order/generated.ts';
import { readIfThere } from '../platform/durable.ts';
import { conform } from '../platform/schema.ts';
import { cronFault } from './cron-line.ts';

export const SETTINGS_FILE = 'waybill.yaml';
/** Beside it; read by policy/policy.ts. */
export const POLICY_FILE = 'policy.yaml';

/** waybill.yaml with every default filled in. The defaults stand in schemas/settings.schema.json too; a test compares them. */
export interface Settings {
  readonly paths: Readonly<Required<NonNullable<SettingsDocument['paths']>>>;
  readonly lanes: Readonly<Record<string, Lane>>;
  readonly defaultLane: string;
  readonly intake: {
    readonly settleMs: number;
    readonly scanSeconds: number;
    readonly maxOrderBytes: number;
    readonly maxDepth: number;
    readonly maxWaiting: number;
    readonly minFreeMb: number;
    readonly deprecatedTypes: Readonly<Record<string, string>>;
  };
  readonly commands: {
    readonly env: readonly string[];
    readonly timeoutSeconds: number;
    readonly stopSeconds: number;
    readonly killGraceSeconds: number;
    readonly maxOutputBytes: number;
    readonly hide: readonly string[];
  };
  readonly retry: { readonly backoffSeconds: number; readonly maxBackoffSeconds: number };
  readonly dependencyDeadlineHours: number;
  readonly git: { readonly branch: string | null; readonly lockDeadlineSeconds: number };
  readonly telemetry: { readonly rotateBytes: number };
  /** With more than this under the keep refs the station says so. */
  readonly keep: { readonly maxMb: number };
  /** `to` as written; null for no backups by itself. */
  readonly backup: { readonly to: string | null; readonly everyHours: number };
  readonly guardrail: GuardrailSettings;
  readonly tracker: { readonly staleHours: number; readonly retentionDays: number; readonly canaryHours: number };
  readonly missions: {
    /** While it lies at the root, no mission goes on. */
    readonly stopFile: string;
  };
  readonly backlog: BacklogSettings;
  readonly documents: DocumentSettings;
  /** It only shows things: its orders count in no metrics. */
  readonly demo: boolean;
  /** `folder` as written; null for the default. */
  readonly worktrees: {
    readonly folder: string | null;
    readonly idle: number;
    readonly keepDays: number;
    readonly keepMb: number;
  };
}

/** Where work to do stands, and how it is picked. Paths are relative to the root. */
export interface BacklogSettings {
  readonly files: readonly string[];
  readonly require: readonly ('dod' | 'owner')[];
  /** null for the default lane. */
  readonly lane: string | null;
  /** A git remote in which stations claim items; null: claims are this station's own. */
  readonly claims: string | null;
}

/** What documents say, and what is asked of them. Paths are relative to the root; null: there is none. */
export interface DocumentSettings {
  readonly mode: 'off' | 'warn' | 'block';
  /** A day, YYYY-MM-DD, UTC. */
  readonly blockFrom: string | null;
  readonly maxAgeHours: number;
  readonly folder: string;
  readonly index: string | null;
  readonly corpus: string | null;
  readonly register: string | null;
  readonly state: readonly string[];
  readonly claims: readonly DocumentClaim[];
  /** A cron line, UTC. */
  readonly weekly: string | null;
}

/** What settings say of the guardrail. */
export interface GuardrailSettings {
  readonly enabled: boolean;
  readonly everySeconds: number;
  readonly watch: boolean;
  /** Whether the station itself is looked after too. */
  readonly defaults: boolean;
  /** As written: each is read by itself, so that one that is wrong is a fault of that one. */
  readonly components: readonly Readonly<Record<string, unknown>>[];
  readonly lists: readonly string[];
  /** Where services write what goes wrong, as written. */
  readonly serviceLogs: readonly string[];
  readonly alteredAfterMinutes: number;
  readonly remindAfterMinutes: number;
  readonly repairsADay: number;
  readonly alerts: AlertSettings;
}

/** Who is told of drift beside the alerts file. */
export interface AlertSettings {
  readonly desktop: boolean;
  readonly webhook: {
    readonly url: string;
    /** Header -> the environment variable that holds its value. */
    readonly headersEnv: Readonly<Record<string, string>>;
    readonly tries: number;
  } | null;
  readonly command: { readonly argv: readonly string[]; readonly timeoutSeconds: number } | null;
}

/** What settings say of one lane. */
export interface Lane {
  readonly concurrency: number;
  /** A folder outside the inbox that belongs to it, as written in settings; null for none. */
  readonly folder: string | null;
  readonly take: readonly TakeRule[];
}

const DEFAULT_PATHS: Settings['paths'] = {
  inbox: 'bridge/inbox',
  outbox: 'bridge/outbox',
  quarantine: 'bridge/quarantine',
  state: 'state/orders',
  archive: 'state/archive',
  evidence: 'state/evidence',
  telemetry: 'state/telemetry/unified.jsonl',
  followup: 'state/followup.json',
  alerts: 'logs/guardrail_alerts.log',
  reports: 'state/reports',
  lessons: 'state/lessons',
  artifacts: 'state/artifacts',
};

/** What a command may see of the station's environment unless settings say otherwise. */
const DEFAULT_ENV = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'];

/** Reads waybill.yaml at a station's root; a missing file means all defaults. Throws SETTINGS_INVALID with line and column. */
export function loadSettings(root: string): Settings {
  const bytes = readIfThere(join(root, SETTINGS_FILE));
  return bytes === undefined ? withDefaults({}) : parseSettings(bytes);
}

export function parseSettings(bytes: Uint8Array): Settings {
  try {
    const text = Buffer.from(bytes).toString('utf8');
    if (text.replace(/^\s*#.*$/gm, '').trim() === '') return withDefaults({});
    const document = readDocument(bytes, 'yaml', { maxBytes: 1024 * 1024, maxDepth: 16 });
    return withDefaults(conform('settings', document.value, 'SETTINGS_INVALID', document));
  } catch (thrown) {
    const error = asWaybillError(thrown);
    const hasMoved = /^(commands\.allow|fence)\b/.test(error.message);
    throw new WaybillError('SETTINGS_INVALID', error.message, {
      hint: hasMoved ? `It stands in ${POLICY_FILE} now: take it out here, and see docs/policy.md.` : error.hint,
      place: { file: SETTINGS_FILE, ...error.place },
    });
  }
}

/** Settings as they count where a file says no more than this. Throws SETTINGS_INVALID. */
function withDefaults(doc: SettingsDocument): Settings {
  const paths = { ...DEFAULT_PATHS, ...doc.paths };
  for (const [key, path] of Object.entries(paths)) assertInside(`paths.${key}`, path);
  if (!paths.telemetry.endsWith('.jsonl'))
    throw new WaybillError('SETTINGS_INVALID', `paths.telemetry: ${paths.telemetry} does not end in .jsonl`);
  const lanes = Object.entries(doc.lanes ?? {}).map(([name, lane]) => [
    name,
    { concurrency: lane.concurrency ?? 1, folder: lane.folder ?? null, take: lane.take ?? [] },
  ]);
  for (const [name, lane] of Object.entries(doc.lanes ?? {}))
    for (const [n, rule] of (lane.take ?? []).entries()) assertNoShell(`lanes.${name}.take.${n}.order`, rule.order);
  for (const name of Object.keys(doc.lanes ?? {}))
    if (laneNamed(doc.lanes ?? {}, name) !== name)
      throw new WaybillError('SETTINGS_INVALID', `lanes.${name}: another lane differs from it only in capitals`);
  return {
    paths,
    lanes: Object.fromEntries(lanes) as Settings['lanes'],
    defaultLane: doc.default_lane ?? Object.keys(doc.lanes ?? {})[0] ?? 'MAIN',
    intake: {
      settleMs: doc.intake?.settle_ms ?? 250,
      scanSeconds: doc.intake?.scan_seconds ?? 15,
      maxOrderBytes: doc.intake?.max_order_bytes ?? 16 * 1024 * 1024,
      maxDepth: doc.intake?.max_depth ?? 32,
      maxWaiting: doc.intake?.max_waiting ?? 100_000,
      minFreeMb: doc.intake?.min_free_mb ?? 64,
      deprecatedTypes: { ...DEPRECATED_TYPES, ...doc.deprecated_types },
    },
    commands: {
      env: doc.commands?.env ?? DEFAULT_ENV,
      timeoutSeconds: doc.commands?.timeout_seconds ?? 600,
      stopSeconds: doc.commands?.stop_seconds ?? 25,
      killGraceSeconds: doc.commands?.kill_grace_seconds ?? 5,
      maxOutputBytes: doc.commands?.max_output_bytes ?? 1024 * 1024,
      hide: doc.commands?.hide ?? [],
    },
    retry: {
      backoffSeconds: doc.retry?.backoff_seconds ?? 5,
      maxBackoffSeconds: doc.retry?.max_backoff_seconds ?? 3600,
    },
    dependencyDeadlineHours: doc.dependency_deadline_hours ?? 168,
    git: { branch: doc.git?.branch ?? null, lockDeadlineSeconds: doc.git?.lock_deadline_seconds ?? 10 },
    telemetry: { rotateBytes: doc.telemetry?.rotate_bytes ?? 64 * 1024 * 1024 },
    keep: { maxMb: doc.keep?.max_mb ?? 512 },
    backup: { to: doc.backup?.to ?? null, everyHours: doc.backup?.every_hours ?? 24 },
    guardrail: guardrailWithDefaults(doc.guardrail ?? {}),
    tracker: {
      staleHours: doc.tracker?.stale_hours ?? 6,
      retentionDays: doc.tracker?.retention_days ?? 30,
      canaryHours: doc.tracker?.canary_hours ?? 24,
    },
    missions: {
      stopFile: doc.missions?.stop_file ?? 'STOP_MISSIONS',
    },
    backlog: {
      files: doc.backlog?.files ?? BACKLOG_FILES,
      require: doc.backlog?.require ?? ['dod'],
      lane: doc.backlog?.lane ?? null,
      claims: doc.backlog?.claims ?? null,
    },
    documents: documentsWithDefaults(doc.documents ?? {}),
    demo: doc.demo ?? false,
    worktrees: {
      folder: doc.worktrees?.folder ?? null,
      idle: doc.worktrees?.idle ?? 2,
      keepDays: doc.worktrees?.keep_days ?? 7,
      keepMb: doc.worktrees?.keep_mb ?? 4096,
    },
  };
}

function documentsWithDefaults(doc: NonNullable<SettingsDocument['documents']>): DocumentSettings {
  const { block_from: blockFrom = null } = doc;
  if (blockFrom !== null && new Date(`${blockFrom}T00:00:00Z`).toJSON()?.slice(0, 10) !== blockFrom)
    throw new WaybillError('SETTINGS_INVALID', `documents.block_from: ${blockFrom} is no day`);
  const { weekly = null } = doc;
  const fault = weekly === null ? null : cronFault(weekly);
  if (fault !== null)
    throw new WaybillError(
      'SETTINGS_INVALID',
      `documents.weekly: ${JSON.stringify(weekly)} is no cron line: ${fault}`,
      {
        hint: 'Write minute, hour, day of the month, month, day of the week, as in "0 6 * * 1": Mondays at six, UTC.',
      },
    );
  return {
    mode: doc.mode ?? 'warn',
    blockFrom,
    maxAgeHours: doc.max_age_hours ?? 24,
    folder: doc.folder ?? 'docs',
    index: doc.index ?? null,
    corpus: doc.corpus ?? null,
    register: doc.register ?? null,
    state: doc.state ?? [],
    claims: doc.claims ?? [],
    weekly,
  };
}

function guardrailWithDefaults(doc: NonNullable<SettingsDocument['guardrail']>): GuardrailSettings {
  const everySeconds = doc.every_seconds ?? 300;
  const isRegular = everySeconds < 60 ? 60 % everySeconds === 0 : everySeconds % 60 === 0 && 3600 % everySeconds === 0;
  if (!isRegular)
    throw new WaybillError(
      'SETTINGS_INVALID',
      `guardrail.every_seconds: ${everySeconds} is no divisor of a minute or an hour`,
      {
        hint: 'Take 300 for every five minutes, or 1 to 30 seconds that divide a minute.',
      },
    );
  const { webhook, command } = doc.alerts ?? {};
  return {
    enabled: doc.enabled ?? true,
    everySeconds,
    watch: doc.watch ?? true,
    defaults: doc.defaults ?? true,
    components: doc.components ?? [],
    lists: doc.lists ?? [],
    serviceLogs: doc.service_logs ?? ['logs', '~/Library/Logs'],
    alteredAfterMinutes: doc.altered_after_minutes ?? 10,
    remindAfterMinutes: doc.remind_after_minutes ?? 30,
    repairsADay: doc.repairs_a_day ?? 3,
    alerts: {
      desktop: doc.alerts?.desktop ?? false,
      webhook:
        webhook === undefined
          ? null
          : { url: webhook.url, headersEnv: webhook.headers_env ?? {}, tries: webhook.tries ?? 5 },
      command: command === undefined ? null : { argv: command.argv, timeoutSeconds: command.timeout_seconds ?? 30 },
    },
  };
}

/** What a dropped file is called, or holds, must never reach a shell (rule 8): argv hands it on as one argument. */
function assertNoShell(where: string, value: unknown, key = ''): void {
  if (
    typeof value === 'string' &&
    ['command', 'post_verify'].includes(key) &&
    /\{(file|stem|lane|content|base64)\}/.test(value)
  )
    throw new WaybillError('SETTINGS_INVALID', `${where}: a word in braces would reach a shell`, {
      hint: 'Use argv in place of command.',
    });
  if (typeof value !== 'object' || value === null) return;
  for (const [inner, next] of Object.entries(value))
    assertNoShell(`${where}.${inner}`, next, Array.isArray(value) ? key : inner);
}

/** The lane that settings know under this name in any capitals, else the name itself: on some disks both are one folder. */
export function laneNamed(lanes: Readonly<Record<string, unknown>>, name: string): string {
  return Object.keys(lanes).find((known) => known.toLowerCase() === name.toLowerCase()) ?? name;
}

/** Waybill's own folders lie inside the station: a path that leads out, or into .git, would put records where nobody looks. */
function assertInside(key: string, path: string): void {
  const parts = path.split('/');
  if (path.startsWith('/') || parts.includes('..') || parts.some((p) => ['.git', '.', ''].includes(p.toLowerCase()))) {
    throw new WaybillError('SETTINGS_INVALID', `${key}: ${path} is not a plain path inside the station`);
  }
}
