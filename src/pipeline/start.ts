import { join } from 'node:path';
import { lookAround } from '../execute/look.ts';
import { prepareOrder } from '../execute/prepare.ts';
import { isMidway, momentOf, whyBusy } from '../git/busy.ts';
import { isAt, onDisk } from '../git/placement.ts';
import { type ClaimedRequest, isUnchanged, readClaim, requestHash } from '../intake/claim.ts';
import { readOrder } from '../intake/read-order.ts';
import { asWaybillError, WaybillError } from '../order/error.ts';
import type { OrderLife } from '../order/life.ts';
import { type Isolation, isPure, type Order } from '../order/order.ts';
import { targetsOf } from '../order/plan.ts';
import { now, pause } from '../platform/clock.ts';
import { fenceOf, folderBelow, resolveFolder, resolveTarget } from '../policy/fence.ts';
import { isolationOf } from '../policy/isolation.ts';
import { lanePolicy, type Policy } from '../policy/policy.ts';
import { agentWait, type Known, waitOf } from '../queue/waits.ts';
import type { Draft } from '../record/ledger.ts';
import { statusesOf } from './admit.ts';
import { passPolicy } from './approvals/gate.ts';
import { failOrder } from './finish.ts';
import { assertFitsWorktree, isolatedAt } from './isolation/begin.ts';
import { letGoOfWork } from './isolation/keep-work.ts';
import { outputsOf, resumeExecuted } from './isolation/resume.ts';
import type { Job } from './job.ts';
import { holdContents } from './keep.ts';
import { hasAgents } from './missions/agents-there.ts';
import { beginMission } from './missions/begin.ts';
import { waitForAgent } from './missions/pause.ts';
import {
  beFair,
  jittered,
  landingBranch,
  parkForRepository,
  startedAgain,
  startedElsewhere,
  waits,
  whyNoLanding,
} from './park.ts';
import type { Runtime } from './runtime.ts';

/** An order that was read again from its claim, with its targets resolved by policy. */
interface Candidate {
  readonly life: OrderLife;
  readonly order: Order;
  readonly request: ClaimedRequest;
  readonly resolved: ReadonlyMap<string, string>;
  readonly isolation: Isolation;
}

/**
 * Step 3 of "One order's life": plan, policy, then `started` on the ledger. An order whose plan fails, or that policy refuses, is started and
 * failed; one that needs a person's decision parks with what it would do; one whose targets another order has in hand stays ready and comes
 * again. While the repository cannot take a landing, all of them wait.
 */
export async function startOrders(rt: Runtime, all: readonly OrderLife[]): Promise<Job[]> {
  const { repo, settings } = rt.station;
  const { policy } = rt.policyFile;
  if (policy === null) {
    // it went away since the loop looked: they stay ready until it is mended
    for (const life of all) rt.ready.add(life);
    return [];
  }
  if (all.some(landsAtOnce)) await beFair(rt);
  const branch = landingBranch(rt);
  const busy =
    branch === null ? 'HEAD is detached' : await whyNoLanding(repo, branch, settings.git.lockDeadlineSeconds * 1000);
  if (branch === null || busy !== null) {
    parkForRepository(rt, all, busy ?? '');
    return [];
  }
  // An order that was started lands on the branch it was started on, or not at all.
  const astray = all.filter((life) => startedElsewhere(life, branch));
  parkForRepository(rt, astray, `it was started on ${astray[0]?.started?.branch ?? ''}, and ${branch} is checked out`);
  const lives = await withoutUnmet(
    rt,
    all.filter((life) => !astray.includes(life)),
  );
  const planned = await planQuietly(rt, policy, lives, branch);
  const { tip } = planned;
  const gated = await passPolicy(rt, policy, planned.jobs);
  const isReady = ({ woId }: { readonly woId: string }) => isStillReady(rt, woId);
  const jobs = gated.go.filter(isReady);
  const asking = gated.asking.filter(({ job }) => isReady(job));
  let refused = planned.refused.filter(({ life }) => isReady(life));
  // she left the branch while it was looked at: what was seen is another branch's
  const left = refused.length === 0 ? null : whyBusy(repo, branch);
  if (left !== null) {
    parkForRepository(
      rt,
      refused.map(({ life }) => life),
      left,
    );
    refused = [];
  }
  refused = [...refused, ...gated.refused.filter(({ life }) => isReady(life))];
  const agentless = refused.filter(({ error }) => error.code === 'AGENT_UNAVAILABLE');
  refused = refused.filter((one) => !agentless.includes(one));
  rt.record([
    ...jobs.map((job) => startedDraft(rt, job, tip)),
    ...asking.flatMap(({ job, draft }) => [startedDraft(rt, job, tip), draft]),
    ...refused.map(({ life }) => refusedDraft(life, branch, tip)),
    ...agentless.flatMap(({ life, error }) => [...startedAgain(life), waitForAgent(life, error.message)]),
  ]);
  for (const { job } of asking) rt.running.delete(job.woId);
  for (const { life, error } of refused) {
    // a mission in the middle that may not go on
    if (life.mission !== null) await letGoOfWork(rt, rt.life(life.woId), error.message);
    failOrder(rt, rt.life(life.woId), { error, job: null });
  }
  rt.step(
    'life 3: started',
    jobs.map((j) => j.woId),
  );
  return jobs;
}

