import { lookAround } from '../execute/look.ts';
import { prepareOrder } from '../execute/prepare.ts';
import { type Input, readOrder } from '../intake/read-order.ts';
import { renderDiff } from '../order/diff.ts';
import { asWaybillError, type WaybillError } from '../order/error.ts';
import type { Order, Warning } from '../order/order.ts';
import { planDocument, targetsOf } from '../order/plan.ts';
import { assertCommandsAllowed } from '../policy/commands.ts';
import { resolveFolder, resolveTarget } from '../policy/fence.ts';
import type { Station } from '../station/station.ts';

/** Plans an order against the tree as it is, with nothing recorded and nothing changed. Throws what the order would fail with. */
export async function dryRun(
  station: Station,
  input: Input,
): Promise<{
  refusal: WaybillError | null;
  woId: string;
  plan: Record<string, unknown>;
  diff: string;
  warnings: Warning[];
}> {
  const read = readOrder(input, station.settings.intake);
  if ('error' in read) throw read.error;
  const { order, warnings } = read;
  const resolved = new Map(targetsOf(order).map((raw) => [raw, resolveTarget(station, raw)]));
  const around = await lookAround(station.repo, station.repo.refs.checkedOut(), [...resolved.values()]);
  const { plan } = await prepareOrder(station.repo, order, resolved, around);
  return {
    refusal: commandRefusal(order, station),
    woId: order.woId,
    plan: planDocument(order, plan.changes),
    diff: renderDiff(plan.changes).toString('utf8'),
    warnings,
  };
}

/** Plan and diff are shown also for an order whose commands are not allowed (yet), or not where they would run. */
function commandRefusal(order: Order, station: Station): WaybillError | null {
  try {
    assertCommandsAllowed(order, station.settings);
    for (const { cwd } of order.commands) if (cwd !== null) resolveFolder(station, cwd);
    return null;
  } catch (error) {
    return asWaybillError(error);
  }
}
