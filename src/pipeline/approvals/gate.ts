import { isAbsolute, relative } from 'node:path';
import { configOf } from '../../git/repository.ts';
import { subjectChanges } from '../../order/approval.ts';
import { asWaybillError, WaybillError } from '../../order/error.ts';
import type { OrderLife } from '../../order/life.ts';
import type { Invocation, Order } from '../../order/order.ts';
import { digestIfThere } from '../../platform/digest.ts';
import { expandHome } from '../../platform/user.ts';
import {
  changedTarget,
  filesRead,
  type Judgement,
  judge,
  judgePaths,
  type Question,
  type Ruling,
  ruleText,
  strictest,
  subjectText,
} from '../../policy/judge.ts';
import { assertWithinLimits } from '../../policy/limits.ts';
import { lanePolicy, type Policy } from '../../policy/policy.ts';
import type { Draft, Ledger } from '../../record/ledger.ts';
import type { Station } from '../../station/station.ts';
import type { Job } from '../job.ts';
import type { Runtime } from '../runtime.ts';
import { ask, askedFolder, readSubject } from './ask.ts';
import type { Trust } from './trust.ts';

/** What policy makes of jobs that are planned: those that may go on, those that ask a person, those that are refused. */
export interface Gated {
  readonly go: readonly Job[];
  /** Drafts that park an order; its `started` comes before them. */
  readonly asking: readonly { readonly job: Job; readonly draft: Draft }[];
  readonly refused: readonly { readonly life: OrderLife; readonly error: WaybillError }[];
}

/**
 * Policy decides every job before it is started. One that needs a decision goes on only with one about exactly what would happen now; else it
 * asks, and says what is other than before. Dry runs touch nothing and pass. Never throws for an order.
 */
export async function passPolicy(rt: Runtime, policy: Policy, jobs: readonly Job[]): Promise<Gated> {
  const go: Job[] = [];
  const asking: { job: Job; draft: Draft }[] = [];
  const refused: { life: OrderLife; error: WaybillError }[] = [];
  const hooksPath = jobs.length === 0 ? null : await hooksPathOf(rt.station);
  for (const job of jobs) {
    const life = rt.life(job.woId);
    try {
      const { draft, run } = job.order.dryRun ? PASSED : await decide(rt, policy, job, life, hooksPath);
      if (draft === null) go.push(run === null ? job : { ...job, order: runAs(job.order, run) });
      else asking.push({ job, draft });
    } catch (thrown) {
      refused.push({ life, error: asWaybillError(thrown) });
    }
  }
  return { go, asking, refused };
}

/** `draft` is null where it may go on; `run` then says how its commands and checks are run, null for as they stand. */
interface Decided {
  readonly draft: Draft | null;
  readonly run: readonly Invocation[] | null;
}

const PASSED: Decided = { draft: null, run: null };

/** Throws POLICY_DENIED, LIMIT_EXCEEDED. */
async function decide(
  rt: Runtime,
  policy: Policy,
  job: Job,
  life: OrderLife,
  hooksPath: string | null,
): Promise<Decided> {
  if (life.executed !== null) return { draft: decideWork(rt, policy, job, life, hooksPath), run: null };
  assertWithinLimits(lanePolicy(policy, life.admitted?.lane ?? '').limits, job.changes);
  const asked = { ...whose(life), order: job.order, paths: pathsOf(job), secrets: secretsOf(life) };
  const judgement = await judgeOrder(placeFor(rt, life), policy, asked, hooksPath, job.isolation?.base ?? null);
  assertNotNever(judgement.rulings);
  // a mission in the middle was let begin, and stops by itself where policy is another one now; one that only asked was not
  const isBegun = life.mission !== null && life.mission.history.length > 0;
  const draft = isBegun ? null : ask(rt, policy, job, life, 'start', judgement);
  return { draft, run: judgement.commands.map(({ run }) => run) };
}

/** The order with its commands and checks run in the way that policy decided about. */
function runAs(order: Order, run: readonly Invocation[]): Order {
  const at = <T extends { readonly run: Invocation }>(item: T, n: number): T => ({ ...item, run: run[n] ?? item.run });
  const { commands, checks } = order;
  return { ...order, commands: commands.map(at), checks: checks.map((check, n) => at(check, commands.length + n)) };
}

/**
 * The same for work that is done and is to land: paths that nobody knew of before the commands ran, and limits. Throws POLICY_DENIED,
 * LIMIT_EXCEEDED.
 */
export async function passWork(rt: Runtime, policy: Policy, job: Job): Promise<Draft | null> {
  return decideWork(rt, policy, job, rt.life(job.woId), await hooksPathOf(rt.station));
}

function decideWork(rt: Runtime, policy: Policy, job: Job, life: OrderLife, hooksPath: string | null): Draft | null {
  assertWithinLimits(lanePolicy(policy, life.admitted?.lane ?? '').limits, job.changes);
  const foreseen = new Set([
    ...(life.started?.changes ?? []).map(({ path }) => path),
    ...(life.started?.outputs ?? []).map(({ path }) => path),
  ]);
  const paths = job.changes.map(({ path }) => path).filter((path) => !foreseen.has(path));
  const who = whose(life);
  const rulings = [
    ...judgePaths(policy, { ...who, ...surroundings(placeFor(rt, life), who, hooksPath), paths }),
    ...movedTargets(rt, policy, job, life),
  ];
  assertNotNever(rulings);
  return ask(rt, policy, job, life, 'landing', { class: strictest(rulings), rulings, commands: [] });
}

