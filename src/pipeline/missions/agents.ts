import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Agent, AgentContext } from '../../agents/agent.ts';
import { agentFor } from '../../agents/agent-for.ts';
import { chooseAgent, Probes } from '../../agents/choose.ts';
import { agentEnvironment } from '../../agents/environment.ts';
import type { Role, RoleAgent } from '../../agents/role-file.ts';
import { candidates, loadRoles, requireRole } from '../../agents/roles.ts';
import { noteRunningGroup } from '../../execute/run-commands.ts';
import { asWaybillError } from '../../order/error.ts';
import type { HistoryEntry } from '../../order/mission.ts';
import type { ByteFilter } from '../../order/secrets/redactor.ts';
import { ensureDir, removeTree, writeAll } from '../../platform/durable.ts';
import { fs } from '../../platform/fs.ts';
import { newUlid } from '../../platform/ids.ts';
import { agentSpanId } from '../../record/spans/ids.ts';
import type { Next } from '../../spine/next-step.ts';
import { roleText } from '../../spine/roles/role-texts.ts';
import { redactorOf } from '../../station/redactor.ts';
import type { Job } from '../job.ts';
import type { Runtime } from '../runtime.ts';
import { traceEnvironment } from '../spans/trace-context.ts';
import type { MissionJob } from './mission-job.ts';
import type { MissionPlace } from './place.ts';
import type { OpenStep } from './record-step.ts';

/** Who does a step, and what surrounds its program. */
export interface Chosen {
  readonly name: string;
  readonly agent: Agent;
  readonly role: Role;
  readonly use: RoleAgent;
  /** What every agent of the role is told. */
  readonly text: string;
  /** Whether it says that it goes on with a session in another process; one that says so may still not find it. */
  readonly resumes: boolean;
}

const probesOf = new WeakMap<Runtime, Probes>();

/** Somebody says that an agent can be used now: what was seen of all of them does not count any more. */
export function lookAnew(rt: Runtime): void {
  probesOf.delete(rt);
}

/**
 * The agent for a step: the first that the mission, policy and the role's file allow, and that can be used now. A second reviewer is another one,
 * where there is another. Never throws: `why` says why there is none. `signal` ends the looks at agents.
 */
export async function pickAgent(
  rt: Runtime,
  job: Job,
  mission: MissionJob,
  { step, votes }: Extract<Next, { do: 'step' }>,
  signal: AbortSignal,
): Promise<Chosen | { readonly why: string }> {
  const { station } = rt;
  const probeMark = `${job.woId}.probe.${process.pid}`;
  const probes = probesOf.get(rt) ?? new Probes(agentFor, Date.now);
  probesOf.set(rt, probes);
  const empty = join(tmpdir(), `waybill-probe-${newUlid()}`);
  ensureDir(empty);
  try {
    const lane = rt.life(job.woId).admitted?.lane ?? '';
    const role = requireRole(loadRoles(station.layout.root), step.role ?? '', lane);
    const names = allowed(role, mission);
    if (names.length === 0)
      return { why: `no agent of the role ${role.name} may do it, as mission and policy have it` };
    const voted = votersOf(rt.life(job.woId).mission?.history ?? [], step.id, votes);
    const turned = [...names.filter((name) => !voted.includes(name)), ...names.filter((name) => voted.includes(name))];
    const surroundings = {
      // not where an agent has written: what it left there would be read by the next one, outside of any sandbox
      cwd: empty,
      contextOf: (use: RoleAgent): AgentContext => ({
        ...bare(rt, use, probeMark),
        signal,
        onStarted: ({ pgid, startTime }) =>
          noteRunningGroup(rt.claimFolder(rt.life(job.woId)), { pgid, startTime, mark: probeMark }),
        onRaw: () => {},
        onEvent: () => {},
      }),
    };
    const { use, probe } = await chooseAgent(probes, role, turned, surroundings);
    return { name: use.name, agent: agentFor(use), role, use, text: roleText(role.name) ?? '', resumes: probe.resumes };
  } catch (thrown) {
    return { why: asWaybillError(thrown).message };
  } finally {
    removeTree(empty);
    // a look that was cut short says nothing about the agent
    if (signal.aborted) lookAnew(rt);
  }
}

