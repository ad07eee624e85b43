import { dirname, join } from 'node:path';
import type { Reply, Standing, ToolOffer } from './dialogue.ts';
import type { Turn } from './script.ts';

/** How a turn is done with the tools that an agent offers: each has names of its own for the same two. */

const WRITERS = ['Write', 'write', 'write_file'];
const SHELLS = ['Bash', 'bash', 'run_shell_command', 'exec_command', 'shell_command', 'shell', 'local_shell'];

/** The tool by which Claude Code takes a document of a given schema. */
export const STRUCTURED = 'StructuredOutput';

/** Throws where the agent offers nothing that can do it, with what it offers. */
export function replyOf(turn: Turn, tools: readonly ToolOffer[], { packetFile }: Standing): Reply {
  if ('say' in turn) return { say: turn.say };
  if ('structured' in turn) return { call: STRUCTURED, args: { ...(turn.structured as object) } };
  if ('run' in turn) return byShell(turn.run, tools);
  if (packetFile === null) throw new Error('the prompt has no line "Packet file: PATH"');
  // the packet lies in a folder of its own at the top of the folder of work
  const file = 'packet' in turn ? packetFile : join(dirname(dirname(packetFile)), turn.write);
  const content = 'packet' in turn ? asText(turn.packet) : turn.content;
  const writer = turn.by === 'shell' ? undefined : find(tools, WRITERS);
  if (writer !== undefined) {
    const path = writer.args.find((name) => /^(file_?path|path)$/i.test(name)) ?? 'file_path';
    return { call: writer.name, args: { [path]: file, content } };
  }
  return byShell(`mkdir -p ${quoted(dirname(file))} && printf %s ${quoted(content)} > ${quoted(file)}`, tools);
}

function byShell(command: string, tools: readonly ToolOffer[]): Reply {
  const shell = find(tools, SHELLS);
  if (shell === undefined) throw new Error(`no shell among its tools: ${tools.map(({ name }) => name).join(', ')}`);
  if (shell.args.includes('cmd')) return { call: shell.name, args: { cmd: command } };
  const isList = shell.name === 'shell' || shell.name === 'local_shell';
  const description = shell.args.includes('description') ? { description: 'as the script says' } : {};
  return { call: shell.name, args: { command: isList ? ['sh', '-c', command] : command, ...description } };
}

function find(tools: readonly ToolOffer[], names: readonly string[]): ToolOffer | undefined {
  return names.map((name) => tools.find((tool) => tool.name === name)).find((tool) => tool !== undefined);
}

function asText(packet: unknown): string {
  return typeof packet === 'string' ? packet : `${JSON.stringify(packet, null, 2)}\n`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
