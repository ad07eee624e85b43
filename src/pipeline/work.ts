import { join } from 'node:path';
import { OUTPUT_FOLDER } from '../execute/live-output.ts';
import { checkFailure, type RunContext, runAction, runCheck } from '../execute/run-commands.ts';
import { convertedPaths, imageOf } from '../git/conversion.ts';
import { Placement, type Target } from '../git/placement.ts';
import { type Change, type ImageChange, isOutside, sameContent } from '../order/change.ts';
import { asWaybillError, WaybillError } from '../order/error.ts';
import type { RestoredData } from '../order/event.ts';
import type { CheckResult } from '../order/generated.ts';
import { removeTree } from '../platform/durable.ts';
import { contentOf, readTarget } from '../platform/target.ts';
import { fenceOf, resolveTarget } from '../policy/fence.ts';
import type { Draft } from '../record/ledger.ts';
import { spanIdOf } from '../record/spans/ids.ts';
import { passWork } from './approvals/gate.ts';
import { fact } from './fact.ts';
import { cancelOrder, failOrder } from './finish.ts';
import { sandboxFor } from './isolation/sandboxed.ts';
import type { Job } from './job.ts';
import { holdContents } from './keep.ts';
import { type Runtime, STATION_STOPS } from './runtime.ts';
import { traceEnvironment } from './spans/trace-context.ts';
import { undo } from './undo.ts';

/**
 * Steps 4 and 5 of "One order's life", for orders with commands or checks: their files go into place, their commands run, the runner
 * measures what changed, their checks decide. True when the order may land; otherwise it has ended, and its file actions are restored, or the
 * station stops.
 */
export async function workInPlace(rt: Runtime, job: Job): Promise<boolean> {
  const life = rt.life(job.woId);
  const folder = rt.claimFolder(life);
  const abort = rt.running.get(job.woId)?.abort ?? new AbortController();
  removeTree(join(folder, OUTPUT_FOLDER));
  const before = await uncommitted(rt);
  let asks: Draft | null = null;
  try {
    const context = await commandContext(rt, job, rt.station.layout.root, abort.signal);
    putInPlace(rt, job);
    rt.step('life 4: files in place', [job.woId]);
    let n = 0;
    for (const command of job.order.commands) await runAction(context, command, ++n);
    await measureOutputs(rt, job);
    asks = await passWork(rt, job.policy, job);
    rt.step('life 4: commands done', [job.woId]);
    const checks: CheckResult[] = [];
    for (const check of job.order.checks) checks.push(await runCheck(context, check, ++n));
    job.checks = checks;
    const failed = checkFailure(checks);
    if (failed !== null) throw failed;
    if (abort.signal.aborted) throw new WaybillError('CANCELLED', `${job.woId} was cancelled`);
    await holdContents(
      rt,
      job.woId,
      job.prepared.contents,
      job.changes.map((c) => [c.path, c.after]),
    );
  } catch (thrown) {
    // its end is not ours to tell: endWork() looks at what the ledger has of it, as a start does after a crash
    if (abort.signal.reason === STATION_STOPS) return false;
    const made = changedOutputs(rt, job);
    const actions = job.images.filter((i) => !made.includes(i.path));
    const unrestored = [
      ...(await undo(rt, job.woId, actions, job.made)),
      ...made,
      ...(await leftovers(rt, job, before)),
    ];
    endFailed(rt, job, asWaybillError(thrown), [...new Set(unrestored)], await imagesLeft(rt, made), abort.signal);
    return false;
  }
  const leftover = await leftovers(rt, job, before);
  for (const path of leftover)
    job.warnings.push({
      code: 'leftover',
      message: `${path}: changed while the commands ran, but named in no outputs, so not committed`,
    });
  const executed = fact(life, 'executed', { changes: [...job.images], checks: [...job.checks], leftover });
  rt.record([executed, ...(asks === null ? [] : [asks])]);
  rt.step('life 5: checked', [job.woId]);
  job.inPlace = true;
  if (asks !== null) rt.running.delete(job.woId);
  return asks === null;
}

/** What commands and checks of a job run in, `at` the root of their work tree. Throws SANDBOX_MISSING. */
export async function commandContext(rt: Runtime, job: Job, at: string, signal: AbortSignal): Promise<RunContext> {
  return {
    station: rt.station,
    roots: job.policy.roots,
    sandbox: await sandboxFor(rt, job, at),
    folder: rt.claimFolder(rt.life(job.woId)),
    woId: job.woId,
    signal,
    begin: (n, name, idempotent) => {
      if (signal.aborted) throw new WaybillError('CANCELLED', `${job.woId} was cancelled`);
      const life = rt.life(job.woId);
      const records = rt.record([fact(life, 'command', { n, name, idempotent })]);
      rt.step(`life 4: command ${n} recorded`, [job.woId]);
      return traceEnvironment(life.admitted?.trace_id, records.map(spanIdOf)[0]);
    },
  };
}

