import { join } from 'node:path';
import type { AgentResult } from '../../../agents/agent.ts';
import { sumOf } from '../../../agents/usage.ts';
import { asWaybillError } from '../../../order/error.ts';
import type { Reserved, Usage } from '../../../order/mission.ts';
import { removeTree, writeDurable } from '../../../platform/durable.ts';
import { readPacket } from '../../../spine/packets/packet.ts';
import { promptFor, repairPrompt } from '../../../spine/packets/prompt.ts';
import type { Job } from '../../job.ts';
import type { Runtime } from '../../runtime.ts';
import { type Chosen, contextFor } from '../agents.ts';
import { limitsNow, uncounted } from '../budget.ts';
import type { MissionJob } from '../mission-job.ts';
import type { MissionPlace } from '../place.ts';
import { type OpenStep, type StepFault, stoppedBy } from '../record-step.ts';
import { packetFolderIn, preparePacketFolder } from './packet-folder.ts';
import {
  agentRequest,
  handedIn,
  type Inputs,
  promptRequest,
  repairWords,
  type StepNext,
  type Words,
} from './request.ts';

/** A packet that is not valid is asked for again, with what is wrong and an example: so often, then the step has failed. */
const MOST_REPAIRS = 2;

interface Talk {
  readonly place: MissionPlace;
  readonly next: StepNext;
  readonly chosen: Chosen;
  readonly inputs: Inputs;
  readonly open: OpenStep;
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly reserved: Reserved;
  /** What each run used: kept by whoever began the step, so that nothing that is thrown takes it away. */
  readonly used: (Usage | null)[];
}

/** What came of talking with an agent: a packet that is one, or why there is none. */
export interface Talked {
  readonly packet: { readonly value: unknown; readonly bytes: Buffer } | null;
  readonly fault: StepFault | null;
  readonly usage: Usage | null;
  readonly session: string | null;
}

/** Talks with a step's agent until it has handed in a packet, or there will be none. */
export async function talkWith(rt: Runtime, job: Job, mission: MissionJob, talk: Talk): Promise<Talked> {
  const { place, next, chosen, inputs, open, folder, signal, reserved, used } = talk;
  const name = handedIn(next.step);
  const packets = packetFolderIn(place.folder());
  const file = join(packets, `${String(open.n).padStart(2, '0')}-${next.step.id}.json`);
  const request = promptRequest(
    job,
    mission,
    next,
    chosen,
    inputs,
    limitsNow(rt, job, mission).diff_lines,
    place.folder(),
    file,
  );
  const whole = promptFor(request);
  const context = await contextFor(rt, job, chosen, place, open, folder);
  let words: Words = { prompt: whole };
  let asked: string | null = null;
  try {
    for (let repair = 0; ; repair++) {
      preparePacketFolder(packets);
      const said = (text: string) =>
        writeDurable(
          join(folder, repair === 0 ? 'prompt.md' : `repair-${repair}.md`),
          context.redact(Buffer.from(text)),
        );
      said(words.prompt);
      // unknown, until it has told
      used[repair] = null;
      const left = sumOf(used.slice(0, repair));
      const result = await chosen.agent.run(
        agentRequest(words, place.folder(), name, file, chosen, {
          reserved,
          usage: left,
          begunAt: open.begunAt,
          session: asked,
          signal,
        }),
        context.context,
      );
      const session: string | null = result.session;
      const goesOn: boolean = asked === null || session === asked;
      if (!goesOn && words.promptAnew !== undefined) said(words.promptAnew);
      used[repair] = result.usage;
      const told = { usage: sumOf(used), session };
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
        const spent = whyNoRepair(rt, job, mission, talk);
        if (spent !== null) return { ...told, packet: null, fault: spent };
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
    removeTree(packets);
  }
}

/** Why another run cannot be paid: nothing is left of what was set aside, or nobody knows what is, where a limit needs it (rule 7). */
function whyNoRepair(rt: Runtime, job: Job, mission: MissionJob, { open, reserved, used }: Talk): StepFault | null {
  const usage = sumOf(used);
  const fault = uncounted(rt, job, mission, open, usage);
  if (fault !== null) return fault;
  const tokens = reserved.tokens !== null && (usage?.tokens ?? 0) >= reserved.tokens;
  const usd = reserved.usd !== null && (usage?.usd ?? 0) >= reserved.usd;
  if (tokens || usd) {
    const why = `its packet is not valid, and nothing is left of its ${tokens ? 'tokens' : 'money'} to ask for it again`;
    const failure = isBoundByStep(reserved, mission) ? 'tool_invocation_error' : null;
    return { code: 'BUDGET_EXHAUSTED', why, failure };
  }
  return null;
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
