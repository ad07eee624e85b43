import { join } from 'node:path';
import { sha256 } from '../order/canonical-json.ts';
import { readDocument } from '../order/document.ts';
import { asWaybillError, WaybillError } from '../order/error.ts';
import type { AgentDocument, AgentTool, AgentUse } from '../order/generated.ts';
import { namesIn } from '../platform/durable.ts';
import { fs, lstatIfThere } from '../platform/fs.ts';
import { conform } from '../platform/schema.ts';
import { AGENT_FILE, AGENTS_FOLDER, CHAINS_FOLDER } from '../station/agents-folder.ts';

/** What does one kind of step: who can do it, what it is told, and what it may do. */
export interface Role {
  readonly name: string;
  /** Relative to the station's root. */
  readonly file: string;
  /** Hash of the file's exact bytes. */
  readonly sha256: string;
  readonly description: string | null;
  /** null: for missions of every lane. */
  readonly lanes: readonly string[] | null;
  /** What it is told beside the step's own prompt. */
  readonly prompt: string | null;
  /** Hash of the prompt's file; null where it has none. */
  readonly promptSha256: string | null;
  readonly tools: readonly AgentTool[];
  readonly timeoutSeconds: number;
  readonly use: readonly AgentUse[];
}

/** The roles of a station. One that cannot be used stands among the faults, and stops no other (rule 10). */
export interface Roles {
  readonly roles: ReadonlyMap<string, Role>;
  readonly faults: ReadonlyMap<string, WaybillError>;
}

/** Larger ones were not written by a person. */
const MOST_BYTES = 256 * 1024;
const MOST_ROLES = 200;
const DEFAULT_SECONDS = 1800;
const NAME = /^[a-z][a-z0-9_-]{0,63}$/;

/** What a role may do unless its file says otherwise. `edit` is for the packet: what is changed beside it is measured, and refused. */
const TOOLS: readonly AgentTool[] = ['read', 'search', 'think', 'edit'];
const BUILDER_TOOLS: readonly AgentTool[] = [...TOOLS, 'delete', 'move', 'execute'];

/** Reads agents/<role>/agent.yaml of every role below a station's root. Never throws for what a file holds. */
export function loadRoles(root: string): Roles {
  const roles = new Map<string, Role>();
  const faults = new Map<string, WaybillError>();
  const folder = join(root, AGENTS_FOLDER);
  if (lstatIfThere(folder)?.isSymbolicLink() === true) {
    faults.set('*', isLink(AGENTS_FOLDER));
    return { roles, faults };
  }
  const names = namesIn(folder).filter((name) => hasRole(root, name));
  for (const name of names.sort().slice(0, MOST_ROLES)) {
    try {
      roles.set(name, readRole(root, name));
    } catch (thrown) {
      faults.set(name, asFault(thrown, `${AGENTS_FOLDER}/${name}/${AGENT_FILE}`));
    }
  }
  if (names.length > MOST_ROLES)
    faults.set('*', new WaybillError('AGENT_INVALID', `${names.length} roles, the limit is ${MOST_ROLES}`));
  return { roles, faults };
}

/** The role that a step asks for, for a mission of this lane. Throws AGENT_INVALID with its place, or AGENT_UNAVAILABLE. */
export function requireRole({ roles, faults }: Roles, name: string, lane: string): Role {
  const fault = faults.get(name) ?? faults.get('*');
  const role = roles.get(name);
  if (role === undefined) {
    if (fault !== undefined) throw fault;
    throw new WaybillError('AGENT_UNAVAILABLE', `there is no role ${name}`, {
      hint: `\`waybill agents init --role ${name}\` writes ${AGENTS_FOLDER}/${name}/${AGENT_FILE}.`,
    });
  }
  if (role.lanes !== null && !role.lanes.some((own) => own.toLowerCase() === lane.toLowerCase()))
    throw new WaybillError('AGENT_UNAVAILABLE', `the role ${name} is only for missions of ${role.lanes.join(', ')}`, {
      hint: `Add ${lane} to \`lanes\` in ${role.file}, or drop the mission into one of these lanes.`,
    });
  return role;
}

/** The agents that may do a role's work, in the order in which they are tried. Where the mission names agents, these alone, as it orders them. */
export function candidates(role: Role, wanted: readonly string[]): readonly AgentUse[] {
  if (wanted.length === 0) return role.use;
  const named = wanted.flatMap((name) => role.use.filter((use) => use.name.toLowerCase() === name.toLowerCase()));
  return [...new Set(named)];
}