/** Whether nobody cancelled or held the order while it was planned, beside others at work; else it gives up its place. */
function isStillReady(rt: Runtime, woId: string): boolean {
  if (rt.orders.get(woId)?.status === 'ready') return true;
  rt.running.delete(woId);
  return false;
}

interface Refused {
  readonly life: OrderLife;
  readonly error: WaybillError;
}

interface Planned {
  readonly jobs: Job[];
  readonly refused: readonly Refused[];
  readonly tip: string | null;
}

/** How often, and how far apart, an order is looked at again that somebody's git command may only seem to stand in the way of. */
const MOST_LOOKS = 20;
const LOOK_MS = 100;

/** Plans orders. One is refused only by what it met while nobody's git command was in the middle of its work. */
async function planQuietly(rt: Runtime, policy: Policy, lives: readonly OrderLife[], branch: string): Promise<Planned> {
  const { repo } = rt.station;
  for (let [looks, jobs, rest] = [1, [] as Job[], lives]; ; looks++) {
    const before = momentOf(repo, branch);
    const planned = await planOrders(rt, policy, rest, branch);
    jobs = [...jobs, ...planned.jobs];
    const moved = planned.refused.length > 0 && (isMidway(repo) || momentOf(repo, branch) !== before);
    if (!moved || looks >= MOST_LOOKS) return { ...planned, jobs };
    rest = planned.refused.map(({ life }) => life);
    await pause(jittered(LOOK_MS));
  }
}

async function planOrders(rt: Runtime, policy: Policy, lives: readonly OrderLife[], branch: string): Promise<Planned> {
  const { repo } = rt.station;
  const tip = repo.refs.read(branch);
  const candidates: Candidate[] = [];
  const jobs: Job[] = [];
  const refused: Refused[] = [];
  for (const life of lives) {
    try {
      const candidate = readCandidate(rt, policy, life);
      if (overlaps(rt, candidate)) rt.ready.add(life);
      else {
        occupy(rt, candidate);
        if (life.executed === null) candidates.push(candidate);
        else jobs.push(await resumeExecuted(rt, policy, candidate, life.executed, branch));
      }
    } catch (thrown) {
      rt.running.delete(life.woId);
      refused.push({ life, error: asWaybillError(thrown) });
    }
  }
  const look = (of: readonly Candidate[], isPinned: boolean) =>
    lookAround(
      repo,
      tip,
      of.flatMap((c) => [...c.resolved.values()]),
      isPinned,
    );
  const atRoot = await look(
    candidates.filter((c) => c.isolation === 'in_place'),
    false,
  );
  const pinned = await look(
    candidates.filter((c) => c.isolation !== 'in_place'),
    true,
  );
  for (const candidate of candidates) {
    const { life, order, request, resolved, isolation } = candidate;
    try {
      const isolated = isolatedAt(order, isolation, tip, life.mission?.base ?? null);
      const begun =
        order.mission === null ? null : await beginMission(rt, policy, life, { ...order, mission: order.mission });
      const own = isolated === null ? ownOutputs(rt, life, outputsOf(order, resolved)) : new Set<string>();
      const prepared = await prepareOrder(repo, order, resolved, isolated === null ? atRoot : pinned, own);
      if (!isPure(order) && !order.dryRun)
        await holdContents(
          rt,
          life.woId,
          prepared.contents,
          prepared.plan.changes.map((c) => [c.path, c.after]),
        );
      jobs.push({
        woId: life.woId,
        order,
        request,
        prepared,
        branch,
        outputs: outputsOf(order, resolved),
        policy,
        fair: landsAtOnce(life),
        changes: begun?.changes ?? prepared.plan.changes,
        images: begun?.images ?? prepared.images,
        checks: [],
        warnings: [...(life.admitted?.warnings ?? [])],
        inPlace: false,
        isolation: isolated,
        mission: begun?.job ?? null,
        made: [],
      });
    } catch (thrown) {
      rt.running.delete(life.woId);
      refused.push({ life, error: asWaybillError(thrown) });
    }
  }
  return { jobs, refused, tip };
}

