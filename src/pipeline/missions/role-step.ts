import { join } from 'node:path';
import type { AgentRequest, AgentResult } from '../../agents/agent.ts';
import { asWaybillError, WaybillError } from '../../order/error.ts';
import type { BuildReport, ReviewPacket } from '../../order/generated.ts';
import type { Reserved, Usage } from '../../order/mission.ts';
import { ensureDir, removeTree, writeDurable } from '../../platform/durable.ts';
import { lstatIfThere } from '../../platform/fs.ts';
import { schemaOf } from '../../platform/schema.ts';
import type { Draft } from '../../record/ledger.ts';
import { type Step, writes } from '../../spine/chain.ts';
import type { Next } from '../../spine/next-step.ts';
import { contractOf, type PacketName, type PacketOf } from '../../spine/packets/names.ts';
import { readPacket } from '../../spine/packets/packet.ts';
import { type PromptRequest, promptFor, repairPrompt } from '../../spine/packets/prompt.ts';
import { reviewPacket } from '../../spine/packets/review-packet.ts';
import type { Job } from '../job.ts';
import { type Runtime, STATION_STOPS } from '../runtime.ts';
import { type Chosen, contextFor, pickAgent } from './agents.ts';
import { counted, reservedFor } from './budget.ts';
import { keepDocument, stepFolder } from './documents.ts';
import { outsideEnvelope } from './envelope.ts';
import { inputsOf, missionTold } from './inputs.ts';
import type { MissionJob } from './mission-job.ts';
import { waitForAgent } from './pause.ts';
import type { MissionPlace } from './place.ts';
import {
  beginStep,
  diffHash,
  endStep,
  nextNumber,
  type OpenStep,
  type StepEnd,
  type StepFault,
  stoppedBy,
} from './record-step.ts';
import { watchStopFile } from './stop-file.ts';

/** A packet that is not valid is asked for again, with what is wrong and an example: so often, then the step has failed. */
const MOST_REPAIRS = 2;
/** Where an agent hands in its packet: in its own folder, so that one that may write nowhere else can. Git does not see it. */
export const PACKET_FOLDER = '.waybill';

type StepNext = Extract<Next, { do: 'step' }>;

/**
 * One step that a role does: an agent is chosen, told what the step declares, and ended; what it handed in and what it changed decide. Null when the
 * step is on the ledger; else the record that parks the mission, because no agent can be used.
 */
export async function doRoleStep(
  rt: Runtime,
  job: Job,
  mission: MissionJob,
  place: MissionPlace,
  next: StepNext,
): Promise<Draft | null> {
  const { step } = next;
  const n = nextNumber(rt, job.woId);
  const chosen = await pickAgent(rt, job, mission, place, next);
  if ('why' in chosen) return waitForAgent(rt.life(job.woId), chosen.why);
  // a document that was altered ends the mission before anything is begun or spent
  const inputs = inputsOf(rt, job, step);
  const reserved = reservedFor(rt, job, mission, chosen.role.timeoutSeconds);
  const open = beginStep(rt, job, { step: step.id, role: step.role, agent: chosen.name }, reserved);
  const folder = stepFolder(rt.claimFolder(rt.life(job.woId)), n, step.id);
  ensureDir(folder);
  const stop = watchStopFile(rt);
  const signal = AbortSignal.any([place.signal, stop.signal]);
  const { changes, images } = job;
  let end: StepEnd;
  try {
    const talk = await talkWith(rt, job, mission, { place, next, chosen, inputs, open, folder, signal, reserved });
    end = await weigh(rt, job, mission, place, next, folder, talk, stop.signal);
    end = counted(rt, job, mission, open, end);
  } catch (thrown) {
    if (place.signal.aborted) throw thrown;
    const error = asWaybillError(thrown);
    // nothing is recorded of what it changed, so it goes on from what was there before
    Object.assign(job, { changes, images });
    await place.rebuild(`step ${step.id} broke off: ${error.message}`);
    end = { outputs: [], fault: { code: error.code, why: error.message, failure: 'environment_error' } };
  } finally {
    stop.end();
  }
  // a station that stops tells it as a start after a kill does: the step was lost
  if (place.signal.reason === STATION_STOPS) throw new WaybillError('CANCELLED', 'the station stops');
  endStep(rt, job, open, end);
  return null;
}

