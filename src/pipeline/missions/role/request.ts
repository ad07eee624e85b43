import type { AgentRequest } from '../../../agents/agent.ts';
import type { Reserved, Usage } from '../../../order/mission.ts';
import { schemaOf } from '../../../platform/schema.ts';
import { type Step, writes } from '../../../spine/chain.ts';
import type { Next } from '../../../spine/next-step.ts';
import { contractOf, type PacketName } from '../../../spine/packets/names.ts';
import type { PromptRequest } from '../../../spine/packets/prompt.ts';
import type { Job } from '../../job.ts';
import type { Chosen } from '../agents.ts';
import { type inputsOf, missionTold } from '../inputs.ts';
import type { MissionJob } from '../mission-job.ts';

/** What an agent is told and asked for. */

export type StepNext = Extract<Next, { do: 'step' }>;
export type Inputs = ReturnType<typeof inputsOf>;

/** What a step's agent hands in: of what is built the runner makes the review packet itself. */
export function handedIn(step: Step): PacketName {
  return writes(step) ? 'build_report' : (step.gives as PacketName);
}

export type Words = Pick<AgentRequest, 'prompt' | 'promptAnew'>;

/** Whoever cannot go on with a session, or did not when it was asked to, hears all of it again: what is wrong alone says nothing of the task. */
export function repairWords(whole: string, again: string, session: string | null): Words {
  const all = `${whole}\n\n${again}`;
  return session === null ? { prompt: all } : { prompt: again, promptAnew: all };
}

/** All that the prompt of a step says; `maxDiffLines` with what people raised, `file` is where the packet is expected. */
export function promptRequest(
  job: Job,
  mission: MissionJob,
  { step }: StepNext,
  { role, text }: Chosen,
  inputs: Inputs,
  maxDiffLines: number | null,
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
    maxDiffLines,
    checks: job.order.checks.map(({ name }) => name),
  };
}

/** One run of a step's agent, bounded by what the runs before it left. */
export function agentRequest(
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
