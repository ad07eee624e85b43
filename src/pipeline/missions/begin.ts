import { join } from 'node:path';
import { sha256 } from '../../order/canonical-json.ts';
import type { Change, ImageChange } from '../../order/change.ts';
import { WaybillError } from '../../order/error.ts';
import type { OrderLife } from '../../order/life.ts';
import { changedSoFar, type MissionBegun } from '../../order/mission.ts';
import type { Mission, Order } from '../../order/order.ts';
import { ensureDir, readIfThere, removeTree, syncDir, writeDurable } from '../../platform/durable.ts';
import { lstatIfThere } from '../../platform/fs.ts';
import { limitsOf } from '../../policy/missions/budget.ts';
import type { MissionRules } from '../../policy/missions/rules.ts';
import type { Policy } from '../../policy/policy.ts';
import { parseChain, readsOnly } from '../../spine/chain.ts';
import { chainBytes } from '../../spine/chains.ts';
import type { Runtime } from '../runtime.ts';
import { changesOf } from '../undo.ts';
import { assertRoles } from './agents-there.ts';
import { assertHasChecks, chainRules } from './chain-rules.ts';
import { CHAIN_FILE, MISSION_FOLDER } from './documents.ts';
import { envelopeOf, protectedPaths } from './envelope.ts';
import type { MissionJob } from './mission-job.ts';

/** A mission at its start, or where its records end. */
export interface Begun {
  readonly job: MissionJob;
  /** What it changed so far. */
  readonly changes: readonly Change[];
  readonly images: readonly ImageChange[];
}

/**
 * What a mission needs before its first step, or to go on after a stop. Its chain is the one that it began with, whatever became of the file. Throws
 * CHAIN_INVALID, MISSION_ALTERED; before its first step also POLICY_DENIED, NO_CHECKS, AGENT_UNAVAILABLE, AGENT_INVALID.
 */
export async function beginMission(
  rt: Runtime,
  policy: Policy,
  life: OrderLife,
  order: Order & { readonly mission: Mission },
): Promise<Begun> {
  const { mission } = order;
  const { layout } = rt.station;
  const folder = join(rt.claimFolder(life), MISSION_FOLDER);
  const rules = rulesOf(layout.root, policy, life, mission);
  const name = life.mission?.begun.chain ?? rules.chain;
  if (life.mission === null) {
    // what an earlier attempt left is in the evidence of that one
    removeTree(folder);
    const bytes = chainBytes(layout.root, name);
    parseChain(name, bytes);
    ensureDir(folder);
    writeDurable(join(folder, CHAIN_FILE), bytes);
    syncDir(folder);
  }
  const bytes = readIfThere(join(folder, CHAIN_FILE)) ?? Buffer.alloc(0);
  if (life.mission !== null && sha256(bytes) !== life.mission.begun.chain_sha256)
    throw new WaybillError('MISSION_ALTERED', `the chain of ${life.woId} is not the one that it began with`);
  const chain = parseChain(name, bytes);
  const begun: MissionBegun = life.mission?.begun ?? {
    chain: name,
    chain_sha256: sha256(bytes),
    reviewers: rules.reviewers,
    policy_sha256: policy.sha256,
    ...(readsOnly(chain) ? { reads_only: true } : {}),
  };
  // later a step that nobody can do waits for an agent: a slip in a role's file ends nothing that was paid for
  if (life.mission === null) {
    if (readsOnly(chain)) assertHasChecks(order, name);
    assertRoles(rt, chain);
  }
  const images = changedSoFar(life.mission?.history ?? []);
  const changes = await changesOf(rt, images);
  if (changes === null)
    throw new WaybillError('MISSION_ALTERED', `a content that ${life.woId} made is not in the repository any more`);
  const job: MissionJob = {
    mission,
    chain,
    rules,
    begun,
    envelope: envelopeOf(mission, rules.paths),
    protected: protectedPaths(policy, life, mission),
    limits: limitsOf(rules, mission.budget, []),
  };
  return { job, changes, images };
}

/**
 * What policy makes of a mission. Throws POLICY_DENIED where it asks for a chain that it may not have. One that has begun is not held to that any
 * more: that policy changed is asked before its next step.
 */
export function rulesOf(
  root: string,
  policy: Policy,
  { admitted, mission: begun }: OrderLife,
  mission: Mission,
): MissionRules {
  const wanted = mission.chain;
  const isWithdrawn = begun !== null && wanted !== null && !policy.missions.chains.includes(wanted);
  return chainRules(policy, {
    root,
    lane: admitted?.lane ?? '',
    requester: admitted?.requester ?? { uid: -1, user: null },
    scope: {
      kind: 'may',
      paths: mission.paths,
      diffLines: mission.budget.diff_lines,
      // as a dry run is told: a path that is a file comes under no rule for what might lie below it
      isFile: (path) => lstatIfThere(join(root, path))?.isFile() === true,
    },
    chain: isWithdrawn ? null : wanted,
  });
}
