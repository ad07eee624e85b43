import { setTimeout as sleep } from 'node:timers/promises';
import type { Agent, AgentContext, AgentEvent, Probe } from '../agent.ts';
import type { AgentConfig } from '../config.ts';
import { Lines } from '../lines.ts';
import { clearPacket, readPacket } from '../packet-file.ts';
import { endingOf, type Program, startProgram, without } from '../program.ts';
import type { AcpConnection } from './connection.ts';
import { type Ending, Turn, type TurnOptions } from './turn.ts';

/** A message longer than this is dropped: whoever waits for it runs into the timeout. */
const MOST_LINE_BYTES = 32 * 1024 * 1024;
/** So long an agent may take to say that its turn is cancelled, and to end when its input does. */
const CANCEL_MS = 300;
const FAREWELL_MS = 1000;
/** Beside the bound that is kept here, which says `cancel` first: what ends an agent also where that hangs. */
const LATE_MS = 5000;
/** A look at an agent takes no longer. */
const PROBE_MS = 30_000;

/** An agent that speaks the Agent Client Protocol, version 1, over its standard input and output: one process for each run. */
export function acpAgent(config: AgentConfig): Agent {
  return {
    run: async (request, context) => {
      const { limits, signal, output } = request;
      if (signal.aborted) return without('aborted', 'it was ended before it began');
      const noRoom = clearPacket(output.file);
      if (noRoom !== null) return without('failed', noRoom);
      const talk = await begin(config, request, output.file, limits.seconds * 1000, context);
      const { turn } = talk;
      const ending = await talk.until(turn.run(talk.connection), signal);
      const why = await talk.leave(ending);
      const { packet, why: missing } = readPacket(output.file);
      const usage = turn.usage();
      if (usage !== null) context.onEvent({ kind: 'usage', usage });
      return { outcome: ending.outcome, why: why ?? missing, packet, usage, session: turn.session };
    },
    probe: (context, cwd) => probe(config, context, cwd),
  };
}

interface Talk {
  readonly program: Program;
  readonly connection: AcpConnection;
  readonly turn: Turn;
  /** The first of: what is waited for, the time is over, the signal comes, the turn breaks off. */
  until(step: Promise<Ending>, signal: AbortSignal | null): Promise<Ending>;
  /** Ends the agent and all it started; says why it did not end by itself, with the program's own words where it died. */
  leave(ending: Ending): Promise<string | null>;
}

async function begin(
  config: AgentConfig,
  request: TurnOptions['request'],
  packet: string | null,
  timeoutMs: number,
  context: AgentContext,
): Promise<Talk> {
  // with its validators it takes longer to load than most commands take
  const { connect } = await import('./connection.ts');
  let breakOff: (ending: Ending) => void = () => {};
  const broken = new Promise<Ending>((resolve) => {
    breakOff = resolve;
  });
  const argv = [...config.command, ...config.args];
  const lines = new Lines(MOST_LINE_BYTES);
  let gone = false;
  const hear = (line: string | null) => {
    if (line === null) turnOptions.tell({ kind: 'unknown', name: 'a message over 32 MiB' });
    else if (line.trim() !== '') connection.hear(line);
  };
  const program = startProgram(
    { argv, cwd: request.cwd, timeoutMs: timeoutMs + LATE_MS, onOutput: (bytes) => lines.push(bytes).forEach(hear) },
    context,
  );
  const tell = (event: AgentEvent) => program.context.onEvent(event);
  const reach = { cwd: request.cwd, home: context.env['HOME'] ?? null, packet };
  const turnOptions: TurnOptions = { config, request, reach, tell, breakOff };
  const turn = new Turn(turnOptions);
  const connection = connect({
    say: (line) => program.say(line),
    onNotification: (method, params) => turn.onNotification(method, params),
    onPermission: (params) => turn.onPermission(params),
    onUnknown: (name) => tell({ kind: 'unknown', name }),
  });
  // whoever waits for an answer of the program hears that none will come
  const over = () => {
    gone = true;
    const last = lines.end();
    if (last !== undefined) hear(last);
    connection.end();
  };
  program.ended.then(over, over);
  return {
    program,
    connection,
    turn,
    until: async (step, signal) => {
      const abort = () => breakOff({ outcome: 'aborted', why: 'it was ended' });
      const timer = setTimeout(
        () => breakOff({ outcome: 'timeout', why: `it took longer than ${timeoutMs / 1000} s` }),
        timeoutMs,
      );
      signal?.addEventListener('abort', abort, { once: true });
      if (signal?.aborted === true) abort();
      try {
        const ending = await Promise.race([step, broken]);
        if (ending.outcome !== 'ended' && !gone) {
          turn.cancel(connection);
          // what it answers to that may still tell what it used
          await Promise.race([step, sleep(CANCEL_MS)]);
        }
        return ending;
      } finally {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      }
    },
    leave: async (ending) => {
      const died = gone;
      if (ending.outcome === 'ended') program.finish(Math.min(FAREWELL_MS, context.graceMs));
      else program.stop();
      const end = await program.ended;
      return died && ending.outcome !== 'ended' ? endingOf(argv[0] ?? '', end) : ending.why;
    },
  };
}

async function probe(config: AgentConfig, context: AgentContext, cwd: string): Promise<Probe> {
  const nothing = { tools: [], prompt: '', session: null, limits: { tokens: null, usd: null, seconds: 0 } };
  try {
    const talk = await begin(config, { ...nothing, cwd }, null, PROBE_MS, context);
    const ready: Ending = { outcome: 'ended', why: null };
    const prepared = talk.turn.prepare(talk.connection).then((why) => why ?? ready);
    const ending = await talk.until(prepared, null);
    const why = await talk.leave(ending);
    const { hello, modes } = talk.turn;
    return {
      ok: ending.outcome === 'ended',
      version: hello?.name == null ? null : [hello.name, hello.version].filter((part) => part !== null).join(' '),
      why,
      modes,
      resumes: (hello?.resume ?? null) !== null,
      structured: false,
      // only an answered prompt tells
      tellsUsage: config.usage === 'none' || config.usage === 'last_step' ? false : null,
    };
  } catch (error) {
    return { ...UNUSABLE, why: error instanceof Error ? error.message : 'it could not be looked at' };
  }
}

const UNUSABLE = { ok: false, version: null, modes: [], resumes: false, structured: false, tellsUsage: null };
