import { join } from 'node:path';
import { lookAround } from '../execute/look.ts';
import { prepareOrder } from '../execute/prepare.ts';
import { type Input, readOrder } from '../intake/read-order.ts';
import { renderDiff } from '../order/diff.ts';
import { asWaybillError, type WaybillError } from '../order/error.ts';
import type { Order, Warning } from '../order/order.ts';
import { planDocument, targetsOf } from '../order/plan.ts';
import { lstatIfThere } from '../platform/fs.ts';
import { currentUser } from '../platform/user.ts';
import { fenceOf, folderBelow, resolveFolder, resolveTarget } from '../policy/fence.ts';
import { isolationOf } from '../policy/isolation.ts';
import type { Judgement } from '../policy/judge.ts';
import { assertWithinLimits } from '../policy/limits.ts';
import { limitsOf } from '../policy/missions/budget.ts';
import type { BudgetLimits } from '../policy/missions/missions.ts';
import type { MissionRules } from '../policy/missions/rules.ts';
import { lanePolicy, loadPolicy, type Policy } from '../policy/policy.ts';
import { readLedger } from '../record/ledger.ts';
import { chainReadsOnly } from '../spine/chains.ts';
import type { Station } from '../station/station.ts';
import { assertNotNever, hooksPathOf, judgeOrder } from './approvals/gate.ts';
import { Trust } from './approvals/trust.ts';
import { expectedNotes } from './isolation/expected-files.ts';
import { assertHasChecks, chainRules } from './missions/chain-rules.ts';

export interface DryRun {
  /** Why it would be refused, though plan and diff can be shown. */
  readonly refusal: WaybillError | null;
  readonly woId: string;
  readonly plan: Record<string, unknown>;
  readonly diff: string;
  readonly warnings: Warning[];
  /** What policy would decide, if it came into this lane from whoever asks now. */
  readonly judgement: Judgement;
  /** What counts for a mission; null for other orders, and where policy refuses it. */
  readonly mission: (MissionRules & { readonly limits: BudgetLimits }) | null;
}

/** Plans an order against the tree as it is, with nothing recorded and nothing changed. Throws what the order would fail with. */
export async function dryRun(station: Station, input: Input, lane: string): Promise<DryRun> {
  const read = readOrder(input, station.settings.intake);
  if ('error' in read) throw read.error;
  const { order, warnings } = read;
  const policy = loadPolicy(station.layout.root);
  const fence = fenceOf(station, policy);
  const resolved = new Map(targetsOf(order).map((raw) => [raw, resolveTarget(fence, raw)]));
  const around = await lookAround(station.repo, station.repo.refs.checkedOut(), [...resolved.values()]);
  const { plan } = await prepareOrder(station.repo, order, resolved, around);
  const judgement = await explain(station, policy, order, [...resolved.values()], lane);
  let mission: DryRun['mission'] = null;
  const refusal = refusalOf(() => {
    if (read.job !== null) warnings.push(...expectedNotes(station, order));
    mission = missionOf(station, policy, order, lane);
    for (const { cwd } of order.commands) if (cwd !== null) resolveFolder(fence, cwd);
    for (const { cwd } of order.checks) if (cwd !== null) folderBelow(station.layout.root, cwd);
    assertWithinLimits(lanePolicy(policy, lane).limits, plan.changes);
    assertNotNever(judgement.rulings);
  });
  return {
    refusal,
    woId: order.woId,
    plan: planDocument(order, plan.changes),
    diff: renderDiff(plan.changes).toString('utf8'),
    warnings,
    judgement,
    mission,
  };
}

async function explain(
  station: Station,
  policy: Policy,
  order: Order,
  paths: readonly string[],
  lane: string,
): Promise<Judgement> {
  const { ledger } = station.layout;
  const about = {
    station,
    trust: new Trust(station.layout),
    ledger: { read: (seq: number) => readLedger(ledger, seq) },
  };
  const asked = { order, lane, requester: requesterNow(), paths, secrets: [] };
  const isApart = isolationOf(order, lanePolicy(policy, lane)) !== 'in_place';
  return judgeOrder(about, policy, asked, await hooksPathOf(station), isApart ? station.repo.refs.checkedOut() : null);
}

/** Throws POLICY_DENIED where it asks for a chain that it may not have, NO_CHECKS where nothing would be done. */
function missionOf(station: Station, policy: Policy, order: Order, lane: string): DryRun['mission'] {
  const { mission } = order;
  if (mission === null) return null;
  const { root } = station.layout;
  const rules = chainRules(policy, {
    root,
    lane,
    requester: requesterNow(),
    chain: mission.chain,
    scope: {
      kind: 'may',
      paths: mission.paths,
      diffLines: mission.budget.diff_lines,
      isFile: (path) => lstatIfThere(join(root, path))?.isFile() === true,
    },
  });
  if (chainReadsOnly(root, rules.chain)) assertHasChecks(order, rules.chain);
  return { ...rules, limits: limitsOf(rules, mission.budget, []) };
}

function requesterNow(): { uid: number; user: string | null } {
  return { uid: process.geteuid?.() ?? -1, user: currentUser() };
}

/** Plan and diff are shown also for an order that would be refused. */
function refusalOf(assert: () => void): WaybillError | null {
  try {
    assert();
    return null;
  } catch (error) {
    return asWaybillError(error);
  }
}