/** Targets of an approved plan that are not what they were when it was approved, because the branch moved on meanwhile. */
function movedTargets(rt: Runtime, policy: Policy, { changes }: Job, life: OrderLife): Ruling[] {
  if (!life.approved || life.ask === null || life.ask.stage !== 'start') return [];
  const approved = readSubject(askedFolder(rt.claimFolder(life)), life.ask.id)?.changes ?? [];
  const now = new Map(subjectChanges(changes).map(({ path, before }) => [path, before?.sha256 ?? null]));
  return approved
    .filter(({ path, before }) => now.has(path) && now.get(path) !== (before?.sha256 ?? null))
    .map(({ path }) => changedTarget(policy, path));
}

/** Throws POLICY_DENIED, naming the first of what is never allowed, and the rule. */
export function assertNotNever(rulings: readonly Ruling[]): void {
  const never = rulings.filter((ruling) => ruling.class === 'never');
  const [first] = never;
  if (first === undefined) return;
  const more = never.length > 1 ? ` and ${never.length - 1} more` : '';
  throw new WaybillError(
    'POLICY_DENIED',
    `never: ${subjectText(first.subject)}${more}: ${first.why} (${ruleText(first)})`,
  );
}

/** Where policy looks beside the order: the station, and what approvals made safe. */
export interface PolicyPlace {
  readonly station: Pick<Station, 'layout'>;
  readonly trust: Pick<Trust, 'isTrusted'>;
  readonly ledger: Pick<Ledger, 'read'>;
}

type Asked = Pick<Question, 'order' | 'lane' | 'requester' | 'paths' | 'secrets'>;

/**
 * Where policy looks for one order. What it was asked about itself is no more trusted for it: the approval that made it so was about a plan, and
 * that is held against what would happen now.
 */
function placeFor({ station, ledger, trust }: Runtime, { approved, ask: asked }: OrderLife) {
  const own = new Set(approved ? asked?.rulings.map(({ pattern }) => pattern) : []);
  const isTrusted: Trust['isTrusted'] = (records, pattern, uid, lane) =>
    !own.has(pattern) && trust.isTrusted(records, pattern, uid, lane);
  return { station, ledger, trust: { isTrusted } };
}

/** What policy decides about an order of this station. `base`: the commit on which its commands run; null for the files of the root. */
export async function judgeOrder(
  place: PolicyPlace & { readonly station: Pick<Station, 'layout' | 'repo'> },
  policy: Policy,
  asked: Asked,
  hooksPath: string | null,
  base: string | null,
): Promise<Judgement> {
  const question = { ...asked, ...surroundings(place, asked, hooksPath) };
  if (base === null) return judge(policy, question);
  // what runs apart from the root reads what is committed, whatever stands at the root
  const tree = await place.station.repo.trees.entries(base, filesRead(question));
  return judge(policy, { ...question, contentHash: (path) => tree.get(path)?.id ?? null });
}

/** What policy needs to know beside the order, its lane and its requester. */
export function surroundings(
  { station, trust, ledger }: PolicyPlace,
  { requester, lane }: Pick<Asked, 'requester' | 'lane'>,
  hooksPath: string | null,
): Omit<Question, keyof Asked> {
  const { root, gitDir } = station.layout;
  return {
    gitDir,
    searchPath: process.env['PATH'] ?? '',
    root,
    hooksPath,
    contentHash: (path) => contentHash(root, path),
    isTrusted: (pattern) => trust.isTrusted(ledger, pattern, requester.uid, lane),
  };
}

function secretsOf({ admitted }: OrderLife): string[] {
  return [...new Set((admitted?.secrets ?? []).map(({ kind }) => kind))];
}

function whose(life: OrderLife): Pick<Asked, 'requester' | 'lane'> {
  const { requester, lane } = life.admitted ?? { requester: { uid: -1, user: null }, lane: '' };
  return { requester, lane };
}

function contentHash(root: string, path: string): string | null {
  return digestIfThere(isAbsolute(path) ? path : `${root}/${path}`)?.sha256 ?? null;
}

function pathsOf({ prepared, changes }: Job): string[] {
  return [...new Set([...prepared.plan.targets, ...changes.map(({ path }) => path)])];
}

/** Where core.hooksPath leads, below the root; null for git's own folder and for one outside. */
export async function hooksPathOf({ layout, repo }: Station): Promise<string | null> {
  const { root } = layout;
  const set = (await configOf(repo)).get('core.hookspath');
  if (set === undefined || set === '') return null;
  const at = expandHome(set);
  const inside = relative(root, isAbsolute(at) ? at : `${root}/${at}`);
  return inside === '' || inside.startsWith('../') ? null : inside;
}
