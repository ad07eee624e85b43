/**
 * Fills the generated parts of docs/reference-*.md, docs/services.md and docs/monitoring.md from the sources: schemas/, the command line's own
 * help, the service files and the table of metrics; writes the templates in launchd/, and docs/errors/ from the tables of error codes. A part
 * stands between `<!-- generated: NAME -->` and `<!-- end of NAME -->`;
 * the text around it is written by hand.
 *
 *   node --import tsx scripts/generate-docs.ts [--check]
 */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { EXIT } from '../src/cli/output.ts';
import { parsePolicy } from '../src/policy/policy.ts';
import type { ServicePart } from '../src/station/services/service.ts';
import { parseSettings } from '../src/station/settings.ts';
import { METRICS, type MetricName, metric } from '../src/web/machine/metric-table.ts';
import { errorPages } from './error-pages.ts';
import { exampleService, launchdTemplates } from './service-examples.ts';

const ROOT = resolve(import.meta.dirname, '..');
const DOCS = join(ROOT, 'docs');
const LAUNCHD = join(ROOT, 'launchd');

/** The parts of JSON Schema that the contracts use. */
interface Schema {
  readonly $ref?: string;
  readonly $defs?: Record<string, Schema>;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Record<string, Schema>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
}

/** What fields mean whose schema does not say it. A name that is not needed any more is an error. */
const MEANINGS: Record<string, string> = {
  'settings.paths.inbox': 'The lanes: one folder each, `<inbox>/<LANE>/`.',
  'settings.paths.outbox': 'Results, `<outbox>/<LANE>/<wo_id>.result.json`.',
  'settings.paths.quarantine': 'Input that could not be accepted, byte for byte.',
  'settings.paths.state': 'One JSON file per order.',
  'settings.paths.archive': 'State files of orders that ended long ago, by the day they ended.',
  'settings.paths.evidence': 'One folder per order and attempt.',
  'settings.paths.telemetry': 'One JSON line per event; must end in `.jsonl`.',
  'settings.paths.followup': 'What is alive, how old it is, and what ended last.',
  'settings.paths.alerts': 'What people are told of drift, one line for each alert; several processes append to it.',
  'settings.intake.max_order_bytes': 'A larger file is refused with `TOO_LARGE`.',
  'settings.commands.timeout_seconds': 'Bound on a command or check that names none of its own.',
  'settings.retry.max_backoff_seconds': 'Longest pause between two retries.',
  'settings.telemetry.rotate_bytes':
    'At this size, and at the turn of the day, the file gets a dated name and a new one begins.',
  'order.summary': 'A longer text; stands in state and result until the order ends.',
  'order.description':
    'Text for people. Stands in for `summary`, and its first line for `title`, where those are missing.',
  'order.approval.by':
    'Who may decide, of the approvers in policy.yaml; it can narrow them, never widen. Default: all who may.',
  'order.constraints.budget.usd': 'Mission: what it may cost, in dollars.',
  'order.constraints.budget.tokens': 'Mission: how many tokens it may use.',
  'order.constraints.budget.seconds': 'Mission: how long it may take.',
  'order.tags': 'Words for people and for `grep`; they have no effect.',
  'order.metadata': 'Anything; only `dry_run` has an effect.',
  'FileEntry.content': 'The bytes of the file, exactly.',
  'WriteEntry.content': 'The bytes of the file, exactly.',
  'AppendEntry.content': 'Added at the end, exactly.',
  'PrependEntry.content': 'Added at the beginning, exactly.',
  'EditEntry.find': 'Must stand in the file exactly once.',
  'EditEntry.replace': 'Stands in place of what was found.',
  'EditEntry.after': 'Inserted after what was found.',
  'EditEntry.before': 'Inserted before what was found.',
  'PatchEntry.patch': 'The diff, as `git diff` or `diff -u` prints it.',
  'MoveEntry.to': 'The new path; nothing may be there.',
  'RestoreEntry.content': 'The bytes of the file, exactly.',
  'CommandEntry.name': 'How it is called in evidence and messages.',
  'CommandEntry.cwd':
    "Working folder, relative to the station's root; must be inside the fence (else `PATH_DENIED`). Default: the root.",
  'CommandEntry.timeout_seconds': "Bound on this command; default: the order's, then that of the settings.",
  'CheckEntry.name': 'How it is called in results and evidence.',
  'CheckEntry.argv': 'Program and arguments, run without a shell.',
  'CheckEntry.command': 'A line for /bin/sh.',
  'CheckEntry.timeout_seconds': "Bound on this check; default: the order's, then that of the settings.",
  'state.wo_id': "The order's id.",
  'state.title': 'Its title.',
  'state.summary': 'How it ended; before that, its own summary.',
  'state.type': '`apply_patch`, `command`, `mission` or `ping`; `unknown` for a rejection.',
  'state.lane': 'The lane it came in.',
  'state.owner': 'As the order says.',
  'state.priority': '`P0` to `P3`.',
  'state.status': 'Where it stands; see [how it works](how-it-works.md#order-states).',
  'state.waiting_for': 'What a parked order waits for.',
  'state.attempt': '1 for the first; every retry adds 1.',
  'state.revision': '1; the same id with new bytes, after a failure, adds 1.',
  'state.created_at': "The author's claim.",
  'state.received_at': 'When intake admitted or rejected it.',
  'state.started_at': 'When this attempt was started first.',
  'state.finished_at': 'When it ended.',
  'state.updated_at': 'Time of its last ledger record.',
  'state.depends_on': 'Ids it waits for.',
  'state.tags': 'As the order says.',
  'state.requester.uid': "The dropped file's owner.",
  'state.requester.user': 'The name of that user, if the machine knows one.',
  'state.requester.lane': 'The lane.',
  'state.requester.via': 'A file in the inbox, or a command file.',
  'state.requester.declared_by': "The order's own `requested_by`: a claim.",
  'state.trace_id': 'Trace id after W3C Trace Context; the same in all telemetry of the order.',
  'state.request.path': "Where the request's exact bytes stand.",
  'state.request.sha256': 'Their hash.',
  'state.evidence.path': 'The evidence folder of this attempt.',
  'state.evidence.manifest_sha256': 'Hash of its `manifest.json`, as the ledger has it.',
  'state.commits': 'Commits that hold its changes.',
  'state.last_error.code': 'See [error codes](errors/README.md).',
  'state.last_error.message': 'What is wrong, by name.',
  'state.last_error.hint': 'What to do about it.',
  'state.last_error.at': 'When.',
  'state.meta':
    '`file`: the name it was dropped under. `born`, `seq`: its first and last ledger record. `until`, `dry_run`, `warnings` where they apply.',
  'result.status': 'How it ended.',
  'result.summary': 'The same in one sentence.',
  'result.lane': 'The lane it came in.',
  'result.attempt': 'Which attempt this is the answer to; 0 for a rejection.',
  'result.dry_run': 'Present and true when nothing was to be changed.',
  'result.files_touched': 'Paths that were written, moved or deleted.',
  'result.commits':
    'Commits that hold the changes; empty where nothing changed, or only files outside the repository did.',
  'result.checks[].name': 'The name of the check.',
  'result.checks[].ok': 'Whether it passed.',
  'result.checks[].exit_code': 'Its exit code.',
  'result.checks[].signal': 'The signal that ended it.',
  'result.checks[].timed_out': 'True when its timeout ended it.',
  'result.checks[].expected': 'What standard output had to be.',
  'result.checks[].actual': 'What it was; the first 2000 characters.',
  'result.checks[].duration_ms': 'How long it ran.',
  'result.error.code': 'See [error codes](errors/README.md).',
  'result.error.message': 'What is wrong, by name.',
  'result.error.hint': 'What to do about it.',
  'result.error.file': 'The dropped file, where the trouble is in it.',
  'result.error.line': 'Line, from 1.',
  'result.error.column': 'Column, from 1.',
  'result.error.at': 'When.',
  'result.warnings[].code':
    '`alias`, `defaulted`, `ignored`: what intake guessed or left out. `note`: what is worth a look. `no_operations`: a ping. `leftover`: what commands changed without naming it in `outputs`, or an old copy that somebody wrote into.',
  'result.warnings[].message': 'What it is about.',
  'result.warnings[].line': 'Line in the dropped file.',
  'result.warnings[].column': 'Column in the dropped file.',
  'result.evidence': 'The evidence folder; null for a rejection.',
  'result.duration_ms': 'From start to end.',
  'result.completed_at': 'When it ended.',
  'ledger-record.ts': 'Time, UTC, milliseconds.',
  'ledger-record.attempt': 'The attempt it belongs to; 0 for none.',
  'ledger-record.from': 'Status before; null for facts.',
  'ledger-record.to': 'Status after; null for facts.',
  'ledger-record.data': 'What the event has to say; its shape depends on `event`.',
  'telemetry-line.ts': 'Time, UTC, milliseconds.',
  'telemetry-line.event': 'See [operating](operating.md#telemetry).',
  'telemetry-line.ok': 'False for a rejection, a failure, an interruption.',
  'telemetry-line.wo_id': 'The order, if it is about one.',
  'telemetry-line.lane': 'Its lane.',
  'telemetry-line.trace_id': "The order's trace.",
  'telemetry-line.span_id': 'This event.',
  'telemetry-line.parent_id': 'The order as a whole.',
  'telemetry-line.duration_ms': 'How long it took, at the end of an order.',
  'telemetry-line.code': 'The error code, where something failed.',
  'evidence-manifest.wo_id': 'The order.',
  'evidence-manifest.attempt': 'The attempt.',
  'evidence-manifest.files[].path': 'Relative to the evidence folder.',
  'evidence-manifest.files[].sha256': 'Hash of the bytes.',
  'evidence-manifest.files[].size': 'Their number.',
  'DropCommand.command': 'Hands an order in.',
  'DropCommand.at': 'When it was asked.',
  'DropCommand.lane': 'The lane.',
  'DropCommand.dry_run': 'Plan it, change nothing.',
  'OrderCommand.command': 'What to do with an order.',
  'OrderCommand.at': 'When it was asked.',
  'OrderCommand.wo_id': 'The order.',
  'OrderCommand.reason': 'Why; stands in the ledger.',
  'PruneKeepsCommand.command': 'Deletes keeps.',
  'PruneKeepsCommand.at': 'When it was asked.',
  'followup.lanes': 'Every folder that is watched.',
  'followup.station': "The station's id.",
  'FollowupOrder.wo_id': "The order's id.",
  'FollowupOrder.title': 'Its title.',
  'FollowupOrder.lane': 'The lane it came in.',
  'FollowupOrder.status': 'Where it stands.',
  'FollowupOrder.waiting_for': 'What a parked order waits for.',
  'FollowupOrder.why': 'The same in words.',
  'FollowupOrder.received_at': 'When intake admitted it.',
  'EndedOrder.wo_id': "The order's id.",
  'EndedOrder.title': 'Its title.',
  'EndedOrder.lane': 'The lane it came in.',
  'EndedOrder.status': 'How it ended.',
  'EndedOrder.finished_at': 'When it ended.',
  'FollowupLane.lane': 'The lane.',
  'FollowupLane.readable': 'False for a folder that the station may not read.',
  'error.code': 'One of the [error codes](errors/README.md).',
  'error.message': 'What is wrong, by name.',
  'error.file': 'The file it is about.',
  'error.line': 'Line, from 1.',
  'error.column': 'Column, from 1.',
  'error.at': 'When.',
};

