import pc from 'picocolors';
import { changesBetween } from '../../git/snapshot/read.ts';
import { isOutside } from '../../order/change.ts';
import { WaybillError } from '../../order/error.ts';
import type { ResultDocument } from '../../order/generated.ts';
import { isGoodId } from '../../order/id.ts';
import { logRollback, type RollbackLine, rollbackLogPath } from '../../pipeline/rollback/log.ts';
import { headOf, lookAtRollback, type RollbackOf, type RollbackPlan } from '../../pipeline/rollback/look.ts';
import { orderOf } from '../../pipeline/rollback/order.ts';
import type { RollbackItem } from '../../pipeline/rollback/plan.ts';
import { freeName, snapshotStation, stamp } from '../../pipeline/rollback/snapshot.ts';
import { readIfThere } from '../../platform/durable.ts';
import { shortRandom } from '../../platform/ids.ts';
import { currentUser } from '../../platform/user.ts';
import { resultPath } from '../../record/result-path.ts';
import type { Station } from '../../station/station.ts';
import { stateOf } from '../../views/order-state.ts';
import { agreed, assertAcceptable, assertRunning, carryOut, SMALLER } from '../carry-out.ts';
import { showEnd } from '../drop.ts';
import { EXIT, exitCodeOf, exitCodeOfStatus, note, plain, print, printJson, usage } from '../output.ts';
import { stationOf } from '../station.ts';
import { patiently } from './snapshot.ts';

type Options = Record<string, unknown> & { readonly station?: string; readonly json?: boolean };

/** `waybill rollback ORDER|COMMIT|--to REF`: shows the plan, takes a snapshot, and drops an order that brings the files back. */
export async function rollback(what: string | null, options: Options): Promise<void> {
  const station = await stationOf(options);
  const { of, outside } = await named(station, what, options);
  const except = Array.isArray(options['except']) ? options['except'].map(String) : [];
  const plan = await patiently(options, () =>
    lookAtRollback(station, of, { force: options['force'] === true, except }),
  );
  const refused = plan.items.filter((item) => item.fate === 'refused');
  const changes = plan.items.filter((item) => item.fate === 'change').map((item) => item.change);
  const told = { ...planDocument(plan), outside };
  if (!options.json) showPlan(plan, outside);

  const by = currentUser();
  if (options['dryRun'] === true) {
    if (refused.length > 0) process.exitCode = EXIT.failed;
    if (options.json) printJson({ ok: refused.length === 0, dry_run: true, plan: told });
    else note('dry run, nothing was changed');
    return;
  }
  if (refused.length > 0) {
    logRollback(station, { what: plan.what, by, order: null }, linesOf(plan, outside, null));
    const error = refusal(refused);
    if (!options.json) throw error;
    process.exitCode = exitCodeOf(error);
    const { code, message, hint } = error;
    return printJson({ ok: false, plan: told, error: { code, message, hint } });
  }
  if (changes.length === 0) {
    logRollback(station, { what: plan.what, by, order: null }, linesOf(plan, outside, null));
    if (options.json) return printJson({ ok: true, plan: told, order: null, snapshot: null, result: null });
    return print('All of it is protected or left out: nothing was changed.');
  }
  const woId = `WO-ROLLBACK-${plan.slug.slice(0, 60)}-${shortRandom(6)}`;
  const order = await orderOf(station.repo, { from: plan.head, to: plan.tree }, changes, {
    woId,
    title: `Roll back ${plan.what}`,
    summary: `Takes back ${plan.what}: ${plan.commits.slice(0, 20).join(' ')}`,
    owner: by,
    tags: ['rollback'],
  });
  assertAcceptable(station, woId, order, SMALLER);
  assertRunning(station);
  if (!(await agreed(`Roll back ${plain(plan.what)}?`, options))) return print('Nothing was changed.');

  const name = await freeName(station, `before-rollback-${stamp()}`);
  const extra = plan.items.map((item) => item.path);
  const why = `before rollback of ${plan.what} by ${woId}`;
  const held = await patiently(options, () => snapshotStation(station, { name, why, extra }));
  if (!options.json) {
    print(`snapshot ${held.name}`);
    for (const left of held.notHeld) note(`not held: ${plain(left.path)}: ${plain(left.why)}`);
  }
  assertUnmoved(station, plan);
  const end = await carryOut(station, woId, order, options).catch((error: unknown) => {
    // it may still be carried out
    logRollback(station, { what: plan.what, by, order: woId }, linesOf(plan, outside, 'asked'));
    throw error;
  });
  const result = 'result' in end ? end.result : null;
  logRollback(
    station,
    { what: plan.what, by, order: woId },
    linesOf(plan, outside, result === null ? 'asked' : result.status),
  );
  if (options.json) {
    process.exitCode = exitOf(end);
    return printJson({
      ok: result?.status === 'done',
      plan: told,
      snapshot: held.name,
      order: woId,
      result,
      log: rollbackLogPath(station),
    });
  }
  if (result !== null) showEnd(result, false);
  else note(`${woId} is parked and goes on by itself: \`waybill why ${woId}\` says for what it waits`);
  process.exitCode = exitOf(end);
  if (result?.status === 'done') await noteBetween(station, plan, result);
}