function hasRole(root: string, name: string): boolean {
  const folder = `${AGENTS_FOLDER}/${name}`;
  if (folder === CHAINS_FOLDER) return false;
  // a link is a fault where it leads to a role, and nothing otherwise
  return lstatIfThere(join(root, folder, AGENT_FILE)) !== undefined;
}

function readRole(root: string, name: string): Role {
  if (!NAME.test(name))
    throw new WaybillError('AGENT_INVALID', `${JSON.stringify(name)} is no name for a role`, {
      hint: 'Small letters, digits, - and _, beginning with a letter.',
    });
  if (lstatIfThere(join(root, AGENTS_FOLDER, name))?.isSymbolicLink() === true)
    throw isLink(`${AGENTS_FOLDER}/${name}`);
  const file = `${AGENTS_FOLDER}/${name}/${AGENT_FILE}`;
  const bytes = readPlain(root, file);
  const document = readDocument(bytes, 'yaml', { maxBytes: MOST_BYTES, maxDepth: 16 });
  const doc = conform('agent', document.value, 'AGENT_INVALID', document);
  assertUsable(doc, (...at) => document.locate(at));
  const beside = typeof doc.prompt === 'object' ? readPlain(root, `${AGENTS_FOLDER}/${name}/${doc.prompt.file}`) : null;
  return {
    name,
    file,
    sha256: sha256(bytes),
    description: doc.description ?? null,
    lanes: doc.lanes ?? null,
    prompt: typeof doc.prompt === 'string' ? doc.prompt : beside === null ? null : textOf(beside, doc),
    promptSha256: beside === null ? null : sha256(beside),
    tools: doc.tools ?? (name === 'builder' ? BUILDER_TOOLS : TOOLS),
    timeoutSeconds: doc.timeout_seconds ?? DEFAULT_SECONDS,
    use: doc.use,
  };
}

/** Each agent once, and each with a program: what a schema cannot say in words that help. */
function assertUsable({ use }: AgentDocument, locate: (...at: (string | number)[]) => WaybillError['place']): void {
  const names = use.map(({ name }) => name.toLowerCase());
  for (const [n, { name, adapter, command }] of use.entries()) {
    if (names.indexOf(name.toLowerCase()) !== n)
      throw new WaybillError('AGENT_INVALID', `use.${n}.name: ${name} stands there twice`, {
        hint: 'Missions name agents by it: give each its own.',
        place: locate('use', n, 'name'),
      });
    if (adapter !== 'claude' && command === undefined)
      throw new WaybillError('AGENT_INVALID', `use.${n}: the adapter ${adapter} needs a command`, {
        hint: 'Add `command`, a list: [opencode, acp].',
        place: locate('use', n),
      });
    if (command?.[0]?.trim() === '')
      throw new WaybillError('AGENT_INVALID', `use.${n}.command: an empty name is no program`, {
        hint: 'Begin the list with the program, as in [opencode, acp].',
        place: locate('use', n, 'command', 0),
      });
  }
}

/** Bytes of a plain file below the root, of a size that a person writes. A link could lead to what is not closed to orders. */
function readPlain(root: string, file: string): Buffer {
  const stat = lstatIfThere(join(root, file));
  const wrong = (what: string, hint: string) => new WaybillError('AGENT_INVALID', what, { hint, place: { file } });
  if (stat === undefined) throw wrong(`there is no ${file}`, 'Write it, or take its name out.');
  if (stat.isSymbolicLink()) throw isLink(file);
  if (!stat.isFile()) throw wrong(`${file} is no file`, 'Put a plain file there.');
  if (stat.size > MOST_BYTES)
    throw wrong(`${file} has ${stat.size} bytes, the limit is ${MOST_BYTES}`, 'Make it shorter.');
  return fs.readFileSync(join(root, file));
}

function textOf(bytes: Buffer, { prompt }: AgentDocument): string {
  const name = typeof prompt === 'object' ? prompt.file : '';
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new WaybillError('AGENT_INVALID', `${name} is not valid UTF-8`, { hint: 'Save it as UTF-8.' });
  }
}

function isLink(path: string): WaybillError {
  return new WaybillError('AGENT_INVALID', `${path} is a symbolic link, and what it leads to is not closed to orders`, {
    hint: 'Put the file itself there.',
    place: { file: path },
  });
}

function asFault(thrown: unknown, file: string): WaybillError {
  const { message, hint, place, code } = asWaybillError(thrown);
  // the hints of the document's own faults speak of orders
  const better = code === 'AGENT_INVALID' || code === 'YAML_INVALID' ? { hint } : {};
  return new WaybillError('AGENT_INVALID', message, { ...better, place: { file, ...place } });
}