const EXIT_MEANINGS: Record<string, string> = {
  done: 'Done. Of `drop --wait`, `why`: the order is done.',
  failed:
    'Failed. The order failed, was rejected or cancelled; `verify` found an error; what was asked is not possible now.',
  parked: 'The order is not at its end: it is parked, or, of `why`, ready or running.',
  usage: 'The command line was called in a way it does not know.',
  data: 'Bad data: an order, the settings or the ledger do not read.',
  noInput: 'No such input: a file, an order or a station does not exist.',
  unavailable:
    'Unavailable: no station process runs, another one holds the station, a wait timed out, or the repository is refused.',
  noPermission: 'No permission: the decision does not count, because of who made it or how.',
  internal: 'Internal: a fault in Waybill, of the file system or of git.',
};

/** How definitions are called in the tables. */
const ENTRY_NAMES: Readonly<Record<string, string>> = {
  TargetPath: 'paths',
  TakeRule: '`{match, order}`',
  DocumentClaim: '`{program or path, missing, phrases}`',
  AgentUse: '[agent](#agents)',
  AgentTool: 'a kind of tool',
  AgentWord: 'text',
  PromptFile: '`{file}`',
  PolicyRule: '[rule](#rules)',
  MissionRule: '[rule](#rules-about-missions)',
  Approver: '[approver](#approvers)',
  CommandPattern: 'command',
  Isolation: 'a kind of isolation',
  PathPattern: 'pattern',
  DroppedAttachment: '`{path, content}`',
  ShownKeep: '`{name, id}`: the keep, and the commit it was shown with',
  FileEntry: '[files](#files)',
  ActionEntry: '[actions](#actions)',
  CheckEntry: '[checks](#checks)',
  FollowupOrder: '[order](#orders-alive)',
  EndedOrder: '[order that ended](#orders-that-ended)',
  FollowupLane: '[lane](#lanes)',
  HistoryEvent: '[event](#events-of-a-history)',
};