/** The agents whose approvals count now: the last ones of the step. */
function votersOf(history: readonly HistoryEntry[], step: string, votes: number): (string | null)[] {
  const approvals = history.flatMap((entry) =>
    entry.kind === 'stepped' && entry.step === step && entry.ok && entry.verdict === 'approved' ? [entry.agent] : [],
  );
  return approvals.slice(approvals.length - votes);
}

/** By the mission's own order, else that of the file; without those that policy keeps out. */
function allowed(role: Role, { mission, rules }: MissionJob): string[] {
  const names = candidates(role, mission.agents).map(({ name }) => name);
  return rules.agents === null ? names : names.filter((name) => rules.agents?.includes(name) === true);
}

function bare(rt: Runtime, use: RoleAgent, mark: string): Pick<AgentContext, 'env' | 'mark' | 'wrap' | 'graceMs'> {
  const { settings } = rt.station;
  return {
    env: { ...agentEnvironment(settings, use), WAYBILL_RUN: mark },
    mark: { name: 'WAYBILL_RUN', value: mark },
    wrap: (argv) => argv,
    graceMs: settings.commands.killGraceSeconds * 1000,
  };
}

/** What surrounds a run, and what ends with it. */
export interface RunSurroundings {
  readonly context: AgentContext;
  /** What is written of its words. */
  redact(bytes: Buffer): Buffer;
  end(): void;
}

/**
 * What surrounds an agent at work: its group is on record before it may do anything, and its raw stream goes into the step's folder, without secrets
 * and up to the limit of commands, from where it is evidence.
 */
export async function contextFor(
  rt: Runtime,
  job: Job,
  { use }: Chosen,
  place: MissionPlace,
  { n, spanId }: Pick<OpenStep, 'n' | 'spanId'>,
  folder: string,
): Promise<RunSurroundings> {
  const { settings, layout } = rt.station;
  const mark = `${job.woId}.m${n}.${process.pid}`;
  const sandbox = await place.sandbox();
  const redactor = redactorOf(settings);
  const streams = new Map<string, Stream>();
  const stream = (name: string) => {
    const open =
      streams.get(name) ?? new Stream(join(folder, name), redactor.stream(), settings.commands.maxOutputBytes);
    streams.set(name, open);
    return open;
  };
  const { env, ...rest } = bare(rt, use, mark);
  const traceId = rt.life(job.woId).admitted?.trace_id;
  const traced = traceEnvironment(traceId, spanId && agentSpanId(spanId));
  const context: AgentContext = {
    ...rest,
    env: { ...env, ...traced, WAYBILL_ORDER: job.woId, WAYBILL_STATION: layout.root },
    ...(sandbox === null ? {} : { wrap: (argv, cwd) => sandbox.wrap(argv, cwd), isSandbox: sandbox.name === 'bwrap' }),
    onStarted: ({ pgid, startTime }) => {
      noteRunningGroup(rt.claimFolder(rt.life(job.woId)), { pgid, startTime, mark });
      rt.step('mission: agent on record', [job.woId]);
    },
    onRaw: (source, bytes) => stream(`stream.${source}`).write(bytes),
    onEvent: (event) => stream('events.jsonl').write(Buffer.from(`${JSON.stringify(event)}\n`)),
  };
  return {
    context,
    redact: (bytes) => redactor.redact(bytes),
    end: () => {
      for (const open of streams.values()) open.end();
    },
  };
}

/** One file of what an agent said, up to a limit; the rest is counted. */
class Stream {
  readonly #fd: number;
  readonly #filter: ByteFilter;
  readonly #limit: number;
  #length = 0;
  #dropped = 0;

  constructor(path: string, filter: ByteFilter, limit: number) {
    this.#fd = fs.openSync(path, 'a');
    this.#filter = filter;
    this.#limit = limit;
  }

  write(bytes: Uint8Array): void {
    this.#keep(this.#filter.push(bytes));
  }

  #keep(bytes: Buffer): void {
    const kept = bytes.subarray(0, Math.max(0, this.#limit - this.#length));
    this.#dropped += bytes.length - kept.length;
    this.#length += kept.length;
    if (kept.length > 0) writeAll(this.#fd, kept);
  }

  end(): void {
    this.#keep(this.#filter.end());
    if (this.#dropped > 0) writeAll(this.#fd, Buffer.from(`\n[${this.#dropped} bytes more were cut]\n`));
    fs.fsyncSync(this.#fd);
    fs.closeSync(this.#fd);
  }
}
