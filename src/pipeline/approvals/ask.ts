import { join } from 'node:path';
import { changedSince, subjectChanges, subjectHash } from '../../order/approval.ts';
import { sha256 } from '../../order/canonical-json.ts';
import { renderDiff } from '../../order/diff.ts';
import type { AskData } from '../../order/event.ts';
import type { ApprovalSubject } from '../../order/generated.ts';
import type { OrderLife } from '../../order/life.ts';
import type { Raise } from '../../order/mission.ts';
import { type Check, type Command, invocationText } from '../../order/order.ts';
import { ensureDir, namesIn, readIfThere, syncDir, writeDurable } from '../../platform/durable.ts';
import { newUlid } from '../../platform/ids.ts';
import { conform } from '../../platform/schema.ts';
import { type JudgedCommand, type Judgement, type Ruling, ruleText, subjectText } from '../../policy/judge.ts';
import { lanePolicy, type Policy } from '../../policy/policy.ts';
import type { EvidenceFile } from '../../record/evidence.ts';
import type { Draft } from '../../record/ledger.ts';
import type { Job } from '../job.ts';
import { waits } from '../park.ts';
import type { Runtime } from '../runtime.ts';
import { nextMoment } from './moments.ts';

/** Where what was asked lies in the claim folder; the dot keeps it apart from lanes. In the evidence it is `approvals/`. */
const FOLDER = '.approvals';
const EVIDENCE_FOLDER = 'approvals';

/** Where a mission stops in the middle, and what a yes raises. */
export interface MissionStop {
  readonly about: NonNullable<ApprovalSubject['mission']>;
  readonly raise?: Raise;
}

/**
 * Null where no person is needed, or one has agreed to exactly this. Else the draft that parks the order; what is asked, and its diff, are
 * durable in the claim folder by then.
 */
export function ask(
  rt: Runtime,
  policy: Policy,
  job: Job,
  life: OrderLife,
  stage: AskData['stage'],
  judgement: Judgement,
  stop: MissionStop | null = null,
): Draft | null {
  if (judgement.class !== 'ask') return null;
  const rulings = judgement.rulings.filter((ruling) => ruling.class === 'ask');
  const diff = renderDiff(job.changes);
  const subject = (id: string) => subjectOf(rt, policy, job, life, { id, stage, rulings, judgement, diff, stop });
  const folder = join(rt.claimFolder(life), FOLDER);
  let changed: string[] = [];
  // a mission that stops again has come further, so it asks about something else
  if (stop === null && life.approved && life.ask !== null && life.ask.stage === stage) {
    const now = subject(life.ask.id);
    if (subjectHash(now) === life.ask.sha256) return null;
    const before = readSubject(folder, life.ask.id);
    changed = before === null ? ['what was approved is not on record any more'] : changedSince(before, now);
  }
  const id = newUlid();
  const asked = subject(id);
  ensureDir(folder);
  writeDurable(join(folder, `${id}.diff`), diff);
  writeDurable(join(folder, `${id}.json`), `${JSON.stringify(asked, null, 2)}\n`);
  syncDir(folder);
  const data: AskData = {
    id,
    sha256: subjectHash(asked),
    stage,
    proof: rulings.some(({ proof }) => proof === 'ssh') ? 'ssh' : 'terminal',
    approvers: whoMay(rulings),
    rulings: rulings.map((ruling) => ({
      kind: ruling.subject.kind,
      subject: subjectText(ruling.subject),
      rule: ruleText(ruling),
      why: ruling.why,
      pattern: ruling.pattern,
    })),
    expires_at: life.admitted?.approval?.expires ?? null,
    changed,
    ...(stop === null ? {} : { at: stop.about.at, policy_sha256: policy.sha256 }),
    ...(stop?.raise === undefined ? {} : { raise: stop.raise }),
  };
  return waits(life, {
    waiting_for: stage === 'checkpoint' || stage === 'budget' ? stage : 'approval',
    until: nextMoment(data, new Date().toISOString(), policy.approvals.remindHours, Date.now()),
    why: whyText(data),
    ask: data,
  });
}