const unusedMeanings = new Set(Object.keys(MEANINGS));

const parts: Record<string, string> = {
  settings: keyTable('settings', parseSettings(Buffer.from(''))),
  policy: keyTable('policy', parsePolicy(Buffer.from('version: 1'))),
  PolicyRule: fieldTable(definition('policy', 'PolicyRule'), 'PolicyRule', true, schemaOf('policy')),
  MissionRule: fieldTable(definition('policy', 'MissionRule'), 'MissionRule', true, schemaOf('policy')),
  Approver: fieldTable(definition('policy', 'Approver'), 'Approver', true, schemaOf('policy')),
  agent: fieldTable(schemaOf('agent'), 'agent', true),
  AgentUse: fieldTable(definition('agent', 'AgentUse'), 'AgentUse', true, schemaOf('agent')),
  order: fieldTable(schemaOf('order'), 'order', true),
  metrics: metricTable(),
  FileEntry: entryTable('FileEntry'),
  WriteEntry: entryTable('WriteEntry'),
  AppendEntry: entryTable('AppendEntry'),
  PrependEntry: entryTable('PrependEntry'),
  EditEntry: entryTable('EditEntry'),
  SetEntry: entryTable('SetEntry'),
  PatchEntry: entryTable('PatchEntry'),
  DeleteEntry: entryTable('DeleteEntry'),
  MoveEntry: entryTable('MoveEntry'),
  RestoreEntry: entryTable('RestoreEntry'),
  CommandEntry: entryTable('CommandEntry'),
  CheckEntry: entryTable('CheckEntry'),
  state: fieldTable(schemaOf('state'), 'state', false),
  result: fieldTable(schemaOf('result'), 'result', false),
  'ledger-record': fieldTable(schemaOf('ledger-record'), 'ledger-record', false),
  'telemetry-line': fieldTable(schemaOf('telemetry-line'), 'telemetry-line', false),
  'evidence-manifest': fieldTable(schemaOf('evidence-manifest'), 'evidence-manifest', false),
  'redacted-evidence': fieldTable(schemaOf('redacted-evidence'), 'redacted-evidence', false),
  followup: fieldTable(schemaOf('followup'), 'followup', false),
  history: fieldTable(schemaOf('history'), 'history', false),
  HistoryEvent: fieldTable(definition('history', 'HistoryEvent'), 'HistoryEvent', false, schemaOf('history')),
  forensics: fieldTable(schemaOf('forensics'), 'forensics', false),
  lesson: fieldTable(schemaOf('lesson'), 'lesson', false),
  FollowupOrder: followupTable('FollowupOrder'),
  EndedOrder: followupTable('EndedOrder'),
  FollowupLane: followupTable('FollowupLane'),
  DropCommand: fieldTable(definition('command-file', 'DropCommand'), 'DropCommand', true, schemaOf('command-file')),
  OrderCommand: fieldTable(definition('command-file', 'OrderCommand'), 'OrderCommand', true, schemaOf('command-file')),
  PruneKeepsCommand: fieldTable(
    definition('command-file', 'PruneKeepsCommand'),
    'PruneKeepsCommand',
    true,
    schemaOf('command-file'),
  ),
  error: fieldTable(schemaOf('error'), 'error', true),
  commands: await commandsText(),
  'unit-station': fencedUnit('station'),
  'unit-guardrail': fencedUnit('guardrail'),
};

