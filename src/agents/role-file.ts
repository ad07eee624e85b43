import { isAbsolute, join, relative, resolve } from 'node:path';
import { sha256 } from '../order/canonical-json.ts';
import { readDocument } from '../order/document.ts';
import { type Place, WaybillError } from '../order/error.ts';
import type { AgentDocument, AgentTool, AgentUse } from '../order/generated.ts';
import { fs, ifThere, lstatIfThere, statIfThere } from '../platform/fs.ts';
import { conform } from '../platform/schema.ts';
import { expandHome } from '../platform/user.ts';
import { AGENT_FILE, AGENTS_FOLDER } from '../station/agents-folder.ts';
import type { AgentConfig } from './config.ts';

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
  readonly use: readonly RoleAgent[];
}

/** One agent that can do a role's work, with every default filled in. */
export interface RoleAgent extends AgentConfig {
  readonly adapter: AgentUse['adapter'];
  /** Names of variables that it is handed. */
  readonly env: readonly string[];
  readonly set: Readonly<Record<string, string>>;
}

/** Larger ones were not written by a person. */
const MOST_BYTES = 256 * 1024;
const DEFAULT_SECONDS = 1800;
const NAME = /^[a-z][a-z0-9_-]{0,63}$/;

/** What a role may do unless its file says otherwise. `edit` is for the packet: what is changed beside it is measured. */
export const TOOLS: readonly AgentTool[] = ['read', 'search', 'think', 'edit'];
export const BUILDER_TOOLS: readonly AgentTool[] = [...TOOLS, 'delete', 'move', 'execute'];

/** Where a role's file stands, relative to the root. */
export function roleFile(name: string): string {
  return `${AGENTS_FOLDER}/${name}/${AGENT_FILE}`;
}

/** Whether this can be the name of a role. */
export function isRoleName(name: string): boolean {
  return NAME.test(name) && roleFile(name) !== 'agents/chains/agent.yaml';
}

/** Reads one role. Throws AGENT_INVALID, or what is wrong with the document, with line and column. */
export function readRole(root: string, name: string): Role {
  if (!isRoleName(name))
    throw new WaybillError('AGENT_INVALID', `${JSON.stringify(name)} is no name for a role`, {
      hint: 'Small letters, digits, - and _, beginning with a letter.',
    });
  const folder = `${AGENTS_FOLDER}/${name}`;
  if (lstatIfThere(join(root, folder))?.isSymbolicLink() === true) throw isLink(folder);
  const file = roleFile(name);
  const bytes = readPlain(root, file);
  const document = readDocument(bytes, 'yaml', { maxBytes: MOST_BYTES, maxDepth: 16 });
  const doc = conform('agent', document.value, 'AGENT_INVALID', document);
  const beside = typeof doc.prompt === 'object' ? readPlain(root, `${folder}/${doc.prompt.file}`) : null;
  return {
    name,
    file,
    sha256: sha256(bytes),
    description: doc.description ?? null,
    lanes: doc.lanes ?? null,
    prompt: promptOf(doc, beside),
    promptSha256: beside === null ? null : sha256(beside),
    tools: doc.tools ?? (name === 'builder' ? BUILDER_TOOLS : TOOLS),
    timeoutSeconds: doc.timeout_seconds ?? DEFAULT_SECONDS,
    use: agentsOf(root, doc, (...at) => document.locate(at)),
  };
}

type Locate = (...at: (string | number)[]) => Place;

/** Each agent once, and each with a program that orders cannot write: what a schema cannot say. */
function agentsOf(root: string, doc: AgentDocument, locate: Locate): RoleAgent[] {
  const names = doc.use.map(({ name }) => name.toLowerCase());
  return doc.use.map((use, n) => {
    const wrong = (message: string, hint: string, ...at: (string | number)[]) =>
      new WaybillError('AGENT_INVALID', `use.${n}${message}`, { hint, place: locate('use', n, ...at) });
    if (names.indexOf(use.name.toLowerCase()) !== n)
      throw wrong(`.name: ${use.name} stands there twice`, 'Missions name agents by it: give each its own.', 'name');
    if (use.command === undefined && use.adapter !== 'claude')
      throw wrong(`: the adapter ${use.adapter} needs a command`, 'Add `command`, a list: [opencode, acp].');
    const [program = '', ...rest] = use.command ?? ['claude'];
    const command = [expandHome(program), ...rest];
    if (program.trim() === '')
      throw wrong('.command: an empty name is no program', 'Begin with the program, as in [opencode, acp].', 'command');
    if (program.includes('/') && !isAbsolute(command[0] ?? ''))
      throw wrong(
        `.command: ${program} would be another program in every folder`,
        'Write its whole path, or a name that is on PATH.',
        'command',
      );
    const own = [...command, ...(use.args ?? [])].find((word) => isFileBelow(root, word));
    if (own !== undefined)
      throw wrong(
        `: ${own} lies in the repository, where orders may write it`,
        'Keep the programs of agents outside of the station.',
        use.args?.includes(own) === true ? 'args' : 'command',
      );
    return {
      name: use.name,
      adapter: use.adapter,
      command,
      args: use.args ?? [],
      mode: use.mode ?? null,
      model: use.model ?? null,
      env: use.env ?? [],
      set: use.set ?? {},
      usage: use.usage ?? null,
    };
  });
}

/** Whether a word with a / names a file at or below the root, by itself or through links. */
function isFileBelow(root: string, word: string): boolean {
  if (!word.includes('/')) return false;
  const path = resolve(root, expandHome(word));
  if (statIfThere(path)?.isFile() !== true) return false;
  const isBelow = (folder: string, file: string) => !/^\.\.(\/|$)/.test(relative(folder, file));
  return isBelow(root, path) || isBelow(fs.realpathSync(root), ifThere(() => fs.realpathSync(path)) ?? path);
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

function promptOf({ prompt }: AgentDocument, beside: Buffer | null): string | null {
  if (typeof prompt === 'string') return prompt;
  if (prompt === undefined || beside === null) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(beside);
  } catch {
    throw new WaybillError('AGENT_INVALID', `${prompt.file} is not valid UTF-8`, { hint: 'Save it as UTF-8.' });
  }
}

/** A link, and what it leads to is not closed to orders. */
export function isLink(path: string): WaybillError {
  return new WaybillError('AGENT_INVALID', `${path} is a symbolic link, and what it leads to is not closed to orders`, {
    hint: 'Put the file itself there.',
    place: { file: path },
  });
}