/** An order without commands and checks, or one that has them behind it. */
function landsAtOnce(life: OrderLife): boolean {
  return life.admitted?.works !== true || life.executed !== null;
}

/**
 * Orders that came to be ready past their dependencies (a retry, a release) wait for them all the same, or fail with them; likewise
 * those that need an agent.
 */
async function withoutUnmet(rt: Runtime, lives: readonly OrderLife[]): Promise<OrderLife[]> {
  const free: OrderLife[] = [];
  for (const life of lives) {
    const dependsOn = life.admitted?.depends_on ?? [];
    const known = await statusesOf(rt, dependsOn);
    const standing = agentWait(life.admitted?.agents ?? null, () => hasAgents(rt), Date.now());
    if (dependsOn.every((id) => known(id) === 'done')) {
      if (standing === null) free.push(life);
      else
        rt.record([
          ...startedAgain(life),
          waits(life, { waiting_for: standing.waitingFor, until: standing.until, why: standing.why }),
        ]);
    } else {
      const { until, why } = unmetWait(rt, life, known);
      rt.record([...startedAgain(life), waits(life, { waiting_for: 'dependency', until, why })]);
    }
  }
  return free;
}

/** The wait for what it depends on, until the same deadline as when it came; due at once where that is over, so that it fails with it. */
function unmetWait(rt: Runtime, { admitted }: OrderLife, known: Known): { until: string | null; why: string } {
  const dependsOn = admitted?.depends_on ?? [];
  const why = `depends on ${dependsOn.filter((id) => known(id) !== 'done').join(', ')}`;
  const at = now();
  const request = { hold: false, notBefore: null, dependsOn };
  try {
    const { dependencyDeadlineHours: hours } = rt.station.settings;
    return waitOf(request, at, admitted?.received_at ?? at, hours, known) ?? { until: at, why };
  } catch {
    return { until: at, why };
  }
}

function readCandidate(rt: Runtime, policy: Policy, life: OrderLife): Candidate {
  const { station } = rt;
  const { claimed } = station.layout;
  const known = rt.read.get(life.admitted?.claim ?? '');
  const isKnown = known !== null && isUnchanged(claimed, known.request);
  const request = isKnown ? known.request : readClaim(claimed, life.admitted?.claim ?? '');
  if (request === null) throw new WaybillError('IO_ERROR', `the claimed request of ${life.woId} is gone`);
  const sha256 = isKnown ? known.sha256 : requestHash(request);
  if (sha256 !== life.admitted?.request.sha256) {
    throw new WaybillError('CHANGED_AFTER_CLAIM', `${request.file} was written to after it was claimed`, {
      hint: `Drop the whole order again, by rename. What was written later is kept: \`waybill keep show claim-${request.claim}\`.`,
    });
  }
  const read =
    known?.sha256 === sha256 ? known.read : readOrder(request, { ...station.settings.intake, deprecatedTypes: {} });
  if ('error' in read) throw read.error;
  const order = life.admitted.dry_run ? { ...read.order, dryRun: true } : read.order;
  const fence = fenceOf(station, policy);
  const resolved = new Map(targetsOf(order).map((raw) => [raw, resolveTarget(fence, raw)]));
  const lane = lanePolicy(policy, life.admitted.lane);
  const isolation = order.dryRun ? 'in_place' : isolationOf(order, lane);
  if (isolation === 'in_place')
    for (const command of order.commands) if (command.cwd !== null) resolveFolder(fence, command.cwd);
  // before anything is spent on what they will look at
  for (const { cwd } of order.checks) if (cwd !== null) folderBelow(station.layout.root, cwd);
  if (isolation !== 'in_place') assertFitsWorktree(outputsOf(order, resolved));
  const most = Math.min(station.settings.commands.timeoutSeconds, lane.limits.seconds);
  return { life, order: bounded(order, most, lane.limits.seconds), request, resolved, isolation };
}