type Inputs = ReturnType<typeof inputsOf>;

interface Talk {
  readonly place: MissionPlace;
  readonly next: StepNext;
  readonly chosen: Chosen;
  readonly inputs: Inputs;
  readonly open: OpenStep;
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly reserved: Reserved;
}

/** What came of talking with an agent: a packet that is one, or why there is none. */
interface Talked {
  readonly packet: { readonly value: unknown; readonly bytes: Buffer } | null;
  readonly fault: StepFault | null;
  readonly usage: Usage | null;
  readonly session: string | null;
}

/** What a step's agent hands in: of what is built the runner makes the review packet itself. */
function handedIn(step: Step): PacketName {
  return writes(step) ? 'build_report' : (step.gives as PacketName);
}

async function talkWith(rt: Runtime, job: Job, mission: MissionJob, talk: Talk): Promise<Talked> {
  const { place, next, chosen, inputs, open, folder, signal, reserved } = talk;
  const name = handedIn(next.step);
  const file = join(place.folder(), PACKET_FOLDER, `${String(open.n).padStart(2, '0')}-${next.step.id}.json`);
  const request = promptRequest(job, mission, next, chosen, inputs, place.folder(), file);
  const whole = promptFor(request);
  const context = await contextFor(rt, job, chosen, place, open, folder);
  let words: Words = { prompt: whole };
  let asked: string | null = null;
  let usage: Usage | null | undefined;
  try {
    for (let repair = 0; ; repair++) {
      preparePacketFolder(place.folder());
      const said = (text: string) =>
        writeDurable(
          join(folder, repair === 0 ? 'prompt.md' : `repair-${repair}.md`),
          context.redact(Buffer.from(text)),
        );
      said(words.prompt);
      const result = await chosen.agent.run(
        agentRequest(words, place.folder(), name, file, chosen, {
          reserved,
          usage: usage ?? null,
          begunAt: open.begunAt,
          session: asked,
          signal,
        }),
        context.context,
      );
      const session: string | null = result.session;
      const goesOn: boolean = asked === null || session === asked;
      if (!goesOn && words.promptAnew !== undefined) said(words.promptAnew);
      usage = usage === undefined ? result.usage : sum(usage, result.usage);
      const told = { usage, session };
      if (place.signal.aborted) return { ...told, packet: null, fault: cancelledBy(place.signal) };
      if (result.outcome !== 'ended')
        return { ...told, packet: null, fault: faultOf(result, signal, isBoundByStep(reserved, mission)) };
      const bytes = result.packet === null ? null : context.redact(result.packet);
      if (bytes !== null) writeDurable(join(folder, `handed-in-${repair}.json`), bytes);
      try {
        const value = readPacket(name, bytes);
        return { ...told, packet: { value, bytes: bytes ?? Buffer.alloc(0) }, fault: null };
      } catch (thrown) {
        const error = asWaybillError(thrown);
        if (error.code !== 'PACKET_INVALID') throw thrown;
        if (repair >= MOST_REPAIRS)
          return {
            ...told,
            packet: null,
            fault: { code: error.code, why: error.message, failure: 'validation_error' },
          };
        asked = goesOn && chosen.resumes ? session : null;
        words = repairWords(whole, repairPrompt(request, error), asked);
      }
    }
  } finally {
    context.end();
    removeTree(join(place.folder(), PACKET_FOLDER));
  }
}

type Words = Pick<AgentRequest, 'prompt' | 'promptAnew'>;

/** Whoever cannot go on with a session, or did not when it was asked to, hears all of it again: what is wrong alone says nothing of the task. */
function repairWords(whole: string, again: string, session: string | null): Words {
  const all = `${whole}\n\n${again}`;
  return session === null ? { prompt: all } : { prompt: again, promptAnew: all };
}

