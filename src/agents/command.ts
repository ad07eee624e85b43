import type { AgentUsage } from '../order/generated.ts';
import type { Usage } from '../order/mission.ts';
import { writeDurable } from '../platform/durable.ts';
import { findProgram, isExecutable } from '../platform/programs.ts';
import { conforms } from '../platform/schema.ts';
import type { Agent, AgentContext, AgentRequest, AgentResult, Probe } from './agent.ts';
import type { AgentConfig } from './config.ts';
import { Lines } from './lines.ts';
import { clearPacket, readPacket } from './packet-file.ts';
import { endingOf, startProgram, without } from './program.ts';
import { usageOf } from './usage.ts';

const MOST_LINE_BYTES = 64 * 1024;
const MOST_USAGE_BYTES = 64 * 1024;

/**
 * Any program as an agent. It is given the prompt on its standard input and writes the packet to the file that WAYBILL_PACKET names, by the JSON
 * Schema in the file that WAYBILL_PACKET_SCHEMA names. WAYBILL_TOOLS says, with commas between, what kinds of things it may do: it keeps to that
 * itself, or its sandbox does. What it used it may write to the file that WAYBILL_USAGE names (schemas/agent-usage.schema.json). The exit code 0
 * says that it is done.
 */
export function commandAgent(config: AgentConfig): Agent {
  return {
    run: (request, context) => run(config, request, context),
    probe: (context) => Promise.resolve(probe(config, context)),
  };
}

async function run(config: AgentConfig, request: AgentRequest, context: AgentContext): Promise<AgentResult> {
  const { output, limits, signal, cwd } = request;
  if (signal.aborted) return without('aborted', 'it was ended before it began');
  const schema = `${output.file}.schema`;
  const usageFile = `${output.file}.usage`;
  const noRoom = clearPacket(output.file) ?? clearPacket(usageFile);
  if (noRoom !== null) return without('failed', noRoom);
  writeDurable(schema, `${JSON.stringify(output.schema, null, 2)}\n`);
  const argv = [...config.command, ...config.args];
  const env = {
    WAYBILL_PACKET: output.file,
    WAYBILL_PACKET_NAME: output.name,
    WAYBILL_PACKET_SCHEMA: schema,
    WAYBILL_USAGE: usageFile,
    WAYBILL_TOOLS: request.tools.join(','),
    ...(config.mode === null ? {} : { WAYBILL_MODE: config.mode }),
    ...(config.model === null ? {} : { WAYBILL_MODEL: config.model }),
  };
  const lines = new Lines(MOST_LINE_BYTES);
  const onOutput = (bytes: Buffer) => {
    for (const line of lines.push(bytes))
      program.context.onEvent({ kind: 'text', text: `${line ?? '[a long line]'}\n` });
  };
  const program = startProgram({ argv, cwd, env, signal, timeoutMs: limits.seconds * 1000, onOutput }, context);
  program.say(request.prompt);
  program.finish(null); // its end is up to it, and to the timeout
  const end = await program.ended;
  const usage = config.usage === 'none' ? null : usageIn(usageFile, context);
  const { packet, why: missing } = readPacket(output.file);
  clearPacket(schema);
  clearPacket(usageFile);
  const told = { packet, usage, session: null };
  if (end.aborted) return { outcome: 'aborted', why: 'it was ended', ...told };
  if (end.timedOut) return { outcome: 'timeout', why: `it took longer than ${limits.seconds} s`, ...told };
  if (end.exitCode !== 0) return { outcome: 'failed', why: endingOf(argv[0] ?? '', end), ...told };
  return { outcome: 'ended', why: missing, ...told };
}

/** What it wrote of its usage; null for nothing, all zero, and what does not conform. */
function usageIn(file: string, context: AgentContext): Usage | null {
  const { packet } = readPacket(file, MOST_USAGE_BYTES);
  if (packet === null) return null;
  const told = parsed(packet.toString('utf8'));
  if (!conforms('agent-usage', told)) {
    context.onEvent({ kind: 'unknown', name: 'a usage file that does not conform to schemas/agent-usage.schema.json' });
    return null;
  }
  const { input, output, cache_read = 0, cache_write = 0, usd = null } = told as AgentUsage;
  const tokens = { input, output, thought: 0, cacheRead: cache_read, cacheWrite: cache_write };
  const usage = usageOf({ ...tokens, total: input + output + cache_read + cache_write }, usd);
  if (usage !== null) context.onEvent({ kind: 'usage', usage });
  return usage;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** It is not run: nobody knows what it does when it is. */
function probe(config: AgentConfig, context: AgentContext): Probe {
  const [program = ''] = config.command;
  const ok = program.includes('/')
    ? isExecutable(program)
    : findProgram(program, context.env['PATH'] ?? '') !== undefined;
  return {
    ok,
    version: null,
    why: ok ? null : `${program || 'the program'} was not found`,
    modes: [],
    resumes: false,
    structured: false,
    tellsUsage: config.usage === 'none' ? false : null,
  };
}