if (unusedMeanings.size > 0) throw new Error(`meanings that nothing asks for: ${[...unusedMeanings].join(', ')}`);
const check = process.argv.includes('--check');
const unusedParts = new Set(Object.keys(parts));
for (const name of readdirSync(DOCS).filter((n) => /^(reference-.*|services|monitoring)\.md$/.test(n))) {
  const path = join(DOCS, name);
  const old = readFileSync(path, 'utf8');
  const text = formatted(fill(old, name), path);
  if (text === old) continue;
  if (check) {
    console.error(`docs/${name} does not match its sources: run node --import tsx scripts/generate-docs.ts`);
    process.exitCode = 1;
  } else writeFileSync(path, text);
}
writeFolder(LAUNCHD, launchdTemplates());
writeFolder(join(DOCS, 'errors'), formattedAll(errorPages(DOCS)));
if (unusedParts.size > 0) throw new Error(`no page has a place for: ${[...unusedParts].join(', ')}`);

/** Makes a folder hold these files and no others; with --check only says where it does not. */
function writeFolder(folder: string, files: ReadonlyMap<string, string>): void {
  if (!check) mkdirSync(folder, { recursive: true });
  for (const name of new Set([...files.keys(), ...(existsSync(folder) ? readdirSync(folder) : [])])) {
    const path = join(folder, name);
    const text = files.get(name);
    if (text === (existsSync(path) ? readFileSync(path, 'utf8') : undefined)) continue;
    if (check) {
      console.error(
        `${relative(ROOT, path)} does not match its sources: run node --import tsx scripts/generate-docs.ts`,
      );
      process.exitCode = 1;
    } else if (text === undefined) rmSync(path);
    else writeFileSync(path, text);
  }
}