function agentRequest(
  words: Words,
  cwd: string,
  name: PacketName,
  file: string,
  { role }: Chosen,
  left: { reserved: Reserved; usage: Usage | null; begunAt: number; session: string | null; signal: AbortSignal },
): AgentRequest {
  const { tokens, usd, seconds } = left.reserved;
  const most = Math.min(seconds ?? role.timeoutSeconds, role.timeoutSeconds);
  return {
    ...words,
    cwd,
    tools: role.tools,
    output: { name, schema: schemaOf(contractOf(name)), file },
    limits: {
      tokens: tokens === null ? null : Math.max(1, tokens - (left.usage?.tokens ?? 0)),
      usd: usd === null ? null : Math.max(0, usd - (left.usage?.usd ?? 0)),
      seconds: Math.max(1, most - (Date.now() - left.begunAt) / 1000),
    },
    session: left.session,
    signal: left.signal,
  };
}

/** A folder that git does not see, whatever the repository ignores. Throws GOVERNANCE where something else stands in its place. */
function preparePacketFolder(worktree: string): void {
  const folder = join(worktree, PACKET_FOLDER);
  if (lstatIfThere(folder) !== undefined) removeTree(folder);
  ensureDir(folder);
  writeDurable(join(folder, '.gitignore'), '*\n');
}

function promptRequest(
  job: Job,
  mission: MissionJob,
  { step }: StepNext,
  { role, text }: Chosen,
  inputs: Inputs,
  folder: string,
  file: string,
): PromptRequest {
  const isWriting = writes(step);
  return {
    role: step.role ?? '',
    roleText: [text, role.prompt ?? '', step.what].filter((part) => part !== '').join('\n\n'),
    step: step.id,
    mission: missionTold(job.order),
    inputs,
    output: handedIn(step),
    file,
    folder,
    paths: isWriting ? mission.envelope : [],
    protected: mission.protected,
    maxDiffLines: mission.limits.diff_lines,
    checks: job.order.checks.map(({ name }) => name),
  };
}

/** Whether what was set aside is all that policy gives one step, so that no raise of the mission's budget would help. */
function isBoundByStep(reserved: Reserved, { rules }: MissionJob): boolean {
  const is = (key: 'tokens' | 'usd') => rules.step[key] !== null && reserved[key] === rules.step[key];
  return is('tokens') || is('usd');
}

function cancelledBy(signal: AbortSignal): StepFault {
  return { code: 'CANCELLED', why: `cancelled by ${String(signal.reason)}`, failure: null };
}

function faultOf({ outcome, why }: AgentResult, signal: AbortSignal, isBound: boolean): StepFault {
  const words = why ?? outcome;
  if (signal.aborted) return stoppedBy(signal);
  switch (outcome) {
    case 'timeout':
      return { code: 'AGENT_TIMEOUT', why: words, failure: 'timeout' };
    // what is left of the budget is asked for before it is done again
    case 'over_budget':
      return { code: 'BUDGET_EXHAUSTED', why: words, failure: isBound ? 'tool_invocation_error' : null };
    default:
      return { code: 'AGENT_FAILED', why: words, failure: 'tool_invocation_error' };
  }
}

function sum(a: Usage | null, b: Usage | null): Usage | null {
  if (a === null || b === null) return null;
  return {
    input: a.input + b.input,
    cache_read: a.cache_read + b.cache_read,
    cache_write: a.cache_write + b.cache_write,
    output: a.output + b.output,
    tokens: a.tokens + b.tokens,
    usd: a.usd === null || b.usd === null ? null : a.usd + b.usd,
  };
}

