import type { Prepared } from '../../execute/prepare.ts';
import type { ClaimedRequest } from '../../intake/claim.ts';
import { WaybillError } from '../../order/error.ts';
import type { ExecutedData } from '../../order/event.ts';
import type { OrderLife } from '../../order/life.ts';
import type { Order } from '../../order/order.ts';
import type { Policy } from '../../policy/policy.ts';
import type { Job } from '../job.ts';
import { beginMission } from '../missions/begin.ts';
import type { Runtime } from '../runtime.ts';
import { changesOf } from '../undo.ts';

/** An order that was read again from its claim, with its targets resolved by policy. */
interface Executed {
  readonly life: OrderLife;
  readonly order: Order;
  readonly request: ClaimedRequest;
  readonly resolved: ReadonlyMap<string, string>;
}

/** An order whose commands and checks are done, and that had to wait before it could land: it goes on there, and runs nothing again. */
export async function resumeExecuted(
  rt: Runtime,
  policy: Policy,
  { life, order, request, resolved }: Executed,
  executed: ExecutedData,
  branch: string,
): Promise<Job> {
  const changes = await changesOf(rt, executed.changes);
  if (changes === null)
    throw new WaybillError('IO_ERROR', `a content of ${life.woId} is not in the repository any more`);
  const prepared: Prepared = {
    plan: { changes, targets: [...resolved.values()], sha256: life.started?.plan_sha256 ?? '' },
    images: executed.changes,
    before: new Map(executed.changes.map((c) => [c.path, c.before])),
    contents: new Map(changes.map((c) => [c.path, c.before])),
  };
  return {
    woId: life.woId,
    order,
    request,
    prepared,
    branch,
    outputs: outputsOf(order, resolved),
    policy,
    fair: true,
    changes,
    images: executed.changes,
    checks: executed.checks,
    warnings: [...(life.admitted?.warnings ?? [])],
    inPlace: executed.isolation === undefined,
    isolation: executed.isolation === undefined ? null : { ...executed.isolation, worked: true, worktree: null },
    mission:
      order.mission === null ? null : (await beginMission(rt, policy, life, { ...order, mission: order.mission })).job,
    made: [],
  };
}

/** The files that commands are to make, as they really are. */
export function outputsOf(order: Order, resolved: ReadonlyMap<string, string>): string[] {
  return [...new Set(order.commands.flatMap((c) => c.outputs).flatMap((raw) => resolved.get(raw) ?? []))];
}
