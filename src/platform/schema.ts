import { createRequire } from 'node:module';
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import type { ReadDocument } from '../order/document.ts';
import { type ErrorCode, WaybillError } from '../order/error.ts';
import type {
  AgentDocument,
  AgentUsage,
  ApprovalSubject,
  BacklogClaim,
  BacklogDocument,
  BuildPacket,
  BuildReport,
  ChainDocument,
  CheckpointPacket,
  ClosingPacket,
  CommandFile,
  ComponentDocument,
  ContextPacket,
  DigestDocument,
  DriftReport,
  DriftSchedule,
  ErrorDocument,
  EventDocument,
  EvidenceManifest,
  FollowupDocument,
  ForensicsDocument,
  GuardrailLook,
  GuardrailSeen,
  Heartbeat,
  HistoryDocument,
  JobDocument,
  JobLedgerRefs,
  JobPacketRefs,
  JobRefs,
  JobResult,
  LedgerRecord,
  LessonDocument,
  MetricsDocument,
  OrderDocument,
  PlanPacket,
  PlanRegister,
  PolicyCases,
  PolicyDocument,
  RedactedEvidence,
  ResultDocument,
  ReviewPacket,
  RuntimeStatus,
  SettingsDocument,
  SpineOutcome,
  SpineStatus,
  StateDocument,
  StatusFile,
  TelemetryLine,
  TerminalPacket,
  TrustDocument,
  VerdictPacket,
  WorktreeDocument,
} from '../order/generated.ts';
import { nearest } from '../order/nearest.ts';

/** The contracts in schemas/, and the type each gives. */
export interface Contracts {
  agent: AgentDocument;
  'agent-usage': AgentUsage;
  'approval-subject': ApprovalSubject;
  backlog: BacklogDocument;
  'backlog-claim': BacklogClaim;
  'build-packet': BuildPacket;
  'build-report': BuildReport;
  chain: ChainDocument;
  'checkpoint-packet': CheckpointPacket;
  'closing-packet': ClosingPacket;
  'command-file': CommandFile;
  component: ComponentDocument;
  'context-packet': ContextPacket;
  digest: DigestDocument;
  'drift-report': DriftReport;
  'drift-schedule': DriftSchedule;
  error: ErrorDocument;
  event: EventDocument;
  'evidence-manifest': EvidenceManifest;
  followup: FollowupDocument;
  'guardrail-look': GuardrailLook;
  'guardrail-seen': GuardrailSeen;
  heartbeat: Heartbeat;
  forensics: ForensicsDocument;
  history: HistoryDocument;
  job: JobDocument;
  'job-ledger-refs': JobLedgerRefs;
  'job-packet-refs': JobPacketRefs;
  'job-refs': JobRefs;
  'job-result': JobResult;
  'ledger-record': LedgerRecord;
  lesson: LessonDocument;
  metrics: MetricsDocument;
  order: OrderDocument;
  'plan-packet': PlanPacket;
  'plan-register': PlanRegister;
  'redacted-evidence': RedactedEvidence;
  result: ResultDocument;
  'review-packet': ReviewPacket;
  'runtime-status': RuntimeStatus;
  policy: PolicyDocument;
  'policy-cases': PolicyCases;
  settings: SettingsDocument;
  'spine-outcome': SpineOutcome;
  'spine-status': SpineStatus;
  state: StateDocument;
  'status-file': StatusFile;
  'telemetry-line': TelemetryLine;
  'terminal-packet': TerminalPacket;
  trust: TrustDocument;
  verdict: VerdictPacket;
  worktree: WorktreeDocument;
}

const require = createRequire(import.meta.url);
const loaded = new Map<string, ValidateFunction>();