/** What a step amounts to: what it changed is measured, whatever was said of it (rule 14). */
async function weigh(
  rt: Runtime,
  job: Job,
  mission: MissionJob,
  place: MissionPlace,
  next: StepNext,
  folder: string,
  talked: Talked,
  stop: AbortSignal,
): Promise<StepEnd> {
  const { step } = next;
  const told = { usage: talked.usage, session: talked.session };
  const broken = async (fault: StepFault): Promise<StepEnd> => {
    await place.rebuild(`step ${step.id}: ${fault.why}`);
    return { ...told, outputs: [], fault };
  };
  if (talked.fault !== null) return broken(talked.fault);
  const { packet } = talked;
  if (packet === null) throw new WaybillError('INTERNAL', `step ${step.id} has neither a packet nor a fault`);
  place.assertWhole();
  const measured = await tryMeasure(place);
  if ('fault' in measured) return broken(measured.fault);
  if (!writes(step)) {
    if (diffHash(measured.images) !== diffHash(job.images))
      return broken({
        code: 'ENVELOPE_VIOLATION',
        why: `${step.id} changed files, and may only hand in its ${step.gives}`,
        failure: 'tool_invocation_error',
      });
    const output = keepDocument(rt, folder, step.gives ?? '', packet.bytes);
    const { verdict, checkpoint } = packet.value as Partial<PacketOf<'verdict'> & PacketOf<'build_packet'>>;
    return { ...told, outputs: [output], fault: null, verdict: verdict ?? null, checkpoint: checkpoint?.why ?? null };
  }
  const outside = outsideEnvelope(mission, measured.images);
  if (outside.length > 0)
    return broken({
      code: 'ENVELOPE_VIOLATION',
      why: `${step.id} changed what it may not: ${outside.slice(0, 20).join(', ')}`,
      failure: 'governance_violation',
    });
  job.changes = measured.changes;
  job.images = measured.images;
  await place.hold();
  rt.step('mission: work held', [job.woId]);
  if (job.images.length === 0)
    return {
      ...told,
      outputs: [],
      fault: { code: 'NOTHING_CHANGED', why: `${step.id} changed no file`, failure: 'validation_error' },
      changed: true,
    };
  const checked = await check(job, place, stop);
  if (checked !== null) return { ...told, outputs: [], fault: checked, changed: true };
  const report = packet.value as BuildReport;
  const review = `${JSON.stringify(reviewOf(rt, job, next, report), null, 2)}\n`;
  const output = keepDocument(rt, folder, 'review_packet', review);
  keepDocument(rt, folder, 'build_report', packet.bytes);
  const failed = job.checks.filter(({ ok }) => !ok);
  const fault: StepFault | null =
    failed.length === 0
      ? null
      : {
          code: 'CHECK_FAILED',
          why: `${failed.map(({ name }) => name).join(', ')} failed on what was built`,
          failure: failed.some(({ timed_out }) => timed_out === true) ? 'test_timeout' : 'test_failure',
        };
  return { ...told, outputs: [output], fault, changed: true, checkpoint: report.checkpoint?.why ?? null };
}

/** Runs the mission's checks. Why they came to no end, or null; what they left behind is none of the mission's work. */
async function check(job: Job, place: MissionPlace, stop: AbortSignal): Promise<StepFault | null> {
  try {
    job.checks = await place.checks(stop);
  } catch (thrown) {
    if (!stop.aborted || place.signal.aborted) throw thrown;
    return stoppedBy(stop);
  }
  const after = await tryMeasure(place);
  if ('fault' in after || diffHash(after.images) !== diffHash(job.images)) await place.rebuild(null);
  return null;
}

async function tryMeasure(
  place: MissionPlace,
): Promise<Awaited<ReturnType<MissionPlace['measure']>> | { readonly fault: StepFault }> {
  try {
    return await place.measure();
  } catch (thrown) {
    const error = asWaybillError(thrown);
    if (error.code !== 'PATH_DENIED') throw thrown;
    return { fault: { code: error.code, why: error.message, failure: 'governance_violation' } };
  }
}

function reviewOf(rt: Runtime, job: Job, { revision }: StepNext, report: BuildReport): ReviewPacket {
  const { attempt } = rt.life(job.woId);
  return reviewPacket({
    mission: job.woId,
    title: job.order.title,
    attempt,
    revision,
    base: job.isolation?.base ?? '',
    changes: job.changes,
    checks: job.checks,
    report,
  });
}