/** What is meant: an order, a commit, or all since one; and what the order wrote outside of the repository. */
async function named(
  station: Station,
  what: string | null,
  options: Options,
): Promise<{ of: RollbackOf; outside: string[] }> {
  const to = options['to'];
  if (typeof to === 'string') {
    if (what !== null) throw usage('rollback takes an order or a commit, or --to REF, not both');
    return { of: { kind: 'since', name: to }, outside: [] };
  }
  if (what === null) throw usage('rollback takes an order, a commit, or --to REF');
  const state = isGoodId(what) ? await stateOf(station, what).catch(notKnown) : null;
  if (state === null) return { of: { kind: 'commit', name: what }, outside: [] };
  const text = readIfThere(resultPath(station, state.lane, state.wo_id))?.toString('utf8');
  const touched = text === undefined ? [] : (JSON.parse(text) as ResultDocument).files_touched;
  const outside = touched.filter(isOutside);
  if (state.commits.length === 0 && outside.length > 0)
    throw new WaybillError(
      'NOT_REVERTIBLE',
      `${state.wo_id} wrote only outside of the repository: ${outside.join(', ')}`,
      {
        hint: `${state.evidence?.path ?? 'its evidence'}/changes.patch shows what stood there before.`,
      },
    );
  return { of: { kind: 'order', woId: state.wo_id, commits: state.commits }, outside };
}

function notKnown(error: unknown): null {
  if (error instanceof WaybillError && error.code === 'UNKNOWN_ORDER') return null;
  throw error;
}

function planDocument(plan: RollbackPlan): Record<string, unknown> {
  const { what, head, commits, items } = plan;
  return {
    what,
    head,
    commits,
    files: items.map(({ path, becomes, fate, why, later }) => ({
      path,
      becomes,
      fate,
      why,
      later: later.map(({ id, subject, woId }) => ({ commit: id, subject, wo_id: woId })),
    })),
  };
}

function showPlan({ what, commits, items }: RollbackPlan, outside: readonly string[]): void {
  const count = `${commits.length} ${commits.length === 1 ? 'commit' : 'commits'}`;
  print(`rollback of ${plain(what)}: ${count}, ${items.length} ${items.length === 1 ? 'file' : 'files'}`);
  for (const item of items) {
    print(`  ${labelOf(item)}  ${plain(item.path)}${item.why === null ? '' : `: ${plain(item.why)}`}`);
    for (const { id, subject, woId } of item.later)
      print(pc.dim(`            changed since by ${woId ?? id.slice(0, 10)} ${plain(subject)}`));
  }
  for (const path of outside)
    print(
      `  ${pc.yellow('stays   ')}  ${plain(path)}: it lies outside of the repository; the order's evidence shows what was there`,
    );
}

function labelOf({ fate, becomes }: RollbackItem): string {
  if (fate === 'kept') return pc.yellow('kept    ');
  if (fate === 'refused') return pc.red('refused ');
  return becomes === 'deleted'
    ? pc.red('deleted ')
    : becomes === 'restored'
      ? pc.green('restored')
      : pc.green('merged  ');
}

/** `status` is that of the order's end, 'asked' where it is not known yet, null where there is no order. */
function linesOf(
  plan: RollbackPlan,
  outside: readonly string[],
  status: ResultDocument['status'] | 'asked' | null,
): RollbackLine[] {
  const lines = plan.items.map(({ path, fate, why, becomes }) => {
    if (fate === 'kept') return { path, outcome: why === 'left out' ? 'kept (left out)' : 'kept (protected)' };
    if (fate === 'refused') return { path, outcome: 'refused' };
    if (status === null) return { path, outcome: 'unchanged' };
    if (status !== 'done') return { path, outcome: status };
    return { path, outcome: becomes === 'deleted' ? 'deleted' : 'restored' };
  });
  return [...lines, ...outside.map((path) => ({ path, outcome: 'kept (outside)' }))];
}

function refusal(refused: readonly RollbackItem[]): WaybillError {
  const list = refused.map(({ path, why }) => `\n  ${plain(path)}: ${plain(why ?? '')}`).join('');
  const isTheirs = refused.some(({ hindrance }) => hindrance !== 'not for orders');
  const count = `${refused.length} ${refused.length === 1 ? 'file' : 'files'}`;
  if (isTheirs)
    return new WaybillError(
      'ROLLBACK_CONFLICT',
      `somebody's work is in the way in ${count}, and nothing was changed:${list}`,
    );
  return new WaybillError('NOT_REVERTIBLE', `${count} cannot be written by an order, and nothing was changed:${list}`, {
    hint: 'Leave them out with --except, and bring them back by hand.',
  });
}

/** Somebody may have committed while the snapshot was taken or a person thought about the question. */
function assertUnmoved(station: Station, plan: RollbackPlan): void {
  if (headOf(station) === plan.head) return;
  throw new WaybillError('ROLLBACK_CONFLICT', 'the branch moved since the plan was shown, and nothing was changed', {
    hint: 'Ask again: the plan is made anew.',
  });
}

/** What was committed to the same files between plan and landing is in the history, and is told. */
async function noteBetween(station: Station, plan: RollbackPlan, result: ResultDocument): Promise<void> {
  const [first] = result.commits;
  if (first === undefined) return;
  const paths = new Set(plan.items.filter((item) => item.fate === 'change').map((item) => item.path));
  const between = await changesBetween(station.repo.git, plan.head, `${first}^`);
  for (const { path } of between.filter((change) => paths.has(change.path)))
    note(
      `${plain(path)} was changed by a commit between plan and landing: \`git log -- ${plain(path)}\` has that version`,
    );
}

function exitOf(end: { readonly result: ResultDocument } | { readonly parked: unknown }): number {
  return 'result' in end ? exitCodeOfStatus(end.result.status) : EXIT.parked;
}