/** A schema as the code that `npm run build` makes of it: compiling it takes longer than most commands. Loaded on first use. */
function validator(name: keyof Contracts): ValidateFunction {
  let validate = loaded.get(name);
  if (validate === undefined) {
    // from src/platform/ and from dist/chunks/ alike
    validate = require(`../../dist/schemas/${name}.cjs`) as ValidateFunction;
    loaded.set(name, validate);
  }
  return validate;
}

/** The document a value came from: where things stand in it, and what its author calls them. */
interface Origin {
  readonly locate: ReadDocument['locate'];
  readonly name?: (segments: readonly (string | number)[]) => readonly (string | number)[];
}

/** The value, as the type of its contract; throws `code` with what is wrong and, where the document tells, the place. */
export function conform<N extends keyof Contracts>(
  name: N,
  value: unknown,
  code: ErrorCode,
  origin?: Origin,
): Contracts[N] {
  const validate = validator(name);
  if (validate(value)) return value as Contracts[N];
  const error = mostTelling(validate.errors ?? []);
  const segments = segmentsOf(error);
  const where = (origin?.name?.(segments) ?? segments).join('.') || 'the document';
  const place = origin === undefined ? {} : origin.locate(segments);
  const hint = suggestion(error);
  throw new WaybillError(code, `${where}: ${wording(error)}`, hint === null ? { place } : { place, hint });
}

/** Whether the value conforms, without a reason. */
export function conforms(name: keyof Contracts, value: unknown): boolean {
  return validator(name)(value) === true;
}

/** One thing that is wrong with a value. */
export interface Complaint {
  /** Where, as a JSON pointer; empty for the whole document. */
  readonly pointer: string;
  readonly segments: readonly (string | number)[];
  readonly what: string;
  readonly hint: string | null;
}

/** Everything that is wrong with the value, in the order of the places, at most `most`; empty where it conforms. */
export function complaintsAbout(name: keyof Contracts, value: unknown, most: number): Complaint[] {
  const validate = validator(name);
  if (validate(value)) return [];
  const errors = validate.errors ?? [];
  // that a condition does not hold is told by what is missing for it
  const telling = errors.filter((error) => error.keyword !== 'if');
  const all = (telling.length > 0 ? telling : errors).map((error) => {
    const segments = segmentsOf(error);
    return { pointer: pointerOf(segments), segments, what: wording(error), hint: suggestion(error) };
  });
  const unlike = new Map(all.map((complaint) => [`${complaint.pointer}\0${complaint.what}`, complaint]));
  return [...unlike.values()]
    .sort((a, b) => a.pointer.localeCompare(b.pointer, 'en', { numeric: true }))
    .slice(0, most);
}

/** A contract as it stands in schemas/, a copy of its own: for those who are to write such a document. */
export function schemaOf(name: keyof Contracts): Record<string, unknown> & { readonly examples: readonly unknown[] } {
  // from src/platform/ and from dist/chunks/ alike
  const schema: unknown = require(`../../schemas/${name}.schema.json`);
  return structuredClone(schema) as Record<string, unknown> & { readonly examples: readonly unknown[] };
}