function fill(text: string, page: string): string {
  return text.replace(
    /(<!-- generated: ([\w-]+) -->\n)[\s\S]*?(<!-- end of \2 -->)/g,
    (_, begin: string, name: string, end: string) => {
      const part = parts[name];
      if (part === undefined) throw new Error(`docs/${page}: there is no generated part ${name}`);
      unusedParts.delete(name);
      return `${begin}\n${part.trim()}\n\n${end}`;
    },
  );
}

/** As `npm run lint` wants Markdown. */
function formatted(text: string, path: string): string {
  const biome = join(ROOT, 'node_modules/.bin/biome');
  return execFileSync(biome, ['format', `--stdin-file-path=${path}`], { cwd: ROOT, input: text, encoding: 'utf8' });
}

/** The same for many pages in one call. */
function formattedAll(pages: ReadonlyMap<string, string>): Map<string, string> {
  const between = '<!-- the next page -->';
  const texts = formatted([...pages.values()].join(`\n\n${between}\n\n`), join(DOCS, 'errors/all.md')).split(between);
  return new Map([...pages.keys()].map((name, i) => [name, `${texts[i]?.trim() ?? ''}\n`]));
}

function schemaOf(name: string): Schema {
  return JSON.parse(readFileSync(join(ROOT, 'schemas', `${name}.schema.json`), 'utf8')) as Schema;
}

function definition(name: string, def: string): Schema {
  const found = schemaOf(name).$defs?.[def];
  if (found === undefined) throw new Error(`${name} has no definition ${def}`);
  return found;
}

/** The schema itself behind a reference; what stands beside the reference counts more. */
function resolved(schema: Schema, root: Schema): Schema {
  if (schema.$ref === undefined) return schema;
  const target = root.$defs?.[schema.$ref.replace('#/$defs/', '')];
  if (target === undefined) throw new Error(`${schema.$ref} leads nowhere`);
  const { $ref: _, ...beside } = schema;
  return { ...target, ...beside };
}

/** The meaning given here counts more: the description of a shared definition may say too little of one field. */
function meaning(key: string, schema: Schema): string {
  const own = MEANINGS[key];
  unusedMeanings.delete(key);
  if (own !== undefined) return own;
  if (schema.description !== undefined) return schema.description;
  if (schema.const !== undefined) return '';
  throw new Error(`${key} has no description in its schema, and no meaning here`);
}

// --- settings

