import { blobBytes } from '../../git/history.ts';
import { sha256 } from '../../order/canonical-json.ts';
import type { ContextPacket } from '../../order/generated.ts';
import type { Step } from '../../spine/chain.ts';
import type { Job } from '../job.ts';
import type { Runtime } from '../runtime.ts';
import { keepDocument, stepFolder } from './documents.ts';
import { gatesBefore, keepReviewText } from './gates.ts';
import type { MissionJob } from './mission-job.ts';
import type { MissionPlace } from './place.ts';
import { beginStep, endStep, type StepEnd } from './record-step.ts';

/** One step that the runner does itself: no agent takes part, and nothing is used but time. */
export async function doRunnerStep(
  rt: Runtime,
  job: Job,
  mission: MissionJob,
  place: MissionPlace,
  step: Step,
): Promise<void> {
  const open = beginStep(
    rt,
    job,
    { step: step.id, role: null, agent: null },
    { tokens: null, usd: null, seconds: null },
  );
  const folder = stepFolder(rt.claimFolder(rt.life(job.woId)), open.n, step.id);
  endStep(rt, job, open, await carryOut(rt, job, mission, place, step, folder));
}

async function carryOut(
  rt: Runtime,
  job: Job,
  mission: MissionJob,
  place: MissionPlace,
  step: Step,
  folder: string,
): Promise<StepEnd> {
  switch (step.run) {
    case 'hydrate':
      return { fault: null, outputs: [keepDocument(rt, folder, 'context', json(await contextOf(rt, job, mission)))] };
    case 'policy': {
      const gates = await gatesBefore(rt, job, mission, place);
      const failed = gates.filter(({ ok }) => !ok);
      const why = failed.map((gate) => `${gate.name}: ${gate.why ?? ''}`).join('; ');
      const code = failed.some(({ name }) => name === 'envelope') ? 'ENVELOPE_INVALID' : 'GATE_FAILED';
      return { outputs: [], gates, fault: failed.length === 0 ? null : { code, why, failure: 'validation_error' } };
    }
    default:
      return { fault: null, outputs: [keepReviewText(rt, job, mission, folder)] };
  }
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** A file that the mission is about is told whole up to this size, and all of them together up to the other. */
const MOST_FILE_BYTES = 128 * 1024;
const MOST_BYTES = 512 * 1024;

/** What the mission is about, as the base commit has it. */
async function contextOf(rt: Runtime, job: Job, mission: MissionJob): Promise<ContextPacket> {
  const { repo } = rt.station;
  const base = job.isolation?.base ?? '';
  const refs = mission.mission.contextRefs;
  const tree = await repo.trees.entries(base, refs);
  const files: ContextPacket['files'] = [];
  let told = 0;
  for (const path of refs) {
    const entry = tree.get(path);
    const bytes = entry?.type === 'blob' ? await blobBytes(repo.git, entry.id) : null;
    const about = { path, sha256: bytes === null ? null : sha256(bytes), size: bytes?.length ?? null };
    const why = whyNot(entry?.type, bytes, told);
    if (why === null) told += bytes?.length ?? 0;
    files.push({ ...about, content: why === null ? (bytes?.toString('utf8') ?? null) : null, why_not: why });
  }
  const { policy_sha256 } = mission.begun;
  return {
    v: 1,
    mission: job.woId,
    title: job.order.title,
    task: mission.mission.brief,
    base,
    files,
    policy: {
      sha256: policy_sha256,
      paths: mission.envelope as ContextPacket['policy']['paths'],
      protected: [...mission.protected],
      max_diff_lines: mission.limits.diff_lines,
      checks: job.order.checks.map(({ name }) => name),
    },
  };
}

function whyNot(type: string | undefined, bytes: Buffer | null, told: number): string | null {
  if (type === undefined) return 'there is no such file at this commit';
  if (bytes === null) return 'it is no file';
  if (bytes.subarray(0, 8000).includes(0)) return 'it is no text';
  if (bytes.length > MOST_FILE_BYTES) return 'it is too large to be told whole: read it in the working folder';
  return told + bytes.length > MOST_BYTES ? 'the others are large already: read it in the working folder' : null;
}