function pointerOf(segments: readonly (string | number)[]): string {
  return segments.map((s) => `/${String(s).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** Of several complaints the deepest, and never one form's own wish where several forms are allowed. */
function mostTelling(errors: readonly ErrorObject[]): ErrorObject {
  const byKeyword: Record<string, number> = { additionalProperties: 4, required: 2, oneOf: 1 };
  const weight = (e: ErrorObject) =>
    e.instancePath.split('/').length * 5 + (isOfOneForm(e) ? 0 : (byKeyword[e.keyword] ?? 3));
  return (
    [...errors].sort((a, b) => weight(b) - weight(a))[0] ??
    ({ instancePath: '', message: 'is not valid', keyword: '', params: {}, schemaPath: '' } as ErrorObject)
  );
}

function isOfOneForm(error: ErrorObject): boolean {
  return /\/oneOf\/\d+\/(required|type)$/.test(error.schemaPath);
}

function segmentsOf(error: ErrorObject): (string | number)[] {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((s) => s.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((s) => (/^\d+$/.test(s) ? Number(s) : s));
  const extra = (error.params as { additionalProperty?: string }).additionalProperty;
  return extra === undefined ? path : [...path, extra];
}

function wording(error: ErrorObject): string {
  if (error.keyword === 'additionalProperties') return 'is not a known key';
  if (error.keyword === 'enum')
    return `must be one of ${(error.params as { allowedValues: unknown[] }).allowedValues.map(String).join(', ')}`;
  if (error.keyword === 'pattern')
    return PATTERNS[String((error.params as { pattern: unknown }).pattern)] ?? error.message ?? '';
  if (error.keyword === 'const')
    return `must be ${JSON.stringify((error.params as { allowedValue: unknown }).allowedValue)}`;
  if (error.keyword === 'discriminator')
    return `must have one of the known values in ${JSON.stringify((error.params as { tag: string }).tag)}`;
  const choices = error.keyword === 'oneOf' ? choicesOf(error.schema) : null;
  if (choices !== null) return `needs exactly one of ${choices.join(', ')}`;
  if (error.keyword === 'oneOf') return 'has not exactly one of the allowed forms';
  return error.message ?? 'is not valid';
}

/** What a text must be, where its pattern is hard to read. */
const PATTERNS: Readonly<Record<string, string>> = {
  '\\S': 'must not be empty',
  '^(?![/~!])(?!\\.{1,2}(/|$))(?!.*/(\\.{0,2}(/|$)))[^\\\\\\u0000-\\u001f\\u007f]+$':
    'must be a path relative to the working folder, parted by /, without . and ..',
};

/** The keys of a oneOf that asks for one of several keys, or null for other kinds. */
function choicesOf(forms: unknown): string[] | null {
  if (!Array.isArray(forms)) return null;
  const keys = (forms as { required?: string[] }[]).map((form) =>
    Object.keys(form).length === 1 ? form.required?.[0] : undefined,
  );
  return keys.every((key) => key !== undefined) ? keys : null;
}

/** How a value of each type is written. */
const FORMS: Readonly<Record<string, string>> = {
  string: 'text, in quotes',
  integer: 'a whole number without quotes, as in 1',
  number: 'a number without quotes, as in 1.5',
  boolean: 'true or false, without quotes',
  array: 'a list, as in [a, b]',
  object: 'a mapping, as in {key: value}',
};

/** What may stand in the key that tells of which form something is. */
const KNOWN: Readonly<Record<string, string>> = {
  action: 'Known actions: write, append, prepend, edit, set, patch, delete, move, restore, command.',
  kind: 'Known kinds: file, folder, glob, processor, service, program, disk, waiting, ledger, backup.',
};

function suggestion(error: ErrorObject): string | null {
  // YAML reads 0755 as the number 755.
  if (error.keyword === 'enum' && typeof error.data === 'number') return 'Write it as text, in quotes.';
  const wanted = error.keyword === 'type' ? FORMS[String((error.params as { type: unknown }).type)] : undefined;
  if (wanted !== undefined) return `Write ${wanted}.`;
  if (error.keyword === 'format')
    return 'Write an instant with its offset, as in 2026-11-20T10:00:00Z or 2026-11-20T10:00:00+01:00.';
  if (error.keyword === 'required') return `Add \`${(error.params as { missingProperty: string }).missingProperty}\`.`;
  if (error.keyword === 'discriminator') return KNOWN[String((error.params as { tag: unknown }).tag)] ?? null;
  const extra = (error.params as { additionalProperty?: string }).additionalProperty;
  if (extra === undefined) return null;
  const known = Object.keys((error.parentSchema as { properties?: object } | undefined)?.properties ?? {});
  const near = nearest(extra, known);
  return near === null ? `Known keys here: ${known.join(', ')}.` : `Did you mean ${near}?`;
}