/** Every key of a file that people write, with the default that counts. */
function keyTable(document: 'settings' | 'policy', values: unknown): string {
  const root = schemaOf(document);
  const rows: string[][] = [];
  const walk = (schema: Schema, path: readonly string[], value: unknown): void => {
    for (const [key, raw] of Object.entries(schema.properties ?? {})) {
      const field = resolved(raw, root);
      const here = [...path, key];
      const name = here.join('.');
      if (typeof field.additionalProperties === 'object') {
        const inner = resolved(field.additionalProperties, root);
        rows.push([
          code(name),
          inner.properties === undefined ? `mapping to ${typeText(inner, root)}` : 'mapping',
          inner.properties === undefined ? 'empty' : '',
          field.description ?? '',
        ]);
        walk(inner, [...here, '<LANE>'], {});
        continue;
      }
      // what is named by people, such as classes of failures, keeps its name
      const own = at(value, camel(key)) ?? at(value, key);
      if (field.properties !== undefined) walk(field, here, own);
      else
        rows.push([
          code(name),
          typeText(field, root),
          defaultText(field, own, name),
          meaning(`${document}.${name}`, field),
        ]);
    }
  };
  walk(root, [], values);
  return table(['Key', 'Type', 'Default', 'Meaning'], rows);
}

/** The default of the schema, held against the one that the code uses. */
function defaultText(field: Schema, own: unknown, name: string): string {
  if (field.const !== undefined) return '';
  if (field.default !== undefined && own !== undefined && String(own) !== String(field.default))
    throw new Error(`${name}: the schema's default is ${String(field.default)}, the code's ${String(own)}`);
  const value = field.default ?? own;
  if (value === null || value === undefined) return 'none';
  if (Array.isArray(value)) return value.length === 0 ? 'empty' : value.map((v) => code(String(v))).join(', ');
  return code(String(value));
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function camel(key: string): string {
  return key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

// --- fields of a document

function entryTable(name: string): string {
  const root = schemaOf('order');
  return fieldTable(definition('order', name), name, true, root);
}

function followupTable(name: string): string {
  return fieldTable(definition('followup', name), name, false, schemaOf('followup'));
}

/** One row a field; nested fields with a dot, those of a list with []. `required` only where people write the document. */
function fieldTable(schema: Schema, name: string, required: boolean, root: Schema = schema): string {
  const rows: string[][] = [];
  const add = (field: string, raw: Schema, needed: boolean): void => {
    const schema = resolved(raw, root);
    const inner = objectIn(schema, root);
    const free = schema.additionalProperties === true;
    if (inner !== null && !free && !(required && schema.items !== undefined) && !hasOwnSection(schema)) {
      const suffix = schema.items === undefined ? '' : '[]';
      if (schema.description !== undefined)
        rows.push(row(field, schema.items === undefined ? nullable(schema) : 'list', needed, schema.description));
      for (const [key, value] of Object.entries(inner.properties ?? {}))
        add(`${field}${suffix}.${key}`, value, needed && (inner.required?.includes(key) ?? false));
      return;
    }
    rows.push(row(field, typeText(schema, root), needed, meaning(`${name}.${field}`, schema)));
    if (free) for (const [key, value] of Object.entries(schema.properties ?? {})) add(`${field}.${key}`, value, false);
  };
  const row = (field: string, type: string, needed: boolean, text: string) =>
    required ? [code(field), type, needed ? 'yes' : '', text] : [code(field), type, text];
  for (const [field, raw] of Object.entries(schema.properties ?? {}))
    add(field, raw, schema.required?.includes(field) ?? false);
  return table(required ? ['Field', 'Type', 'Required', 'Meaning'] : ['Field', 'Type', 'Meaning'], rows);
}

/** The object schema in a field: itself, the non-null one of two, or that of a list's items. */
function objectIn(schema: Schema, root: Schema): Schema | null {
  if (schema.items !== undefined) return objectIn(resolved(schema.items, root), root);
  if (schema.properties !== undefined) return schema;
  const objects = (schema.oneOf ?? []).map((s) => resolved(s, root)).filter((s) => s.properties !== undefined);
  return schema.oneOf?.some((s) => s.type === 'null') === true && objects[0] !== undefined ? objects[0] : null;
}

function nullable(schema: Schema): string {
  return schema.oneOf?.some((s) => s.type === 'null') === true ? 'object or null' : 'object';
}

function typeText(schema: Schema, root: Schema): string {
  const s = resolved(schema, root);
  if (s.const !== undefined) return code(JSON.stringify(s.const));
  if (s.enum !== undefined) return s.enum.map((v) => (v === null ? 'null' : code(String(v)))).join(', ');
  if (s.items !== undefined)
    return `list of ${schema.items?.$ref === undefined ? typeText(s.items, root) : entryName(schema.items.$ref)}`;
  if (s.oneOf !== undefined && s.type === undefined)
    return s.oneOf.map((o) => (o.$ref === undefined ? typeText(o, root) : entryName(o.$ref))).join(' or ');
  const types = typeof s.type === 'string' ? [s.type] : (s.type ?? ['object']);
  return types.map((type) => plainType(type, s)).join(' or ');
}

function plainType(type: string, s: Schema): string {
  switch (type) {
    case 'string':
      return 'text';
    case 'boolean':
      return '`true` or `false`';
    case 'integer':
      return `whole number${range(s)}`;
    case 'number':
      return `number${range(s)}`;
    default:
      return type;
  }
}

function range({ minimum, exclusiveMinimum, maximum }: Schema): string {
  const from =
    exclusiveMinimum !== undefined ? ` above ${exclusiveMinimum}` : minimum !== undefined ? ` from ${minimum}` : '';
  return `${from}${maximum === undefined ? '' : ` to ${maximum}`}`;
}

/** Entries with a section of their own are linked there; their fields stand there only. */
function hasOwnSection({ items, oneOf }: Schema): boolean {
  return [items, ...(oneOf ?? [])].some(
    (s) => s?.$ref !== undefined && ENTRY_NAMES[s.$ref.replace('#/$defs/', '')]?.startsWith('[') === true,
  );
}

/** Entries with a section of their own are linked, others named by what they are. */
function entryName(ref: string): string {
  const text = ENTRY_NAMES[ref.replace('#/$defs/', '')];
  if (text === undefined) throw new Error(`${ref} has no name for readers`);
  return text;
}

// --- commands

function fenced(text: string): string {
  return `\`\`\`text\n${text.trim()}\n\`\`\``;
}

function metricTable(): string {
  const names = Object.keys(METRICS) as MetricName[];
  return table(
    ['Metric', 'Type', 'Labels', 'What it tells'],
    names.map((name) => {
      const { type, labels, help: text } = metric(name);
      return [code(name), type, labels.map(code).join(', '), text];
    }),
  );
}

async function commandsText(): Promise<string> {
  const main = await help();
  const names = [...main.matchAll(/^ {2}([a-z]+) (?:\[options\]|<)/gm)].map(([, name]) => name ?? '');
  if (names.length < 10) throw new Error(`only ${names.length} commands found in the help`);
  const texts = await Promise.all(names.map(help));
  const exits = Object.entries(EXIT).map(([name, number]) => [String(number), name]);
  return [
    fenced(main),
    ...names.map((name, i) => `## ${name}\n\n${fenced(texts[i] ?? '')}`),
    `## Exit codes\n\n${table(
      ['Exit code', 'Meaning'],
      exits.map(([number = '', name = '']) => [number, EXIT_MEANINGS[name] ?? unknownExit(name)]),
    )}`,
  ].join('\n\n');
}

function fencedUnit(part: ServicePart): string {
  return `\`\`\`ini\n${exampleService('systemd', part).text.trim()}\n\`\`\``;
}

function unknownExit(name: string): never {
  throw new Error(`the exit code ${name} has no meaning here`);
}

/** Help as `waybill NAME --help` prints it, from the sources, 80 columns wide. */
async function help(name?: string): Promise<string> {
  const argv = ['--import', 'tsx', join(ROOT, 'src/cli/main.ts'), ...(name === undefined ? [] : [name]), '--help'];
  const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', NO_COLOR: '1' };
  return (await promisify(execFile)(process.execPath, argv, { cwd: ROOT, env })).stdout;
}

// --- Markdown

function code(text: string): string {
  return `\`${text}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((c) => c.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}
