import type { DialogueEnd } from '../../platform/dialogue.ts';
import type { Agent, AgentContext, AgentRequest, AgentResult, Probe } from '../agent.ts';
import type { AgentConfig } from '../config.ts';
import { Lines } from '../lines.ts';
import { clearPacket, readPacket } from '../packet-file.ts';
import { endingOf, startProgram, without } from '../program.ts';
import { argumentsOf, DEFAULT_MODE, objection, reportedMode } from './arguments.ts';
import { ClaudeStream } from './stream.ts';

/** A line longer than this is dropped; it decides something only where it is the result, and then the run has none. */
const MOST_LINE_BYTES = 32 * 1024 * 1024;
/** A look at an agent takes no longer. */
const PROBE_MS = 30_000;

interface Ending {
  readonly outcome: AgentResult['outcome'];
  readonly why: string | null;
}

/** Claude Code by its own command line (`claude -p`): one process for each run, with a schema for the packet and a bound on money. */
export function claudeAgent(config: AgentConfig): Agent {
  return {
    run: async (request, context) => {
      const { signal } = request;
      if (signal.aborted) return without('aborted', 'it was ended before it began');
      const refused = objection(request, config);
      return refused === null ? run(config, request, context) : without('refused', refused);
    },
    probe: (context, cwd) => probe(config, context, cwd),
  };
}

async function run(config: AgentConfig, request: AgentRequest, context: AgentContext): Promise<AgentResult> {
  const { limits, signal, output, cwd } = request;
  const noRoom = clearPacket(output.file);
  if (noRoom !== null) return without('failed', noRoom);
  const stream = new ClaudeStream(request.session !== null);
  const lines = new Lines(MOST_LINE_BYTES);
  let cut: Ending | null = null;
  const hear = (line: string | null | undefined) => {
    if (line === undefined || line?.trim() === '') return;
    const events = line === null ? [{ kind: 'unknown', name: 'a line over 32 MiB' } as const] : stream.take(line);
    for (const event of events) program.context.onEvent(event);
    cut ??= breach(stream, config, limits.tokens);
    if (cut !== null) program.stop();
  };
  const argv = argumentsOf(request, config);
  const onOutput = (bytes: Buffer) => lines.push(bytes).forEach(hear);
  const program = startProgram({ argv, cwd, signal, timeoutMs: limits.seconds * 1000, onOutput }, context);
  program.say(request.prompt);
  program.finish(null); // its end is up to it, and to the timeout
  const end = await program.ended;
  hear(lines.end());
  const ending = cut ?? endingIn(end, stream, request, argv[0] ?? '');
  const { packet, why: missing } = readPacket(output.file);
  const handedIn = packet ?? structuredIn(stream);
  const why = ending.why ?? (handedIn === null ? missing : null);
  return { outcome: ending.outcome, why, packet: handedIn, usage: stream.usage, session: stream.session };
}

/** Why it may not go on, as far as its stream tells; null where it may. */
function breach({ mode, spent }: ClaudeStream, config: AgentConfig, tokens: number | null): Ending | null {
  const wanted = reportedMode(config);
  if (mode !== null && mode !== wanted)
    return { outcome: 'refused', why: `it is in mode ${mode === '' ? 'unknown' : mode}, not in ${wanted}` };
  return tokens !== null && spent > tokens
    ? { outcome: 'over_budget', why: `it used more than ${tokens} tokens` }
    : null;
}

function endingIn(end: DialogueEnd, { told, mode }: ClaudeStream, { limits }: AgentRequest, program: string): Ending {
  if (end.aborted) return { outcome: 'aborted', why: 'it was ended' };
  if (end.timedOut) return { outcome: 'timeout', why: `it took longer than ${limits.seconds} s` };
  if (told === null || (told.outcome === 'ended' && told.clean && end.exitCode !== 0))
    return { outcome: 'failed', why: endingOf(program, end) };
  // it said that it is done, and never in which mode it did it
  if (told.outcome === 'ended' && mode === null) return { outcome: 'refused', why: 'it did not tell its mode' };
  return told;
}

/** What came as structured output is the packet where there is no file. */
function structuredIn({ told }: ClaudeStream): Buffer | null {
  const value = told?.structured;
  return value === undefined || value === null ? null : Buffer.from(`${JSON.stringify(value, null, 2)}\n`, 'utf8');
}

/** What a run is started with, and an older Claude Code may lack. */
const NEEDED = ['--restricted', '--permission-prompts', '--json-schema', '--max-budget-usd', '--setting-sources'];

const UNUSABLE = { ok: false, version: null, modes: [], resumes: false, structured: false, tellsUsage: null };

/** By its version and its help: nothing is asked of a model. */
async function probe(config: AgentConfig, context: AgentContext, cwd: string): Promise<Probe> {
  try {
    const told = await ask([...config.command, '--version'], context, cwd);
    if (told.why !== null) return { ...UNUSABLE, why: told.why };
    const help = (await ask([...config.command, '--help'], context, cwd)).text.replace(/\s+/g, ' ');
    const modes = modesIn(help);
    const why = unfit(help, modes, config);
    const can = { modes, resumes: true, structured: true, tellsUsage: true };
    return { ok: why === null, version: told.text.trim().slice(0, 100), why, ...can };
  } catch (error) {
    return { ...UNUSABLE, why: error instanceof Error ? error.message : 'it could not be looked at' };
  }
}

/** Why no work can be given to it; null where it can. */
function unfit(help: string, modes: readonly string[], config: AgentConfig): string | null {
  const missing = NEEDED.filter((option) => !help.includes(`${option} `));
  if (missing.length > 0) return `it is too old: it has no ${missing.join(', ')}`;
  const wanted = config.mode ?? DEFAULT_MODE;
  if (!modes.includes(wanted)) return `it has no mode ${wanted}, only ${modes.join(', ')}`;
  return objection({ session: null }, config);
}

/** All that a program says before it ends, and why that is not all it has to say. */
async function ask(argv: readonly string[], context: AgentContext, cwd: string) {
  const said: Buffer[] = [];
  const program = startProgram({ argv, cwd, timeoutMs: PROBE_MS, onOutput: (bytes) => said.push(bytes) }, context);
  program.finish(null);
  const end = await program.ended;
  const why = end.timedOut ? 'it did not answer in time' : end.exitCode === 0 ? null : endingOf(argv[0] ?? '', end);
  return { text: Buffer.concat(said).toString('utf8'), why };
}

function modesIn(help: string): string[] {
  const choices = /--permission-mode <mode>[^(]*\(choices: ([^)]*)\)/.exec(help)?.[1] ?? '';
  return [...choices.matchAll(/"(\w+)"/g)].map(([, mode = '']) => mode);
}