function endFailed(
  rt: Runtime,
  job: Job,
  error: WaybillError,
  unrestored: readonly string[],
  left: RestoredData['left'],
  signal: AbortSignal,
): void {
  const life = rt.life(job.woId);
  rt.record([fact(life, 'restored', { paths: job.images.map((i) => i.path), unrestored: [...unrestored], left })]);
  if (signal.aborted)
    cancelOrder(
      rt,
      life,
      String(signal.reason),
      new WaybillError('CANCELLED', `cancelled by ${String(signal.reason)}`),
      { job, unrestored },
    );
  else failOrder(rt, life, { error, job, checks: job.checks, unrestored });
}

/** Puts the results of the file actions where the commands will look for them. */
function putInPlace(rt: Runtime, job: Job): void {
  const placement = new Placement(
    rt.station.repo.root,
    rt.station.layout.live,
    `work-${job.woId}`,
    targets(job.woId, job.changes, job.images),
  );
  const bad = placement.stage() ?? placement.apply();
  job.made = placement.made();
  if (bad !== null) {
    placement.undo();
    placement.finish();
    throw bad.error;
  }
  for (const kept of placement.finish())
    job.warnings.push({
      code: 'leftover',
      message: `${kept.path}: somebody wrote into the old copy; it is kept: waybill keep show ${kept.kept}`,
    });
}

export function targets(woId: string, changes: readonly Change[], images: readonly ImageChange[]): Target[] {
  const bytes = new Map(changes.map((c) => [c.path, c.after?.bytes ?? null]));
  return images.map((image) => ({ woId, ...image, bytes: bytes.get(image.path) ?? null }));
}

/** Adds to the order's changes what its commands made of the files they named as outputs. Paths resolve again: a command may have made links. */
async function measureOutputs(rt: Runtime, job: Job): Promise<void> {
  const outputs = outputsOf(rt, job);
  if (outputs.length === 0) return;
  const { repo } = rt.station;
  const converted = await convertedPaths(
    repo,
    outputs.filter((p) => !isOutside(p)),
  );
  const changes = new Map(job.changes.map((c) => [c.path, c]));
  const images = new Map(job.images.map((i) => [i.path, i]));
  for (const path of outputs) {
    const before = job.prepared.contents.get(path) ?? null;
    const after = contentOf(isOutside(path) ? path : join(repo.root, path));
    changes.delete(path);
    images.delete(path);
    if (sameContent(before, after)) continue;
    changes.set(path, { path, before, after });
    images.set(path, {
      path,
      before: job.prepared.before.get(path) ?? null,
      after: await imageOf(repo, path, after, converted.has(path)),
    });
  }
  job.changes = [...changes.values()];
  job.images = [...images.values()];
}

function outputsOf(rt: Runtime, job: Job): string[] {
  return [
    ...new Set(
      job.order.commands.flatMap((c) => c.outputs).map((raw) => resolveTarget(fenceOf(rt.station, job.policy), raw)),
    ),
  ];
}

/** Outputs that commands made or changed, also into something that is no file: theirs to take back, only reported. */
function changedOutputs(rt: Runtime, job: Job): string[] {
  const named = [...job.prepared.contents.keys()].filter(
    (path) => !job.prepared.plan.changes.some((c) => c.path === path),
  );
  return named.filter((path) => {
    const found = readTarget(isOutside(path) ? path : join(rt.station.repo.root, path));
    if (found.kind === 'other') return true;
    return !sameContent(found.kind === 'file' ? found.content : null, job.prepared.contents.get(path) ?? null);
  });
}

/** How commands left their outputs, so that a retry knows its own half-made files from somebody's work. */
async function imagesLeft(rt: Runtime, outputs: readonly string[]): Promise<RestoredData['left']> {
  const { repo } = rt.station;
  const converted = await convertedPaths(
    repo,
    outputs.filter((p) => !isOutside(p)),
  );
  const left: RestoredData['left'] = [];
  for (const path of outputs) {
    const found = readTarget(isOutside(path) ? path : join(repo.root, path));
    if (found.kind !== 'other')
      left.push({
        path,
        after: await imageOf(repo, path, found.kind === 'file' ? found.content : null, converted.has(path)),
      });
  }
  return left;
}

/** What `git status` shows now, as path and state: the runner measures, whatever a command says of itself (rule 14). */
async function uncommitted(rt: Runtime): Promise<Map<string, string>> {
  // A repository that cannot tell now (an index that somebody is writing) leaves the measure empty, not the order undone.
  const { stdout: out } = await rt.station.repo.git.try([
    'status',
    '--porcelain',
    '-z',
    '--no-renames',
    '--untracked-files=all',
  ]);
  return new Map(
    out
      .toString('utf8')
      .split('\0')
      .filter((e) => e !== '')
      .map((entry) => [entry.slice(3), entry.slice(0, 2)]),
  );
}

/** Changes in the work tree that came up while the commands ran, and belong to no order at work. */
async function leftovers(rt: Runtime, job: Job, before: ReadonlyMap<string, string>): Promise<string[]> {
  const busy = new Set([...rt.running.values()].flatMap((r) => [...r.paths]));
  const named = new Set([...job.images.map((i) => i.path), ...busy]);
  return [...(await uncommitted(rt))]
    .filter(([path, state]) => before.get(path) !== state && !named.has(path))
    .map(([path]) => path);
}