/** The order with a bound on each of its commands and checks: `usual` seconds where it names none, never more than `longest`. */
function bounded(order: Order, usual: number, longest: number): Order {
  const bind = <T extends { readonly timeoutSeconds: number | null }>(run: T): T => ({
    ...run,
    timeoutSeconds: Math.min(run.timeoutSeconds ?? usual, longest),
  });
  return { ...order, commands: order.commands.map(bind), checks: order.checks.map(bind) };
}

/** Two orders that touch the same path, or a path and a folder above it, run one after the other. */
function overlaps(rt: Runtime, candidate: Candidate): boolean {
  const paths = [...candidate.resolved.values()];
  for (const job of rt.running.values()) {
    // attributes change how git stores every path beside them
    if ([...paths, ...job.paths].some((path) => path.endsWith('.gitattributes'))) return true;
    for (const path of paths)
      if (job.paths.has(path) || [...job.paths].some((p) => p.startsWith(`${path}/`) || path.startsWith(`${p}/`)))
        return true;
  }
  return false;
}

function occupy(rt: Runtime, { life, order, resolved }: Candidate): void {
  rt.running.set(life.woId, {
    woId: life.woId,
    lane: life.admitted?.lane ?? '',
    works: !isPure(order),
    paths: new Set(resolved.values()),
    abort: new AbortController(),
  });
}

/** Outputs that an earlier run of the order's own commands left half made, and nobody touched since. */
function ownOutputs(rt: Runtime, life: OrderLife, outputs: readonly string[]): Set<string> {
  if (life.rerun) return new Set(outputs);
  const { root } = rt.station.repo;
  const untouched = life.left.filter(({ path, after }) =>
    isAt(onDisk(path.startsWith('/') ? path : join(root, path)), after),
  );
  return new Set(untouched.map((l) => l.path).filter((path) => outputs.includes(path)));
}

/** Work that is done is not planned anew: what it was started with says what nobody foresaw. */
function startedDraft(rt: Runtime, job: Job, tip: string | null): Draft {
  const life = rt.life(job.woId);
  const [again] = life.executed === null ? [] : startedAgain(life);
  if (again !== undefined) return again;
  const outputs = [...new Set(job.outputs)];
  const { isolation } = job;
  return {
    event: 'started',
    woId: job.woId,
    attempt: life.attempt,
    from: 'ready',
    to: 'running',
    data: {
      plan_sha256: job.prepared.plan.sha256,
      branch: job.branch,
      head: tip,
      changes: job.mission === null ? [...job.images] : [],
      outputs: outputs.map((path) => ({ path, before: job.prepared.before.get(path) ?? null })),
      ...(isolation === null ? {} : { isolation: { kind: isolation.kind, base: isolation.base } }),
      ...(job.mission === null ? {} : { mission: job.mission.begun }),
    },
  };
}

/** An order that cannot be planned is started and then failed: the table knows no way from ready to failed. */
function refusedDraft(life: OrderLife, branch: string, tip: string | null): Draft {
  return {
    event: 'started',
    woId: life.woId,
    attempt: life.attempt,
    from: 'ready',
    to: 'running',
    data: { plan_sha256: '', branch, head: tip, changes: [], outputs: [] },
  };
}
