import { dirname, isAbsolute, relative } from 'node:path/posix';
import type { AgentRequest, ToolKind } from '../agent.ts';
import type { AgentConfig } from '../config.ts';

/**
 * What Claude Code is started with. Nothing of the machine's or the repository's settings counts: `--restricted` keeps its file tools in the folder of
 * work and out of `.git`, `dontAsk` refuses whatever the rules here do not allow, because nobody is there to be asked.
 */

/** The mode where none is named: what is not allowed is refused without a question. */
export const DEFAULT_MODE = 'dontAsk';

/** Its tools for each kind; a kind without one can only be had through `execute`. */
const TOOLS: Readonly<Record<ToolKind, readonly string[]>> = {
  read: ['Read'],
  search: ['Grep', 'Glob'],
  edit: ['Edit', 'Write', 'NotebookEdit'],
  execute: ['Bash'],
  fetch: ['WebFetch', 'WebSearch'],
  delete: [],
  move: [],
  think: [],
  other: [],
};

/** A schema longer than this stays away from the command line, where one argument has its limit: the packet then comes as a file only. */
const MOST_SCHEMA_BYTES = 100_000;

/** What it goes on with: a session of its own that it told of before. */
const SESSION = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Why a request or a configuration cannot be passed on; null where it can. */
export function objection({ session }: Pick<AgentRequest, 'session'>, { mode }: AgentConfig): string | null {
  if (mode === 'bypassPermissions') return 'in mode bypassPermissions nothing is refused: use dontAsk';
  return session === null || SESSION.test(session) ? null : 'the session to go on with is none of Claude Code';
}

/** The mode as it reports it, for what it is called on the command line. */
export function reportedMode({ mode }: AgentConfig): string {
  return mode === 'manual' ? 'default' : (mode ?? DEFAULT_MODE);
}

/** The whole command line. The prompt is not on it: it may be longer than one can be, and everybody on the machine can read it there. */
export function argumentsOf(request: Omit<AgentRequest, 'prompt' | 'signal'>, config: AgentConfig): string[] {
  const { tools, output, cwd, limits, session } = request;
  // the packet is written by whoever may write nothing else
  const offered = [...new Set(['Read', 'Write', ...tools.flatMap((kind) => TOOLS[kind])])];
  const schema = schemaText(output.schema);
  const outside = relative(cwd, output.file).startsWith('..') ? ['--add-dir', dirname(output.file)] : [];
  return [
    ...config.command,
    ...['-p', '--output-format', 'stream-json', '--verbose'],
    ...['--restricted', '--strict-mcp-config', '--setting-sources', ''],
    ...['--permission-mode', config.mode ?? DEFAULT_MODE, '--permission-prompts', 'none'],
    ...['--tools', offered.join(',')],
    ...['--settings', JSON.stringify({ permissions: { allow: rules(request) } })],
    ...outside,
    ...(schema === null ? [] : ['--json-schema', schema]),
    ...(limits.usd === null ? [] : ['--max-budget-usd', String(limits.usd)]),
    ...(config.model === null ? [] : ['--model', config.model]),
    ...(session === null ? [] : ['--resume', session]),
    ...config.args,
  ];
}

/** What is allowed without a question. A rule for Edit is one for every tool that writes files. */
function rules({ tools, output, cwd }: Pick<AgentRequest, 'tools' | 'output' | 'cwd'>): string[] {
  const named = tools.flatMap((kind) => TOOLS[kind]).filter((tool) => !TOOLS.edit.includes(tool));
  const inside = relative(cwd, output.file);
  const packet = inside.startsWith('..') || isAbsolute(inside) ? `/${output.file}` : `./${inside}`;
  return [...new Set(['Read', ...named, `Edit(${packet})`, ...(tools.includes('edit') ? ['Edit(./**)'] : [])])];
}

/** Without the names that its validator would look for elsewhere, and fail; null where it is no object or too long. */
function schemaText({ $schema, $id, ...schema }: Readonly<Record<string, unknown>>): string | null {
  const text = JSON.stringify(schema);
  return schema['type'] === 'object' && Buffer.byteLength(text) <= MOST_SCHEMA_BYTES ? text : null;
}