function whyText({ changed, rulings, stage }: AskData): string {
  const [first] = rulings;
  const more = rulings.length > 1 ? ` and ${rulings.length - 1} more` : '';
  const isMidway = stage === 'checkpoint' || stage === 'budget';
  const about = first === undefined ? '' : `${isMidway ? '' : `${first.subject}${more}: `}${first.why}`;
  const again = changed.length === 0 ? '' : `asks again, because since then changed: ${changed.join('; ')}; `;
  return `${again}${stage === 'landing' ? 'its work is done and asks before it lands; ' : ''}${about}`;
}

/** Who may decide all of it: names that every ruling lets decide. */
function whoMay(rulings: readonly Ruling[]): string[] | null {
  let may: readonly string[] | null = null;
  for (const { approvers } of rulings) {
    if (approvers === null) continue;
    may = may === null ? approvers : may.filter((name) => approvers.includes(name));
  }
  return may === null ? null : [...may];
}

function subjectOf(
  rt: Runtime,
  policy: Policy,
  job: Job,
  life: OrderLife,
  about: {
    id: string;
    stage: AskData['stage'];
    rulings: readonly Ruling[];
    judgement: Judgement;
    diff: Buffer;
    stop: MissionStop | null;
  },
): ApprovalSubject {
  const { admitted } = life;
  const lane = lanePolicy(policy, admitted?.lane ?? '');
  const runs: readonly (Command | Check)[] = [...job.order.commands, ...job.order.checks];
  return {
    v: 1,
    station: rt.station.id,
    wo_id: life.woId,
    attempt: life.attempt,
    ask: about.id,
    stage: about.stage,
    title: job.order.title,
    type: job.order.type,
    request_sha256: admitted?.request.sha256 ?? '',
    lane: admitted?.lane ?? '',
    requester: { uid: admitted?.requester.uid ?? -1, user: admitted?.requester.user ?? null },
    changes: subjectChanges(job.changes),
    commands: runs.map((run, n) => commandOf(run, about.judgement.commands[n])),
    isolation: job.isolation?.kind ?? 'in_place',
    sandbox: lane.sandbox.use,
    rulings: about.rulings.map((ruling) => ({
      subject: subjectText(ruling.subject),
      // without its line: a policy that is only written otherwise asks for nothing else
      rule: ruleText({ ...ruling, line: null }),
      why: ruling.why,
      proof: ruling.proof ?? 'terminal',
      approvers: ruling.approvers === null ? null : [...ruling.approvers],
      pattern: ruling.pattern,
    })),
    diff_sha256: sha256(about.diff),
    ...(about.stop === null ? {} : { mission: about.stop.about }),
  };
}

function commandOf(run: Command | Check, judged: JudgedCommand | undefined): ApprovalSubject['commands'][number] {
  const recognised = judged?.recognised;
  const isCommand = 'outputs' in run;
  return {
    name: run.name,
    kind: isCommand ? 'command' : 'check',
    run: invocationText(run.run),
    argv: 'argv' in run.run ? [...run.run.argv] : null,
    program: recognised?.kind === 'program' ? recognised.program : null,
    cwd: run.cwd,
    timeout_seconds: run.timeoutSeconds,
    idempotent: isCommand ? run.idempotent : true,
    outputs: isCommand ? [...run.outputs] : [],
    reads: (judged?.reads ?? []).map(({ path, sha256: hash }) => ({ path, sha256: hash })),
  };
}

/** What was asked under an id, from the claim folder of its order; null where it is not there (any more). */
export function readSubject(folder: string, id: string): ApprovalSubject | null {
  const bytes = readIfThere(join(folder, `${id}.json`));
  return bytes === undefined ? null : conform('approval-subject', JSON.parse(bytes.toString('utf8')), 'IO_ERROR');
}

/** The folder of what was asked, in the claim folder of an order. */
export function askedFolder(claimFolder: string): string {
  return join(claimFolder, FOLDER);
}

/** Everything that was asked and decided about an order, for its evidence. */
export function approvalEvidence(claimFolder: string): EvidenceFile[] {
  const folder = askedFolder(claimFolder);
  return namesIn(folder)
    .filter((name) => !name.startsWith('.'))
    .sort()
    .map((name) => ({
      path: `${EVIDENCE_FOLDER}/${name}`,
      bytes: readIfThere(join(folder, name)) ?? Buffer.alloc(0),
    }));
}
